//! What an answer of CloudWatch is worth that repeats the last one, comes between two, or has only begun to grow.

use tidegate_policy::Severity::Warning;
use tidegate_policy::Verdict::{Hold, ScaleOut};
use tidegate_policy::{
    Absence, AbsenceKind, Alarm, AlarmEvaluation, AlarmState, Cooldown, Datapoint, MetricReading, OnAbsence,
    jobs,
};

use crate::stage::{Stage, codes, noon, refused, seconds};
use crate::track::track;

/// Five tasks without a queue; cooldowns of a minute.
fn api(rules: &[&str]) -> Stage {
    Stage::new(1, 50, rules)
        .no_queue()
        .with(|stage| stage.policy.cooldown = Cooldown { scale_out: seconds(60), scale_in: seconds(60) })
}

#[test]
fn a_value_that_is_corrected_is_acted_on_although_no_newer_one_has_come() {
    let mut stage = api(&["cpu > 70%: +2"]);
    stage.answer("cpu", &[(-180, 60.0)]);
    assert_eq!(stage.at(0).evaluate().verdict, Hold { at: Some(5) });
    stage.answer("cpu", &[(-180, 80.0)]);
    assert_eq!(stage.at(15).evaluate().verdict, ScaleOut { from: 5, to: 7 });
}

/// Between two answers no reading shows whether the tasks just added were enough.
#[test]
fn a_breach_steps_again_with_an_answer_that_repeats_it_and_not_between_two_answers() {
    let mut stage = api(&["cpu > 70%: +2"]);
    stage.answer("cpu", &[(-180, 50.0), (0, 90.0)]);
    assert_eq!(stage.at(5).evaluate().verdict, ScaleOut { from: 5, to: 7 });
    stage.metric("cpu", MetricReading::NotRead);
    assert_eq!(stage.arrive().at(70).evaluate().verdict, Hold { at: Some(7) });
    stage.answer("cpu", &[(-180, 50.0), (0, 90.0)]);
    assert_eq!(stage.at(75).evaluate().verdict, ScaleOut { from: 7, to: 9 });
}

