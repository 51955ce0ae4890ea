//! What rules, methods, bounds and guards make of all that is known: the size to set.

use std::cmp::Ordering;

use crate::capacity::Capacity;
use crate::memory::{self, Memory, Wish as Remembered};
use crate::method::rules::Wish;
use crate::method::together::{self, Say, Wait};
use crate::method::{track, wait};
use crate::observation::{Observation, OtherScaler, Service};
use crate::overrides::{Override, OverrideKind};
use crate::pipeline::bounds::InForce;
use crate::pipeline::changes::{Asked, Changes, credit_until};
use crate::pipeline::known::Known;
use crate::pipeline::scale_in::{self, Guards};
use crate::pipeline::scale_out::Limits;
use crate::pipeline::start::Start;
use crate::pipeline::startup;
use crate::reason::Reason;
use crate::signal::Signal;

/// The size to set, and what is to be remembered of how it came about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recommendation {
    pub(crate) to: u32,
    /// The wishes of the stabilization window.
    pub(crate) wishes: Vec<Remembered>,
    /// What rules and methods ask for, where that is more than there is.
    pub(crate) asked: Option<Asked>,
    /// The service was switched off, and stays so.
    pub(crate) switched_off: Option<Reason>,
    pub(crate) reasons: Vec<Reason>,
}

impl Recommendation {
    /// To leave a service as it is.
    pub(crate) fn none(desired: u32, wishes: Vec<Remembered>) -> Self {
        Self { to: desired, wishes, asked: None, switched_off: None, reasons: vec![] }
    }
}

/// The service, if it can be scaled at all.
///
/// # Errors
/// It cannot be read, is inactive or a daemon, or ECS or somebody else scales it.
pub(crate) fn scalable(seen: &Observation) -> Result<&Service, Reason> {
    let service = match &seen.service {
        Ok(service) => service,
        Err(absence) => return Err(Reason::ServiceUnreadable { absence: absence.clone() }),
    };
    match &service.constraints.other_scaler {
        _ if !service.active => Err(Reason::ServiceInactive),
        _ if service.daemon => Err(Reason::ServiceIsDaemon),
        _ if service.constraints.express => Err(Reason::ServiceIsExpress),
        OtherScaler::Active(who) => Err(Reason::OtherScaler { who: who.clone() }),
        OtherScaler::Absent | OtherScaler::Suspended | OtherScaler::Unknown(_) => Ok(service),
    }
}

/// The size to set: a pin first, then what was switched off, then what rules and methods ask for within their limits.
pub(crate) fn recommend(
    known: &Known<'_>,
    in_force: &InForce<'_>,
    changes: &Changes,
    wait: &Wait,
    service: &Service,
    wishes: Vec<Remembered>,
) -> Recommendation {
    let desired = service.desired_count;
    let remember = |wishes, tasks| scale_in::remember(wishes, tasks, desired, known.policy, known.now);
    let nothing = Recommendation::none(desired, wishes);
    if let Some(pin) = in_force.pin {
        return Recommendation { to: pin, wishes: remember(nothing.wishes, pin), ..nothing };
    }
    if let Some(off) = switched_off(in_force, changes, desired) {
        return Recommendation { switched_off: Some(off), ..nothing };
    }
    let start = start(known, service, changes);
    let (wish, asked) = wish(known, in_force, wait, start);
    let (tasks, mut reasons, mut wishes) = (wish.tasks, wish.reasons, nothing.wishes);
    let unread = known.unread();
    let knows_all = unread.is_none();
    if knows_all {
        wishes = remember(wishes, tasks);
    }
    let bounds = in_force.bounds;
    let to = match tasks.cmp(&desired) {
        Ordering::Greater => {
            let limits = Limits { start, constraints: &service.constraints, policy: known.policy, bounds };
            limits.limit(tasks, &mut reasons)
        }
        Ordering::Less => {
            let guards = Guards { known, service, unread, changes, wishes: &wishes, bounds };
            guards.limit(tasks, &mut reasons)
        }
        Ordering::Equal => desired,
    };
    if let Some(work) = known.work.filter(|work| !work.visible && to < desired) {
        reasons.push(Reason::WorkInFlightHidden { known_jobs: work.in_flight });
    }
    if !knows_all {
        // What is not known holds what there is: such a look is no part of a calm window.
        wishes = remember(wishes, tasks.max(desired));
    }
    Recommendation { to, wishes, asked, switched_off: None, reasons }
}

