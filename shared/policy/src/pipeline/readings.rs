//! From what was seen to what is known: one reading per signal, fresh, stale or missing.

use jiff::{SignedDuration, Timestamp};

use crate::memory::{Head, LastPoint, Memory, since};
use crate::observation::{Datapoint, InFlight, MetricReading, Observation, Queue, Service};
use crate::reading::{Absence, AbsenceKind, Reading};
use crate::service::ServicePolicy;
use crate::signal::{MetricName, OnAbsence, Signal};

/// CloudWatch shows ECS datapoints up to about two minutes after their period ends, and metrics are read once a
/// minute. Shorter, and a healthy metric would read as stale; longer, and a dead one would go on voting.
const METRIC_DELAY: SignedDuration = SignedDuration::from_mins(3);

/// What one signal says in this look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sighting {
    /// Its value; `None` when it has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// The datapoints that are new since the last look, oldest first.
    pub(crate) points: Vec<Datapoint>,
    /// Their period; zero for what was read directly.
    pub(crate) period: SignedDuration,
}

/// The work in flight, as far as it is known and can be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    /// Jobs in flight: what the queue says, but no more than the running tasks can run.
    pub(crate) in_flight: u64,
    /// What the queue says beyond that: held by workers, prefetched.
    pub(crate) held: u64,
    /// Jobs the running tasks can run at a time.
    pub(crate) capacity: u64,
    /// The queue shows every running job.
    pub(crate) visible: bool,
}

impl Work {
    /// Splits a queue's work in flight into what can run and what is held.
    pub(crate) fn of(queue: &Queue, service: Option<&Service>, policy: &ServicePolicy) -> Self {
        let known = queue.in_flight.known();
        let concurrency = u64::from(policy.concurrency.get());
        let capacity =
            service.map_or(u64::MAX, |service| u64::from(service.running_count).saturating_mul(concurrency));
        let in_flight = known.min(capacity);
        Self {
            in_flight,
            held: known.saturating_sub(in_flight),
            capacity,
            visible: matches!(queue.in_flight, InFlight::Exactly(_)),
        }
    }
}

