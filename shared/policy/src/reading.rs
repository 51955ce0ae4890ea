//! What was read, how old it is, or why it is not known. There is no default number.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One reading of the world: a number may be acted on only while it is fresh.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<T> {
    /// Read now, or recently enough for its signal.
    Fresh {
        /// What was read.
        value: T,
        /// The moment it speaks of: for a CloudWatch datapoint the end of its period.
        at: Timestamp,
    },
    /// Once known, now too old to act on: it proposes nothing and vetoes scale-in.
    Stale {
        /// What was read then.
        value: T,
        /// How long ago.
        age: SignedDuration,
    },
    /// Not known: it proposes nothing and vetoes scale-in. Never zero.
    Missing(Absence),
}

/// Why a reading is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct Absence {
    /// The class of the cause, for operators and for filters.
    pub kind: AbsenceKind,
    /// What the other side said, in its own words and without secrets; may be empty.
    pub detail: String,
}

/// The classes of causes for a missing reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsenceKind {
    /// The other side could not be reached: refused, no route, name not found; or it says that it cannot serve now.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// It answered that we may not: wrong password, missing permission.
    Denied,
    /// It asked us to slow down, and the retries were used up.
    Throttled,
    /// The thing does not exist, or is not proved to exist: a typo reads like this, never like zero.
    NotFound,
    /// The key or answer holds something else than expected.
    WrongType,
    /// It understood the request and refused it: a parameter or a state that it does not allow.
    Refused,
    /// It is in the middle of something that excludes the request, and takes it a little later.
    Busy,
    /// The metric has no datapoints, or CloudWatch could not complete the answer.
    NoDatapoints,
    /// The only datapoints there are may still change.
    Provisional,
    /// Any other answer that cannot be understood.
    Unreadable,
}

impl Absence {
    /// An absence of one kind, with the other side's words.
    pub fn new(kind: AbsenceKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl fmt::Display for AbsenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::Denied => "access denied",
            Self::Throttled => "throttled",
            Self::NotFound => "not found",
            Self::WrongType => "wrong type",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::NoDatapoints => "no datapoints",
            Self::Provisional => "still provisional",
            Self::Unreadable => "unreadable answer",
        })
    }
}

/// A count as a number to compare; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 is compared well enough")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
