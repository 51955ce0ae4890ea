//! The instances of an account, and the calls that change them.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};
use tidegate_policy::replicas::observation::Engine;

use crate::random::{Purpose, dice, share};
use crate::rds::actor::Actor;
use crate::rds::change_dice::ChangeDice;
use crate::rds::happening::{ClassDeed, Deed, Happening, RdsEvent};
use crate::rds::instance::{PassedStep, SimulatedInstance};
use crate::rds::life::{Birth, LifeDice};
use crate::rds::modified::{AppliedBy, ModifiedValue, ParameterState, PendingValues};
use crate::rds::refusal::{CallAnswer, CallRefusal};
use crate::rds::replication::ReplicationState;
use crate::rds::setting::{RdsSettings, RdsTroubles};
use crate::rds::snapshot::SimulatedSnapshot;
use crate::rds::status::InstanceStatus;

/// A gibibyte, in bytes.
pub(super) const GIB: u64 = 1_073_741_824;

/// Replicas that a source may have, Aurora's readers too.
pub(super) const REPLICAS_MAX: usize = 15;

/// The account, as it really is.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) settings: RdsSettings,
    /// The source first, then its replicas in the order of their creation.
    pub(super) instances: Vec<SimulatedInstance>,
    pub(super) life: LifeDice,
    calls: Pcg64,
    pub(super) changes: ChangeDice,
    /// Everything that was changed, the oldest first.
    pub(super) happenings: Vec<Happening>,
    /// What RDS tells, and nobody has taken yet.
    pub(super) events: VecDeque<RdsEvent>,
    /// What `DescribeEvents` shows, and from when on.
    pub(super) messages: Vec<(Timestamp, RdsEvent)>,
    /// Manual snapshots, the oldest first.
    pub(super) snapshots: Vec<SimulatedSnapshot>,
}

impl Account {
    pub(super) fn new(settings: RdsSettings) -> Self {
        let life = LifeDice { dice: dice(settings.seed, Purpose::RdsTimes), times: settings.times };
        let calls = dice(settings.seed, Purpose::RdsCalls);
        let changes = ChangeDice { dice: dice(settings.seed, Purpose::RdsChanges), times: settings.times };
        let max_allocated_gib = settings.classes.max_allocated_gib;
        let source = SimulatedInstance {
            id: settings.source.clone(),
            source: None,
            class: settings.class.clone(),
            pending: PendingValues::default(),
            zone: settings.zones.first().cloned().unwrap_or_default(),
            created_by: Actor::SomeoneElse,
            has_our_tags: false,
            is_protected: true,
            status: InstanceStatus::Available,
            created_at: Some(settings.begins),
            initialized_at: settings.begins,
            metrics_from: Some(settings.begins),
            replication: ReplicationState::new(0.0, 1.0),
            ahead: VecDeque::new(),
            until: None,
            without_metrics: SignedDuration::ZERO,
            parameters: ParameterState::InSync,
            max_allocated_gib,
            modification: None,
        };
        Self {
            settings,
            instances: vec![source],
            life,
            calls,
            changes,
            happenings: Vec::new(),
            events: VecDeque::new(),
            messages: Vec::new(),
            snapshots: Vec::new(),
        }
    }

    /// The source, which nobody can delete here.
    pub(super) fn source(&self) -> Option<&SimulatedInstance> {
        self.instances.first()
    }

    /// Its replicas.
    pub(super) fn replicas(&self) -> impl Iterator<Item = &SimulatedInstance> {
        self.instances.iter().skip(1)
    }

    /// An instance by its identifier.
    pub(super) fn instance(&mut self, id: &str) -> Option<&mut SimulatedInstance> {
        self.instances.iter_mut().find(|instance| instance.id == id)
    }

