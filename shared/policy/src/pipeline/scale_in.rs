//! What keeps capacity during a scale-in. Every guard is a floor, "no lower than this because", so that the result
//! does not depend on their order: only which of them is named does.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::clock::since;
use crate::evidence::conditions::Evidence;
use crate::evidence::running;
use crate::memory::PastRecommendation;
use crate::method::rules;
use crate::observation::{InFlight, Queue, ServiceState};
use crate::pipeline::changes::PastChanges;
use crate::pipeline::known::DecisionInputs;
use crate::pipeline::{startup, surplus, window};
use crate::reason::Reason;
use crate::rule::{Adjustment, Condition};
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// No fewer than these are kept, and why.
type LowerLimit = (u32, Reason);

/// Everything the guards read.
#[derive(Debug, Clone)]
pub(crate) struct Guards<'a> {
    pub(crate) known: &'a DecisionInputs<'a>,
    pub(crate) service: &'a ServiceState,
    /// A signal that votes and does not say anything, if there is one.
    pub(crate) unread: Option<Reason>,
    pub(crate) changes: &'a PastChanges,
    /// Those of the stabilization window, that of now included.
    pub(crate) recommendations: &'a [PastRecommendation],
    /// Since when tasks have been surplus.
    pub(crate) surplus_since: Option<Timestamp>,
    pub(crate) bounds: Capacity,
}

impl Guards<'_> {
    /// Applies the floors, and names those that decide: one that a higher floor makes pointless is not worth a word.
    pub(crate) fn limit(&self, recommendation: u32, reasons: &mut Vec<Reason>) -> u32 {
        let Self { known, service, unread: unread_signal, changes, recommendations, surplus_since, bounds } =
            self;
        let (policy, desired) = (known.policy, service.desired_count);
        let floors = [
            Some(minimum(*bounds)),
            unread(desired, unread_signal.as_ref()),
            work_in_flight(known, desired),
            one_task_at_a_time(policy, desired, recommendation),
            rollout(service),
            no_scale_in(service),
            few_serve(known, service, *bounds),
            Some(protected(service)),
            warming(known, desired),
            stabilization(policy, recommendations, bounds.max()),
            surplus::few(known, service, recommendations, *surplus_since, bounds.max()),
            cooldown(known, changes, desired),
            largest_step(policy, desired, recommendation),
            zero(known),
        ];
        let biting = floors
            .into_iter()
            .flatten()
            .map(|(size, reason)| (size.min(desired), reason))
            .filter(|(size, _)| *size > recommendation);
        let mut deciding: Vec<(u32, Reason)> = biting.collect();
        let to = deciding.iter().map(|(size, _)| *size).max().unwrap_or(recommendation);
        deciding.retain(|(size, _)| *size == to);
        if deciding.iter().any(|(_, reason)| matches!(reason, Reason::AtMin { .. })) {
            // The minimum stands whatever else would be in the way.
            deciding.retain(|(_, reason)| matches!(reason, Reason::AtMin { .. }));
        }
        if let Some(higher) = self.flapping(to) {
            deciding = vec![higher];
        }
        let to = deciding.first().map_or(to, |(size, _)| *size);
        reasons.extend(deciding.into_iter().map(|(_, reason)| reason));
        to
    }

    /// Not to a size at which the same load would trip a scale-out rule at once. A signal that the tasks share is
    /// predicted to rise as the tasks become fewer. At the maximum nothing flaps: no rule can scale out from there.
    fn flapping(&self, to: u32) -> Option<LowerLimit> {
        let ceiling = self.service.desired_count.min(self.bounds.max());
        if to >= ceiling {
            return None;
        }
        let tripped = |size| self.known.evidence.iter().find_map(|one| Some((one, self.trips(one, size)?)));
        let (one, predicted) = tripped(to)?;
        let (mut trips, mut safe) = (to, ceiling);
        while safe.saturating_sub(trips) > 1 {
            let between = u32::midpoint(trips, safe);
            *(if tripped(between).is_some() { &mut trips } else { &mut safe }) = between;
        }
        let condition = one.when.clone();
        Some((safe, Reason::AnticipatedFlapping { condition, predicted, at: to }))
    }

    /// The value at which a scale-out rule would match at another size, if it would.
    fn trips(&self, one: &Evidence<'_>, size: u32) -> Option<f64> {
        let Condition { signal, comparison, threshold, .. } = one.when;
        let adds = match one.rule.adjust {
            Adjustment::Add(_) => true,
            Adjustment::Set(amount) => rules::exact(amount, self.bounds) > size,
            Adjustment::Remove(_) => false,
        };
        if !(comparison.is_upward() && adds && signal.is_shared_by_tasks()) {
            return None;
        }
        self.predict(one, size).filter(|value| comparison.holds(*value, *threshold))
    }

    /// The value of a shared signal at another size under the same load; without tasks there is none.
    fn predict(&self, one: &Evidence<'_>, size: u32) -> Option<f64> {
        if size == 0 {
            return None;
        }
        let loads = one.signal_reading.may_ask().map(|it| it.value * self.measured_over(one, it.at));
        Some(loads.max_by(f64::total_cmp)? / f64::from(size))
    }

    /// The most tasks that a value was measured over: those of now, if it was divided by them a moment ago.
    fn measured_over(&self, one: &Evidence<'_>, at: Timestamp) -> f64 {
        let signal = &one.when.signal;
        if !signal.is_divided_by_us()
            && let (Some(name), Some(ran)) = (signal.metric(), &self.known.ran)
        {
            let period = self.known.datapoints.settled.get(name).map_or(0, |last| last.period);
            let since = at.saturating_sub(SignedDuration::from_secs(period)).unwrap_or(at);
            return ran.over(since, at, self.service.constraints.warmup).1;
        }
        f64::from(running::serving(self.service))
    }
}

