//! The instances of an account, and the calls that change them.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};
use tidegate_policy::replicas::observation::Engine;

use crate::random::{Purpose, dice, share};
use crate::rds::happening::{Actor, Deed, Happening, RdsEvent};
use crate::rds::instance::{PendingValues, SimulatedInstance};
use crate::rds::life::{Birth, LifeDice};
use crate::rds::refusal::{CallAnswer, CallRefusal};
use crate::rds::replication::ReplicationState;
use crate::rds::setting::{RdsSettings, RdsTroubles};
use crate::rds::status::InstanceStatus;

/// Replicas that a source may have, Aurora's readers too.
pub(super) const REPLICAS_MAX: usize = 15;

/// The account, as it really is.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) settings: RdsSettings,
    /// The source first, then its replicas in the order of their creation.
    pub(super) instances: Vec<SimulatedInstance>,
    pub(super) life: LifeDice,
    calls: Pcg64,
    /// Everything that was changed, the oldest first.
    pub(super) happenings: Vec<Happening>,
    /// What RDS tells, and nobody has taken yet.
    pub(super) events: VecDeque<RdsEvent>,
}

impl Account {
    pub(super) fn new(settings: RdsSettings) -> Self {
        let life = LifeDice { dice: dice(settings.seed, Purpose::RdsTimes), times: settings.times };
        let calls = dice(settings.seed, Purpose::RdsCalls);
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
        };
        let (happenings, events) = (Vec::new(), VecDeque::new());
        Self { settings, instances: vec![source], life, calls, happenings, events }
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
        let RdsTroubles { calls_failed, answers_lost, capacity_refused, .. } = self.settings.troubles;
        if share(&mut self.calls) < calls_failed {
            self.note(now, Actor::Tidegate, Deed::Lost(call.clone()));
            let throttled = share(&mut self.calls) < 0.5;
            return if throttled { CallAnswer::Throttled } else { CallAnswer::NoAnswer };
        }
        // What exists already is answered before its capacity is looked for.
        let is_new = matches!(call, InstanceCall::Create(new) if self.instance(&new.id).is_none());
        let no_capacity = share(&mut self.calls) < capacity_refused && is_new;
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
        let Some(source) = self.source().filter(|source| source.id == new.source) else {
            return Err(CallRefusal::NotFound);
        };
        let is_aurora = self.settings.engine == Engine::Aurora;
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
            source: Some(new.source.clone()),
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
        if !instance.status.takes_changes() && !instance.status.has_failed() {
            return Err(CallRefusal::InvalidState);
        }
        instance.goes_through(phases);
        Ok(())
    }

    /// A step passes: statuses change, and what is deleted is gone.
    pub(super) fn pass(&mut self, now: Timestamp) {
        let mut told = Vec::new();
        self.instances.retain_mut(|instance| {
            let before = instance.status;
            let is_gone = instance.pass(now);
            if is_gone || instance.status != before {
                let message = instance.status.event(is_gone);
                told.extend(message.map(|message| (instance.id.clone(), message.to_owned())));
            }
            !is_gone
        });
        for (instance, message) in told {
            self.events.push_back(RdsEvent { at: now, instance, message });
        }
    }

    /// Something has happened.
    pub(super) fn note(&mut self, at: Timestamp, by: Actor, what: Deed) {
        self.happenings.push(Happening { at, by, what });
    }
}
