//! The memory: exact, small, bounded.

use tidegate_policy::Severity;
use tidegate_policy::memory::size::{ITEM_BYTES_MAX, PLAIN_BYTES};
use tidegate_policy::memory::{Intent, Startup};
use tidegate_policy::notice::ActiveNotice;
use tidegate_policy::{AlarmState, Memory, NoticeKind};

use crate::stage::{Stage, seconds};
use crate::track::track;

fn json(memory: &Memory) -> String {
    serde_json::to_string(memory).unwrap()
}

/// A service in the middle of a rush: two rules with `for`, a CPU reading, a scale-out, a recommendation that is larger
/// than the present one, a queue that moves, tasks that start.
fn busy() -> Stage {
    let rules = ["waiting > 500: +5", "waiting < 50: -2", "cpu > 70% for 5m: +2"];
    let mut stage = Stage::new(2, 50, &rules).waiting(501);
    stage.policy.stabilization = seconds(60);
    stage.queue().head = Some(u64::MAX / 3);
    let cpu = |at: i64| (at, 82.666_666_666_666_67 - 0.001 * number(at));
    stage.answer("cpu", &[-180, -120, -60, 0].map(cpu)).at(10).evaluate();
    stage.answer("cpu", &[-120, -60, 0, 60].map(cpu)).at(70).evaluate();
    stage.queue().waiting = 120;
    stage.at(85).evaluate();
    stage
}

fn number(seconds: i64) -> f64 {
    f64::from(i32::try_from(seconds).unwrap())
}

/// DynamoDB takes items of 400 KB: 1,000 services of so many bytes each.
#[test]
fn a_thousand_busy_services_fit_one_item() {
    assert!((1_000 * PLAIN_BYTES..400 * 1_024).contains(&ITEM_BYTES_MAX));
    let stage = busy();
    let text = json(&stage.memory);
    assert!(
        stage.memory.scale_out.is_some() && stage.memory.startup.is_some() && stage.memory.head.is_some()
    );
    assert!(text.len() <= PLAIN_BYTES, "{} bytes: {text}", text.len());
}

#[test]
fn only_metrics_that_decide_something_are_remembered_that_of_a_guard_too() {
    let mut stage = crate::connections::stage();
    for name in [crate::connections::METRIC, "unused"] {
        stage.points(name, &[(-240, 50.0), (0, 50.0)]);
    }
    let memory = stage.peek().memory;
    let names: Vec<&str> = memory.metrics.keys().map(tidegate_policy::MetricName::as_str).collect();
    assert_eq!(names, [crate::connections::METRIC]);
}

#[test]
fn a_tracked_service_needs_no_more_than_one_with_rules() {
    let mut stage = busy();
    stage.policy.rules.clear();
    stage.policy.track = vec![track("cpu", 70.0)];
    stage
        .answer("cpu", &[-60, 0, 60, 120].map(|at| (at, 41.333_333_333_333_33 - 0.001 * number(at))))
        .at(130)
        .evaluate();
    let text = json(&stage.memory);
    assert!(stage.memory.ran.is_some() && stage.memory.runs.len() == 1, "{text}");
    assert!(text.len() <= PLAIN_BYTES, "{} bytes: {text}", text.len());
}

/// A tracked service of some hundred tasks whose number changes at every evaluation, while ever less is recommended.
#[test]
fn a_tracked_service_whose_tasks_come_and_go_needs_as_little() {
    let mut stage = Stage::new(2, 500, &[]).no_queue().tasks(400);
    stage.policy.track = vec![track("cpu", 70.0)];
    stage.policy.stabilization = seconds(60);
    let mut longest = String::new();
    for evaluation in 0..200_i64 {
        let at = evaluation * 60;
        let running = u32::try_from(300 + (evaluation * 7_919) % 90).unwrap();
        stage.service().running_count = running;
        stage
            .points("cpu", &[(at - 120, 40.0 - 0.033_333_333_333_333 * f64::from(running))])
            .at(at)
            .evaluate();
        // The notice that tasks do not start is not of a plain service.
        stage.memory.active_notices.clear();
        let text = json(&stage.memory);
        longest = if text.len() > longest.len() { text } else { longest };
    }
    assert!(longest.len() <= PLAIN_BYTES, "{} bytes: {longest}", longest.len());
}

