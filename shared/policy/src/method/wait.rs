//! `wait`: enough workers that no job waits longer than asked, at the least cost.
//!
//! To an operator: *Workers are ordered when, by the time new ones could run, a job would wait more than a little less
//! than half of the acceptable wait, or with bad luck all of it, counting the workers already starting. Nothing scales in
//! while jobs wait that long, or before it has been surplus for the whole stabilization window; a surplus of less than 15%
//! stays for four minutes. The load that is expected is the usual one plus the share of a deviation that has lasted so far
//! until new workers ran. Jobs that go on waiting longer than acceptable get a quarter more workers per start-up time,
//! whatever was expected, and a queue that keeps growing slowly or does not become shorter while its workers are busy gets one
//! more. After bursts out of silence just enough workers stand by to catch the next such burst, for as long as bursts have usually come back.*
//!
//! *Where running jobs cannot be seen, the load last measured while jobs waited is believed, and halves in an hour while
//! none waits; workers leave only as far as it fades. Until the queue has shown how fast its jobs are done, orders stop
//! at six times the running workers; when they are found to be done faster, the load keeps as many workers busy as it did.
//! Jobs that vanish at once say little of the others: their pace is believed up to twice what the queue answers later, and
//! what was learned is forgotten when answers contradict it. After a gap in readings what waits still orders, and nothing leaves.*
//!
//! Nothing is tuned: the user says the acceptable wait and the bounds. How fast jobs are done, how many arrive, how much of
//! a deviation lasts and how long a task takes to start are measured ([`pace`], [`load`], [`lasting`], [`orders`]). What
//! waits when a new task could run is forecast ([`forecast`]), [`late`] is what lateness itself asks for, and [`bursts`] is
//! the memory of bursts.
//!
//! All sizes inside are *places*, the jobs that can run at a time: tasks times concurrency.

use crate::clock::since;
use crate::evidence::at_limit::enough_for;
use crate::memory::wait::{JobPace, Last, LoadEstimate, WaitMemory};
use crate::reason::Reason;

pub(crate) mod numbers;
pub(crate) mod intervals;
pub(crate) mod inputs;
pub(crate) mod bursts;
pub(crate) mod forecast;
pub(crate) mod lasting;
pub(crate) mod late;
pub(crate) mod load;
pub(crate) mod orders;
pub(crate) mod pace;

use forecast::{CHANCE, Outlook};
use inputs::LimitSeen;
pub(crate) use inputs::{QueueJobs, WaitInputs};
use intervals::FORGOTTEN_AFTER_SECONDS;
use numbers::{seconds, span, whole, whole_jobs, whole_tasks};
use orders::Workers;
use pace::{Between, Interval};

/// The share of the acceptable wait that is used on purpose: a queue that is never quite empty wastes no worker. The rest
/// is left for what the forecast misses. 0.4 costs 0.7% more; 0.6 saves 0.7%, and nearly twice as many jobs of sudden loads are
/// late.
const PLANNED_SHARE: f64 = 0.45;

/// No task is removed that a little more bad luck than `CHANCE` would call back at the next evaluation. Without it
/// tasks of long jobs come and go twice as often; twice of it costs 2% more there.
const LEAVING_CHANCE: f64 = 0.4;

/// Until the queue has shown how fast its jobs are done, orders stop at so many times the running tasks: a guess may be
/// off by as much. With three the first backlog is late; without an end 54 waiting jobs ordered 98 tasks.
const UNKNOWN_ORDERS: u32 = 6;

/// Of a load that is only believed, less work than for half a task is none: so that a hidden queue may sleep within hours.
const NO_TASK_BELIEVED: f64 = 0.5;

/// A hidden queue's pace may be wrong by this share, and so is what arrives while far more places work than it keeps busy.
/// With none, the load vanishes when a backlog is worked off, and tasks go and come by the hundred; twice of it costs 8%
/// more on the stress trace.
const PACE_ERROR: f64 = 0.25;

/// Two evaluations closer than this show no speed: a handful of jobs more or less would be everything.
const SHORTEST_INTERVAL_SECONDS: f64 = 5.0;

/// The clocks of two writers may differ by so much; an evaluation that seems so much earlier than the last came right
/// after it.
const CLOCKS_APART_SECONDS: f64 = 5.0;

/// What the method asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WaitProposal {
    /// The capacity, in tasks.
    pub(crate) tasks: u32,
    /// Why.
    pub(crate) reason: Reason,
}

