//! `notify`: operators are notified of a condition when it begins and when it ends, and nothing scales for it.

use tidegate_policy::Severity::{Critical, Warning};
use tidegate_policy::{AlarmState, Decision, Memory, MetricReading, NoticeKind, OnAbsence, Reason};

use crate::stage::{SETTLES_AFTER, Stage, codes, refused, size};

/// Five tasks without a queue, and what operators want to know.
fn api() -> Stage {
    let mut stage = Stage::new(2, 20, &["cpu < 30%: -1"])
        .no_queue()
        .notify("memory > 85% for 3m", Critical)
        .notify("errors > 1%", Warning);
    stage.points("cpu", &[(0, 50.0)]).points("memory", &[(0, 50.0)]).points("errors", &[(0, 0.0)]);
    stage
}

/// One evaluation with one datapoint of each, at so many seconds.
fn evaluate(stage: &mut Stage, at: i64, memory: f64, errors: f64) -> Decision {
    stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, memory)]).points("errors", &[(at, errors)]);
    stage.at(at).evaluate()
}

/// What is reported, with its severity.
fn notified(decision: &Decision) -> Vec<String> {
    let notices = decision.notices.iter().map(|notice| {
        let resolved = if notice.begins { "" } else { "RESOLVED: " };
        let what = notice.condition().unwrap_or_else(|| notice.kind.to_string());
        format!("{:?} {resolved}{what}", notice.severity())
    });
    notices.collect()
}

#[test]
fn a_condition_is_reported_when_it_begins_and_when_it_ends_and_not_in_between() {
    let mut stage = api();
    assert_eq!(notified(&evaluate(&mut stage, 60, 86.0, 0.0)), [""; 0]);
    assert_eq!(notified(&evaluate(&mut stage, 120, 86.0, 0.0)), [""; 0]);
    assert_eq!(notified(&evaluate(&mut stage, 180, 86.0, 0.0)), ["Critical memory > 85% for 3m"]);
    let lasts = evaluate(&mut stage, 240, 99.0, 0.0);
    assert_eq!((notified(&lasts), codes(&lasts)), (vec![], vec!["nothing-matches", "condition-holds"]));
    let over = evaluate(&mut stage, 300, 84.0, 0.0);
    assert_eq!(notified(&over), ["Info RESOLVED: memory > 85% for 3m"]);
    assert_eq!(notified(&evaluate(&mut stage, 360, 84.0, 0.0)), [""; 0]);
    assert!(stage.memory.active_notices.is_empty());
}

#[test]
fn value_threshold_and_since_when_are_reported_while_it_lasts_and_when_it_ends() {
    let mut stage = api();
    for at in [60, 120, 180] {
        evaluate(&mut stage, at, 91.0, 0.0);
    }
    let lasts = evaluate(&mut stage, 240, 92.5, 0.0);
    let sentence =
        "memory is 92.5% and has been above 85% since 2026-03-01 11:57 UTC (rule: memory > 85% for 3m)";
    assert_eq!(lasts.reasons[1].to_string(), sentence);
    let over = evaluate(&mut stage, 300, 61.0, 0.0);
    assert_eq!(over.notices[0].since, crate::stage::noon() - crate::stage::seconds(SETTLES_AFTER));
    assert_eq!(over.notices[0].because.as_ref().unwrap().to_string(), "memory is 61%, no longer above 85%");
}

#[test]
fn two_conditions_of_one_service_do_not_hide_each_other() {
    let mut stage = api();
    assert_eq!(notified(&evaluate(&mut stage, 60, 86.0, 2.0)), ["Warning errors > 1%"]);
    evaluate(&mut stage, 120, 86.0, 2.0);
    assert_eq!(notified(&evaluate(&mut stage, 180, 86.0, 2.0)), ["Critical memory > 85% for 3m"]);
    assert_eq!(notified(&evaluate(&mut stage, 240, 86.0, 0.5)), ["Info RESOLVED: errors > 1%"]);
    assert_eq!(notified(&evaluate(&mut stage, 300, 50.0, 0.5)), ["Info RESOLVED: memory > 85% for 3m"]);
}

