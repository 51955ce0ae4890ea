//! Overrides: what a person asked for, until a stated time. Emergency, hold and pin are all this one thing.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One row of the fleet's overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The service's name, or `*` for all.
    pub target: String,
    /// What is in force.
    #[serde(flatten)]
    pub kind: OverrideKind,
    /// Expires at this moment, by comparing with `now`; no event and no TTL is needed.
    pub until: Timestamp,
    /// Who asked for it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// What an override puts in force; counts are tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideKind {
    /// At least this many; raises the maximum where it lies below.
    Min(u32),
    /// At most this many; lowers the minimum where it lies above.
    Max(u32),
    /// Exactly this many, at once, whatever the signals say.
    Pin(u32),
}

impl Override {
    /// Whether it speaks of a service at a moment.
    #[must_use]
    pub fn applies(&self, target: &str, now: Timestamp) -> bool {
        (self.target == target || self.target == "*") && now < self.until
    }
}

impl fmt::Display for OverrideKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min(tasks) => write!(f, "min {tasks}"),
            Self::Max(tasks) => write!(f, "max {tasks}"),
            Self::Pin(tasks) => write!(f, "pin {tasks}"),
        }
    }
}
