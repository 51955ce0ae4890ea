//! What an evaluation finds worth reporting, and what it cannot judge.

use jiff::SignedDuration;

use crate::capacity::Capacity;
use crate::clock::since;
use crate::evidence::at_limit;
use crate::evidence::conditions::{Evidence, unread};
use crate::evidence::metric::SETTLES_WITHIN;
use crate::evidence::readings::partly_read;
use crate::memory::{FailedChanges, Memory};
use crate::notice::{ActiveNotice, End, NoticeKind};
use crate::observation::MetricReading;
use crate::overrides::Override;
use crate::pipeline::bounds::InForce;
use crate::pipeline::ceiling::Ceiling;
use crate::pipeline::known::DecisionInputs;
use crate::pipeline::startup;
use crate::reading::{AbsenceKind, Reading};
use crate::reason::Reason;
use crate::service::Notify;
use crate::signal::Signal;

/// After an instance began to run, its first datapoint of five minutes is there within so long.
const LONGEST_FIRST_POINT: SignedDuration = SETTLES_WITHIN.saturating_add(SignedDuration::from_mins(10));

/// A condition that operators may be notified of, with what there is to say about it.
pub(crate) type FoundCondition = (NoticeKind, Reason);

/// What of the signals cannot be read.
pub(crate) fn unreadable(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    memory: &Memory,
) -> Vec<FoundCondition> {
    let queue_unread = known.seen.queue_unread();
    let mut found: Vec<FoundCondition> = Vec::new();
    found.extend(queue_unread.map(|absence| {
        let reason = Reason::ReadingMissing { signal: Signal::Waiting, absence: absence.clone() };
        (NoticeKind::QueueUnreadable, reason)
    }));
    let (votes, watched) = (NoticeKind::ReadingMissing, NoticeKind::WatchedMissing);
    let of_rules =
        known.evidence.iter().map(|one| (votes, &one.when.signal, one.signal_reading.reading.as_ref()));
    let of_trackers = known.tracked.iter().map(|one| (votes, &one.track.signal, one.reading.as_ref()));
    let of_watched =
        known.watched.iter().map(|one| (watched, &one.when.signal, one.signal_reading.reading.as_ref()));
    for (kind, signal, reading) in of_rules.chain(of_trackers).chain(of_watched) {
        let of_a_queue_that_is_reported = signal.is_of_queue() && queue_unread.is_some();
        let is_not_worth_reporting = of_a_queue_that_is_reported
            || has_just_woken(known, memory, signal, reading)
            || was_never_asked(known, signal)
            || is_about_to_settle(reading);
        found
            .extend(unread(signal, reading).filter(|_| !is_not_worth_reporting).map(|reason| (kind, reason)));
    }
    let of_floor = in_force.floor_reading.as_ref().and_then(|floor| floor.unread.clone());
    found.extend(of_floor.map(|reason| (NoticeKind::ReadingMissing, reason)));
    let in_part = known.seen.queue().and_then(partly_read).or_else(|| known.unseen_work(false));
    found.extend(in_part.map(|reason| (NoticeKind::QueuePartlyRead, reason)));
    found.extend(guard_unknown(known));
    found.extend(known.other_autoscaler_unread().map(|reason| (NoticeKind::OtherAutoscalerUnknown, reason)));
    found
}

/// A guard that cannot measure. What is new in the fleet file, or about to settle, is not reported.
fn guard_unknown(known: &DecisionInputs<'_>) -> Option<FoundCondition> {
    let Some(Ceiling::Unknown { reason, .. }) = &known.ceiling else { return None };
    if let Reason::ReadingMissing { signal, absence } = reason
        && (was_never_asked(known, signal) || absence.kind == AbsenceKind::Provisional)
    {
        return None;
    }
    Some((NoticeKind::GuardUnknown, reason.clone()))
}

/// A queue that is paused or at its limit, and jobs that its workers hold.
pub(crate) fn of_queue(known: &DecisionInputs<'_>) -> Vec<FoundCondition> {
    let stopped = known.seen.queue().and_then(|queue| {
        let waiting_jobs = queue.waiting;
        let last = known.at_limit.filter(|it| it.last < known.now).map(|it| since(it.last, known.now));
        if queue.paused {
            Some(Reason::QueuePaused { waiting_jobs })
        } else {
            at_limit::orders_none(queue, known.at_limit)
                .then_some(Reason::QueueAtLimit { waiting_jobs, last })
        }
    });
    let stopped = stopped.map(|reason| (NoticeKind::QueuePaused, reason));
    let held = known.work.filter(|work| work.held > 0).map(|work| {
        let reason = Reason::HeldByWorkers { jobs: work.held, capacity_jobs: work.capacity };
        (NoticeKind::HeldByWorkers, reason)
    });
    stopped.into_iter().chain(held).collect()
}

