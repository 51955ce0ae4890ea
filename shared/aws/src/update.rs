//! The one way to change anything: a desired count or capacity is set, and nothing else.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_fleet::TargetName;
use tidegate_policy::memory::Settled;

use crate::clients::Clients;
use crate::error::CallError;
use crate::targets::{self, CALLS_AT_ONCE};

/// `UpdateService` has a bucket of 50 per account and Region ([`UPDATE_SERVICE`](crate::bucket::UPDATE_SERVICE)). One look
/// takes at most this many, so that a burst never throttles somebody's deployment; what is left is decided again by the
/// next look.
pub const CHANGES_PER_LOOK: usize = 40;

/// A change to make: absolute, so that making it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is changed.
    pub target: TargetName,
    /// The desired count or capacity to set.
    pub capacity: u32,
    /// Not to be sent after this moment: from then on another look may act.
    pub not_after: Timestamp,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// AWS took it.
    Applied,
    /// AWS refused it, or its answer did not arrive.
    Failed(CallError),
    /// Its time was over before it could be sent: the process was frozen or slow.
    TooLate,
}

impl Outcome {
    /// For the memory.
    #[must_use]
    pub fn settled(&self) -> Settled {
        match self {
            Self::Applied => Settled::Applied,
            Self::Failed(_) => Settled::Failed,
            Self::TooLate => Settled::NotSent,
        }
    }

    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Failed(error) if error.outcome_is_unknown() => "unknown",
            Self::Failed(_) => "failed",
            Self::TooLate => "too-late",
        }
    }
}

/// Makes changes, in parallel; one that fails never stops the others. The results stand in the order of the changes.
pub async fn apply(
    clients: &Clients,
    changes: &[Change],
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Vec<Outcome> {
    let calls = changes.iter().map(|Change { target, capacity, not_after }| async move {
        targets::take_turn(clients, target).await;
        if clock() > *not_after {
            return Outcome::TooLate;
        }
        let answer = targets::set_capacity(clients, target, *capacity).await;
        answer.map_or_else(Outcome::Failed, |()| Outcome::Applied)
    });
    stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await
}
