//! What must hold of every call, as it really was made.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange};
use tidegate_policy::replicas::memory::ReplicaStep;
use tidegate_policy::replicas::observation::{DnsRecord, Status};
use tidegate_policy::{INTENT_LEASE, MetricReading};
use tidegate_simulator::rds::{
    Actor, CallRefusal, Deed, Happening, HostedZone, InstanceStatus, SimulatedInstance, SimulatedRds,
};

use crate::process::EvaluationProcess;
use crate::rules::{Checker, STALE};
use crate::story::{replica_of, set_identifier};

/// Calls that change instances in an hour: one that is sent again after 1.5, 3, 6, 12, 15 … minutes, and a next one.
const CALLS_AN_HOUR: usize = 12;

impl Checker {
    /// What an evaluation has done, as it really was.
    pub(crate) fn acted(&mut self, process: &EvaluationProcess, world: &SimulatedRds, known: usize) {
        let now = world.now();
        for Happening { what, by, .. } in world.happenings().iter().skip(known) {
            if *by != Actor::Tidegate {
                continue;
            }
            self.tell(format!("{now} {} really: {what:?}", process.id));
            match what {
                Deed::Records(batch) => self.changed_records(batch, process, world),
                Deed::Took(call) => {
                    let is_creation = matches!(call, InstanceCall::Create(_));
                    let what = if is_creation { "created" } else { "deleted" };
                    self.count(what.to_owned());
                    if self.policy.is_aurora {
                        self.count(format!("{what} of Aurora"));
                    }
                    self.called(call, true, process, world);
                }
                Deed::Refused(call, refusal) => {
                    self.count(refusal.code().to_owned());
                    if *refusal == CallRefusal::InsufficientCapacity {
                        self.refused_for_capacity(call, now);
                    } else {
                        self.called(call, false, process, world);
                    }
                }
                Deed::Lost(call) => {
                    self.count("lost".to_owned());
                    self.called(call, false, process, world);
                }
                Deed::Changed(what) => self.fault(now, format!("Tidegate cannot do this: {what}")),
                Deed::Class(deed) => self.fault(now, format!("not for replicas: {deed:?}")),
            }
        }
    }

    /// Another zone is tried by the next evaluation, and the same one not soon.
    fn refused_for_capacity(&mut self, call: &InstanceCall, now: Timestamp) {
        let InstanceCall::Create(new) = call else { return };
        let last = self.full_zones.insert(new.zone.clone(), now);
        if last.is_some_and(|last| now.duration_since(last) < INTENT_LEASE) {
            self.fault(now, format!("{call:?}, which had no capacity within the last 90 seconds"));
        }
    }

    fn called(&mut self, call: &InstanceCall, took: bool, process: &EvaluationProcess, world: &SimulatedRds) {
        let (now, replica) = (world.now(), replica_of(call));
        self.is_no_hot_retry(call, took, now);
        if took {
            self.is_the_only_change(call, world);
        }
        match call {
            InstanceCall::Create(new) => {
                // What somebody else created a moment ago was not shown yet.
                let is_known = |id: &str| {
                    !world.happenings().iter().rev().any(|it| {
                        let is_young = now.duration_since(it.at) < STALE && it.by == Actor::SomeoneElse;
                        matches!(&it.what, Deed::Took(call) if is_young && replica_of(call) == id)
                    })
                };
                let count = world.instances().iter().skip(1);
                let count = count.filter(|it| !it.status.has_failed() && is_known(&it.id)).count();
                let max = self.policy.count.as_ref().map_or(0, |count| count.max);
                if took && count > usize::try_from(max).unwrap_or(0) {
                    self.fault(now, format!("{count} replicas after {call:?}, at most {max}"));
                }
                let source = process.seen.instances.as_ref().map(|seen| seen.source.id.as_str());
                if source != Ok(new.source.as_str()) || !new.id.starts_with("tidegate-") || new.id.len() > 63
                {
                    self.fault(now, format!("not a replica of ours: {new:?}"));
                }
            }
            InstanceCall::Delete { .. } => self.may_be_deleted(replica, process, world, took),
        }
    }

    fn is_no_hot_retry(&mut self, call: &InstanceCall, took: bool, now: Timestamp) {
        let replica = replica_of(call).to_owned();
        let last = self.calls.iter().rev().find(|(_, other, _)| *other == replica);
        let soon = last.is_some_and(|(at, ..)| now.duration_since(*at) < INTENT_LEASE);
        // A failed replica may be removed right after its creation was asked for; that is another call.
        if soon && matches!(call, InstanceCall::Create(_)) {
            self.fault(now, format!("{call:?} again within 90 seconds"));
        }
        self.calls.push((now, replica, took));
        let hour = self.calls.iter().rev();
        let hour =
            hour.take_while(|(at, ..)| now.duration_since(*at) < SignedDuration::from_hours(1)).count();
        if hour > CALLS_AN_HOUR {
            self.fault(now, format!("{hour} calls within an hour: {:?}", self.calls));
        }
    }

