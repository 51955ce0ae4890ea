//! A manual snapshot.

use jiff::Timestamp;

/// A manual snapshot, as it really is. Nobody deletes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedSnapshot {
    /// `DBSnapshotIdentifier`.
    pub id: String,
    /// `DBInstanceIdentifier`.
    pub instance: String,
    /// When it is complete, or fails.
    pub until: Timestamp,
    /// It ends as `failed`.
    pub fails: bool,
    /// It has the tags of this fleet and database.
    pub is_ours: bool,
}
