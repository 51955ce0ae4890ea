//! "Starts failing": tasks were asked for, and running tasks do not rise within the start-up time.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::memory::Startup;
use crate::observation::ServiceState;

/// One task that is missing, or a tenth of all, stops nothing: where tasks are overloaded, one is always being replaced. What
/// is added to a service that cannot start any is more than that, and stops at once. A twentieth would stop a service of
/// 19 tasks for two that are replaced at a time; a fifth would let one of 100 that starts none ask for 20 of them.
const FEW: u32 = 10;

/// Follows the tasks that were asked for and do not run yet. Only a running count above any seen so far is progress:
/// tasks that start and die again and again are not.
pub(crate) fn follow(before: Option<Startup>, service: &ServiceState, now: Timestamp) -> Option<Startup> {
    if service.running_count >= service.desired_count {
        return None;
    }
    Some(match before {
        Some(startup) if service.running_count <= startup.running => startup,
        Some(_) | None => Startup { since: now, running: service.running_count },
    })
}

/// A deployment may run with fewer tasks than are desired for so long (`minimumHealthyPercent`), batch after batch, and each
/// evaluation may see as few. Shorter, and every deployment of a large service would be called tasks that do not start; longer,
/// and one whose tasks crash goes on adding more of them.
const DEPLOYING: SignedDuration = SignedDuration::from_mins(30);

/// For how long tasks have failed to start, once that is longer than they may take.
pub(crate) fn failing(
    startup: Option<Startup>,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let allowed = if service.rollout { allowed.max(DEPLOYING) } else { allowed };
    startup.map(|startup| since(startup.since, now)).filter(|lasting| *lasting > allowed)
}

/// For how long so many have failed to start that it is no time to add any, and no time to take little load for a quiet hour.
pub(crate) fn many_failing(
    startup: Option<Startup>,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let missing = service.desired_count.saturating_sub(service.running_count);
    let few = service.desired_count.checked_div(FEW).unwrap_or(0).max(1);
    if missing > few { failing(startup, service, allowed, now) } else { None }
}