    /// A call of Tidegate. Whatever becomes of it, its answer may be lost.
    pub(super) fn call(&mut self, call: &InstanceCall, now: Timestamp) -> CallAnswer {
        let RdsTroubles { calls_failed, answers_lost, capacity_refused, full_zones, .. } =
            self.settings.troubles;
        if share(&mut self.calls) < calls_failed {
            self.note(now, Actor::Tidegate, Deed::Lost(call.clone()));
            let throttled = share(&mut self.calls) < 0.5;
            return if throttled { CallAnswer::Throttled } else { CallAnswer::NoAnswer };
        }
        // What exists already is answered before its capacity is looked for.
        let is_new = matches!(call, InstanceCall::Create(new) if self.instance(&new.id).is_none());
        let is_full = |zone: &String| self.settings.zones.iter().take(full_zones).any(|full| full == zone);
        // Without a zone RDS chooses one, and has none only where all are full.
        let is_full = match call {
            InstanceCall::Create(NewReplica { zone: Some(zone), .. }) => is_full(zone),
            InstanceCall::Create(_) => self.settings.zones.iter().all(is_full),
            InstanceCall::Delete { .. } => false,
        };
        let no_capacity = (share(&mut self.calls) < capacity_refused || is_full) && is_new;
        let answered = if no_capacity {
            Err(CallRefusal::InsufficientCapacity)
        } else {
            self.make(call, Actor::Tidegate, now)
        };
        if let Err(refusal) = answered {
            self.note(now, Actor::Tidegate, Deed::Refused(call.clone(), refusal));
        }
        if share(&mut self.calls) < answers_lost {
            return CallAnswer::NoAnswer;
        }
        answered.map_or_else(CallAnswer::Refused, |()| CallAnswer::Taken)
    }

    /// A call takes effect, or is refused.
    pub(super) fn make(&mut self, call: &InstanceCall, by: Actor, now: Timestamp) -> Result<(), CallRefusal> {
        match call {
            InstanceCall::Create(new) => self.create(new, by, now)?,
            InstanceCall::Delete { replica } => self.delete(replica, by, now)?,
        }
        self.note(now, by, Deed::Took(call.clone()));
        Ok(())
    }

    fn create(&mut self, new: &NewReplica, by: Actor, now: Timestamp) -> Result<(), CallRefusal> {
        if self.instance(&new.id).is_some() {
            return Err(CallRefusal::AlreadyExists);
        }
        let others = usize::try_from(self.settings.other_instances).unwrap_or(usize::MAX);
        let most = usize::try_from(self.settings.instances_max).unwrap_or(usize::MAX);
        if self.instances.len().saturating_add(others) >= most {
            return Err(CallRefusal::QuotaExceeded);
        }
        let is_aurora = self.settings.engine == Engine::Aurora;
        // A reader of Aurora is created in a cluster, whichever of its instances is the writer by then.
        let Some(source) = self.source().filter(|source| is_aurora || source.id == new.source) else {
            return Err(CallRefusal::NotFound);
        };
        let source_id = source.id.clone();
        if !source.status.takes_changes() || (!is_aurora && self.settings.backup_retention_days == 0) {
            return Err(CallRefusal::InvalidState);
        }
        if self.replicas().count() >= REPLICAS_MAX {
            return Err(CallRefusal::TooManyReplicas);
        }
        let first_zone = self.settings.zones.first().cloned().unwrap_or_default();
        let Birth { phases, initialized_at, behind_seconds, speed, without_metrics } =
            self.life.birth(now, self.settings.troubles);
        let mut replica = SimulatedInstance {
            id: new.id.clone(),
            source: Some(source_id),
            class: new.class.clone(),
            pending: PendingValues::default(),
            zone: new.zone.clone().unwrap_or(first_zone),
            created_by: by,
            has_our_tags: by == Actor::Tidegate,
            is_protected: false,
            status: InstanceStatus::Creating,
            created_at: None,
            // The readers of Aurora share its storage.
            initialized_at: if is_aurora { now } else { initialized_at },
            metrics_from: None,
            replication: ReplicationState::new(if is_aurora { 0.0 } else { behind_seconds }, speed),
            ahead: VecDeque::new(),
            until: None,
            without_metrics,
            parameters: ParameterState::InSync,
            max_allocated_gib: None,
            modification: None,
        };
        replica.goes_through(phases);
        self.instances.push(replica);
        Ok(())
    }

