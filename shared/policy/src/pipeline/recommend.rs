//! What rules, methods, bounds and guards make of all that is known: the size to set.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::capacity::Capacity;
use crate::memory::{self, Memory, PastRecommendation};
use crate::method::combine::{self, Proposal, WaitResult};
use crate::method::rules::Demand;
use crate::method::start::Start;
use crate::method::{track, wait};
use crate::observation::{Observation, OtherAutoscaler, ServiceState};
use crate::overrides::{Override, OverrideKind};
use crate::pipeline::bounds::InForce;
use crate::pipeline::changes::{PastChanges, RequestedScaleOut, credit_until};
use crate::pipeline::known::DecisionInputs;
use crate::pipeline::scale_in::Guards;
use crate::pipeline::scale_out::ScaleOutLimits;
use crate::pipeline::{startup, surplus, window};
use crate::reason::Reason;
use crate::signal::Signal;

/// The size to set, and what is to be remembered of how it came about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recommendation {
    pub(crate) to: u32,
    /// The recommendations of the stabilization window.
    pub(crate) recommendations: Vec<PastRecommendation>,
    /// Since when `wait` has had surplus tasks.
    pub(crate) surplus_since: Option<Timestamp>,
    /// What rules and methods ask for, where that is more than there is.
    pub(crate) asked: Option<RequestedScaleOut>,
    /// The service was switched off, and stays so.
    pub(crate) switched_off: Option<Reason>,
    pub(crate) reasons: Vec<Reason>,
}

impl Recommendation {
    /// To leave a service as it is.
    pub(crate) fn none(desired: u32, recommendations: Vec<PastRecommendation>) -> Self {
        Self {
            to: desired,
            recommendations,
            surplus_since: None,
            asked: None,
            switched_off: None,
            reasons: vec![],
        }
    }
}

/// The service, if it can be scaled at all. What is only observed may have another autoscaler: a trial beside it shows what Tidegate
/// would do.
///
/// # Errors
/// It cannot be read, is inactive or a daemon, or ECS or another autoscaler scales it.
pub(crate) fn scalable(seen: &Observation, observe: bool) -> Result<&ServiceState, Reason> {
    let service = match &seen.service {
        Ok(service) => service,
        Err(absence) => return Err(Reason::ServiceUnreadable { absence: absence.clone() }),
    };
    if !service.active {
        return Err(Reason::ServiceInactive);
    }
    if service.daemon {
        return Err(Reason::ServiceIsDaemon);
    }
    if service.constraints.express {
        return Err(Reason::ServiceIsExpress);
    }
    match &service.constraints.other_autoscaler {
        OtherAutoscaler::Active(who) if !observe => Err(Reason::OtherAutoscaler { who: who.clone() }),
        OtherAutoscaler::Active(_)
        | OtherAutoscaler::Absent
        | OtherAutoscaler::Suspended
        | OtherAutoscaler::Unknown(_) => Ok(service),
    }
}

/// What scales a service that is only observed.
pub(crate) fn scaled_meanwhile(seen: &Observation) -> Option<Reason> {
    match &seen.service.as_ref().ok()?.constraints.other_autoscaler {
        OtherAutoscaler::Active(who) => Some(Reason::OtherAutoscalerMeanwhile { who: who.clone() }),
        OtherAutoscaler::Absent | OtherAutoscaler::Suspended | OtherAutoscaler::Unknown(_) => None,
    }
}

/// The size to set: a pin first, then what was switched off, then what rules and methods ask for within their limits.
pub(crate) fn recommend(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    changes: &PastChanges,
    wait: &WaitResult,
    service: &ServiceState,
    memory: &Memory,
) -> Recommendation {
    let desired = service.desired_count;
    let remember =
        |recommendations, tasks| window::remember(recommendations, tasks, desired, known.policy, known.now);
    let nothing = Recommendation::none(desired, memory.recommendations.clone());
    if let Some(pin) = in_force.pin {
        return Recommendation {
            to: pin,
            recommendations: remember(nothing.recommendations, pin),
            ..nothing
        };
    }
    if let Some(off) = switched_off(known, in_force, changes, desired) {
        return Recommendation { switched_off: Some(off), ..nothing };
    }
    let start = start(known, service, changes);
    let (demand, asked) = demand(known, in_force, wait, start);
    let (tasks, mut reasons, mut recommendations) = (demand.tasks, demand.reasons, nothing.recommendations);
    let unread = known.unread();
    let knows_all = unread.is_none();
    let surplus_since =
        surplus::surplus_since(memory.surplus_since, &recommendations, (tasks, desired), known, wait);
    if knows_all {
        recommendations = remember(recommendations, tasks);
    }
    let bounds = in_force.bounds;
    let to = match tasks.cmp(&desired) {
        Ordering::Greater => {
            let (constraints, ceiling) = (&service.constraints, known.ceiling.as_ref());
            let limits = ScaleOutLimits { start, constraints, ceiling, policy: known.policy, bounds };
            limits.limit(tasks, &mut reasons)
        }
        Ordering::Less => {
            let guards = Guards {
                known,
                service,
                unread,
                changes,
                recommendations: &recommendations,
                surplus_since,
                bounds,
            };
            guards.limit(tasks, &mut reasons)
        }
        Ordering::Equal => desired,
    };
    reasons.extend(known.unseen_work(to < desired));
    if !knows_all {
        // What is not known holds what there is: such an evaluation is no part of a calm window.
        recommendations = remember(recommendations, tasks.max(desired));
    }
    Recommendation { to, recommendations, surplus_since, asked, switched_off: None, reasons }
}

