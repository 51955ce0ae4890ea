//! Why a decision about replicas is what it is, "nothing to do" included. Its `Display` is a clause that can follow "because".

use std::fmt;

use crate::reading::Absence;

/// One cause that shaped a decision about replicas.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplicaReason {
    /// RDS could not be read completely.
    Unreadable {
        /// Why not.
        absence: Absence,
    },
    /// Nothing is to be done.
    NothingToDo,
}

impl fmt::Display for ReplicaReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { absence } => write!(f, "RDS could not be read: {absence}"),
            Self::NothingToDo => f.write_str("the replicas are as they should be"),
        }
    }
}
