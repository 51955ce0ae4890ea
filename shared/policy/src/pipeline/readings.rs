//! From what was seen to what is known: one reading per signal, fresh, stale or missing.

use jiff::{SignedDuration, Timestamp};

use crate::memory::{Head, LastPoint, Memory, since};
use crate::observation::{
    Alarm, AlarmState, Datapoint, InFlight, MetricReading, Observation, Queue, Service,
};
use crate::pipeline::evidence::LONGEST_GAP;
use crate::reading::{Absence, AbsenceKind, Reading};
use crate::service::ServicePolicy;
use crate::signal::{AlarmName, MetricName, OnAbsence, Signal};

/// CloudWatch shows ECS datapoints up to about two minutes after their period ends, and metrics are read once a
/// minute. Shorter, and a healthy metric would read as stale; longer, and a dead one would go on voting.
pub(crate) const METRIC_DELAY: SignedDuration = SignedDuration::from_mins(3);

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
    match signal {
        Signal::Metric(name) => return sight_metric(name, seen, policy, memory, now),
        Signal::PerTask(name) => return per_task(sight_metric(name, seen, policy, memory, now), seen),
        Signal::Alarm(name) => return sight_alarm(name, seen, now),
        Signal::Waiting
        | Signal::InFlight
        | Signal::Depth
        | Signal::Due
        | Signal::Delayed
        | Signal::WaitingPerTask
        | Signal::StalledFor => {}
    }
    let no_queue = || Err(Absence::new(AbsenceKind::NotFound, "the service has no queue"));
    let reading = match seen.queue.clone().unwrap_or_else(no_queue) {
        Ok(queue) => queue_value(signal, &queue, seen, policy, memory, now)
            .map_or_else(Reading::Missing, |value| Reading::Fresh { value, at: now }),
        Err(absence) => Reading::Missing(absence),
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
        Signal::StalledFor if waiting == 0 => 0.0,
        Signal::StalledFor => match head(queue, memory, now) {
            Some(head) => since(head.since, now).as_secs_f64(),
            None => return Err(Absence::new(AbsenceKind::NotFound, "this queue does not show its next job")),
        },
        Signal::Metric(_) | Signal::PerTask(_) | Signal::Alarm(_) => {
            return Err(Absence::new(AbsenceKind::NotFound, "not a queue signal"));
        }
    })
}

/// The head of the queue, and since when it stands there.
fn head(queue: &Queue, memory: &Memory, now: Timestamp) -> Option<Head> {
    let print = queue.head.filter(|_| !queue.paused)?;
    Some(memory.head.filter(|head| head.print == print).unwrap_or(Head { print, since: now }))
}

/// Brings the memory's newest datapoints and head up to date. A queue that could not be read keeps its head: it may
/// well not have moved.
pub(crate) fn remember(seen: &Observation, policy: &ServicePolicy, memory: &mut Memory, now: Timestamp) {
    if let Some(queue) = seen.queue() {
        memory.head = head(queue, memory, now);
    }
    memory.metrics.retain(|name, _| policy.reads(name));
    memory.empty.retain(|name, _| policy.reads(name));
    for (name, reading) in seen.metrics.iter().filter(|(name, _)| policy.reads(name)) {
        let MetricReading::Points { period, points } = reading else { continue };
        if let Some(point) = new_points(points, memory.metrics.get(name)).last() {
            let last = LastPoint { at: point.at, value: point.value, period: period.as_secs() };
            memory.metrics.insert(name.clone(), last);
        }
        if memory.metrics.get(name).is_some_and(|last| since(last.at, now) <= freshness(*period)) {
            memory.empty.remove(name);
        } else {
            memory.empty.insert(name.clone(), now);
        }
    }
}

/// A total divided by the tasks that run now. While none is wanted and none runs it has no vote; while only none runs it is
/// not known.
fn per_task(total: Sighting, seen: &Observation) -> Sighting {
    let (desired, running) =
        seen.service.as_ref().map_or((1, 0), |service| (service.desired_count, service.running_count));
    let reading = match total.reading {
        _ if desired == 0 && running == 0 => None,
        Some(Reading::Fresh { .. } | Reading::Stale { .. }) if running == 0 => {
            Some(Reading::Missing(Absence::new(AbsenceKind::NoDatapoints, "nothing runs")))
        }
        reading => reading,
    };
    let share = |value: f64| value / f64::from(running.max(1));
    let reading = reading.map(|reading| match reading {
        Reading::Fresh { value, at } => Reading::Fresh { value: share(value), at },
        Reading::Stale { value, age } => Reading::Stale { value: share(value), age },
        Reading::Missing(absence) => Reading::Missing(absence),
    });
    let points = match reading {
        Some(Reading::Fresh { .. }) => total.points,
        Some(Reading::Stale { .. } | Reading::Missing(_)) | None => Vec::new(),
    };
    let points = points.into_iter().map(|point| Datapoint { value: share(point.value), ..point });
    Sighting { reading, points: points.collect(), period: total.period }
}

