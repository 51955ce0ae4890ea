//! The one way to change anything in the account: a desired count or capacity is set. In an emergency AWS's own autoscaling is
//! suspended and resumed besides.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_fleet::TargetName;
use tidegate_policy::emergency::target::Change;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::report::section::Outcome;
use crate::targets;

/// `UpdateService` has a bucket of 50 per account and Region ([`UPDATE_SERVICE`](crate::bucket::UPDATE_SERVICE)). One
/// evaluation takes at most this many, so that a burst never throttles a deployment; what is left is decided
/// again by the next evaluation.
pub const CHANGES_PER_EVALUATION: usize = 40;

/// A change to make: absolute, so that making it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityChange {
    /// What is changed.
    pub target: TargetName,
    /// The desired count or capacity to set.
    pub capacity: u32,
    /// Not to be sent after this moment: from then on another evaluation may act.
    pub not_after: Timestamp,
}

/// Makes changes, in parallel; one that fails never stops the others. The results stand in the order of the changes.
pub async fn apply(
    clients: &Clients,
    changes: &[CapacityChange],
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Vec<Outcome> {
    let calls = changes.iter().map(|CapacityChange { target, capacity, not_after }| async move {
        targets::take_turn(clients, target).await;
        if clock() > *not_after {
            return Outcome::TooLate;
        }
        let answer = targets::set_capacity(clients, target, *capacity).await;
        answer.map_or_else(Outcome::Failed, |()| Outcome::Applied)
    });
    stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await
}

/// All changes of one target, one after the other; none follows one that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetChanges {
    /// What is changed.
    pub target: TargetName,
    /// Absolute, so that making them twice is harmless.
    pub changes: Vec<Change>,
}

/// Makes the changes of an emergency, the targets in their order and in parallel; one that fails never stops the others.
/// None is sent after `not_after`. The results stand in the order of the targets.
pub async fn apply_emergency(
    clients: &Clients,
    targets: &[TargetChanges],
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Vec<Outcome> {
    let calls = targets.iter().map(|TargetChanges { target, changes }| async move {
        for change in changes {
            let left = Duration::try_from(not_after.duration_since(clock())).unwrap_or_default();
            let is_size = matches!(change, Change::SetCapacity(_));
            // A turn that comes too late is not taken: the next evaluation would wait for it.
            if left.is_zero() || (is_size && !targets::take_turn_within(clients, target, left).await) {
                return Outcome::TooLate;
            }
            if let Err(error) = targets::change(clients, target, change).await {
                return Outcome::Failed(error);
            }
        }
        Outcome::Applied
    });
    stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await
}