/// What an evaluation knows of the load.
#[derive(Debug, Clone, Copy)]
struct KnownLoad {
    load: LoadEstimate,
    /// The most that arrived lately, as it was known before this evaluation: jobs that have just come make none wait less.
    most: Option<f64>,
    /// It is the mean over a time without evaluations, or only a part was read: enough to order, never enough to let
    /// anybody go.
    gap: bool,
}

/// One evaluation: what it asks for, and what it remembers. It asks for nothing while it only watches: in the first
/// evaluation, in one that cannot see the queue, and in the first after a pause unless jobs wait.
pub(crate) fn evaluate(seen: &WaitInputs, before: Option<&WaitMemory>) -> (Option<WaitProposal>, WaitMemory) {
    let mut next = before.cloned().unwrap_or_default();
    let workers = orders::follow(&mut next, seen);
    let proposal = match seen.jobs {
        None => {
            // Tasks that begin to run unseen have a part in what the queue loses until it is seen again.
            if let Some(last) = &mut next.last {
                last.running = last.running.max(seen.running);
            }
            next.shorten();
            None
        }
        Some(QueueJobs { paused: true, .. }) => {
            learn_anew(&mut next);
            Some(WaitProposal { tasks: 0, reason: Reason::LoadKeeps { load: 0.0, proposes: 0 } })
        }
        Some(QueueJobs { limit: Some(LimitSeen { busy }), most, .. }) => {
            // What is done there is the limit's pace, and no worker's.
            learn_anew(&mut next);
            let enough = |busy| whole_tasks(enough_for(busy).min(most) / seen.concurrency);
            let (tasks, busy) = (busy.map_or(seen.desired, enough), busy.map(|jobs| jobs / seen.concurrency));
            Some(WaitProposal { tasks, reason: Reason::LimitKeeps { busy, proposes: tasks } })
        }
        Some(jobs) if jobs.partial => {
            // A part of what workers hold teaches nothing, and removes no task; what waits is counted, and may order.
            next.shorten();
            let is_recent = |last: &Last| seconds(since(last.at, seen.now)) <= FORGOTTEN_AFTER_SECONDS;
            let load = next.load.filter(|_| next.last.as_ref().is_some_and(is_recent));
            let this = last(seen, jobs, &next.pace);
            let (most, load) = (load.map(|load| load.most(seen.acceptable)), load.unwrap_or_default());
            decide(seen, jobs, this, KnownLoad { load, most, gap: true }, &workers, &mut next)
        }
        Some(jobs) => {
            let this = last(seen, jobs, &next.pace);
            let known = watch(seen, this, jobs.hidden(), workers.startup, &mut next);
            // What is decided now is what the remembered numbers say, so that a second evaluation right after says the
            // same.
            next.shorten();
            let known = known.map(|known| KnownLoad { load: next.load.unwrap_or(known.load), ..known });
            known.and_then(|known| decide(seen, jobs, this, known, &workers, &mut next))
        }
    };
    (proposal, next)
}

/// What follows is not compared with what was seen until now.
fn learn_anew(next: &mut WaitMemory) {
    (next.last, next.late_since, next.backlog) = (None, None, None);
    next.pace.begin_anew();
    next.shorten();
}

