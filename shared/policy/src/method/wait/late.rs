//! What lateness itself asks for, whatever is believed of pace and load.
//!
//! A belief that is wrong makes jobs wait and nobody come. So jobs that go on waiting longer than acceptable ask for more
//! by themselves: for one task at the second look, and for a quarter more once it has lasted as long as a task takes to
//! start. While what was ordered starts, nothing more is asked for: so the growth is geometric and never a jump.

use jiff::SignedDuration;

use crate::memory::since;
use crate::memory::wait::Wait;

use super::{Sight, seconds, whole_tasks};

/// After a start-up time this share more. Half of it takes an hour to tenfold, twice of it orders a second crew for a
/// backlog that the first is about to work off.
const GROWTH: f64 = 0.25;

/// The tasks that lateness asks for; none while jobs wait no longer than acceptable.
pub(crate) fn grown(next: &mut Wait, seen: &Sight, wait: f64, startup: f64) -> u32 {
    let late = wait > seen.acceptable;
    next.late_since = late.then(|| next.late_since.unwrap_or(seen.now));
    let lasted = seconds(lasted(next, seen));
    // What was ordered less than a start-up time ago is still to come.
    let ordered = seen.changed_at.is_some_and(|at| seconds(since(at, seen.now)) <= startup);
    if lasted <= 0.0 || (ordered && seen.running < seen.desired) {
        return 0;
    }
    let more = GROWTH * (lasted / startup.max(1.0)).min(1.0);
    whole_tasks(f64::from(seen.desired) * (1.0 + more)).max(seen.desired.saturating_add(1))
}

/// How long jobs have waited longer than acceptable.
pub(crate) fn lasted(next: &Wait, seen: &Sight) -> SignedDuration {
    next.late_since.map_or(SignedDuration::ZERO, |at| since(at, seen.now))
}