/// What a signal says now; the memory's newest datapoint and head are brought up to date by [`remember`].
pub(crate) fn sight(
    signal: &Signal,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Sighting {
    if let Signal::Metric(name) = signal {
        return sight_metric(name, seen, policy, memory, now);
    }
    let reading = match &seen.queue {
        Ok(queue) => queue_value(signal, queue, seen, policy, memory, now)
            .map_or_else(Reading::Missing, |value| Reading::Fresh { value, at: now }),
        Err(absence) => Reading::Missing(absence.clone()),
    };
    let points = match &reading {
        Reading::Fresh { value, at } => vec![Datapoint { at: *at, value: *value }],
        Reading::Stale { .. } | Reading::Missing(_) => Vec::new(),
    };
    Sighting { reading: Some(reading), points, period: SignedDuration::ZERO }
}

/// The value of a queue signal.
fn queue_value(
    signal: &Signal,
    queue: &Queue,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Result<f64, Absence> {
    let service = seen.service.as_ref().ok();
    let waiting = if queue.paused { 0 } else { queue.waiting };
    let in_flight = || match queue.in_flight {
        InFlight::Exactly(_) | InFlight::AtLeast(_) => Ok(Work::of(queue, service, policy).in_flight),
        InFlight::Unknown => {
            Err(Absence::new(AbsenceKind::NotFound, "this queue does not show work in flight"))
        }
    };
    Ok(match signal {
        Signal::Waiting => number(waiting),
        Signal::InFlight => number(in_flight()?),
        Signal::Depth => number(waiting.saturating_add(in_flight()?)),
        Signal::Due => number(if queue.paused { 0 } else { queue.due }),
        Signal::Delayed => number(queue.delayed),
        Signal::WaitingPerTask => {
            let running = service.map_or(1, |service| service.running_count.max(1));
            number(waiting) / f64::from(running)
        }
        Signal::StalledFor => {
            head(queue, memory, now).map_or(0.0, |head| since(head.since, now).as_secs_f64())
        }
        Signal::Metric(_) => return Err(Absence::new(AbsenceKind::NotFound, "not a queue signal")),
    })
}

/// The head of the queue, and since when it stands there.
fn head(queue: &Queue, memory: &Memory, now: Timestamp) -> Option<Head> {
    let print = queue.head.filter(|_| queue.waiting > 0 && !queue.paused)?;
    Some(memory.head.filter(|head| head.print == print).unwrap_or(Head { print, since: now }))
}

/// Brings the memory's newest datapoints and head up to date. A queue that could not be read keeps its head: it may
/// well not have moved.
pub(crate) fn remember(seen: &Observation, memory: &mut Memory, now: Timestamp) {
    if let Ok(queue) = &seen.queue {
        memory.head = head(queue, memory, now);
    }
    memory.metrics.retain(|name, _| seen.metrics.contains_key(name));
    for (name, reading) in &seen.metrics {
        if let Some((period, point)) = newest(reading) {
            let last = LastPoint { at: point.at, value: point.value, period: period.as_secs() };
            memory.metrics.insert(name.clone(), last);
        }
    }
}

/// The newest usable datapoint of an answer.
fn newest(reading: &MetricReading) -> Option<(SignedDuration, Datapoint)> {
    match reading {
        MetricReading::Points { period, points } => {
            points.iter().rev().find(|point| point.value.is_finite()).map(|point| (*period, *point))
        }
        MetricReading::NotRead | MetricReading::Failed(_) => None,
    }
}

/// What a CloudWatch metric says now: its newest datapoint, wherever it came from, judged by its age.
fn sight_metric(
    name: &MetricName,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Sighting {
    let reading = seen.metrics.get(name).unwrap_or(&MetricReading::NotRead);
    let remembered = memory.metrics.get(name);
    let (period, points) = match reading {
        MetricReading::Points { period, points } => (*period, new_points(points, remembered)),
        MetricReading::NotRead | MetricReading::Failed(_) => {
            (SignedDuration::from_secs(remembered.map_or(60, |last| last.period)), Vec::new())
        }
    };
    let last = points.last().copied().or(remembered.map(|last| Datapoint { at: last.at, value: last.value }));
    let freshness = METRIC_DELAY.saturating_add(period.saturating_mul(2));
    if let Some(Datapoint { at, value }) = last {
        let age = since(at, now);
        if age <= freshness {
            return Sighting { reading: Some(Reading::Fresh { value, at }), points, period };
        }
        if matches!(reading, MetricReading::NotRead) {
            return Sighting { reading: Some(Reading::Stale { value, age }), points, period };
        }
    }
    absent(name, reading, policy, period, now)
}

/// The datapoints after the newest one remembered.
fn new_points(points: &[Datapoint], remembered: Option<&LastPoint>) -> Vec<Datapoint> {
    points
        .iter()
        .filter(|point| point.value.is_finite() && remembered.is_none_or(|last| point.at > last.at))
        .copied()
        .collect()
}

/// What it means that there is no usable datapoint: as declared, and only if CloudWatch's answer was complete.
fn absent(
    name: &MetricName,
    reading: &MetricReading,
    policy: &ServicePolicy,
    period: SignedDuration,
    now: Timestamp,
) -> Sighting {
    let declared = policy
        .metrics
        .iter()
        .find(|(known, _)| known == name)
        .map_or(OnAbsence::Missing, |(_, on_absence)| *on_absence);
    let missing = |absence| Sighting { reading: Some(Reading::Missing(absence)), points: Vec::new(), period };
    match (reading, declared) {
        (MetricReading::Failed(absence), _) => missing(absence.clone()),
        (MetricReading::NotRead, _) => missing(Absence::new(AbsenceKind::NoDatapoints, "not read yet")),
        (MetricReading::Points { .. }, OnAbsence::Missing) => {
            missing(Absence::new(AbsenceKind::NoDatapoints, ""))
        }
        (MetricReading::Points { .. }, OnAbsence::NoVote) => {
            Sighting { reading: None, points: Vec::new(), period }
        }
        (MetricReading::Points { .. }, OnAbsence::Zero) => Sighting {
            reading: Some(Reading::Fresh { value: 0.0, at: now }),
            points: vec![Datapoint { at: now, value: 0.0 }],
            period: SignedDuration::ZERO,
        },
    }
}

/// A count as a number to compare; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 is compared well enough")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