/// Learns from what happened since the last evaluation. Where running jobs are hidden, what arrives can be measured
/// only while jobs wait, and when the queue was emptied by fewer than believed; otherwise it is believed, and fades.
fn watch(
    seen: &WaitInputs,
    this: Last,
    hidden: bool,
    startup: f64,
    next: &mut WaitMemory,
) -> Option<KnownLoad> {
    let ahead = |last: &Last| seconds(since(seen.now, last.at));
    let Some(before) = next.last.filter(|last| ahead(last) <= CLOCKS_APART_SECONDS) else {
        (next.last, next.load) = (Some(this), None);
        next.pace.begin_anew();
        return None;
    };
    let elapsed = seconds(since(before.at, seen.now));
    if elapsed < SHORTEST_INTERVAL_SECONDS {
        let known =
            |load: LoadEstimate| KnownLoad { load, most: Some(load.most(seen.acceptable)), gap: false };
        return next.load.map(known);
    }
    let planned = seen.acceptable * PLANNED_SHARE;
    let believed_pace = next.pace.per_second(planned);
    let starting = seen.running < seen.desired;
    let between = Between { elapsed, concurrency: seen.concurrency, planned, hidden, starting };
    let Interval { arrived, busy, is_unsettled, is_growing } =
        pace::learn(&mut next.pace, &before, &this, between);
    next.last = Some(Last { unsettled: is_unsettled, growing: is_growing, ..this });
    let (rate, pace) = (arrived / elapsed, next.pace.per_second(planned));
    let counted = this.done.is_some();
    if let Some(load) = &mut next.load
        && !counted
    {
        load::revise(load, believed_pace, pace);
    }
    let most = next.load.map(|load| load.most(seen.acceptable));
    if elapsed > FORGOTTEN_AFTER_SECONDS {
        next.load = None;
        let load = load::learn(None, rate, elapsed);
        return Some(KnownLoad { load, most: Some(load.most(seen.acceptable)), gap: true });
    }
    let believed = next.load.map_or(0.0, |load| load.rate);
    let load = match next.load {
        Some(load) if hidden && !this.waiting && !(before.waiting && rate < believed) => {
            // Tasks that are missing in one evaluation are no less load.
            let places = this.busy.max(f64::from(seen.desired) * seen.concurrency);
            load::fade(load, elapsed, places * pace)
        }
        load => {
            // What many places lose says little of what few jobs arrive: the pace is known only so well.
            let spare = (this.busy * pace - believed).max(0.0);
            let rate = if hidden { rate.max(believed.min(rate + PACE_ERROR * spare)) } else { rate };
            let mut load = load::learn(load, rate, elapsed);
            if !counted {
                load::were_busy(&mut load, busy, elapsed);
            }
            lasting::learn(&mut next.lasting, &load, rate, elapsed, startup);
            load
        }
    };
    next.load = Some(load);
    Some(KnownLoad { load, most, gap: false })
}

/// What the next evaluation has to know of this one. Where running jobs are hidden every place is taken as busy: that
/// is true while jobs wait, and nothing is concluded from it while none does.
fn last(seen: &WaitInputs, jobs: QueueJobs, pace: &JobPace) -> Last {
    let places = f64::from(seen.running) * seen.concurrency;
    let waiting = if jobs.visible {
        // Jobs that wait while every place is seen to be idle are taken by no worker, and prove nothing.
        jobs.waiting > 0.0 && (jobs.in_flight > 0.0 || seen.running == 0)
    } else {
        let planned = seen.acceptable * PLANNED_SHARE;
        let behind =
            jobs.reserved > places / 2.0 && jobs.reserved > pace.per_second(planned) * places * planned / 2.0;
        jobs.waiting > jobs.reserved || behind
    };
    let busy = if jobs.visible { jobs.in_flight } else { places };
    Last {
        at: seen.now,
        jobs: jobs.waiting + busy + jobs.held,
        busy,
        waiting,
        running: seen.running,
        done: jobs.done,
        unsettled: false,
        growing: false,
    }
}