/// What an alarm says: 1 in ALARM, 0 in OK, for as long as it has done so.
fn sight_alarm(name: &AlarmName, seen: &Observation, now: Timestamp) -> Sighting {
    let missing = |absence| Sighting {
        reading: Some(Reading::Missing(absence)),
        points: Vec::new(),
        period: SignedDuration::ZERO,
    };
    let absent = |detail: &str| Absence::new(AbsenceKind::NoDatapoints, detail);
    let (value, then) = match seen.alarms.get(name) {
        Some(Ok(Alarm { state: AlarmState::Alarm, since })) => (1.0, *since),
        Some(Ok(Alarm { state: AlarmState::Ok, since })) => (0.0, *since),
        Some(Ok(Alarm { state: AlarmState::InsufficientData, .. })) => {
            return missing(absent("the alarm is in INSUFFICIENT_DATA"));
        }
        Some(Err(absence)) => return missing(absence.clone()),
        None => return missing(absent("not read")),
    };
    // One datapoint over the whole time since the transition: the alarm watched meanwhile, whoever looked.
    Sighting {
        reading: Some(Reading::Fresh { value, at: now }),
        points: vec![Datapoint { at: now, value }],
        period: since(then, now),
    }
}

/// How old the newest datapoint of a metric may be.
pub(crate) fn freshness(period: SignedDuration) -> SignedDuration {
    METRIC_DELAY.saturating_add(period.saturating_mul(2))
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
    let silent = |reading| Sighting { reading, points: Vec::new(), period };
    if let Some(Datapoint { at, value }) = last.filter(|last| since(last.at, now) <= freshness(period)) {
        return Sighting { reading: Some(Reading::Fresh { value, at }), points, period };
    }
    if let MetricReading::Failed(absence) = reading {
        return silent(Some(Reading::Missing(absence.clone())));
    }
    if nothing_to_measure(name, seen) {
        return silent(None);
    }
    // A short look asks for no metrics. What the last complete answer said, or did not say, holds until the next.
    let asked = matches!(reading, MetricReading::Points { .. });
    let answered = memory.empty.get(name).is_some_and(|at| since(*at, now) <= LONGEST_GAP);
    match (last, asked || answered) {
        (_, true) => absent(name, policy, period, asked, now),
        (Some(Datapoint { at, value }), false) => silent(Some(Reading::Stale { value, age: since(at, now) })),
        (None, false) => {
            silent(Some(Reading::Missing(Absence::new(AbsenceKind::NoDatapoints, "not read yet"))))
        }
    }
}

/// Without a single task there is no CPU to measure, and nothing to scale in: such a metric has no vote then.
fn nothing_to_measure(name: &MetricName, seen: &Observation) -> bool {
    Signal::Metric(name.clone()).is_shared_by_tasks()
        && seen.service.as_ref().is_ok_and(|service| {
            service.desired_count == 0 && service.running_count == 0 && service.pending_count == 0
        })
}

/// The datapoints after the newest one remembered.
fn new_points(points: &[Datapoint], remembered: Option<&LastPoint>) -> Vec<Datapoint> {
    points
        .iter()
        .filter(|point| point.value.is_finite() && remembered.is_none_or(|last| point.at > last.at))
        .copied()
        .collect()
}

/// What it means that there is no recent datapoint in a complete answer: as declared. The moment counts as a
/// datapoint of zero only in the look that asked.
fn absent(
    name: &MetricName,
    policy: &ServicePolicy,
    period: SignedDuration,
    asked: bool,
    now: Timestamp,
) -> Sighting {
    let declared = policy
        .metrics
        .iter()
        .find(|(known, _)| known == name)
        .map_or(OnAbsence::Missing, |(_, on_absence)| *on_absence);
    match declared {
        OnAbsence::Missing => {
            let absence = Absence::new(AbsenceKind::NoDatapoints, "");
            Sighting { reading: Some(Reading::Missing(absence)), points: Vec::new(), period }
        }
        OnAbsence::NoVote => Sighting { reading: None, points: Vec::new(), period },
        OnAbsence::Zero => Sighting {
            reading: Some(Reading::Fresh { value: 0.0, at: now }),
            points: if asked { vec![Datapoint { at: now, value: 0.0 }] } else { Vec::new() },
            period: SignedDuration::ZERO,
        },
    }
}

/// A count as a number to compare; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 is compared well enough")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
