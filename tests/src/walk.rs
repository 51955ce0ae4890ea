//! Walks a service of a shipped fleet file through the rows of a table: the file as it stands under `fleets/`, read by
//! `fleet`, decided by `policy`.
//!
//! One row is one evaluation: `SECONDS [WAITING IN_FLIGHT] DESIRED/RUNNING [METRIC=VALUE …] -> VERDICT: REASONS`, with
//! waiting jobs and jobs in flight where the service has a queue. What is reported a `notify` rule follows:
//! `; critical: CONDITION`, or `; critical over: CONDITION`. Rows that stand together share their memory and their
//! clock; an empty line begins anew. A change is applied.
//!
//! - `60..240` is an evaluation a minute from 60 to 240 seconds, `300..900/300` one every five minutes; each says the same.
//! - A value is a datapoint of now, `-` is not read, and `none` is an answer without datapoints.
//! - `always METRIC=VALUE …` holds in every row below that does not say otherwise.
//! - Where no row says how much business a floor sees, there is none yet.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Service;
use tidegate_policy::Evaluation;
use tidegate_policy::Severity;
use tidegate_policy::memory::Settled;
use tidegate_policy::{
    Constraints, Datapoint, Decision, InFlight, Memory, MetricName, MetricReading, Notice, Observation,
    Queue, QueueLimits, Reason, Verdict, decide,
};

use crate::repository;

/// Walks through the rows and compares what each of them says with what was decided.
///
/// # Panics
/// If something else was decided, or a row does not read as above.
#[track_caller]
pub fn walk(fleet: &str, service: &str, rows: &str) {
    let text = repository::read(&format!("fleets/{fleet}.yaml"));
    let read = tidegate_fleet::parse(&text).expect("the fleet file is valid");
    let service = read.service(service).expect("the service is in the file");
    let (mut always, mut memory) = (String::new(), Memory::default());
    for row in rows.lines().map(str::trim) {
        if let Some(metrics) = row.strip_prefix("always ") {
            metrics.clone_into(&mut always);
            continue;
        }
        let Some((world, expected)) = row.split_once(" -> ") else {
            memory = Memory::default();
            continue;
        };
        let (times, world) = world.split_once(' ').expect("a row begins with its time");
        for seconds in moments(times) {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
            let seen = observe(service, world, &always, now);
            let evaluation = Evaluation {
                target: service.name(),
                id: "evaluation",
                overrides: &[],
                emergency: None,
                observe: false,
                now,
            };
            let decision = decide(&seen, service.policy(), &memory, evaluation);
            let said = said(&decision);
            assert_eq!(said, expected.trim(), "{fleet}, {}: `{row}` at {seconds} s", service.name());
            memory = decision.memory;
            memory.settle("evaluation", Settled::Applied, now);
            memory.mark_notified(&decision.notices);
        }
    }
}

/// The moments of a row, in seconds.
fn moments(times: &str) -> Vec<i64> {
    let number = |text: &str| text.parse::<i64>().expect("a whole number of seconds");
    let (times, step) = times.split_once('/').unwrap_or((times, "60"));
    let (first, last) = times.split_once("..").unwrap_or((times, times));
    let step = usize::try_from(number(step)).expect("a step is above zero");
    (number(first)..=number(last)).step_by(step).collect()
}

/// The world of one row.
fn observe(service: &Service, world: &str, always: &str, now: Timestamp) -> Observation {
    let mut words = world.split_whitespace();
    let mut next = || words.next().expect("a row has its numbers");
    let number = |word: &str| word.parse::<u64>().expect("a number");
    let count = |word: &str| word.parse::<u32>().expect("a count");
    let queue = service.queue().map(|_| Ok(queue(number(next()), number(next()))));
    let (desired, running) = next().split_once('/').expect("desired/running");
    let seen = tidegate_policy::observation::ServiceState {
        desired_count: count(desired),
        running_count: count(running),
        pending_count: 0,
        rollout: false,
        active: true,
        daemon: false,
        constraints: Constraints::default(),
    };
    let mut metrics = BTreeMap::new();
    if let Some(floor) = &service.policy().floor {
        metrics.insert(floor.by().clone(), reading(service, floor.by(), "0", now));
    }
    for word in always.split_whitespace().chain(words) {
        let (name, value) = word.split_once('=').expect("metric=value");
        let name = MetricName::new(name).expect("a metric's name");
        metrics.insert(name.clone(), reading(service, &name, value, now));
    }
    Observation { service: Ok(seen), queue, metrics, alarms: BTreeMap::new(), database: None }
}

fn queue(waiting: u64, in_flight: u64) -> Queue {
    Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight: InFlight::Exactly(in_flight),
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: None,
    }
}

/// A guide speaks of what a metric is; what CloudWatch shows of a minute stays as it is three minutes after its end.
const SETTLED_SINCE: SignedDuration = SignedDuration::from_mins(3);

/// What one word says of a metric, at the pace in which it comes.
fn reading(service: &Service, name: &MetricName, value: &str, now: Timestamp) -> MetricReading {
    let known = service.metrics().iter().find(|metric| metric.name == *name);
    let period = known.expect("the service reads this metric").source.period();
    let points = match value {
        "-" => return MetricReading::NotRead,
        "none" => Vec::new(),
        value => vec![Datapoint { at: now - SETTLED_SINCE, value: value.parse().expect("a value") }],
    };
    MetricReading::Points { period, points }
}

/// `out to 10: rule-matched`, `in to 9: …`, `hold: …; critical: memory > 85% for 3m`.
fn said(decision: &Decision) -> String {
    let reasons: Vec<_> = decision.reasons.iter().filter(|reason| !tells(reason)).map(Reason::code).collect();
    let verdict = match decision.verdict {
        Verdict::Hold { .. } => "hold".to_owned(),
        Verdict::ScaleOut { to, .. } => format!("out to {to}"),
        Verdict::ScaleIn { to, .. } => format!("in to {to}"),
    };
    let told: String = decision.notices.iter().filter_map(notice).collect();
    format!("{verdict}: {}{told}", reasons.join(" "))
}

/// Whether a reason is only there to be reported.
fn tells(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::ConditionHolds { .. } | Reason::ConditionOver { .. } | Reason::ConditionGone { .. }
    )
}

/// The beginning or the end of a condition; other notices have tests of their own.
fn notice(notice: &Notice) -> Option<String> {
    let word = match notice.severity() {
        _ if !notice.begins => "resolved",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    };
    Some(format!("; {word}: {}", notice.condition()?))
}
