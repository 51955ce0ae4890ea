//! How many tasks ran lately, and which part of a total was that of each.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::metric::{CONVERGES_WITHIN, freshness};
use crate::evidence::signal_reading::SignalReading;
use crate::memory::Memory;
use crate::memory::ran::Ran;
use crate::observation::{Datapoint, Observation, ServiceState};
use crate::reading::{Absence, AbsenceKind, Reading};
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// How many ran lately, where an average over tasks decides, a total is divided by them or something warms up. An evaluation
/// that cannot see leaves it alone.
pub(crate) fn ran_lately(
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
    let guarded = policy.guard.is_some();
    let decides = guarded || tracked || ruled.filter(|it| is_average(it)).any(Signal::is_shared_by_tasks);
    let divides = policy.divides_a_total();
    let periods = memory.metrics.values().map(|last| SignedDuration::from_secs(last.period));
    // Before a datapoint is known, it may be the longest that CloudWatch publishes by itself.
    let period = periods.max().unwrap_or(SignedDuration::from_mins(5));
    // A total that is corrected is divided anew.
    let counts_for = if divides { freshness(period).max(CONVERGES_WITHIN) } else { freshness(period) };
    let keep = counts_for.saturating_add(period).saturating_add(warmup.saturating_mul(2));
    let (running, desired) = (service.running_count, service.desired_count);
    let counts = (running.min(desired), running);
    let matters = decides || divides || warmup.is_positive();
    matters.then(|| Ran::follow(memory.ran.as_ref(), counts, keep, now))
}

/// A total divided by the tasks that serve. While none is wanted and none runs it has no vote; while only none runs it is
/// not known.
///
/// Its value, and what is young, is the share of each that serves now. A datapoint that counts for how long a condition has
/// held is divided by the fewest that served while it was measured, in every answer anew: a total may be corrected.
pub(crate) fn per_task(total: SignalReading, seen: &Observation, ran: Option<&Ran>) -> SignalReading {
    let none = || SignalReading { points: Vec::new(), young: Vec::new(), ..total.clone() };
    let service = seen.service.as_ref().ok();
    let (desired, running) = service.map_or((1, 0), |service| (service.desired_count, service.running_count));
    if desired == 0 && running == 0 {
        return SignalReading { reading: None, ..none() };
    }
    if running == 0 && matches!(total.reading, Some(Reading::Fresh { .. } | Reading::Stale { .. })) {
        let absence = Absence::new(AbsenceKind::NoDatapoints, "nothing runs");
        return SignalReading { reading: Some(Reading::Missing(absence)), ..none() };
    }
    let share = |value: f64| value / f64::from(service.map_or(1, serving));
    let shared = |point: Datapoint| Datapoint { value: share(point.value), ..point };
    let reading = total.reading.map(|reading| match reading {
        Reading::Fresh { value, at } => Reading::Fresh { value: share(value), at },
        Reading::Stale { value, age } => Reading::Stale { value: share(value), age },
        Reading::Missing(absence) => Reading::Missing(absence),
    });
    let begin = |point: &Datapoint| point.at.saturating_sub(total.period).unwrap_or(point.at);
    // What comes while none runs is nobody's share.
    let shared_then = |point: Datapoint| match ran {
        None => Some(shared(point)),
        Some(ran) => {
            let fewest = ran.over(begin(&point), point.at, SignedDuration::ZERO).0;
            (fewest >= 1.0).then_some(Datapoint { value: point.value / fewest, ..point })
        }
    };
    let known_since = ran.map(known_since);
    let is_known = |point: &Datapoint| known_since.is_some_and(|since| begin(point).as_second() >= since);
    let (points, assumed) = total.points.into_iter().partition::<Vec<_>, _>(is_known);
    SignalReading {
        points: points.into_iter().filter_map(shared_then).collect(),
        assumed: assumed.into_iter().filter_map(shared_then).collect(),
        young: total.young.into_iter().map(shared).collect(),
        reading,
        ..total
    }
}

/// Since when it is known how many ran, in seconds since the epoch.
fn known_since(ran: &Ran) -> i64 {
    ran.spans.iter().fold(ran.at, |since, span| since.saturating_sub(span.lasted))
}

/// The tasks that share what comes: those that run, but no more than are wanted. Of more, some are about to stop, or
/// belong to the other color of a deployment and get nothing; counted, they would hide half of the load.
pub(crate) fn serving(service: &ServiceState) -> u32 {
    service.running_count.min(service.desired_count).max(1)
}
