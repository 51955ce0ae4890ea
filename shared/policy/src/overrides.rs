//! Overrides: what an operator asked for, until a stated time. Emergency, hold and pin are all this one thing.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::one_line::one_line;

/// One row of the fleet's overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The service's name, or `*` for all.
    pub target: String,
    /// What is in force.
    #[serde(flatten)]
    pub kind: OverrideKind,
    /// When it was asked for. A row without it was not written by the command, and is not in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
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
    /// An override ends within so long after it was asked for: the command writes none of more than 30 days, and a day is for
    /// clocks that differ. A row of the table that lasts longer was not written by the command, and is never in force:
    /// counted from now it would come into force by itself, weeks later. Without a limit a writer of the table could set
    /// a size for ever, unseen in the fleet file.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

    /// Reports carry its texts: each becomes one line of bounded length.
    pub fn believe(&mut self) {
        one_line(&mut self.who, 64);
        one_line(&mut self.why, 300);
    }

    /// Whether it lasts longer than any may, or nobody knows how long.
    pub(crate) fn is_too_long(&self) -> bool {
        self.since.is_none_or(|since| self.until.duration_since(since) > Self::LONGEST)
    }

    /// Whether it speaks of a service at a moment.
    #[must_use]
    pub fn applies(&self, target: &str, now: Timestamp) -> bool {
        (self.target == target || self.target == "*") && now < self.until
    }
}

impl OverrideKind {
    /// The same, for no more tasks than that.
    pub(crate) fn at_most(self, most: u32) -> Self {
        match self {
            Self::Min(tasks) => Self::Min(tasks.min(most)),
            Self::Max(tasks) => Self::Max(tasks.min(most)),
            Self::Pin(tasks) => Self::Pin(tasks.min(most)),
        }
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
