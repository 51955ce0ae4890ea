//! One instance, as it really is.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::MetricReading;
use tidegate_policy::replicas::observation::{Replica, Replication};

use crate::rds::actor::Actor;
use crate::rds::modified::{AppliedBy, ModifiedValue, ParameterState, PendingValue, PendingValues};
use crate::rds::replication::ReplicationState;
use crate::rds::status::InstanceStatus;
use crate::step::after;

/// For so many seconds after a change of the class a parameter group is being applied.
const APPLIES_PARAMETERS: i64 = 240;

/// What the identifier of every replica that Tidegate creates begins with.
pub const OUR_PREFIX: &str = "tidegate-";

/// One status and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusPhase {
    pub(super) status: InstanceStatus,
    /// Until when; `None` for as long as nothing happens.
    pub(super) until: Option<Timestamp>,
    /// What RDS tells when it begins, beside what it tells of the status.
    pub(super) event: Option<&'static str>,
}

impl StatusPhase {
    /// RDS tells nothing more of it than its status.
    pub(super) fn new(status: InstanceStatus, until: Option<Timestamp>) -> Self {
        Self { status, until, event: None }
    }
}

/// A modification under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModificationUnderWay {
    pub(super) by: AppliedBy,
    /// RDS gives the class up, and applies the rest.
    pub(super) gives_up: bool,
}

impl ModificationUnderWay {
    /// Somebody asked for it with `ApplyImmediately`, and it succeeds.
    pub(super) fn by_call(actor: Actor) -> Self {
        Self { by: AppliedBy::Call(actor), gives_up: false }
    }
}

/// What became of an instance in one step.
#[derive(Debug, Default)]
pub(super) struct PassedStep {
    /// It is gone.
    pub(super) is_gone: bool,
    /// What was pending and is applied now, and by what.
    pub(super) applied: Vec<(PendingValue, AppliedBy)>,
    /// A class that was pending is given up.
    pub(super) given_up: Option<String>,
    /// A parameter group that waited for a restart since then is applied.
    pub(super) restarted: Option<(Timestamp, AppliedBy)>,
    /// What RDS tells of it.
    pub(super) told: Vec<&'static str>,
}

/// One instance of a simulated RDS.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedInstance {
    /// `DBInstanceIdentifier`.
    pub id: String,
    /// `ReadReplicaSourceDBInstanceIdentifier`; none of the source.
    pub source: Option<String>,
    /// `DBInstanceClass`.
    pub class: String,
    /// `PendingModifiedValues`.
    pub pending: PendingValues,
    /// `AvailabilityZone`.
    pub zone: String,
    /// Who created it.
    pub created_by: Actor,
    /// It carries the tags of this fleet and this database.
    pub has_our_tags: bool,
    /// `DeletionProtection`.
    pub is_protected: bool,
    /// `DBInstanceStatus`.
    pub status: InstanceStatus,
    /// `InstanceCreateTime`; none while it is being created.
    pub created_at: Option<Timestamp>,
    /// Since when its storage is complete, or will be.
    pub(super) initialized_at: Timestamp,
    /// From when on CloudWatch has its metrics.
    pub(super) metrics_from: Option<Timestamp>,
    /// What of its source it has replayed.
    pub(super) replication: ReplicationState,
    /// The statuses that lie ahead of it.
    pub(super) ahead: VecDeque<StatusPhase>,
    /// Until when it keeps its present status; `None` for as long as nothing happens.
    pub(super) until: Option<Timestamp>,
    /// Whether a new instance is available and complete at last, which is when [`Self::created_at`] and the metrics begin.
    pub(super) without_metrics: SignedDuration,
    /// `ParameterApplyStatus` of its parameter group.
    pub parameters: ParameterState,
    /// `MaxAllocatedStorage`, in GiB.
    pub max_allocated_gib: Option<u32>,
    /// The modification that RDS works on, or is about to.
    pub(super) modification: Option<ModificationUnderWay>,
}

