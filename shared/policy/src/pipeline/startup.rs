//! "Starts failing": tasks were asked for, and running tasks do not rise within the start-up time.

use jiff::{SignedDuration, Timestamp};

use crate::memory::{Startup, since};
use crate::observation::Service;

/// Follows the tasks that were asked for and do not run yet. Only a running count above any seen so far is progress:
/// tasks that start and die again and again are not.
pub(crate) fn follow(before: Option<Startup>, service: &Service, now: Timestamp) -> Option<Startup> {
    if service.running_count >= service.desired_count {
        return None;
    }
    Some(match before {
        Some(startup) if service.running_count <= startup.running => startup,
        Some(_) | None => Startup { since: now, running: service.running_count },
    })
}

/// For how long tasks have failed to start, once that is longer than they may take.
pub(crate) fn failing(
    startup: Option<Startup>,
    allowed: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    startup.map(|startup| since(startup.since, now)).filter(|lasting| *lasting > allowed)
}
