//! What one evaluation saw of one service, in words and in JSON.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_policy::memory::YoungPoint;
use tidegate_policy::rule::thousands;
use tidegate_policy::{
    Absence, Alarm, AlarmName, AlarmState, CapacityUnit, Decision, InFlight, MetricName, MetricReading,
    Observation, Queue, ServiceState, Signal,
};

use crate::moment::ReportTime;

/// `612 waiting (0 due), 8 in flight, 0 delayed; cpu 83.2%; 4 desired, 4 running, 0 pending; bounds 2 to 10`.
pub(super) fn in_words(seen: &Observation, decision: &Decision, now: Timestamp) -> String {
    let queue = seen.queue.as_ref().map(queue_in_words);
    let metrics = seen.metrics.iter().filter_map(|(name, reading)| metric_in_words(name, reading, decision));
    let alarms = seen.alarms.iter().map(|(name, alarm)| alarm_in_words(name, alarm, now));
    let readings: Vec<String> = metrics.chain(alarms).collect();
    let readings = (!readings.is_empty()).then(|| readings.join(", "));
    let bounds = format!("bounds {} to {}", decision.bounds.min(), decision.bounds.max());
    let service = service_in_words(&seen.service, decision.capacity_unit);
    let parts = [queue, readings, Some(service), Some(bounds)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn queue_in_words(queue: &Result<Queue, Absence>) -> String {
    let queue = match queue {
        Ok(queue) => queue,
        Err(absence) => return format!("queue unknown ({absence})"),
    };
    let in_flight = match queue.in_flight {
        InFlight::Exactly(jobs) => format!("{} in flight", thousands(jobs)),
        InFlight::Reserved(jobs) | InFlight::AtLeast(jobs) => {
            format!("at least {} in flight", thousands(jobs))
        }
        InFlight::Partly { jobs, read, held } => {
            let (jobs, read, held) = (thousands(jobs), thousands(read), thousands(held));
            format!("at least {jobs} in flight ({read} of the {held} messages held by workers were read)")
        }
        InFlight::Unknown => "in flight unknown".to_owned(),
    };
    let stopped = match (queue.paused, queue.is_at_limit()) {
        (true, _) => ", paused",
        (false, true) => ", at its limit",
        (false, false) => "",
    };
    let (waiting, due, delayed) = (thousands(queue.waiting), thousands(queue.due), thousands(queue.delayed));
    format!("{waiting} waiting ({due} due), {in_flight}, {delayed} delayed{stopped}")
}

/// The newest value; between two reads of CloudWatch the one that is remembered.
fn metric_in_words(name: &MetricName, reading: &MetricReading, decision: &Decision) -> Option<String> {
    let unit = Signal::Metric(name.clone()).unit().map_or("", |unit| unit.suffix());
    let name = name.as_str();
    let value = |value: f64| format!("{name} {}{unit}", Rounded(value));
    // What has settled, and not what the newest minute shows so far.
    let settled = decision.memory.metrics.iter().find(|(known, _)| known.as_str() == name);
    let settled = settled.map(|(_, last)| last.value);
    match reading {
        MetricReading::Points { points, .. } => Some(match (points.last(), settled) {
            (None, _) => format!("{name} without datapoints"),
            (Some(_), Some(settled)) => value(settled),
            (Some(young), None) => format!("{} (still provisional)", value(young.value)),
        }),
        MetricReading::Failed(absence) => Some(format!("{name} unknown ({absence})")),
        MetricReading::NotRead => settled.map(value),
    }
}

fn alarm_in_words(name: &AlarmName, alarm: &Result<Alarm, Absence>, now: Timestamp) -> String {
    let name = name.as_str();
    match alarm {
        Ok(Alarm { state, since, evaluation_state }) => {
            let since = ReportTime { at: *since, now };
            let evaluation_state =
                evaluation_state.code().map_or_else(String::new, |code| format!(" ({code})"));
            format!("alarm {name}: {} since {since}{evaluation_state}", state_word(*state))
        }
        Err(absence) => format!("alarm {name}: state unknown ({absence})"),
    }
}

fn service_in_words(service: &Result<ServiceState, Absence>, capacity_unit: CapacityUnit) -> String {
    let service = match service {
        Ok(service) => service,
        Err(absence) => return format!("{} unknown ({absence})", capacity_unit.desired()),
    };
    let protected = match service.constraints.protected {
        0 => String::new(),
        protected => format!(", {protected} protected"),
    };
    format!(
        "{} desired, {} running, {} pending{protected}",
        thousands(service.desired_count),
        thousands(service.running_count),
        thousands(service.pending_count)
    )
}

/// What was seen, with `null` for what is not known; a service without a queue has no jobs.
pub(super) fn in_json(seen: &Observation, decision: &Decision) -> Value {
    let service = seen.service.as_ref().ok();
    let mut json = json!({
        "desired": service.map(|service| service.desired_count),
        "running": service.map(|service| service.running_count),
        "pending": service.map(|service| service.pending_count),
        "rollout": service.map(|service| service.rollout),
        "min": decision.bounds.min(),
        "max": decision.bounds.max(),
    });
    if let Some(queue) = &seen.queue {
        let queue = queue.as_ref().ok();
        json["waiting"] = queue.map(|queue| queue.waiting).into();
        json["due"] = queue.map(|queue| queue.due).into();
        json["delayed"] = queue.map(|queue| queue.delayed).into();
        json["in_flight"] = queue.map(|queue| queue.in_flight.known()).into();
        json["paused"] = queue.map(|queue| queue.paused).into();
        json["at_limit"] = queue.map(Queue::is_at_limit).into();
    }
    if let Some(absence) = seen.queue_unread() {
        json["queue_error"] = absence.to_string().into();
    }
    if let Err(absence) = &seen.service {
        json["service_error"] = absence.to_string().into();
    }
    for (name, last) in &decision.memory.metrics {
        json["metrics"][name.as_str()] = json!({"value": last.value, "at": last.at});
    }
    for (name, YoungPoint(at, value)) in &decision.memory.young {
        json["metrics"][name.as_str()]["provisional"] = json!({"value": value, "at": at});
    }
    for (name, alarm) in &seen.alarms {
        json["alarms"][name.as_str()] = match alarm {
            Ok(Alarm { state, since, evaluation_state }) => {
                json!({"state": state_word(*state), "since": since, "evaluation_state": evaluation_state.code()})
            }
            Err(absence) => json!({"state": null, "error": absence.to_string()}),
        };
    }
    json
}

/// As CloudWatch writes it.
fn state_word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

/// A value with as many decimals as operators read: `1,532`, `83.2`, `0.61`.
struct Rounded(f64);

impl std::fmt::Display for Rounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimals = if self.0.abs() < 10.0 { 100.0 } else { 10.0 };
        f.write_str(&thousands((self.0 * decimals).round() / decimals))
    }
}
