//! `wait`: enough workers that no job waits longer than asked, at the least cost.
//!
//! To an operator: *Workers are ordered when, by the time new ones could run, a job would wait more than a little less
//! than half of the acceptable wait, or with bad luck all of it, counting the workers already starting; nobody leaves
//! while jobs wait that long, or before having been surplus for the whole stabilization window. After bursts out of
//! silence just enough workers stand by to catch the next such burst, for as long as bursts have usually come back.*
//!
//! Nothing is tuned: the user says the acceptable wait and the bounds. How fast jobs are done, how many arrive and how
//! long a task takes to start are measured ([`pace`], [`load`], [`orders`]). What waits when a new task could run is
//! forecast ([`forecast`]), and [`bursts`] is the memory of bursts.
//!
//! All sizes inside are *places*, the jobs that can run at a time: tasks times concurrency.

use jiff::SignedDuration;

use crate::capacity::Capacity;
use crate::memory::since;
use crate::memory::wait::{Last, Wait};
use crate::reason::Reason;

pub(crate) mod bursts;
pub(crate) mod forecast;
pub(crate) mod load;
pub(crate) mod orders;
pub(crate) mod pace;
pub(crate) mod sight;

use forecast::Outlook;
use orders::Crew;
pub(crate) use sight::{Jobs, Sight};

/// The share of the acceptable wait that is used on purpose: a queue that is never quite empty wastes no worker. The rest
/// is left for what the forecast misses. 0.4 costs 0.7% more; 0.6 saves 1% and doubles the late jobs of sudden loads.
const PLANNED_SHARE: f64 = 0.45;

/// How much chance is allowed for, in standard deviations of the jobs that will have come and gone: about one time in
/// twenty is worse. Two cost 3% more where jobs are long and few; with 1.4 more than one in a hundred of those is late.
pub(crate) const CHANCE: f64 = 1.6;

/// Two looks closer than this tell nothing about speed: a handful of jobs more or less would be everything.
const SHORTEST_LOOK_SECONDS: f64 = 5.0;

/// While work moves looks come this often.
pub(crate) const USUAL_LOOK_SECONDS: f64 = 15.0;

/// Looks are promised at least once a minute.
const LONGEST_LOOK_SECONDS: f64 = 60.0;

/// After a longer time without a look the load is not known any more. Half as long would forget with two readings
/// missing in a row.
const FORGOTTEN_AFTER_SECONDS: f64 = 150.0;

/// The clocks of two writers may differ by so much; a look that seems so much earlier than the last came right after it.
const CLOCKS_APART_SECONDS: f64 = 5.0;

/// A number made smaller by this much is not larger when it is cut to four digits.
const NEVER_ROUNDED_UP: f64 = 0.9995;

/// What the method asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proposal {
    /// The capacity, in tasks.
    pub(crate) tasks: u32,
    /// Why.
    pub(crate) reason: Reason,
}

/// One look: what it asks for, and what it remembers. It asks for nothing while it only watches: in the first look, in
/// one that cannot see the queue, and in the first after a long pause.
pub(crate) fn look(seen: &Sight, before: Option<&Wait>) -> (Option<Proposal>, Wait) {
    let mut next = before.cloned().unwrap_or_default();
    let crew = orders::follow(&mut next, seen);
    let proposal = match seen.jobs {
        None => {
            next.shorten();
            None
        }
        Some(Jobs { paused: true, .. }) => {
            next.last = None;
            next.shorten();
            Some(Proposal { tasks: 0, reason: Reason::LoadKeeps { load: 0.0, proposes: 0 } })
        }
        Some(jobs) => {
            let this = last(seen, jobs);
            watch(seen, this, jobs.hidden(), &mut next);
            // What is decided now is what the remembered numbers say, so that a second look right after says the same.
            next.shorten();
            decide(seen, jobs, this.busy, &crew, &mut next)
        }
    };
    (proposal, next)
}

/// Learns from what happened since the last look. Where neither running nor finished jobs can be seen, what is guessed to
/// run is all that arrives.
fn watch(seen: &Sight, this: Last, hidden: bool, next: &mut Wait) {
    let before = next.last.filter(|last| {
        let (passed, ahead) = (since(last.at, seen.now), since(seen.now, last.at));
        seconds(passed) <= FORGOTTEN_AFTER_SECONDS && seconds(ahead) <= CLOCKS_APART_SECONDS
    });
    let Some(before) = before else {
        (next.last, next.load) = (Some(this), None);
        return;
    };
    let elapsed = seconds(since(before.at, seen.now));
    if elapsed >= SHORTEST_LOOK_SECONDS {
        let planned = seen.acceptable * PLANNED_SHARE;
        let arrived = pace::learn(&mut next.pace, &before, &this, elapsed, seen.concurrency, planned);
        let mut load = load::learn(next.load, arrived / elapsed, elapsed);
        if hidden {
            let most = NEVER_ROUNDED_UP * this.busy * next.pace.per_second(planned);
            load.rate = load.rate.min(most);
        }
        next.load = Some(load);
        next.last = Some(this);
    }
}

