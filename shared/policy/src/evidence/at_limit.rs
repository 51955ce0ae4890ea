//! A queue at a limit of its own: BullMQ's rate limit, or its global concurrency.
//!
//! What waits there may not be taken, so more tasks would do no more jobs: it orders none, for a while also where an evaluation
//! falls between two moments at the limit. How many tasks the limit keeps busy is measured, since the limit of a
//! worker and the time of a job are not known: the mean of what ran is the same whether few tasks work all the
//! time or many do nothing for most of it.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::memory::{AtLimit, Memory};
use crate::observation::{Observation, Queue, QueueLimits};
use crate::reading::number;
use crate::service::ServicePolicy;

/// So long after the last sign of a limit it is forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The same while every task works: then tasks are what is missing. With a quarter too many, all work for four fifths of a period
/// of the limit, so that one of two minutes is still recognized.
const FORGOTTEN_AFTER_WORKING: SignedDuration = SignedDuration::from_mins(2);

/// Two evaluations closer than this see one moment.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// What runs is averaged over so many evaluations, some five minutes: each may see all tasks busy, or none.
const AVERAGED_OVER: u32 = 20;

/// Beyond those that are busy in the mean a quarter more: that many take all that the limit allows, and are now and then seen
/// to have taken it. With fewer the limit is no longer seen, and forgotten.
const SPARE: f64 = 1.25;

/// What one evaluation shows of a queue and its workers.
struct QueueAndTasks<'a> {
    queue: &'a Queue,
    active: f64,
    /// So many jobs the tasks that run can work on at a time; `None` where the service could not be read.
    places: Option<f64>,
    /// Every task that is wanted runs.
    all_run: bool,
}

impl<'a> QueueAndTasks<'a> {
    fn of(queue: &'a Queue, seen: &Observation, policy: &ServicePolicy) -> Self {
        let service = seen.service.as_ref().ok();
        let concurrency = f64::from(policy.concurrency.get());
        Self {
            queue,
            active: number(queue.in_flight.known()),
            places: service.map(|service| f64::from(service.running_count) * concurrency),
            all_run: service.is_some_and(|service| service.running_count >= service.desired_count),
        }
    }

    fn every_place_works(&self) -> bool {
        self.places.is_some_and(|places| self.active >= places)
    }
}

/// Follows a queue that is at its limit, or was lately.
pub(crate) fn follow(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Option<AtLimit> {
    // A paused queue is seen at no limit, and what runs there says nothing of one.
    let Some(queue) = seen.queue().filter(|queue| !queue.paused) else { return memory.at_limit };
    let seen = QueueAndTasks::of(queue, seen, policy);
    let before = memory.at_limit.filter(|it| lasts(it, &seen, now));
    let QueueLimits { rate_met: _, taken, max, concurrency } = queue.limits;
    let met = queue.is_at_limit();
    // At its global concurrency the jobs that were taken say nothing of the rate.
    let taken = taken.filter(|_| !queue.is_at_concurrency());
    let Some(before) = before else {
        // A worker that was told to wait by what it calls shows that in no count: such a limit is known only while it lasts.
        let is_known = taken.is_some() || queue.is_at_concurrency();
        let first = AtLimit { last: now, again: false, taken, max, concurrency, busy: 0.0, evaluations: 0 };
        return (met && is_known).then(|| averaged(first, &seen));
    };
    // A limit of the workers shows only while none of them works; how many jobs it allows is known then.
    let is_as_full = taken.is_some() && taken == before.taken && !seen.every_place_works();
    let again = before.again || (met && since(before.last, now) >= SHORTEST_INTERVAL);
    let last = if met || is_as_full { now } else { before.last };
    let taken = taken.filter(|_| met).or(before.taken);
    Some(averaged(AtLimit { last, again, taken, ..before }, &seen))
}

/// Whether the limit is still the one that was seen, and was seen lately.
fn lasts(it: &AtLimit, seen: &QueueAndTasks<'_>, now: Timestamp) -> bool {
    let QueueLimits { rate_met, taken, max, concurrency } = seen.queue.limits;
    let is_another = max != it.max || concurrency != it.concurrency;
    // More than the limit allows were taken.
    let is_raised = !rate_met && it.taken.is_some() && taken > it.taken;
    let working = seen.queue.waiting > 0 && !seen.queue.is_at_limit() && seen.every_place_works();
    let forgotten_after = if working { FORGOTTEN_AFTER_WORKING } else { FORGOTTEN_AFTER };
    !is_another && !is_raised && since(it.last, now) <= forgotten_after
}

/// Counts what runs, where jobs wait and every task that is wanted runs: what tasks that start or died do not do is no limit's.
fn averaged(it: AtLimit, seen: &QueueAndTasks<'_>) -> AtLimit {
    if seen.queue.waiting == 0 || !seen.all_run {
        return it;
    }
    let evaluations = it.evaluations.saturating_add(1).min(AVERAGED_OVER);
    let busy = it.busy + (seen.active - it.busy) / f64::from(evaluations);
    AtLimit { busy: (busy * 100.0).round() / 100.0, evaluations, ..it }
}

/// What waits orders no tasks: the queue is at its limit, or was more than once lately.
pub(crate) fn orders_none(queue: &Queue, at_limit: Option<AtLimit>) -> bool {
    queue.is_at_limit() || (queue.waiting > 0 && at_limit.is_some_and(|it| it.again))
}

/// How many jobs the limit keeps busy in the mean, once that has been measured for long enough and while the limit is seen.
pub(crate) fn busy(at_limit: Option<AtLimit>, now: Timestamp) -> Option<f64> {
    let is_seen = |it: &AtLimit| since(it.last, now) <= FORGOTTEN_AFTER_WORKING;
    let measured = at_limit.filter(|it| it.again && it.evaluations >= AVERAGED_OVER && is_seen(it));
    measured.map(|it| it.busy)
}

/// How many have to be able to run so that the limit alone keeps so many busy.
pub(crate) fn enough_for(busy: f64) -> f64 {
    (busy * SPARE).max(1.0)
}

/// How many jobs may run at a time.
pub(crate) fn most(queue: &Queue) -> f64 {
    queue.limits.concurrency.map_or(f64::INFINITY, number)
}