/// What an operator asked for.
pub(crate) fn overridden(row: &Override) -> Reason {
    let Override { kind, until, who, why, target: _, since: _, request: _ } = row;
    Reason::Overridden { kind: *kind, until: *until, who: who.clone(), why: why.clone() }
}

/// What was written into the table by hand. What went through `emergency-max` is reported by that, once for all targets.
pub(crate) fn overrides(in_force: &InForce<'_>) -> Vec<FoundCondition> {
    let by_hand = in_force.overrides.iter().filter(|row| row.request.is_none());
    by_hand.map(|row| (NoticeKind::Overridden, overridden(row))).collect()
}

/// What of it is not granted.
pub(crate) fn limited_overrides(in_force: &InForce<'_>) -> Vec<FoundCondition> {
    in_force.limited.iter().map(|reason| (NoticeKind::OverrideLimited, reason.clone())).collect()
}

/// Conditions that follow from the reasons, and outlive a single one.
pub(crate) fn of_reasons(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    reasons: &[Reason],
) -> Vec<FoundCondition> {
    let max = in_force.bounds.max();
    let is_at_max = known.desired().is_some_and(|desired| desired >= max);
    // A service that sleeps is meant to.
    let is_awake = in_force.bounds != Capacity::ASLEEP;
    let mut found = Vec::new();
    for reason in reasons {
        if matches!(reason, Reason::AtMax { .. }) && is_at_max && is_awake {
            found.push((NoticeKind::AtMax, reason.clone()));
        } else if matches!(reason, Reason::ConnectionsLimit { .. }) {
            found.push((NoticeKind::ConnectionsLimit, reason.clone()));
        } else if matches!(reason, Reason::NoScaleOut { .. }) {
            found.push((NoticeKind::NoScaleOut, reason.clone()));
        }
    }
    found
}

/// Tasks that do not start, and a deployment that goes on.
pub(crate) fn starting(known: &DecisionInputs<'_>) -> Vec<FoundCondition> {
    let Some(service) = known.service() else { return vec![] };
    let (desired, running) = (service.desired_count, service.running_count);
    let failing = startup::failing(known.startup, service, known.policy.startup, known.now);
    let failing = failing
        .map(|lasting| (NoticeKind::StartsFailing, Reason::StartsFailing { desired, running, lasting }));
    let rollout = service.rollout.then_some((NoticeKind::RolloutLasts, Reason::Rollout));
    failing.into_iter().chain(rollout).collect()
}

/// A deployment that has failed.
pub(crate) fn failed_deployment(known: &DecisionInputs<'_>) -> Option<FoundCondition> {
    let failed = known.service()?.constraints.deployment_failed;
    failed.then_some((NoticeKind::DeploymentFailed, Reason::DeploymentFailed))
}

/// Changes that fail.
pub(crate) fn failing(failure: Option<FailedChanges>) -> Option<FoundCondition> {
    let failure = failure?;
    let reason = Reason::BackingOff { failures: failure.count, until: failure.retry_at() };
    Some((NoticeKind::ActionFailing, reason))
}

/// The conditions that operators want reported. What once held lasts for as long as the newest value
/// breaches, although a hole in the datapoints began its `for` anew.
pub(crate) fn watched(known: &DecisionInputs<'_>, before: &[ActiveNotice]) -> Vec<FoundCondition> {
    let of_one = |one: &Evidence<'_, Notify>| {
        let (value, since) = (one.value()?, one.since()?);
        let condition = one.when.clone();
        let words = Some(condition.to_string());
        let lasting = before.iter().find(|active| active.condition == words).map(|active| active.since);
        let holds = lasting.is_some() || one.matches();
        let (since, severity) = (lasting.unwrap_or(since), one.rule.severity);
        holds.then_some((NoticeKind::Condition, Reason::ConditionHolds { condition, value, since, severity }))
    };
    known.watched.iter().filter_map(of_one).collect()
}