/// Nine tenths of the newest minute are still to come.
#[test]
fn a_tracker_grows_by_the_newest_high_minute_and_not_by_the_part_of_one() {
    let mut stage = api(&[]).with(|stage| stage.policy.track = vec![track("cpu", 50.0)]);
    stage.answer("cpu", &[(-240, 40.0), (-180, 40.0), (-60, 100.0), (0, 10.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 10 });
}

#[test]
fn a_young_value_ends_no_condition_in_either_direction() {
    let mut stage = api(&[]).notify("requests < 100", Warning);
    let notified = |stage: &mut Stage| -> Vec<String> {
        stage.evaluate().notices.iter().map(ToString::to_string).collect()
    };
    stage.answer("requests", &[(-180, 50.0)]);
    assert_eq!(notified(stage.at(0)), ["requests 50 < 100"]);
    stage.answer("requests", &[(-120, 50.0), (60, 200.0)]);
    assert_eq!(notified(stage.at(60)), [""; 0]);
    stage.answer("requests", &[(-120, 50.0), (60, 200.0)]);
    assert_eq!(notified(stage.at(240)), ["RESOLVED: requests 200 (was below 100)"]);
}

#[test]
fn a_young_value_may_match_a_rule_that_changes_nothing() {
    let mut stage = api(&["requests > 100: =5"]);
    stage.answer("requests", &[(-180, 50.0), (0, 200.0)]);
    let held = stage.peek();
    assert_eq!((held.verdict, codes(&held)), (Hold { at: Some(5) }, vec!["rule-matched"]));
}

#[test]
fn an_alarm_that_a_part_of_its_data_sufficed_for_has_lasted_since_its_transition() {
    let mut stage = api(&["alarm(busy) for 5m: +2"]);
    for (since, expected) in [(-300, ScaleOut { from: 5, to: 7 }), (-299, Hold { at: Some(5) })] {
        let alarm = Alarm {
            state: AlarmState::Alarm,
            since: noon() + seconds(since),
            evaluation_state: AlarmEvaluation::PartialData,
        };
        assert_eq!(stage.alarm_read("busy", Ok(alarm)).peek().verdict, expected, "{since}");
    }
}

/// A queue of which nothing is known but a metric: its jobs by the datapoints so many seconds before, or why they are not
/// known.
#[track_caller]
fn check(points: &[(i64, f64)], on_absence: OnAbsence, expected: Result<u64, AbsenceKind>) {
    let points = points.iter().map(|(ago, value)| Datapoint { at: noon() - seconds(*ago), value: *value });
    let reading = MetricReading::Points { period: seconds(60), points: points.collect() };
    assert_eq!(jobs(&reading, on_absence, noon()).map_err(|absence| absence.kind), expected, "{reading:?}");
}

#[test]
fn the_jobs_of_a_queue_known_by_a_metric_are_the_newest_that_settled_and_no_fewer_than_any_younger() {
    use AbsenceKind::{NoDatapoints, Provisional};
    use OnAbsence::{Missing, Zero};
    check(&[(240, 7.0), (180, 4.0)], Missing, Ok(4));
    check(&[(180, 4.0), (60, 9.0), (0, 1.0)], Missing, Ok(9));
    check(&[(180, 4.0), (60, 3.0)], Missing, Ok(4));
    check(&[(180, 4.2)], Missing, Ok(5));
    check(&[(180, -1.0)], Missing, Ok(0));
    check(&[(300, 4.0)], Missing, Ok(4));
    check(&[(301, 4.0)], Missing, Err(NoDatapoints));
    check(&[], Missing, Err(NoDatapoints));
    check(&[(0, 9.0)], Missing, Err(Provisional));
    check(&[], Zero, Ok(0));
    check(&[(301, 4.0)], Zero, Ok(0));
    check(&[(0, 9.0)], Zero, Ok(9));
    assert_eq!(jobs(&MetricReading::Failed(refused()), Zero, noon()), Err(refused()));
    let not_read = Absence::new(NoDatapoints, "not read");
    assert_eq!(jobs(&MetricReading::NotRead, Zero, noon()), Err(not_read));
}

/// A total of 9,000 beside tasks that do not run: no task has a share of it, now or later.
#[test]
fn a_total_that_no_target_serves_is_no_share() {
    let total = |stage: &mut Stage, at: i64| {
        let points: Vec<(i64, f64)> = (-10..=0).map(|minute| (at + minute * 60, 9_000.0)).collect();
        stage.answer("requests", &points).at(at);
    };
    let mut asleep = api(&["requests_per_task > 1000: +2"]).tasks(0);
    asleep.memory.zeroed = true;
    asleep.policy.capacity = tidegate_policy::Capacity::new(0, 50).unwrap();
    total(&mut asleep, 0);
    assert_eq!(codes(&asleep.peek()), ["below-min"], "one stays awake; the share asks for nothing");

    let mut starting = api(&["requests_per_task > 1000 for 2m: +2"]);
    starting.service().running_count = 0;
    for minute in 0..5 {
        total(&mut starting, minute * 60);
        assert_eq!(codes(&starting.evaluate()), ["reading-missing"], "{minute}");
    }
    let ours: Vec<(i64, f64)> = (-10..=-3).map(|minute| (300 + minute * 60, 9_000.0)).collect();
    starting.answer("requests", &ours).at(300);
    assert_eq!(
        codes(&starting.arrive().evaluate()),
        ["rule-not-long-enough"],
        "of the minutes before they ran they have no share"
    );
}

#[test]
fn a_total_that_cannot_be_read_says_so_although_no_task_runs() {
    let mut stage = api(&["requests_per_task > 1000: +2"]);
    stage.service().running_count = 0;
    let decision = stage.metric("requests", MetricReading::Failed(refused())).peek().to_string();
    assert!(decision.contains("connection refused"), "{decision}");
}

/// Each datapoint is shared by those that ran while it was measured: 10,000 was no load for ten tasks, and is one for five.
#[test]
fn a_share_that_was_once_divided_is_not_divided_again() {
    let mut stage = api(&["requests_per_task > 1500 for 2m: +2"]).tasks(10);
    let answer = |stage: &mut Stage, at: i64| {
        let points: Vec<(i64, f64)> = (-10..=-3).map(|minute| (at + minute * 60, 10_000.0)).collect();
        stage.answer("requests", &points).at(at);
    };
    for minute in 0..5 {
        answer(&mut stage, minute * 60);
        assert_eq!(codes(&stage.evaluate()), ["nothing-matches"], "{minute}");
    }
    stage = stage.tasks(5);
    for minute in 5..9 {
        answer(&mut stage, minute * 60);
        assert_eq!(codes(&stage.evaluate())[0], "rule-not-long-enough", "{minute}");
    }
    answer(&mut stage, 540);
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 5, to: 7 });
}

