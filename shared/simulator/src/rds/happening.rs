//! What has happened, as it really was, and what RDS tells of it.

use jiff::Timestamp;
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange};
use tidegate_policy::upgrades::decision::ClassCall;

use crate::rds::actor::Actor;
use crate::rds::modified::{AppliedBy, PendingValue};
use crate::rds::refusal::CallRefusal;

/// One thing that happened: the truth, which no evaluation sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// What.
    pub what: Deed,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// A call took effect.
    Took(InstanceCall),
    /// A call was refused.
    Refused(InstanceCall, CallRefusal),
    /// A call came to nothing, and its answer does not say so.
    Lost(InstanceCall),
    /// The records were changed.
    Records(Vec<RecordChange>),
    /// Something about classes.
    Class(ClassDeed),
    /// An instance was changed in another way, in words.
    Changed(String),
}

/// What was done about a class, or anything else that is modified.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassDeed {
    /// A call took effect.
    Took(ClassCall),
    /// A call was refused.
    Refused(ClassCall, CallRefusal),
    /// A call came to nothing, and its answer does not say so.
    Lost(ClassCall),
    /// What was pending is applied.
    Applied {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// What, and whose it was.
        pending: PendingValue,
        /// What made RDS apply it.
        by: AppliedBy,
    },
    /// A parameter group that waited for a restart is applied.
    Restarted {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// Since when it waited.
        since: Timestamp,
        /// What restarted it.
        by: AppliedBy,
    },
    /// RDS gave the change of the class up.
    GivenUp {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// The class that was asked for.
        to: String,
    },
}

/// An event of RDS: evidence of something, never its state; some are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdsEvent {
    /// When.
    pub at: Timestamp,
    /// `Source ID`: the identifier of the instance.
    pub instance: String,
    /// `Message`.
    pub message: String,
}
