//! What becomes of a call that changes an instance.

use std::fmt;

use tidegate_policy::database::call::CallOutcome;

/// Why RDS refuses a call: its error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallRefusal {
    /// The role permits it only for what has our prefix and our tags.
    AccessDenied,
    /// The identifier is in use.
    AlreadyExists,
    /// There is no such instance.
    NotFound,
    /// Its state, or that of its source, does not allow it; of a source: backups are off.
    InvalidState,
    /// There is no capacity for the class in the zone.
    InsufficientCapacity,
    /// The account has as many instances as it may have.
    QuotaExceeded,
    /// `DeletionProtection` is on.
    Protected,
    /// The source has as many replicas as its engine allows.
    TooManyReplicas,
    /// The class is not offered for this engine and version.
    NotOffered,
    /// A snapshot has that name.
    SnapshotExists,
    /// The account has as many manual snapshots as it may have; AWS's default is 100.
    SnapshotQuotaExceeded,
}

impl CallRefusal {
    /// The error code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDenied",
            Self::AlreadyExists => "DBInstanceAlreadyExists",
            Self::NotFound => "DBInstanceNotFound",
            Self::InvalidState => "InvalidDBInstanceState",
            Self::InsufficientCapacity => "InsufficientDBInstanceCapacity",
            Self::QuotaExceeded => "InstanceQuotaExceeded",
            Self::Protected | Self::NotOffered => "InvalidParameterCombination",
            Self::TooManyReplicas => "InvalidParameterValue",
            Self::SnapshotExists => "DBSnapshotAlreadyExists",
            Self::SnapshotQuotaExceeded => "SnapshotQuotaExceeded",
        }
    }
}

impl fmt::Display for CallRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a caller is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAnswer {
    /// RDS took it.
    Taken,
    /// RDS refused it.
    Refused(CallRefusal),
    /// RDS asks for fewer calls.
    Throttled,
    /// No answer; it may have taken effect.
    NoAnswer,
}

impl CallAnswer {
    /// As an evaluation settles it: what exists already, and what is gone already, was made.
    #[must_use]
    pub fn outcome(self) -> CallOutcome {
        match self {
            Self::Taken | Self::Refused(CallRefusal::AlreadyExists | CallRefusal::NotFound) => {
                CallOutcome::Taken
            }
            Self::Refused(refusal) => CallOutcome::Refused(refusal.code().to_owned()),
            Self::Throttled => CallOutcome::Unknown("Throttling".to_owned()),
            Self::NoAnswer => CallOutcome::Unknown("no answer".to_owned()),
        }
    }
}
