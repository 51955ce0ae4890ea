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
/// tasks that start and die again and again are not. What is added while few are missing has its own time to start.
pub(crate) fn follow(before: Option<Startup>, service: &ServiceState, now: Timestamp) -> Option<Startup> {
    let (desired, running) = (service.desired_count, service.running_count);
    let lasting = before.filter(|startup| running <= startup.running);
    let startup = lasting.unwrap_or(Startup { since: now, running, many_after: None });
    let lasted = || u32::try_from(since(startup.since, now).as_secs()).unwrap_or(0);
    let many_after = are_many(desired, running).then(|| startup.many_after.unwrap_or_else(lasted));
    (running < desired).then_some(Startup { many_after, ..startup })
}

/// More are missing than one, or than a tenth.
pub(crate) fn are_many(desired: u32, running: u32) -> bool {
    desired.saturating_sub(running) > desired.checked_div(FEW).unwrap_or(0).max(1)
}

/// A deployment may run with half of the tasks that are desired for so long (`minimumHealthyPercent`), batch after batch, and each
/// evaluation may see as few. Shorter, and every deployment of a large service would be called tasks that do not start; longer,
/// and one whose tasks crash goes on adding more of them. More than half is missing only where they crash.
const DEPLOYING: SignedDuration = SignedDuration::from_mins(30);

/// For how long tasks have failed to start, once that is longer than they may take.
pub(crate) fn failing(
    startup: Option<Startup>,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    too_long(startup?.since, service, allowed, now)
}

/// For how long so many have failed to start that it is no time to add any.
pub(crate) fn many_failing(
    startup: Option<Startup>,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let Startup { since, many_after, .. } = startup?;
    let many_since = since.saturating_add(SignedDuration::from_secs(many_after?.into()));
    too_long(many_since.unwrap_or(since), service, allowed, now)
}

/// How long ago that is, once it is longer than tasks may take to start.
fn too_long(
    begun: Timestamp,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let half_run = service.running_count >= service.desired_count.div_ceil(2);
    let allowed = if service.rollout && half_run { allowed.max(DEPLOYING) } else { allowed };
    Some(since(begun, now)).filter(|lasting| *lasting > allowed)
}

/// So many have failed to start for too long without being too many: nobody waits for them.
pub(crate) fn lost(
    startup: Option<Startup>,
    service: &ServiceState,
    allowed: SignedDuration,
    now: Timestamp,
) -> u32 {
    let (desired, running) = (service.desired_count, service.running_count);
    let few = failing(startup, service, allowed, now).filter(|_| !are_many(desired, running));
    few.map_or(0, |_| desired.saturating_sub(running))
}