/// The capacity asked for: more when the forecast needs it, fewer down to what the load keeps.
fn decide(
    seen: &WaitInputs,
    jobs: QueueJobs,
    this: Last,
    KnownLoad { load: believed, most: arrived, gap }: KnownLoad,
    workers: &Workers,
    next: &mut WaitMemory,
) -> Option<WaitProposal> {
    let planned = seen.acceptable * PLANNED_SHARE;
    let per_second = next.pace.per_second(planned);
    let unseen = jobs.hidden() && !this.waiting;
    let startup = workers.startup;
    let expected = if unseen { believed } else { lasting::expected(&next.lasting, believed, startup) };
    let outlook =
        Outlook { jobs: jobs.waiting + this.busy, load: expected, per_second, concurrency: seen.concurrency };
    let known = next.pace.known(planned);
    let is_settled = next.last.is_none_or(|last| !last.unsettled);
    let most = most_ordered(unseen, known && is_settled, seen.running);
    let needed_with = |workers: &Workers, luck: f64| needed(seen, &outlook, workers, luck).min(most);
    let tasks = |load: f64| load / per_second / seen.concurrency;
    let places = workers.running * seen.concurrency;
    let wait = jobs.waiting / per_second / places.max(1.0);
    let late = wait > planned;
    let grown = late::grown(next, seen, lateness(jobs, this, arrived, wait, places), workers.startup);
    let forecast = needed_with(workers, CHANCE);
    let one_more = if gap { 0 } else { late::one_more(next, seen, &this, (jobs.waiting, wait, per_second)) };
    let needed = forecast.max(grown).max(one_more);
    let taken = whole_tasks(seen.orphaned_jobs() / seen.concurrency);
    let load = tasks(expected.rate);
    let busy_tasks = if unseen && load < NO_TASK_BELIEVED { 0 } else { whole_tasks(load) };
    let kept = busy_tasks.max(if late { seen.desired } else { 0 }).max(taken);
    let kept = enough(kept.max(needed), seen.desired, |tasks| {
        needed_with(&workers.reduced(f64::from(tasks)), CHANCE + LEAVING_CHANCE)
    });

    let standing = if gap {
        0
    } else {
        let demand = seen.bounds.clamp(needed.max(kept));
        // By a pace that is only guessed a burst may be many times smaller: no more is expected again than may be ordered.
        let burst = tasks(believed.rate).min(if known { f64::INFINITY } else { f64::from(most) });
        let standing = bursts::follow(next, seen, burst, demand, startup + believed.apart);
        if known { standing } else { 0 }
    };
    let raised = needed.max(standing).min(whole_tasks(jobs.most / seen.concurrency));
    if gap && raised <= seen.desired {
        return None;
    }
    let size = raised.max(kept.min(seen.desired));
    let without = if raised > seen.desired { needed } else { needed.max(busy_tasks) };
    let reason = if standing == size && standing > without {
        let bursts = next.bursts.as_ref().map_or(0, |bursts| bursts.sizes.len());
        Reason::StandsBy { bursts, proposes: size }
    } else if forecast < grown {
        let (acceptable, lasting) = (span(seen.acceptable), late::lasted(next, seen));
        Reason::StillLate { acceptable, lasting, proposes: size }
    } else if forecast < one_more {
        Reason::QueueStays { proposes: size }
    } else if raised > seen.desired {
        forecast_reason(&outlook, workers, planned, size, forecast == most)
    } else if late {
        Reason::JobsWait { wait: span(wait), planned: span(planned) }
    } else if size == taken && taken > busy_tasks {
        let concurrency = whole(seen.concurrency);
        Reason::WorkInFlight { jobs: whole_jobs(seen.orphaned_jobs()), concurrency, floor: size }
    } else {
        Reason::LoadKeeps { load, proposes: size }
    };
    Some(WaitProposal { tasks: size, reason })
}

/// Why the forecast orders tasks, and whether so many are the most that it may.
fn forecast_reason(
    outlook: &Outlook,
    workers: &Workers,
    planned: f64,
    proposes: u32,
    is_most: bool,
) -> Reason {
    let (jobs, within) = (whole_jobs(outlook.when_new_tasks_run(workers)), span(workers.startup));
    if is_most {
        Reason::PaceUnknown { jobs, within, proposes }
    } else {
        Reason::WouldWait { jobs, within, planned: span(planned), proposes }
    }
}

/// How many tasks the forecast may order.
fn most_ordered(unseen: bool, is_pace_known: bool, running: u32) -> u32 {
    match (unseen, is_pace_known) {
        // Behind a queue that shows nothing at all a belief runs, and none is ordered for a belief: the load alone keeps.
        (true, _) => 0,
        (false, true) => u32::MAX,
        (false, false) => running.max(1).saturating_mul(UNKNOWN_ORDERS),
    }
}

/// The tasks that the forecast needs, with so much bad luck allowed for.
fn needed(seen: &WaitInputs, outlook: &Outlook, workers: &Workers, luck: f64) -> u32 {
    let (jobs, planned) = (outlook.when_new_tasks_run(workers), seen.acceptable * PLANNED_SHARE);
    whole_tasks(outlook.places_for(jobs, planned, seen.acceptable, workers, luck) / seen.concurrency)
}

/// How long a job waits, by the pace or by the load, whichever says more; not at all where more tasks would not take it.
fn lateness(jobs: QueueJobs, this: Last, most: Option<f64>, wait: f64, places: f64) -> f64 {
    // Jobs that wait beside places that are free are taken by no worker, or not yet.
    let stuck = !this.waiting || (this.busy < places / 2.0 && jobs.waiting < places);
    let by_load = most.map_or(0.0, |most| jobs.waiting / most);
    if stuck { 0.0 } else { wait.max(by_load) }
}

/// The fewest tasks, from so many to so many, that are as many as they themselves would need: with fewer, the next
/// evaluation would have to order them again.
fn enough(from: u32, to: u32, needed: impl Fn(u32) -> u32) -> u32 {
    let (mut too_few, mut enough) = (from, to);
    if from >= to || needed(from) <= from {
        return from;
    }
    while enough.saturating_sub(too_few) > 1 {
        let between = u32::midpoint(too_few, enough);
        if needed(between) <= between { enough = between } else { too_few = between }
    }
    enough
}

#[cfg(test)]
mod tests;