#[test]
fn a_condition_neither_scales_nor_stops_scaling() {
    for errors in [0.0, 50.0] {
        let mut stage = api();
        stage.points("cpu", &[(60, 10.0)]).points("errors", &[(60, errors)]).at(60);
        assert_eq!(size(&stage.peek()), 4, "{errors}");
        stage.metric("memory", MetricReading::Failed(refused()));
        stage.memory = Memory::default();
        assert_eq!(size(&stage.peek()), 4, "a pager that cannot see holds no task");
    }
}

#[test]
fn a_missing_reading_neither_begins_nor_ends_a_condition_and_is_itself_reported() {
    let mut stage = api();
    assert_eq!(notified(&evaluate(&mut stage, 60, 50.0, 2.0)), ["Warning errors > 1%"]);
    for at in [120, 400, 460, 520] {
        stage.metric("errors", MetricReading::Failed(refused())).at(at);
        stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, 50.0)]);
        // What ended at -120 s is fresh for five minutes; after two evaluations without it operators are notified.
        let expected: &[&str] = if at == 460 { &["Warning missing data for notify"] } else { &[] };
        assert_eq!(notified(&stage.evaluate()), expected, "{at}");
    }
    let back = evaluate(&mut stage, 580, 50.0, 2.0);
    assert_eq!(notified(&back), ["Info RESOLVED: missing data for notify"], "the condition never ended");
    assert_eq!(notified(&evaluate(&mut stage, 640, 50.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
}

/// No request is no error: what nothing is left to measure by is over, and the next breach is reported anew.
#[test]
fn a_condition_ends_when_there_is_nothing_left_to_measure() {
    let mut stage = api().on_absence("errors", OnAbsence::NoVote);
    evaluate(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[]);
    for at in (120..1_200).step_by(60) {
        stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, 50.0)]);
        // The last datapoint is fresh for five minutes after its end.
        let expected: &[&str] = if at == 240 { &["Info RESOLVED: errors > 1%"] } else { &[] };
        assert_eq!(notified(&stage.at(at).evaluate()), expected, "{at}");
    }
    assert_eq!(notified(&evaluate(&mut stage, 1_200, 50.0, 2.0)), ["Warning errors > 1%"]);
}

/// An alarm for `notify` that has no data must not hide a CPU that is gone.
#[test]
fn a_watched_reading_that_is_missing_hides_none_that_votes() {
    let mut stage = api();
    for at in [60, 120] {
        stage.metric("errors", MetricReading::Failed(refused())).points("memory", &[(at, 50.0)]);
        stage.points("cpu", &[(at, 50.0)]).at(at).evaluate();
    }
    stage.metric("cpu", MetricReading::Failed(refused()));
    let describe: Vec<_> = [600, 660].iter().flat_map(|at| notified(&stage.at(*at).evaluate())).collect();
    assert!(describe.iter().any(|text| text == "Warning missing data"), "{describe:?}");
}

/// A hole in the datapoints begins `for` anew; what operators were notified of lasts as long as the newest value breaches.
#[test]
fn a_hole_in_the_datapoints_is_not_told_as_an_end() {
    let mut stage = api();
    for at in [60, 120, 180] {
        evaluate(&mut stage, at, 90.0, 0.0);
    }
    assert_eq!(notified(&evaluate(&mut stage, 1_000, 90.0, 0.0)), [""; 0]);
    assert_eq!(notified(&evaluate(&mut stage, 1_060, 80.0, 0.0)), ["Info RESOLVED: memory > 85% for 3m"]);
}

