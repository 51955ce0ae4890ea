//! A queue at a limit of its own: BullMQ's rate limit, or its global concurrency.
//!
//! What waits there may not be taken, so more tasks would do no more jobs: it orders none, for a while also where an evaluation
//! falls between two moments at the limit. How many tasks the limit keeps busy is measured, since neither the
//! limit of a worker nor the time of a job is known: the mean of what ran is the same whether few tasks work all the
//! time or many do nothing for most of it.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::memory::{AtLimit, Memory};
use crate::observation::{Observation, Queue, QueueLimits};
use crate::reading::number;

/// So long after the last sign of a limit it is forgotten. With a fifth of the tasks too many it is seen in every fifth evaluation.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// What runs is averaged over so many evaluations, some five minutes: each may see all tasks busy, or none.
const AVERAGED_OVER: u32 = 20;

/// Beyond those that are busy in the mean a quarter more: that many take all that the limit allows, and are now and then seen
/// to have taken it. With fewer the limit is no longer seen, and forgotten.
const SPARE: f64 = 1.25;

/// Follows a queue that is at its limit, or was lately, until it was not for a while or nothing waits.
pub(crate) fn follow(memory: &Memory, seen: &Observation, now: Timestamp) -> Option<AtLimit> {
    let Some(queue) = seen.queue() else { return memory.at_limit };
    let (QueueLimits { met, taken, concurrency }, running) = (queue.limits, queue.in_flight.known());
    // At its global concurrency the jobs that were taken say nothing of the rate.
    let taken = taken.filter(|_| concurrency.is_none_or(|jobs| running < jobs));
    let active = number(running);
    let lasts = |it: &AtLimit| {
        // More than the limit allows were taken: it is another one now.
        let is_raised = !met && it.taken.is_some() && taken > it.taken;
        queue.waiting > 0 && since(it.last, now) <= FORGOTTEN_AFTER && !is_raised
    };
    let Some(before) = memory.at_limit.filter(lasts) else {
        return met.then_some(AtLimit { last: now, again: false, taken, busy: active, evaluations: 1 });
    };
    let evaluations = before.evaluations.saturating_add(1).min(AVERAGED_OVER);
    let busy = to_hundredths(before.busy + (active - before.busy) / f64::from(evaluations));
    let next = AtLimit { busy, evaluations, ..before };
    // A limit of the workers shows only while none of them works; how many jobs it allows is known then.
    let is_there = met || (taken.is_some() && taken == before.taken);
    let again = before.again || now > before.last;
    Some(if is_there { AtLimit { last: now, again, taken: taken.or(before.taken), ..next } } else { next })
}

/// What waits orders no tasks: the queue is at its limit, or was more than once lately.
pub(crate) fn orders_none(queue: &Queue, at_limit: Option<AtLimit>) -> bool {
    queue.limits.met || at_limit.is_some_and(|it| it.again)
}

/// How many jobs have to run at a time to do all that the limit allows, once that has been measured for long enough.
pub(crate) fn needed(queue: &Queue, at_limit: Option<AtLimit>) -> Option<f64> {
    let it = at_limit.filter(|it| it.again && it.evaluations >= AVERAGED_OVER)?;
    Some((it.busy * SPARE).min(most(queue)).max(1.0))
}

/// How many jobs may run at a time.
pub(crate) fn most(queue: &Queue) -> f64 {
    queue.limits.concurrency.map_or(f64::INFINITY, number)
}

fn to_hundredths(jobs: f64) -> f64 {
    (jobs * 100.0).round() / 100.0
}