/// A signal that votes and cannot be read keeps everything, even above the maximum.
fn unread(desired: u32, signal: Option<&Reason>) -> Option<LowerLimit> {
    Some((desired, signal?.clone()))
}

/// Work in flight keeps `ceil(in_flight / concurrency)` tasks.
fn work_in_flight(known: &DecisionInputs<'_>, desired: u32) -> Option<LowerLimit> {
    let concurrency = known.policy.concurrency.get();
    let work = match (known.work, known.seen.queue.as_ref()) {
        (Some(work), _) => work,
        // Without a reading of the queue nothing is known about the work in flight: nothing is taken away.
        (None, Some(Err(absence))) => {
            let reason = Reason::ReadingMissing { signal: Signal::InFlight, absence: absence.clone() };
            return Some((desired, reason));
        }
        (None, Some(Ok(_)) | None) => return None,
    };
    let floor = u32::try_from(work.in_flight.div_ceil(u64::from(concurrency))).unwrap_or(u32::MAX);
    Some((floor, Reason::WorkInFlight { jobs: work.in_flight, concurrency, floor }))
}

/// Without a queue, load is seen only through those that serve it: while nothing runs, or new tasks do not start,
/// silence is the outage and no quiet hour. A service that is put to sleep goes all the same.
fn few_serve(known: &DecisionInputs<'_>, service: &ServiceState, bounds: Capacity) -> Option<LowerLimit> {
    let ServiceState { desired_count: desired, running_count: running, .. } = *service;
    let failing = startup::failing(known.startup, service, known.policy.startup, known.now);
    let few = running == 0 || (failing.is_some() && startup::are_many(desired, running));
    let silent = known.seen.queue.as_ref().is_none() && bounds.max() > 0 && few;
    silent.then_some((desired, Reason::FewServe { desired, running }))
}

/// ECS picks the tasks to stop by zone balance, not by idleness, so jobs are risked one task at a time.
fn one_task_at_a_time(policy: &ServicePolicy, desired: u32, to: u32) -> Option<LowerLimit> {
    let asked = desired.saturating_sub(to);
    (!policy.interruptible).then_some((desired.saturating_sub(1), Reason::OneTaskAtATime { asked }))
}

/// Tasks of two deployments run side by side: what is surplus is not known yet.
fn rollout(service: &ServiceState) -> Option<LowerLimit> {
    service.rollout.then_some((service.desired_count, Reason::Rollout))
}

/// AWS takes nothing away now.
fn no_scale_in(service: &ServiceState) -> Option<LowerLimit> {
    let why = service.constraints.no_scale_in.clone()?;
    Some((service.desired_count, Reason::NoScaleIn { why }))
}

/// Protected instances stay whatever the desired count is; a smaller one would only be wrong.
fn protected(service: &ServiceState) -> LowerLimit {
    let count = service.constraints.protected;
    (count, Reason::Protected { count })
}

/// What was added last is not in the metrics yet: what is surplus is not known.
fn warming(known: &DecisionInputs<'_>, desired: u32) -> Option<LowerLimit> {
    let until = known.warming()?;
    Some((desired, Reason::WarmingUp { until }))
}

/// No lower than the largest recommendation of the window. What is above the maximum leaves, whether or not it was needed.
fn stabilization(
    policy: &ServicePolicy,
    recommendations: &[PastRecommendation],
    max: u32,
) -> Option<LowerLimit> {
    let window = policy.stabilization;
    let recommendation = window::largest(recommendations)?.min(max);
    Some((recommendation, Reason::Stabilizing { recommendation, window }))
}

/// Not before this long after the last change in either direction.
fn cooldown(known: &DecisionInputs<'_>, changes: &PastChanges, desired: u32) -> Option<LowerLimit> {
    let until = changes.changed_at?.saturating_add(known.policy.cooldown.scale_in).ok()?;
    (known.now < until).then_some((desired, Reason::CooldownIn { until }))
}

/// The largest step of one decision, where more than one task may go.
fn largest_step(policy: &ServicePolicy, desired: u32, to: u32) -> Option<LowerLimit> {
    let limit = policy.largest_step.scale_in.get();
    let size = desired.saturating_sub(limit);
    policy.interruptible.then_some((size, Reason::LargestStep { limit, recommendation: to }))
}

/// Zero only from a queue seen empty for a while, and only if nothing would be stranded; never from one whose messages may
/// run unseen, since they are in another queue too. Without a queue there is nothing to strand.
fn zero(known: &DecisionInputs<'_>) -> Option<LowerLimit> {
    let queue = known.seen.queue.as_ref()?;
    let jobs = queue.as_ref().map_or(0, Queue::jobs_that_need_a_task);
    if jobs > 0 {
        return Some((1, Reason::NotIdle { jobs }));
    }
    if let Ok(Queue { in_flight: InFlight::AtLeast(known_jobs), .. }) = *queue {
        return Some((1, Reason::WorkInFlightShared { known_jobs }));
    }
    let idle = since(known.idle_since.unwrap_or(known.now), known.now);
    let needed = known.policy.idle;
    let proved = known.idle_since.is_some() && idle >= needed;
    (!proved).then_some((1, Reason::NotIdleLongEnough { idle, needed }))
}

/// The minimum capacity.
fn minimum(bounds: Capacity) -> LowerLimit {
    let min = bounds.min();
    (min, Reason::AtMin { min })
}