#[test]
fn an_end_that_was_not_reported_is_reported_again_even_if_the_reading_is_gone_meanwhile() {
    let mut stage = api();
    evaluate(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[(120, 0.0)]).at(120);
    assert_eq!(notified(&stage.evaluate_and_crash()), ["Info RESOLVED: errors > 1%"]);
    stage.metric("errors", MetricReading::Failed(refused())).at(500);
    assert!(!notified(&stage.evaluate_and_crash()).iter().any(|text| text.contains("errors")));
    assert_eq!(notified(&evaluate(&mut stage, 560, 50.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
    assert!(stage.memory.active_notices.is_empty());
}

/// Two conditions end while no report arrives; then one of them cannot be read, and only the other's end is heard.
#[test]
fn an_end_that_is_heard_does_not_silence_the_end_of_another_condition() {
    let mut stage = api().notify("memory > 40%", Critical);
    evaluate(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[(120, 0.0)]).points("memory", &[(120, 30.0)]).at(120).evaluate_and_crash();
    stage.metric("errors", MetricReading::Failed(refused())).points("memory", &[(500, 30.0)]).at(500);
    assert!(notified(&stage.evaluate()).contains(&"Info RESOLVED: memory > 40%".to_owned()));
    assert_eq!(notified(&evaluate(&mut stage, 560, 30.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
}

#[test]
fn a_condition_that_was_taken_out_of_the_file_ends_for_that_reason() {
    let mut stage = api();
    evaluate(&mut stage, 60, 50.0, 2.0);
    stage.policy.notify.clear();
    let gone = stage.at(120).evaluate();
    assert_eq!(notified(&gone), ["Info RESOLVED: errors > 1%"]);
    let because = Reason::ConditionGone { condition: "errors > 1%".to_owned() };
    assert_eq!(gone.notices[0].because, Some(because));
    assert!(stage.memory.active_notices.is_empty());
}

#[test]
fn an_alarm_is_reported_since_its_own_time_and_a_service_that_cannot_be_read_hides_it_not() {
    let mut stage = api().notify("alarm(db-down) for 2m", Critical);
    stage.seen.service = Err(refused());
    stage.alarm("db-down", AlarmState::Alarm, -120);
    let begins = stage.evaluate();
    assert_eq!(notified(&begins), ["Critical alarm(db-down) for 2m"]);
    assert_eq!(begins.notices[0].since, crate::stage::noon() - crate::stage::seconds(120));
    stage.alarm("db-down", AlarmState::InsufficientData, 30);
    assert!(!notified(&stage.wait(60).evaluate()).iter().any(|text| text.contains("db-down")));
    stage.alarm("db-down", AlarmState::Ok, 90);
    assert!(
        notified(&stage.wait(60).evaluate()).contains(&"Info RESOLVED: alarm(db-down) for 2m".to_owned())
    );
}

#[test]
fn old_memories_without_conditions_still_parse_and_a_condition_needs_few_bytes() {
    let old: Memory = serde_json::from_str(r#"{"no":[{"k":"at-max","s":1000,"l":1,"t":true}]}"#).unwrap();
    assert_eq!(
        (old.active_notices[0].kind, old.active_notices[0].condition.as_ref()),
        (NoticeKind::AtMax, None)
    );
    let mut stage = api();
    evaluate(&mut stage, 60, 50.0, 2.0);
    let active = serde_json::to_string(&stage.memory.active_notices[0]).unwrap();
    assert_eq!(active, r#"{"k":"condition","w":"errors > 1%","s":1772366220000,"l":1,"t":true}"#);
}

/// Two jobs of a part that was read may be the two of twenty.
#[test]
fn a_part_of_the_work_in_flight_is_not_the_end_of_a_condition() {
    let mut stage = Stage::new(1, 10, &[]).notify("in_flight > 10", Warning).tasks(5).in_flight(15);
    assert_eq!(stage.evaluate().notices.len(), 1);
    stage.wait(60).queue().in_flight = tidegate_policy::InFlight::Partly { jobs: 2, read: 100, held: 3_000 };
    assert_eq!(stage.evaluate().notices, []);
    stage.wait(60).queue().in_flight = tidegate_policy::InFlight::Exactly(2);
    assert_eq!(stage.evaluate().notices.len(), 1);
}
