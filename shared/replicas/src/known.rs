//! What operators know of a database, beside the notices that its memory holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records that Route 53 does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingRecords {
    /// Since when.
    pub since: Timestamp,
    /// How often, in a row.
    pub failures: u32,
    /// Operators know.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub notified: bool,
}

/// What would be done, as operators were told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// In words.
    pub what: String,
    /// When it was last so.
    pub at: Timestamp,
}
