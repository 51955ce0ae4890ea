//! The one place that changes anything: `UpdateService` with a desired count, and nothing else.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_policy::memory::Settled;

use crate::error::CallError;
use crate::services::{CALLS_AT_ONCE, ServiceName};

/// `UpdateService` has a bucket of 50 per account and Region, refilled by 5 a second (Amazon ECS API throttling).
/// One look takes at most this many, so that a burst never throttles somebody's deployment; what is left is decided
/// again by the next look.
pub const CHANGES_PER_LOOK: usize = 40;

/// A change to make: absolute, so that making it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The service.
    pub name: ServiceName,
    /// The desired count to set.
    pub desired_count: u32,
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
            Self::Failed(_) => "failed",
            Self::TooLate => "too-late",
        }
    }
}

/// Makes changes, in parallel; one that fails never stops the others. The results stand in the order of the changes.
pub async fn apply(
    ecs: &aws_sdk_ecs::Client,
    changes: &[Change],
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Vec<Outcome> {
    let calls = changes.iter().map(|change| async move {
        if clock() > change.not_after {
            return Outcome::TooLate;
        }
        apply_one(ecs, change).await.map_or_else(Outcome::Failed, |()| Outcome::Applied)
    });
    stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await
}

/// One call. Sending nothing but the count starts no deployment.
async fn apply_one(ecs: &aws_sdk_ecs::Client, change: &Change) -> Result<(), CallError> {
    let Change { name: ServiceName { cluster, service }, desired_count, not_after: _ } = change;
    let step = || format!("update service `{service}` in cluster `{cluster}` to {desired_count} tasks");
    let count = i32::try_from(*desired_count).map_err(|_| {
        CallError::plain(step(), tidegate_policy::AbsenceKind::WrongType, "more than AWS can count")
    })?;
    let call = ecs.update_service().cluster(cluster).service(service).desired_count(count);
    call.send().await.map(|_| ()).map_err(|error| CallError::new(step(), &error))
}
