//! What a look begins with: what it knows of the last one, and what follows from that at once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::capacity::Capacity;
use crate::memory::{Memory, Ran, Run, since};
use crate::method::together::Wait;
use crate::method::track;
use crate::method::wait;
use crate::observation::Observation;
use crate::pipeline::evidence::LONGEST_GAP;
use crate::pipeline::scale_in;
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// What a look knows of the last one. Left out is what every look makes anew: what `wait` remembers, and the edges.
/// Written out field by field, since a copy of all would be a fourth of the time of a decision.
pub(super) fn carried(memory: &Memory, runs: BTreeMap<String, Run>) -> Memory {
    Memory {
        runs,
        wait: None,
        edges: vec![],
        scale_out: memory.scale_out,
        changed_at: memory.changed_at,
        wishes: memory.wishes.clone(),
        metrics: memory.metrics.clone(),
        young: memory.young.clone(),
        empty: memory.empty.clone(),
        startup: memory.startup,
        head: memory.head,
        idle_since: memory.idle_since,
        intent: memory.intent.clone(),
        failure: memory.failure,
        desired_count: memory.desired_count,
        zeroed: memory.zeroed,
        observed: memory.observed,
        ran: memory.ran,
    }
}

/// Since when the queue has been seen empty, nothing in flight, nothing held. A look that cannot see ends it, and so
/// does a time without looks.
pub(super) fn idle_since(seen: &Observation, memory: &Memory, now: Timestamp) -> Option<Timestamp> {
    let queue = seen.queue()?;
    let looked = memory.wishes.last().is_some_and(|wish| since(wish.at, now) <= LONGEST_GAP);
    let idle = scale_in::jobs_that_need_a_task(queue) == 0;
    idle.then(|| memory.idle_since.filter(|_| looked).unwrap_or(now))
}

/// What the `wait` method says, and what it remembers. A look that cannot see the service leaves its memory alone.
pub(super) fn ask_wait(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    bounds: Capacity,
    now: Timestamp,
    next: &mut Memory,
) -> Wait {
    let Some(acceptable) = policy.wait else { return Wait::NotSet };
    let silent = || match seen.queue_unread() {
        None => Reason::Watching,
        Some(absence) => Reason::ReadingMissing { signal: Signal::Waiting, absence: absence.clone() },
    };
    let Some(sight) = wait::sight::of(seen, policy, acceptable, bounds, memory.changed_at, now) else {
        next.wait.clone_from(&memory.wait);
        return Wait::Silent(silent());
    };
    let (proposal, remembered) = wait::look(&sight, memory.wait.as_ref());
    next.wait = Some(remembered);
    proposal.map_or_else(|| Wait::Silent(silent()), Wait::Asks)
}

/// How many ran lately, where a tracker or a warm-up asks for it. A look that cannot see leaves it alone.
pub(super) fn ran(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Option<Ran> {
    let Ok(service) = &seen.service else { return memory.ran };
    let asked = !policy.track.is_empty() || service.constraints.warmup.is_positive();
    asked.then(|| track::ran(memory.ran, track::measured(service), now))
}
