//! The one way to change anything in the account: a desired count or capacity is set. In an emergency AWS's own autoscaling is
//! suspended and resumed besides.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_fleet::TargetName;
use tidegate_policy::emergency::target::Change;

use crate::bucket::in_turn;
use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::CallError;
use crate::report::section::Outcome;
use crate::targets;

/// `UpdateService` has a bucket of 45 here, of the 50 per account and Region ([`UPDATE_SERVICE`](crate::bucket::UPDATE_SERVICE)). One
/// evaluation takes at most this many, so that a burst never throttles a deployment; what is left is decided
/// again by the next evaluation.
pub const CHANGES_PER_EVALUATION: usize = 40;

/// All changes of one target, one after the other; none follows one that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetChanges {
    /// What is changed.
    pub target: TargetName,
    /// Absolute, so that making them twice is harmless.
    pub changes: Vec<Change>,
}

/// Makes changes, the targets in their order and in parallel; one that fails never stops the others. None is sent after
/// `not_after`: from then on another evaluation may act. The results stand in the order of the targets.
pub async fn apply(
    clients: &Clients,
    targets: &[TargetChanges],
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Vec<Outcome> {
    let calls = targets.iter().map(|TargetChanges { target, changes }| async move {
        for change in changes {
            match make(clients, target, change, not_after, clock).await {
                Some(Ok(())) => {}
                Some(Err(error)) => return Outcome::Failed(error),
                None => return Outcome::TooLate,
            }
        }
        Outcome::Applied
    });
    stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await
}

/// Makes one change when its turn comes; `None` where that is too late.
async fn make(
    clients: &Clients,
    target: &TargetName,
    change: &Change,
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Option<Result<(), CallError>> {
    let Some(bucket) = targets::bucket(clients, target, change) else { return Some(Ok(())) };
    if !in_turn(bucket, not_after, clock).await {
        return None;
    }
    Some(targets::change(clients, target, change).await)
}
