//! A call to RDS: which evaluation meant to send it, what came of it, and when it is sent again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ledger_time::millis;
use crate::pipeline::gate::INTENT_LEASE;

/// What RDS took shows within seconds, as a rule; its answers were seen to be minutes old. A call that it took is sent again
/// after this, since sending it twice is harmless: the identifier is the same.
pub(crate) const SHOWS_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// A call whose outcome is not known is sent again after 1.5, 3, 6 … minutes, no later than this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// The error code of the calls that create or change an instance, and the words of RDS about one. The code also means a class that the
/// zone does not have at all (Amazon RDS API reference, `InsufficientDBInstanceCapacity`).
const NO_CAPACITY: [&str; 2] = ["insufficientdbinstancecapacity", "insufficient instance capacity"];

/// A call that an evaluation meant to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCall {
    /// The evaluation.
    pub evaluation: String,
    /// When.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// AWS took it. Until AWS shows that, the call is not sent again for a while: what RDS shows may be minutes old.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub taken: bool,
    /// How often it was sent without a known outcome, in a row.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub failures: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What came of the call of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// AWS took it, or it was made already.
    Taken,
    /// It was not sent: too late.
    NotSent,
    /// AWS refused it, and would again: no capacity, a quota, a permission, a state; its own words.
    Refused(String),
    /// Whether it was made is not known, or it may work the next time: no answer, throttled.
    Unknown(String),
}

impl DatabaseCall {
    pub(crate) fn first(evaluation: &str, now: Timestamp) -> Self {
        Self { evaluation: evaluation.to_owned(), at: now, taken: false, failures: 0 }
    }

    /// It was sent once, and nothing is known of it yet: what comes of it decides.
    pub(crate) fn is_first(&self) -> bool {
        !self.taken && self.failures == 0
    }

    /// Puts in what came of it.
    pub(crate) fn settle(&mut self, outcome: &CallOutcome) {
        match outcome {
            CallOutcome::Taken => (self.taken, self.failures) = (true, 0),
            CallOutcome::Unknown(_) => self.failures = self.failures.saturating_add(1),
            CallOutcome::NotSent | CallOutcome::Refused(_) => {}
        }
    }

    /// How long to wait for an outcome that is not known.
    pub(crate) fn pause(&self) -> SignedDuration {
        let doublings = self.failures.saturating_sub(1).min(4);
        INTENT_LEASE.saturating_mul(1_i32.checked_shl(doublings).unwrap_or(16)).min(LONGEST_PAUSE)
    }
}

/// RDS refused for want of capacity, by its words.
pub(crate) fn is_no_capacity(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    NO_CAPACITY.iter().any(|known| words.contains(known))
}