#[test]
fn a_share_is_high_from_its_first_datapoint_on_and_a_young_total_is_shared_too() {
    let mut stage = api(&["requests_per_task > 1500 for 1m: +2"]);
    stage.answer("requests", &[(-180, 5_000.0)]);
    assert_eq!(stage.at(0).evaluate().verdict, Hold { at: Some(5) });
    stage.answer("requests", &[(-180, 5_000.0), (-120, 10_000.0)]);
    assert_eq!(stage.at(60).evaluate().verdict, ScaleOut { from: 5, to: 7 });
    let mut young = api(&["requests_per_task > 1500: +2"]);
    young.answer("requests", &[(-180, 5_000.0), (0, 7_000.0)]);
    assert_eq!(young.peek().verdict, Hold { at: Some(5) }, "1,400 each");
}

/// Six minutes with many free slots, of which three have settled: what is reported is for how long it is certain.
#[test]
fn a_scale_in_that_waits_for_minutes_to_settle_tells_for_how_long_it_holds_surely() {
    let mut stage = api(&["free_slots > 100 for 5m: -1"]);
    let points: Vec<(i64, f64)> =
        (-8..=0).map(|minute| (minute * 60, if minute < -5 { 50.0 } else { 200.0 })).collect();
    let decision = stage.answer("free_slots", &points).peek();
    assert_eq!(codes(&decision), ["rule-not-long-enough"]);
    assert!(decision.to_string().contains("for 3m so far"), "{decision}");
}

/// Two tasks became ten at 12:01. Of two young minutes, one measured over the two and one over the ten.
#[test]
fn of_two_young_values_the_one_of_the_larger_load_asks_if_it_is_high() {
    let grown = |now: f64| {
        let mut stage = api(&[]).tasks(2).with(|stage| stage.policy.track = vec![track("cpu", 50.0)]);
        stage.answer("cpu", &[(-240, 45.0), (-180, 45.0)]).at(0).evaluate();
        stage.seen.service = Ok(crate::stage::service(10, 10));
        stage.answer("cpu", &[(-240, 45.0), (-180, 45.0)]).at(60).evaluate();
        stage.answer("cpu", &[(-180, 45.0), (-120, 45.0), (60, 100.0), (180, now)]).at(200);
        stage
    };
    assert_eq!(
        grown(80.0).peek().verdict,
        ScaleOut { from: 10, to: 16 },
        "80% of ten is more than 100% of two"
    );
    assert_eq!(codes(&grown(40.0).peek()), ["tracked", "still-starting"], "40% of ten asks for nothing");
}

#[test]
fn a_floor_that_was_last_known_an_hour_ago_is_not_known_by_a_young_value_that_says_the_same() {
    let mut stage = api(&["cpu < 99%: -1"]).with(|stage| stage.policy.floor = Some(crate::floor::monitors()));
    stage.answer("cpu", &[(-180, 50.0)]).answer("monitors", &[(-180, 1_000.0)]).at(0).evaluate();
    stage.answer("cpu", &[(3_420, 50.0)]).answer("monitors", &[(3_600, 1_000.0)]);
    let decision = stage.at(3_600).peek().to_string();
    assert!(decision.contains("`monitors` was 1,000 at the last reading, 1h3m ago"), "{decision}");
}