/// Whether a condition that was not found is over. What cannot be seen is not over.
pub(crate) fn end(
    active: &ActiveNotice,
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    found: &[FoundCondition],
) -> End {
    match &active.condition {
        Some(condition) => end_of_watched(known, condition),
        None if judges(active.kind, known, in_force, found) => End::Over,
        None => End::NotSeen,
    }
}

/// A condition ends with a fresh value that does not breach, with nothing left to measure, or with its line in the
/// fleet file.
fn end_of_watched(known: &DecisionInputs<'_>, condition: &str) -> End {
    let Some(one) = known.watched.iter().find(|one| one.when.to_string() == condition) else {
        return End::Because(Reason::ConditionGone { condition: condition.to_owned() });
    };
    let (condition, severity) = (one.when.clone(), one.rule.severity);
    match (&one.signal_reading.reading, one.value()) {
        // A value that may still change has not the last word.
        (_, Some(value)) if one.is_over() => {
            End::Because(Reason::ConditionOver { condition, value, severity })
        }
        // Without a vote there is nothing to measure: no request is no error any more.
        (None, None) => End::Because(Reason::ConditionQuiet { condition, severity }),
        (_, Some(_)) | (Some(_), None) => End::NotSeen,
    }
}

/// Whether this evaluation can say that a condition is over.
fn judges(
    kind: NoticeKind,
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    found: &[FoundCondition],
) -> bool {
    let finds = |kind| found.iter().any(|(found, _)| *found == kind);
    let service = !finds(NoticeKind::Blocked);
    let queue = known.seen.queue_unread().is_none();
    match kind {
        NoticeKind::StartsFailing
        | NoticeKind::SwitchedOff
        | NoticeKind::RolloutLasts
        | NoticeKind::DeploymentFailed
        | NoticeKind::Overwritten
        | NoticeKind::OutsideBounds => service,
        NoticeKind::AtMax | NoticeKind::NoScaleOut => {
            service && queue && !finds(NoticeKind::StartsFailing) && known.unread().is_none()
        }
        NoticeKind::ConnectionsLimit => {
            // What was not asked of the guard, or not measured by it, says nothing of it.
            let is_asked = !finds(NoticeKind::StartsFailing) && !finds(NoticeKind::NoScaleOut);
            let is_measured =
                known.policy.guard.is_none() || matches!(known.ceiling, Some(Ceiling::Tasks(_)));
            let is_by_signals = in_force.pin.is_none() && known.unread().is_none();
            service && queue && is_asked && is_measured && is_by_signals
        }
        NoticeKind::HeldByWorkers => service && queue,
        NoticeKind::QueuePaused | NoticeKind::QueuePartlyRead => queue,
        NoticeKind::QueueUnreadable
        | NoticeKind::ReadingMissing
        | NoticeKind::Blocked
        | NoticeKind::ActionFailing
        | NoticeKind::Overridden
        | NoticeKind::OverrideLimited
        | NoticeKind::Condition
        | NoticeKind::WatchedMissing
        | NoticeKind::GuardUnknown
        | NoticeKind::OtherAutoscalerUnknown => true,
    }
}

/// A metric that is new in the fleet file waits for the next evaluation that asks for metrics: that is not reported.
fn was_never_asked(known: &DecisionInputs<'_>, signal: &Signal) -> bool {
    signal.metric().is_some_and(|name| {
        let asked = known.seen.metrics.get(name).is_some_and(|reading| *reading != MetricReading::NotRead);
        let is_known =
            known.datapoints.settled.contains_key(name) || known.datapoints.empty.contains_key(name);
        !asked && !is_known
    })
}

/// The first tasks of a service have no CPU datapoint yet: that is not reported.
fn has_just_woken(
    known: &DecisionInputs<'_>,
    memory: &Memory,
    signal: &Signal,
    reading: Option<&Reading<f64>>,
) -> bool {
    let unmeasured = match reading {
        Some(Reading::Missing(absence)) => absence.kind == AbsenceKind::NoDatapoints,
        Some(Reading::Stale { .. }) => true,
        Some(Reading::Fresh { .. }) | None => false,
    };
    let measured = known.policy.startup.saturating_add(LONGEST_FIRST_POINT);
    let woke = memory.woke_at.is_some_and(|woke_at| since(woke_at, known.now) <= measured);
    unmeasured && woke && signal.is_shared_by_tasks()
}

/// There are datapoints, and within minutes they will be known.
fn is_about_to_settle(reading: Option<&Reading<f64>>) -> bool {
    matches!(reading, Some(Reading::Missing(absence)) if absence.kind == AbsenceKind::Provisional)
}