#[test]
fn a_scale_out_of_a_rule_alone_needs_a_time_and_a_number() {
    let mut stage = Stage::new(2, 50, &["waiting > 500: +5"]).waiting(501);
    stage.evaluate();
    let text = serde_json::to_string(&stage.memory.scale_out).unwrap();
    assert_eq!(text, r#"{"a":1772366400000,"b":5}"#);
}

#[test]
fn a_quiet_service_needs_little() {
    let mut stage = Stage::new(2, 50, &["waiting > 500: +5"]).waiting(100);
    stage.evaluate();
    assert!(json(&stage.memory).len() <= 60, "{}", json(&stage.memory));
    assert_eq!(json(&Memory::default()), "{}");
}

#[test]
fn what_the_fleet_file_does_not_name_any_more_is_forgotten() {
    let mut stage = Stage::new(2, 50, &["cpu > 70%: +2", "errors > 5%: +1"]);
    stage.points("cpu", &[(0, 50.0)]).points("errors", &[]).evaluate();
    assert!(json(&stage.memory).contains("cpu") && json(&stage.memory).contains("errors"));
    stage.policy.rules.clear();
    stage.wait(60).evaluate();
    assert!(!json(&stage.memory).contains("cpu") && !json(&stage.memory).contains("errors"));
}

/// An API with five rules and two conditions that operators were notified of.
#[test]
fn two_conditions_that_last_cost_little() {
    let rules = [
        "cpu > 70% for 5m: +2",
        "cpu < 30% for 15m: -1",
        "requests_per_task > 1000: +2",
        "alarm(api-5xx): +2",
    ];
    let mut stage = Stage::new(2, 50, &rules)
        .no_queue()
        .notify("memory > 85% for 3m", Severity::Critical)
        .notify("errors > 1%", Severity::Warning);
    stage.alarm("api-5xx", AlarmState::Alarm, -60);
    for at in [60, 120, 180, 240] {
        for name in ["cpu", "memory", "errors", "requests"] {
            stage.answer(
                name,
                &[3, 2, 1, 0].map(|age| (at - age * 60, 91.333_333_333_333_33 + 0.001 * number(age))),
            );
        }
        stage.at(at).evaluate();
    }
    let text = json(&stage.memory);
    assert_eq!(stage.memory.active_notices.len(), 2, "{text}");
    assert!(text.len() <= 680 + 4 * 50, "{} bytes: {text}", text.len());
}

/// Everything at once, which no service is: still far from what would crowd out others.
#[test]
fn the_worst_service_is_bounded() {
    let mut memory = busy().memory;
    let now = busy().now;
    memory.startup = Some(Startup { since: now, running: 5_000, many_after: Some(86_400) });
    let evaluation = "a".repeat(36);
    memory.intent = Some(Intent { from: 5_000, to: 5_000, at: now, evaluation });
    memory.active_notices = [
        NoticeKind::StartsFailing,
        NoticeKind::ActionFailing,
        NoticeKind::QueueUnreadable,
        NoticeKind::ReadingMissing,
        NoticeKind::AtMax,
        NoticeKind::HeldByWorkers,
        NoticeKind::Overridden,
    ]
    .map(|kind| ActiveNotice {
        kind,
        condition: None,
        since: now,
        evaluations: 2,
        notified: true,
        ended: false,
    })
    .to_vec();
    assert!(json(&memory).len() <= 1_200, "{} bytes", json(&memory).len());
}

#[test]
fn it_reads_back_as_it_was_written() {
    let memory = busy().memory;
    assert_eq!(serde_json::from_str::<Memory>(&json(&memory)).unwrap(), memory);
}

/// An evaluation reads the clock to the nanosecond; the ledger keeps milliseconds.
#[test]
fn a_memory_that_was_never_written_equals_one_that_was() {
    let mut stage = busy();
    stage.now += jiff::SignedDuration::from_nanos(123_456_789);
    stage.evaluate();
    assert_eq!(serde_json::from_str::<Memory>(&json(&stage.memory)).unwrap(), stage.memory);
}

/// A rollback may read what a newer version wrote, and the other way round.
#[test]
fn unknown_and_missing_keys_are_no_error() {
    let memory: Memory = serde_json::from_str(r#"{"de": 5, "zz": [1], "fa": {"a": 1000, "c": 2}}"#).unwrap();
    assert_eq!(memory.desired_count, Some(5));
    assert_eq!(memory.failure.unwrap().to, None);
    let active_notices =
        r#"{"no": [{"k": "invented-later", "s": 1000, "l": 1}, {"k": "blocked", "s": 1000, "l": 2}]}"#;
    let memory: Memory = serde_json::from_str(active_notices).unwrap();
    assert_eq!(
        memory.active_notices.iter().map(|active| active.kind).collect::<Vec<_>>(),
        [NoticeKind::Blocked]
    );
}
