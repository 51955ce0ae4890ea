//! What a look begins with: what it knows of the last one, and what follows from that at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::memory::ran::Ran;
use crate::memory::{Memory, Run, since};
use crate::method::together::Wait;
use crate::method::wait;
use crate::observation::Observation;
use crate::pipeline::evidence::LONGEST_GAP;
use crate::pipeline::metric::freshness;
use crate::pipeline::readings::partly_read;
use crate::pipeline::scale_in;
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// What a look knows of the last one. Left out is what every look makes anew: what `wait` remembers, how many
/// ran, and the edges.
/// Written out field by field, since a copy of all would be a fourth of the time of a decision.
pub(super) fn carried(memory: &Memory, runs: BTreeMap<String, Run>) -> Memory {
    Memory {
        runs,
        wait: None,
        edges: vec![],
        scale_out: memory.scale_out,
        changed_at: memory.changed_at,
        woke_at: memory.woke_at,
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
        overwritten: memory.overwritten,
        zeroed: memory.zeroed,
        observed: memory.observed,
        ran: None,
    }
}

/// Since when the queue has been seen empty, nothing in flight, nothing held. A look that cannot see, or sees in part
/// only, ends it, and so does a time without looks.
pub(super) fn idle_since(seen: &Observation, memory: &Memory, now: Timestamp) -> Option<Timestamp> {
    let queue = seen.queue()?;
    let looked = memory.wishes.last().is_some_and(|wish| since(wish.at, now) <= LONGEST_GAP);
    let idle = scale_in::jobs_that_need_a_task(queue) == 0 && partly_read(queue).is_none();
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

/// How many ran lately, where an average over tasks decides or something warms up. An evaluation that cannot see leaves it
/// alone.
pub(super) fn ran(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Option<Ran> {
    let Ok(service) = &seen.service else { return memory.ran.clone() };
    let warmup = service.constraints.warmup;
    let is_average = |signal: &Signal| matches!(signal, Signal::Metric(_));
    let tracked = policy.track.iter().any(|track| is_average(&track.signal));
    let ruled = policy.rules.iter().map(|rule| &rule.when.signal);
    let decides = tracked || ruled.filter(|it| is_average(it)).any(Signal::is_shared_by_tasks);
    let periods = memory.metrics.values().map(|last| SignedDuration::from_secs(last.period));
    // Before a datapoint is known, it may be the longest that CloudWatch publishes by itself.
    let period = periods.max().unwrap_or(SignedDuration::from_mins(5));
    let keep = freshness(period).saturating_add(period).saturating_add(warmup.saturating_mul(2));
    let (running, desired) = (service.running_count, service.desired_count);
    let counts = (running.min(desired), running);
    (decides || warmup.is_positive()).then(|| Ran::follow(memory.ran.as_ref(), counts, keep, now))
}