    fn delete(&mut self, id: &str, by: Actor, now: Timestamp) -> Result<(), CallRefusal> {
        let phases = self.life.death(now);
        let Some(instance) = self.instance(id) else { return Err(CallRefusal::NotFound) };
        if by == Actor::Tidegate && !instance.is_ours() {
            return Err(CallRefusal::AccessDenied);
        }
        if instance.is_protected {
            return Err(CallRefusal::Protected);
        }
        // Of Aurora a reader would take over first; nothing here asks for that.
        if instance.source.is_none() {
            return Err(CallRefusal::InvalidState);
        }
        if !instance.status.takes_changes() && !instance.status.has_failed() {
            return Err(CallRefusal::InvalidState);
        }
        instance.goes_through(phases);
        Ok(())
    }

    /// A reader of Aurora becomes the writer, and the writer a reader. What does not serve is not promoted.
    pub(super) fn fail_over(&mut self, to: usize, now: Timestamp) {
        let is_aurora = self.settings.engine == Engine::Aurora;
        let Some(id) =
            self.instances.get(to).filter(|it| is_aurora && it.status.serves()).map(|it| it.id.clone())
        else {
            return;
        };
        self.instances.swap(0, to);
        self.settings.source.clone_from(&id);
        for (place, instance) in self.instances.iter_mut().enumerate() {
            instance.source = (place > 0).then(|| id.clone());
        }
        let message = "Completed failover to DB instance".to_owned();
        self.tell(RdsEvent { at: now, instance: id, message });
    }

    /// A step passes: statuses change, what is deleted is gone, and what was pending is applied.
    pub(super) fn pass(&mut self, now: Timestamp) {
        let mut all = Vec::new();
        self.instances.retain_mut(|instance| {
            let before = instance.status;
            let mut passed = instance.pass(now);
            if passed.is_gone || instance.status != before {
                passed.told.extend(instance.status.event(passed.is_gone));
            }
            let stays = !passed.is_gone;
            all.push((instance.id.clone(), passed));
            stays
        });
        for (instance, passed) in all {
            self.passed(&instance, passed, now);
        }
    }

    fn passed(&mut self, id: &str, passed: PassedStep, now: Timestamp) {
        let instance = || id.to_owned();
        for message in passed.told {
            self.tell(RdsEvent { at: now, instance: instance(), message: message.to_owned() });
        }
        let actor = |by: AppliedBy| match by {
            AppliedBy::Call(actor) => actor,
            AppliedBy::Window | AppliedBy::Restart => Actor::SomeoneElse,
        };
        for (pending, by) in passed.applied {
            if let ModifiedValue::Storage(gib) = pending.value
                && self.source().is_some_and(|source| source.id == id)
            {
                self.settings.allocated_storage = u64::from(gib).saturating_mul(GIB);
            }
            let deed = ClassDeed::Applied { instance: instance(), pending, by };
            self.note(now, actor(by), Deed::Class(deed));
        }
        if let Some(to) = passed.given_up {
            let deed = ClassDeed::GivenUp { instance: instance(), to };
            self.note(now, Actor::SomeoneElse, Deed::Class(deed));
        }
        if let Some((since, by)) = passed.restarted {
            let deed = ClassDeed::Restarted { instance: instance(), since, by };
            self.note(now, actor(by), Deed::Class(deed));
        }
    }

    /// RDS tells of something: `DescribeEvents` shows it late, twice, or never.
    fn tell(&mut self, event: RdsEvent) {
        let RdsTroubles { events_missing, events_twice, .. } = self.settings.troubles;
        let latest = self.settings.times.events_late_max;
        let times = usize::from(!self.changes.happens(events_missing));
        let times = times + times * usize::from(self.changes.happens(events_twice));
        for _ in 0..times {
            let shown = self.changes.within(event.at, latest);
            self.messages.push((shown, event.clone()));
        }
        self.events.push_back(event);
    }

    /// Something has happened.
    pub(super) fn note(&mut self, at: Timestamp, by: Actor, what: Deed) {
        self.happenings.push(Happening { at, by, what });
    }
}