/// Where the proposals about a service start from.
fn start(known: &Known<'_>, service: &Service, changes: &Changes) -> Start {
    let Known { policy, now, startup, .. } = *known;
    let (desired, running, pending) = (service.desired_count, service.running_count, service.pending_count);
    let credit = changes.scale_out.filter(|it| it.without() < desired);
    let credit = credit.and_then(|it| Some((it, credit_until(it, policy, now)?)));
    let settled = running == desired || service.rollout;
    let scale_out = if settled { desired } else { desired.min(running.saturating_add(pending)) };
    let failing = startup::many_failing(startup, service, policy.startup, now);
    Start { desired, running, pending, scale_out, failing, warming: known.warming(), credit }
}

/// Asks the `wait` method, and what it remembers. A look that cannot see the service leaves its memory alone.
pub(crate) fn ask_wait(
    known: &Known<'_>,
    memory: &Memory,
    bounds: Capacity,
) -> (Wait, Option<memory::wait::Wait>) {
    let Known { seen, policy, now, .. } = *known;
    let Some(acceptable) = policy.wait else { return (Wait::NotSet, None) };
    let silent = || match seen.queue_unread() {
        None => Reason::Watching,
        Some(absence) => Reason::ReadingMissing { signal: Signal::Waiting, absence: absence.clone() },
    };
    let Some(sight) = wait::sight::of(seen, policy, acceptable, bounds, memory.changed_at, now) else {
        return (Wait::Silent(silent()), memory.wait.clone());
    };
    let (proposal, remembered) = wait::look(&sight, memory.wait.as_ref());
    (proposal.map_or_else(|| Wait::Silent(silent()), Wait::Asks), Some(remembered))
}

/// A desired count of 0 that we did not set, below the minimum: it was switched off, and stays so until it is
/// raised by hand or a person asks for a minimum.
fn switched_off(in_force: &InForce<'_>, changes: &Changes, desired: u32) -> Option<Reason> {
    let min = in_force.bounds.min();
    let asked = |row: &&Override| matches!(row.kind, OverrideKind::Min(1..));
    let off = desired == 0 && min > 0 && !changes.zeroed && !in_force.overrides.iter().any(asked);
    off.then_some(Reason::SwitchedOff { min })
}

/// What rules, `wait`, the minimum and a sleeping queue ask for together: the largest wins.
fn wish(known: &Known<'_>, in_force: &InForce<'_>, wait: &Wait, start: Start) -> (Wish, Option<Asked>) {
    let (desired, bounds) = (start.desired, in_force.bounds);
    let (min, max) = (bounds.min(), bounds.max());
    let tracked = track::say(&known.tracked, start, bounds);
    let say = together::both(tracked, Say::of(wait), desired);
    let methods = say.asks();
    let mut wish = together::wish(&known.evidence, start, bounds, say);
    let wake = wake(known).filter(|_| desired == 0);
    let tasks = wish.tasks.max(u32::from(wake.is_some()));
    let step = methods < tasks;
    let (base, others) = (start.base(), start.others());
    let asked = (tasks > desired).then_some(Asked { base, others, tasks, step });
    if desired < min {
        wish = raise(wish, min, Reason::BelowMin { min });
    }
    if let Some(wake) = wake {
        wish = raise(wish, 1, wake);
    }
    if desired > max {
        wish = Wish { tasks: wish.tasks.min(max), reasons: vec![Reason::AboveMax { max }], ..wish };
    }
    (wish, asked)
}

/// Raises a wish to a size; where that is more than the rules ask for, it gives the reason.
fn raise(wish: Wish, tasks: u32, because: Reason) -> Wish {
    if wish.tasks >= tasks { wish } else { Wish { tasks, reasons: vec![because], ..wish } }
}

/// Why a service without tasks must wake: for work that waits, and for work that tasks took along when they
/// stopped and that only a task gives back.
fn wake(known: &Known<'_>) -> Option<Reason> {
    let queue = known.seen.queue()?;
    let waiting_jobs = if queue.paused { 0 } else { queue.waiting };
    let stranded = queue.jobs_that_need_a_task().saturating_sub(queue.waiting);
    match (waiting_jobs, stranded) {
        (0, 0) => None,
        (0, jobs) => Some(Reason::NotIdle { jobs }),
        (waiting_jobs, _) => Some(Reason::Wake { waiting_jobs }),
    }
}