/// Where the proposals about a service start from.
fn start(known: &DecisionInputs<'_>, service: &ServiceState, changes: &PastChanges) -> Start {
    let DecisionInputs { policy, now, startup, .. } = *known;
    let (desired, running, pending) = (service.desired_count, service.running_count, service.pending_count);
    let credit = changes.scale_out.filter(|it| it.without() < desired);
    let credit = credit.and_then(|it| Some((it, credit_until(it, policy, now)?)));
    let failing = startup::many_failing(startup, service, policy.startup, now);
    let lost = startup::lost(startup, service, policy.startup, now);
    let settled = running == desired || service.rollout || lost > 0;
    let scale_out = if settled { desired } else { desired.min(running.saturating_add(pending)) };
    Start { desired, running, pending, scale_out, lost, failing, warming: known.warming(), credit }
}

/// Asks the `wait` method, and what it remembers. An evaluation that cannot see the service leaves its memory alone.
pub(crate) fn ask_wait(
    known: &DecisionInputs<'_>,
    memory: &Memory,
    bounds: Capacity,
) -> (WaitResult, Option<memory::wait::WaitMemory>) {
    let DecisionInputs { seen, policy, now, .. } = *known;
    let Some(acceptable) = policy.wait else { return (WaitResult::NotSet, None) };
    let silent = || match seen.queue_unread() {
        None => Reason::Watching,
        Some(absence) => Reason::ReadingMissing { signal: Signal::Waiting, absence: absence.clone() },
    };
    let Some(inputs) =
        wait::inputs::of(seen, policy, acceptable, bounds, memory.changed_at, known.at_limit, now)
    else {
        return (WaitResult::Silent(silent()), memory.wait.clone());
    };
    let (proposal, remembered) = wait::evaluate(&inputs, memory.wait.as_ref());
    (proposal.map_or_else(|| WaitResult::Silent(silent()), WaitResult::Asks), Some(remembered))
}

/// A desired count of 0 that we did not set, below the minimum: it was switched off, and stays so until it is
/// raised by hand or an operator asks for a minimum. Where the fleet file allows 0 it is a size like any other, also while
/// hours or a floor ask for more.
fn switched_off(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    changes: &PastChanges,
    desired: u32,
) -> Option<Reason> {
    let may_sleep = known.policy.capacity.min() == 0 && known.seen.queue.is_some();
    let min = if may_sleep { 0 } else { in_force.bounds.min() };
    let asked = |row: &&Override| matches!(row.kind, OverrideKind::Min(1..) | OverrideKind::Raise(1..));
    // A 0 of before may still be shown only where it was raised from 0 a moment ago.
    let may_be_of_before = changes.not_shown.is_some() && changes.woke_at == changes.changed_at;
    let off = desired == 0
        && !may_be_of_before
        && min > 0
        && !changes.zeroed
        && !in_force.overrides.iter().any(asked);
    off.then_some(Reason::SwitchedOff { min })
}

/// What rules, `wait`, the minimum and a sleeping queue ask for together: the largest wins.
fn demand(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    wait: &WaitResult,
    start: Start,
) -> (Demand, Option<RequestedScaleOut>) {
    let (desired, bounds) = (start.desired, in_force.bounds);
    let (min, max) = (bounds.min(), bounds.max());
    let tracked = track::propose(&known.tracked, start, bounds);
    let proposal = combine::both(tracked, Proposal::of(wait), desired);
    let methods = proposal.asks();
    let mut demand = combine::demand(&known.evidence, start, bounds, proposal);
    let wake = if desired == 0 { wake(known) } else { None };
    let tasks = demand.tasks.max(u32::from(wake.is_some()));
    let step = methods < tasks;
    let (base, others) = (start.base(), start.others());
    let asked = (tasks > desired).then_some(RequestedScaleOut { base, others, tasks, step });
    if desired < min {
        demand = raise(demand, min, Reason::BelowMin { min });
    }
    if let Some(wake) = wake {
        demand = raise(demand, 1, wake);
    }
    if desired > max {
        demand = Demand { tasks: demand.tasks.min(max), reasons: vec![Reason::AboveMax { max }], ..demand };
    }
    (demand, asked)
}

/// Raises a recommendation to a size; where that is more than the rules ask for, it gives the reason.
fn raise(demand: Demand, tasks: u32, because: Reason) -> Demand {
    if demand.tasks >= tasks { demand } else { Demand { tasks, reasons: vec![because], ..demand } }
}

/// Why a service without tasks must wake: for work that waits, and for work that tasks took along when they
/// stopped and that only a task gives back.
fn wake(known: &DecisionInputs<'_>) -> Option<Reason> {
    let queue = known.seen.queue()?;
    let waiting_jobs = if queue.paused || queue.is_at_limit() { 0 } else { queue.waiting };
    let stranded = queue.jobs_that_need_a_task().saturating_sub(queue.waiting);
    match (waiting_jobs, stranded) {
        (0, 0) => None,
        (0, jobs) => Some(Reason::NotIdle { jobs }),
        (waiting_jobs, _) => Some(Reason::Wake { waiting_jobs }),
    }
}