/// What the next look has to know of this one. Where running jobs cannot be seen, jobs that wait prove every place busy,
/// and an empty queue is taken as one idle task: so such a service shrinks by one task at a time until jobs wait.
fn last(seen: &Sight, jobs: Jobs) -> Last {
    let places = f64::from(seen.running) * seen.concurrency;
    let busy = match (jobs.visible, jobs.waiting > 0.0) {
        (true, _) => jobs.in_flight,
        (false, true) => places,
        (false, false) => (places - seen.concurrency).max(jobs.in_flight),
    };
    // Jobs that wait while every place is seen to be idle are taken by nobody, and prove nothing.
    let idle = jobs.visible && jobs.in_flight <= 0.0 && seen.running > 0;
    Last {
        at: seen.now,
        jobs: jobs.waiting + busy + jobs.held,
        busy,
        waiting: jobs.waiting > 0.0 && !idle,
        running: seen.running,
        done: jobs.done,
    }
}

/// The capacity asked for: more when the forecast needs it, fewer down to what the load keeps.
fn decide(seen: &Sight, jobs: Jobs, busy: f64, crew: &Crew, next: &mut Wait) -> Option<Proposal> {
    let load = next.load?;
    let planned = seen.acceptable * PLANNED_SHARE;
    let per_second = next.pace.per_second(planned);
    let outlook = Outlook { jobs: jobs.waiting + busy, load, per_second, concurrency: seen.concurrency };
    let expected = outlook.when_new_tasks_run(crew);
    let needed_with = |crew: &Crew| {
        // Behind a queue that shows nothing at all a guess runs, and nobody is ordered for a guess: the load alone keeps.
        if jobs.hidden() {
            return 0;
        }
        let expected = outlook.when_new_tasks_run(crew);
        whole_tasks(outlook.places_for(expected, planned, seen.acceptable, crew) / seen.concurrency)
    };
    let needed = needed_with(crew);

    let reaction = crew.startup + load.apart;
    let load = load.rate / per_second / seen.concurrency;
    let wait = jobs.waiting / per_second / (crew.running * seen.concurrency).max(1.0);
    let late = wait > planned;
    let taken = seen.jobs_of_the_dead();
    let keeps_taken = whole_tasks(taken / seen.concurrency);
    let kept = whole_tasks(load).max(if late { seen.desired } else { 0 }).max(keeps_taken);
    let kept = enough(kept.max(needed), seen.desired, |tasks| needed_with(&crew.reduced(f64::from(tasks))));

    let wish = seen.bounds.clamp(needed.max(kept));
    let standing = bursts::follow(next, seen, load, wish, reaction);
    let raised = needed.max(standing);
    let tasks = if raised > seen.desired { raised } else { raised.max(kept).min(seen.desired) };
    let reason = if standing == tasks && standing > needed.max(whole_tasks(load)) {
        let bursts = next.bursts.as_ref().map_or(0, |bursts| bursts.sizes.len());
        Reason::StandsBy { bursts, proposes: tasks }
    } else if raised > seen.desired {
        let within = span(crew.startup);
        Reason::WouldWait { jobs: whole_jobs(expected), within, planned: span(planned), proposes: tasks }
    } else if late && tasks == seen.desired {
        Reason::JobsWait { wait: span(wait), planned: span(planned) }
    } else if tasks == keeps_taken && keeps_taken > whole_tasks(load) {
        let concurrency = whole(seen.concurrency);
        Reason::WorkInFlight { jobs: whole_jobs(taken), concurrency, floor: tasks }
    } else {
        Reason::LoadKeeps { load, proposes: tasks }
    };
    Some(Proposal { tasks, reason })
}

/// The fewest tasks, from so many to so many, that are as many as they themselves would need: with fewer, the next look
/// would have to order them again.
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

/// Seconds, as a number to calculate with.
pub(crate) fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

/// A duration in whole seconds, rounded; for sentences.
fn span(seconds: f64) -> SignedDuration {
    SignedDuration::from_secs(i64::from(whole_seconds(seconds)))
}

/// As many tasks as this takes. A hundredth of a task is nobody: a load that fades never quite reaches zero.
pub(crate) fn whole_tasks(tasks: f64) -> u32 {
    const NOBODY: f64 = 0.01;
    whole((tasks - NOBODY).ceil().clamp(0.0, f64::from(Capacity::LIMIT)))
}

/// A count of jobs, rounded; for sentences.
fn whole_jobs(jobs: f64) -> u64 {
    u64::from(whole(jobs.round().clamp(0.0, f64::from(u32::MAX))))
}

/// At most a day, rounded.
pub(crate) fn whole_seconds(seconds: f64) -> u32 {
    whole(seconds.round().clamp(0.0, 86_400.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and clamped by every caller"
)]
fn whole(number: f64) -> u32 {
    number as u32
}