    /// Nothing else that Tidegate asked for is under way.
    fn is_the_only_change(&mut self, call: &InstanceCall, world: &SimulatedRds) {
        let mine = |it: &&SimulatedInstance| it.created_by == Actor::Tidegate && it.id != replica_of(call);
        let moving = |it: &&SimulatedInstance| match it.status {
            InstanceStatus::Creating => true,
            InstanceStatus::Deleting => was_deleted_by_us(world, &it.id),
            InstanceStatus::BackingUp | InstanceStatus::Modifying => it.created_at.is_none(),
            InstanceStatus::Available
            | InstanceStatus::Failed
            | InstanceStatus::IncompatibleCreate
            | InstanceStatus::IncompatibleNetwork
            | InstanceStatus::InsufficientCapacity
            | InstanceStatus::Rebooting
            | InstanceStatus::StorageFull
            | InstanceStatus::StorageInitialization
            | InstanceStatus::StorageOptimization
            | InstanceStatus::Upgrading => false,
        };
        let other = world.instances().iter().filter(mine).find(moving);
        if let Some(other) = other {
            self.fault(world.now(), format!("{call:?} while {} is {}", other.id, other.status.word()));
        }
    }

    fn may_be_deleted(&mut self, id: &str, process: &EvaluationProcess, world: &SimulatedRds, took: bool) {
        let now = world.now();
        let Ok(seen) = &process.seen.instances else { return };
        let shown = seen.replicas.iter().find(|replica| replica.id == id);
        if !shown.is_some_and(|it| it.is_ours && !it.is_protected) {
            self.fault(now, format!("{id} is not shown as ours, or is protected, and is deleted: {shown:?}"));
        }
        let has_failed = shown.is_some_and(|it| matches!(it.status, Status::Failed(_)));
        if has_failed {
            return;
        }
        self.is_out_of_use(id, process, world);
        let least = self.least(now);
        let counts = |id: &str| {
            process.decision.memory.replicas.get(id).is_some_and(|known| known.caught_up_at.is_some())
        };
        let left = seen.replicas.iter().filter(|it| it.id != id && it.status == Status::Available);
        let left = left.filter(|it| counts(&it.id)).count();
        if left < least {
            self.fault(now, format!("{left} would be left without {id}, at least {least}"));
        }
        let most = self.served.iter().map(|(_, ids)| ids.iter().filter(|it| *it != id).count()).max();
        if took && most.unwrap_or(0) < least {
            self.fault(now, format!("{most:?} really are left without {id}, at least {least}"));
        }
    }

    /// No record leads to it any more, and its connections have ended, or had the time to.
    fn is_out_of_use(&mut self, id: &str, process: &EvaluationProcess, world: &SimulatedRds) {
        let now = world.now();
        let own = format!("tidegate:{id}");
        let leads = |it: &DnsRecord| it.set_identifier.as_ref() == Some(&own);
        if world.zone().records.iter().any(leads) {
            self.fault(now, format!("{id} is deleted, and its record is there"));
        }
        // A call that is sent again: its connections had ended when it was first meant, and no record has led to it since.
        if process.before.change.as_ref().is_some_and(|change| change.step == ReplicaStep::Deleting) {
            return;
        }
        let drain = self.policy.count.as_ref().map_or(SignedDuration::ZERO, |count| count.drain);
        let began = process.before.change.as_ref().map(|change| change.began);
        if began.is_some_and(|began| process.now.duration_since(began) >= drain) {
            return;
        }
        let replicas = process.seen.instances.iter().flat_map(|seen| &seen.replicas);
        let connections = replicas.filter(|it| it.id == id).find_map(|it| match &it.connections {
            MetricReading::Points { points, .. } => {
                let settled = |at| process.now.duration_since(at) >= SignedDuration::from_mins(3);
                points.iter().rev().find(|point| settled(point.at)).map(|point| point.value)
            }
            MetricReading::NotRead | MetricReading::Failed(_) => None,
        });
        if connections != Some(0.0) {
            self.fault(now, format!("{id} is deleted before its time, with {connections:?} connections"));
        }
    }

    fn changed_records(&mut self, batch: &[RecordChange], process: &EvaluationProcess, world: &SimulatedRds) {
        let now = world.now();
        if let Some(foreign) = batch.iter().find(|it| !set_identifier(it).starts_with("tidegate:")) {
            self.fault(now, format!("a record of somebody else: {foreign:?}"));
        }
        let Some(Ok(found)) = &process.seen.records else { return };
        let mut zone = HostedZone { records: found.clone() };
        for (done, change) in batch.iter().enumerate() {
            let was_empty = zone.answer().is_empty();
            if zone.change(std::slice::from_ref(change)).is_ok() && !was_empty && zone.answer().is_empty() {
                self.fault(now, format!("no answer after {} of {batch:?}", done + 1));
            }
        }
        if world.zone().answer().is_empty() {
            self.fault(now, format!("no answer after {batch:?}"));
        }
        let weighs_nothing = |it: &RecordChange| matches!(it, RecordChange::Put(it) if it.weight == Some(0));
        if world.zone().is_all_zero() || batch.iter().any(weighs_nothing) {
            self.fault(now, format!("weights of 0 after {batch:?}"));
        }
    }
}

/// Tidegate's was the last call that took effect about an instance.
fn was_deleted_by_us(world: &SimulatedRds, id: &str) -> bool {
    let about = world.happenings().iter().rev().find_map(|it| match &it.what {
        Deed::Took(call) if replica_of(call) == id => Some(it.by),
        Deed::Took(_)
        | Deed::Refused(..)
        | Deed::Lost(_)
        | Deed::Records(_)
        | Deed::Changed(_)
        | Deed::Class(_) => None,
    });
    about == Some(Actor::Tidegate)
}
