//! One instance, as it really is.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::MetricReading;
use tidegate_policy::replicas::observation::{Replica, Replication};

use crate::rds::happening::Actor;
use crate::rds::replication::ReplicationState;
use crate::rds::status::InstanceStatus;

/// What the identifier of every replica that Tidegate creates begins with.
pub const OUR_PREFIX: &str = "tidegate-";

/// `PendingModifiedValues`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingValues {
    /// `DBInstanceClass`.
    pub class: Option<String>,
}

/// One status and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusPhase {
    pub(super) status: InstanceStatus,
    /// Until when; `None` for as long as nothing happens.
    pub(super) until: Option<Timestamp>,
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

    /// Its storage is complete.
    #[must_use]
    pub fn is_initialized(&self, now: Timestamp) -> bool {
        self.initialized_at <= now && self.status != InstanceStatus::StorageInitialization
    }

    /// Passes through the statuses whose time has come. Returns whether it is gone.
    pub(super) fn pass(&mut self, now: Timestamp) -> bool {
        while self.until.is_some_and(|until| until <= now) {
            if self.status == InstanceStatus::Deleting {
                return true;
            }
            let Some(StatusPhase { status, until }) = self.ahead.pop_front() else {
                self.until = None;
                break;
            };
            // A restart applies what is pending, too.
            if matches!(self.status, InstanceStatus::Modifying | InstanceStatus::Rebooting)
                && let Some(class) = self.pending.class.take()
            {
                self.class = class;
            }
            (self.status, self.until) = (status, until);
            if self.created_at.is_none() && status.serves() {
                self.created_at = Some(now);
            }
            if self.metrics_from.is_none() && status.takes_changes() {
                self.metrics_from = now.checked_add(self.without_metrics).ok();
            }
        }
        false
    }

    /// From now on it passes through these statuses, instead of those that lay ahead of it.
    pub(super) fn goes_through(&mut self, phases: impl IntoIterator<Item = StatusPhase>) {
        self.ahead = phases.into_iter().collect();
        if let Some(StatusPhase { status, until }) = self.ahead.pop_front() {
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
