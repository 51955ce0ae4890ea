//! What has happened, as it really was, and what RDS tells of it.

use jiff::Timestamp;
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange};

use crate::rds::refusal::CallRefusal;

/// Who changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Tidegate.
    Tidegate,
    /// An operator, a deployment, another tool.
    SomeoneElse,
}

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
    /// An instance was changed in another way, in words.
    Changed(String),
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