impl SimulatedInstance {
    /// `Endpoint.Address`; none until it was available once.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.created_at.map(|_| endpoint_of(&self.id))
    }

    /// Tidegate would take it for its own.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.has_our_tags && self.id.starts_with(OUR_PREFIX)
    }

    /// What `StatusInfos` says of its replication.
    #[must_use]
    pub fn replication(&self) -> Replication {
        self.replication.shown()
    }

    /// Seconds of its source's changes that it has not replayed.
    #[must_use]
    pub fn behind_seconds(&self) -> f64 {
        self.replication.behind_seconds()
    }

    /// What made RDS begin with what it modifies, or is about to.
    #[must_use]
    pub fn modified_by(&self) -> Option<AppliedBy> {
        self.modification.map(|modification| modification.by)
    }

    /// Its storage is complete.
    #[must_use]
    pub fn is_initialized(&self, now: Timestamp) -> bool {
        self.initialized_at <= now && self.status != InstanceStatus::StorageInitialization
    }

    /// Passes through the statuses whose time has come.
    pub(super) fn pass(&mut self, now: Timestamp) -> PassedStep {
        let mut passed = PassedStep::default();
        if matches!(self.parameters, ParameterState::Applying(until) if until <= now) {
            self.parameters = ParameterState::InSync;
        }
        while self.until.is_some_and(|until| until <= now) {
            if self.status == InstanceStatus::Deleting {
                passed.is_gone = true;
                return passed;
            }
            let Some(StatusPhase { status, until, event }) = self.ahead.pop_front() else {
                self.until = None;
                break;
            };
            self.apply_what_is_pending(now, &mut passed);
            passed.told.extend(event);
            (self.status, self.until) = (status, until);
            if self.created_at.is_none() && status.serves() {
                self.created_at = Some(now);
            }
            if self.metrics_from.is_none() && status.takes_changes() {
                self.metrics_from = now.checked_add(self.without_metrics).ok();
            }
        }
        passed
    }

    /// At the end of a modification, and of every restart, what is pending is applied.
    fn apply_what_is_pending(&mut self, now: Timestamp, passed: &mut PassedStep) {
        let under_way = match self.status {
            InstanceStatus::Modifying | InstanceStatus::Upgrading => self.modification.take(),
            InstanceStatus::Rebooting => {
                Some(ModificationUnderWay { by: AppliedBy::Restart, gives_up: false })
            }
            InstanceStatus::Available
            | InstanceStatus::BackingUp
            | InstanceStatus::Creating
            | InstanceStatus::Deleting
            | InstanceStatus::Failed
            | InstanceStatus::IncompatibleCreate
            | InstanceStatus::IncompatibleNetwork
            | InstanceStatus::InsufficientCapacity
            | InstanceStatus::StorageFull
            | InstanceStatus::StorageInitialization
            | InstanceStatus::StorageOptimization => None,
        };
        let Some(ModificationUnderWay { by, gives_up }) = under_way else { return };
        if gives_up {
            passed.given_up = self.pending.class().map(str::to_owned);
            self.pending.drop_class();
            passed.told.push("Unable to modify database instance class");
        }
        let values = self.pending.take();
        let mut restarts = false;
        for pending in values {
            match &pending.value {
                ModifiedValue::Class(class) => {
                    self.class.clone_from(class);
                    restarts = true;
                }
                ModifiedValue::EngineVersion(_) => restarts = true,
                ModifiedValue::Storage(_) => {}
            }
            passed.applied.push((pending, by));
        }
        if let ParameterState::PendingReboot(since) = self.parameters
            && (restarts || by == AppliedBy::Restart)
        {
            passed.restarted = Some((since, by));
            restarts = true;
        }
        if restarts {
            self.parameters = ParameterState::Applying(after(now, APPLIES_PARAMETERS));
        }
    }

    /// From now on it passes through these statuses, instead of those that lay ahead of it.
    pub(super) fn goes_through(&mut self, phases: impl IntoIterator<Item = StatusPhase>) {
        self.ahead = phases.into_iter().collect();
        self.modification = None;
        if let Some(StatusPhase { status, until, .. }) = self.ahead.pop_front() {
            (self.status, self.until) = (status, until);
        }
    }

    /// As `DescribeDBInstances` shows it; its metrics are not read yet.
    pub(super) fn shown(&self, now: Timestamp) -> Replica {
        Replica {
            id: self.id.clone(),
            status: self.status.shown(),
            class: self.class.clone(),
            zone: Some(self.zone.clone()),
            endpoint: self.endpoint(),
            is_ours: self.is_ours(),
            is_protected: self.is_protected,
            is_being_promoted: false,
            is_source: false,
            is_initialized: self.is_initialized(now),
            replication: self.replication.shown(),
            created_at: self.created_at,
            lag: MetricReading::NotRead,
            cpu: MetricReading::NotRead,
            connections: MetricReading::NotRead,
        }
    }
}

/// The endpoint of an instance.
pub(super) fn endpoint_of(id: &str) -> String {
    format!("{id}.c0ffee.eu-central-1.rds.amazonaws.com")
}
