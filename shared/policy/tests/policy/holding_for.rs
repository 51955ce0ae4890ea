//! `for`: over real datapoints, without holes.

use tidegate_policy::MetricReading;

use crate::stage::{Stage, codes};

/// A rule over the waiting jobs, evaluated once at each of these seconds.
#[track_caller]
fn direct(evaluations: &[(i64, u64)], expected: &str) {
    let mut stage = Stage::new(1, 50, &["waiting > 500 for 5m: +5"]);
    for (at, waiting) in evaluations {
        stage.queue().waiting = *waiting;
        stage.at(*at).evaluate_and_crash();
    }
    let last = stage.peek();
    assert_eq!(codes(&last)[0], expected, "{evaluations:?}: {last}");
}

#[test]
fn a_direct_reading_holds_from_the_first_evaluation_that_saw_it() {
    direct(&[(0, 501)], "rule-not-long-enough");
    direct(&[(0, 501), (60, 501), (120, 501), (180, 501), (240, 501)], "rule-not-long-enough");
    direct(&[(0, 501), (100, 501), (200, 501), (299, 501)], "rule-not-long-enough");
    direct(&[(0, 501), (100, 501), (200, 501), (300, 501)], "rule-matched");
    direct(&[(0, 501), (100, 501), (200, 500), (300, 501)], "rule-not-long-enough");
    direct(&[(0, 500), (100, 501), (200, 501), (350, 501), (400, 501)], "rule-matched");
}

#[test]
fn a_time_without_evaluations_proves_nothing() {
    direct(&[(0, 501), (150, 501), (300, 501)], "rule-matched");
    direct(&[(0, 501), (151, 501), (300, 501)], "rule-not-long-enough");
}

#[test]
fn an_evaluation_that_cannot_read_the_queue_is_no_datapoint() {
    let mut stage = Stage::new(1, 50, &["waiting > 500 for 5m: +5"]).waiting(501);
    let readable = stage.seen.queue.clone();
    for at in [0, 100, 300] {
        stage.at(at).evaluate_and_crash();
        stage.seen.queue = Some(Err(crate::stage::refused()));
        stage.at(at + 40).evaluate_and_crash();
        stage.seen.queue = readable.clone();
    }
    assert_eq!(codes(&stage.at(300).peek()), ["rule-not-long-enough"], "200 s without a reading");
}

/// A rule over CPU, with all its datapoints in one answer.
#[track_caller]
fn points(points: &[(i64, f64)], now: i64, expected: &str) {
    let mut stage = Stage::new(1, 50, &["cpu > 70% for 5m: +2"]);
    stage.points("cpu", points).at(now);
    let decision = stage.peek();
    assert_eq!(codes(&decision), [expected], "{points:?}: {decision}");
}

#[test]
fn datapoints_of_one_minute_must_breach_five_times_in_a_row() {
    let high = |minutes: &[i64]| minutes.iter().map(|m| (m * 60, 80.0)).collect::<Vec<_>>();
    points(&high(&[1, 2, 3, 4, 5]), 330, "rule-matched");
    points(&high(&[2, 3, 4, 5]), 330, "rule-not-long-enough");
    points(&high(&[1, 2, 4, 5, 6]), 390, "rule-not-long-enough"); // a hole at the third minute
    points(&high(&[1, 3, 4, 5, 6, 7]), 450, "rule-matched"); // five after the hole
    points(&[(60, 80.0), (120, 70.0), (180, 80.0), (240, 80.0), (300, 80.0)], 330, "rule-not-long-enough");
    points(&[(60, 80.0), (120, 80.0), (180, 80.0), (240, 80.0), (300, 70.0)], 330, "nothing-matches");
    points(
        &[(60, 80.0), (120, 80.0), (180, f64::NAN), (240, 80.0), (300, 80.0)],
        330,
        "rule-not-long-enough",
    );
    points(&high(&[1, 2, 3, 4, 5]), 601, "reading-missing"); // the newest is older than 5 minutes
}

#[test]
fn datapoints_add_up_over_evaluations_and_count_once() {
    let mut stage = Stage::new(1, 50, &["cpu > 70% for 5m: +2"]);
    for minute in 1..=4 {
        stage.points("cpu", &[((minute - 1) * 60, 80.0), (minute * 60, 80.0)]).at(minute * 60 + 10);
        let seen = codes(&stage.evaluate_and_crash());
        assert_eq!(seen, if minute < 4 { ["rule-not-long-enough"] } else { ["rule-matched"] }, "{minute}");
        stage.metric("cpu", MetricReading::NotRead).wait(15).evaluate_and_crash();
    }
}

#[test]
fn a_late_evaluation_finds_the_datapoints_in_between() {
    let mut stage = Stage::new(1, 50, &["cpu > 70% for 5m: +2"]);
    stage.points("cpu", &[(60, 80.0)]).at(70).evaluate_and_crash();
    stage.points("cpu", &[(120, 80.0), (180, 80.0), (240, 80.0), (300, 80.0)]);
    assert_eq!(codes(&stage.at(310).evaluate_and_crash()), ["rule-matched"]);
}

#[test]
fn an_older_answer_does_not_bring_back_what_was_seen() {
    let mut stage = Stage::new(1, 50, &["cpu > 70% for 5m: +2"]);
    stage.points("cpu", &[(60, 80.0), (120, 80.0), (180, 60.0)]).at(190).evaluate_and_crash();
    stage.points("cpu", &[(60, 80.0), (120, 80.0)]).at(250);
    assert_eq!(codes(&stage.evaluate_and_crash()), ["nothing-matches"]);
    stage.points("cpu", &[(240, 80.0)]).at(260);
    assert_eq!(codes(&stage.evaluate_and_crash()), ["rule-not-long-enough"]);
}

#[test]
fn two_rules_that_differ_only_far_behind_the_point_keep_their_own_time() {
    let mut stage = Stage::new(1, 50, &["errors > 0.001 for 5m: +1", "errors > 0.004 for 5m: +2"]);
    let low: Vec<_> = (1..=5).map(|minute| (minute * 60, 0.002)).collect();
    stage.points("errors", &low).at(310).evaluate_and_crash();
    assert_eq!(stage.memory.runs.len(), 1);
    assert!(stage.memory.runs.contains_key("errors > 0.001 for 5m"));
}
