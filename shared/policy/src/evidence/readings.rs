//! From what was seen to what is known: one reading per signal, fresh, stale or missing.

use jiff::Timestamp;

use crate::clock::since;
use crate::evidence::metric;
use crate::evidence::running;
use crate::evidence::signal_reading::{Bound, SignalReading};
use crate::memory::ran::Ran;
use crate::memory::{Head, Memory, ScaleOut};
use crate::observation::{
    AlarmEvaluation, AlarmState, Datapoint, InFlight, Observation, Queue, ServiceState,
};
use crate::reading::{Absence, AbsenceKind, Reading, number};
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::{AlarmName, Signal};

/// The work in flight, as far as it is known and can be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueWork {
    /// Jobs in flight: what the queue says, but no more than the tasks can run.
    pub(crate) in_flight: u64,
    /// What the queue says beyond that: held by workers, prefetched.
    pub(crate) held: u64,
    /// Jobs the tasks can run at a time.
    pub(crate) capacity: u64,
    /// The queue shows every running job.
    pub(crate) visible: bool,
}

impl QueueWork {
    /// The work of the tasks that run.
    pub(crate) fn of(queue: &Queue, service: Option<&ServiceState>, policy: &ServicePolicy) -> Self {
        Self::within(queue, service.map(|service| service.running_count), policy)
    }

    /// The work that tasks have to be kept for: also that of tasks that died, which is in flight until the queue gives it back.
    /// Tasks that were ordered within the start-up time may never have run, and hold none.
    pub(crate) fn to_keep(
        queue: &Queue,
        service: Option<&ServiceState>,
        policy: &ServicePolicy,
        scale_out: Option<ScaleOut>,
        now: Timestamp,
    ) -> Self {
        let ordered = scale_out.filter(|it| since(it.at, now) <= policy.startup);
        let tasks = service.map(|service| {
            let ran = ordered.map_or(service.desired_count, |it| it.base.min(service.desired_count));
            service.running_count.max(ran)
        });
        Self::within(queue, tasks, policy)
    }

    /// Splits a queue's work in flight into what so many tasks can run and what is held.
    fn within(queue: &Queue, tasks: Option<u32>, policy: &ServicePolicy) -> Self {
        let known = queue.in_flight.known();
        let concurrency = u64::from(policy.concurrency.get());
        let capacity = tasks.map_or(u64::MAX, |tasks| u64::from(tasks).saturating_mul(concurrency));
        let in_flight = known.min(capacity);
        Self {
            in_flight,
            held: known.saturating_sub(in_flight),
            capacity,
            visible: matches!(queue.in_flight, InFlight::Exactly(_)),
        }
    }
}

/// What a signal says now.
pub(crate) fn read_signal(
    signal: &Signal,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    ran: Option<&Ran>,
    now: Timestamp,
) -> SignalReading {
    match signal {
        Signal::Metric(name) => return metric::read_signal(name, seen, policy, memory, now),
        Signal::PerTask(name) => {
            let total = metric::read_signal(name, seen, policy, memory, now);
            return running::per_task(total, seen, ran);
        }
        Signal::Alarm(name) => return read_alarm(name, seen, now),
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
    let counts_running = matches!(signal, Signal::InFlight | Signal::Depth);
    let is_at_least = counts_running && seen.queue().is_some_and(|queue| queue.in_flight.is_lower_bound());
    let bound = if is_at_least { Bound::AtLeast } else { Bound::Exact };
    SignalReading { bound, points, ..SignalReading::silent(Some(reading)) }
}

/// Why a queue's work in flight is known in part only, if it is.
pub(crate) fn partly_read(queue: &Queue) -> Option<Reason> {
    match queue.in_flight {
        InFlight::Partly { jobs, read, held } => {
            Some(Reason::WorkInFlightPartlyRead { known_jobs: jobs, read, held })
        }
        InFlight::Exactly(_) | InFlight::Reserved(_) | InFlight::AtLeast(_) | InFlight::Unknown => None,
    }
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
        InFlight::Exactly(_) | InFlight::Reserved(_) | InFlight::AtLeast(_) | InFlight::Partly { .. } => {
            Ok(QueueWork::of(queue, service, policy).in_flight)
        }
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
        Signal::WaitingPerTask => number(waiting) / f64::from(service.map_or(1, running::serving)),
        Signal::StalledFor if waiting == 0 || queue.limits.rate_met => 0.0,
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
    if queue.paused || queue.limits.rate_met {
        return None;
    }
    let print = queue.head?;
    Some(memory.head.filter(|head| head.print == print).unwrap_or(Head { print, since: now }))
}

/// The head of the queue to be remembered. A queue that could not be read keeps its head: it may well not have moved.
pub(crate) fn remember_head(seen: &Observation, memory: &Memory, now: Timestamp) -> Option<Head> {
    seen.queue().map_or(memory.head, |queue| head(queue, memory, now))
}

/// What an alarm says: 1 in ALARM, 0 in OK, for as long as it has done so. A state that does not rest on all of the alarm's
/// data, or of the alarms that it is made of, is none; only an ALARM that a part of them sufficed for may ask for more, as a young
/// datapoint may.
fn read_alarm(name: &AlarmName, seen: &Observation, now: Timestamp) -> SignalReading {
    let missing = |absence| SignalReading::silent(Some(Reading::Missing(absence)));
    let absent = |detail: &str| missing(Absence::new(AbsenceKind::NoDatapoints, detail));
    let alarm = match seen.alarms.get(name) {
        Some(Ok(alarm)) => alarm,
        Some(Err(absence)) => return missing(absence.clone()),
        None => return absent("not read"),
    };
    let value = match alarm.state {
        AlarmState::Alarm => 1.0,
        AlarmState::Ok => 0.0,
        AlarmState::InsufficientData => return absent("the alarm is in INSUFFICIENT_DATA"),
    };
    // One datapoint over the whole time since the transition: the alarm watched meanwhile, whatever was evaluated.
    let (period, moment) = (since(alarm.since, now), vec![Datapoint { at: now, value }]);
    match (&alarm.evaluation_state, alarm.evaluation_state.code()) {
        (AlarmEvaluation::PartialData, Some(code)) => {
            SignalReading { young: moment, period, ..absent(&format!("the alarm is evaluated on {code}")) }
        }
        (AlarmEvaluation::ChildUnknown(what), _) => SignalReading { young: moment, period, ..absent(what) },
        (_, Some(code)) => absent(&format!("the alarm's evaluation is in {code}")),
        (_, None) => {
            let reading = Reading::Fresh { value, at: now };
            SignalReading { points: moment, period, ..SignalReading::silent(Some(reading)) }
        }
    }
}
