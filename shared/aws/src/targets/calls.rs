//! How the calls about targets are bounded: how many at a time, and within which time.

use std::future::Future;
use std::time::Duration;

use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::{Instant, timeout_at};

/// All other autoscalers are asked for within this time, which leaves the rest of an evaluation to the metrics. One
/// whose answer is late is unknown, and never absent.
pub const OTHER_AUTOSCALERS_WITHIN: Duration = Duration::from_secs(3);

/// Not answered in time.
#[must_use]
pub fn late() -> Absence {
    Absence::new(AbsenceKind::TimedOut, "not read within the time of an evaluation")
}

/// A part's own time from now on, as far as the deadline of the whole lets it.
pub(crate) fn until(deadline: Instant, within: Duration) -> Instant {
    Instant::now().checked_add(within).map_or(deadline, |end| end.min(deadline))
}

/// What a call answers in time. With no time left it is not begun: even a single poll would take a token of its bucket.
pub(crate) async fn in_time<T>(deadline: Instant, call: impl Future<Output = T>) -> Option<T> {
    if Instant::now() >= deadline { None } else { timeout_at(deadline, call).await.ok() }
}
