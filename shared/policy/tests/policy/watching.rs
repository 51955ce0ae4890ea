//! `notify`: people are told of a condition when it begins and when it ends, and nothing scales for it.

use tidegate_policy::Severity::{Critical, Warning};
use tidegate_policy::{AlarmState, Decision, Memory, MetricReading, NoticeKind, OnAbsence, Reason};

use crate::stage::{SETTLES_AFTER, Stage, codes, refused, size};

/// Five tasks without a queue, and what people want to know.
fn api() -> Stage {
    let mut stage = Stage::new(2, 20, &["cpu < 30%: -1"])
        .no_queue()
        .notify("memory > 85% for 3m", Critical)
        .notify("errors > 1%", Warning);
    stage.points("cpu", &[(0, 50.0)]).points("memory", &[(0, 50.0)]).points("errors", &[(0, 0.0)]);
    stage
}

/// One look with one datapoint of each, at so many seconds.
fn look(stage: &mut Stage, at: i64, memory: f64, errors: f64) -> Decision {
    stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, memory)]).points("errors", &[(at, errors)]);
    stage.at(at).look()
}

/// What is told, with its severity.
fn told(decision: &Decision) -> Vec<String> {
    decision.notices.iter().map(|notice| format!("{:?} {notice}", notice.severity())).collect()
}

#[test]
fn a_condition_is_told_when_it_begins_and_when_it_ends_and_not_in_between() {
    let mut stage = api();
    assert_eq!(told(&look(&mut stage, 60, 86.0, 0.0)), [""; 0]);
    assert_eq!(told(&look(&mut stage, 120, 86.0, 0.0)), [""; 0]);
    assert_eq!(told(&look(&mut stage, 180, 86.0, 0.0)), ["Critical memory > 85% for 3m"]);
    let lasts = look(&mut stage, 240, 99.0, 0.0);
    assert_eq!((told(&lasts), codes(&lasts)), (vec![], vec!["nothing-matches", "condition-holds"]));
    let over = look(&mut stage, 300, 84.0, 0.0);
    assert_eq!(told(&over), ["Info RESOLVED: memory > 85% for 3m"]);
    assert_eq!(told(&look(&mut stage, 360, 84.0, 0.0)), [""; 0]);
    assert!(stage.memory.edges.is_empty());
}

#[test]
fn value_threshold_and_since_when_are_told_while_it_lasts_and_when_it_ends() {
    let mut stage = api();
    for at in [60, 120, 180] {
        look(&mut stage, at, 91.0, 0.0);
    }
    let lasts = look(&mut stage, 240, 92.5, 0.0);
    let sentence = "memory is 92.5%, above 85% since 2026-03-01 11:57 UTC (rule: for 3m)";
    assert_eq!(lasts.reasons[1].to_string(), sentence);
    let over = look(&mut stage, 300, 61.0, 0.0);
    assert_eq!(over.notices[0].since, crate::stage::noon() - crate::stage::seconds(SETTLES_AFTER));
    assert_eq!(over.notices[0].because.as_ref().unwrap().to_string(), "memory is 61%, not above 85%");
}

#[test]
fn two_conditions_of_one_service_do_not_hide_each_other() {
    let mut stage = api();
    assert_eq!(told(&look(&mut stage, 60, 86.0, 2.0)), ["Warning errors > 1%"]);
    look(&mut stage, 120, 86.0, 2.0);
    assert_eq!(told(&look(&mut stage, 180, 86.0, 2.0)), ["Critical memory > 85% for 3m"]);
    assert_eq!(told(&look(&mut stage, 240, 86.0, 0.5)), ["Info RESOLVED: errors > 1%"]);
    assert_eq!(told(&look(&mut stage, 300, 50.0, 0.5)), ["Info RESOLVED: memory > 85% for 3m"]);
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
fn a_missing_reading_neither_begins_nor_ends_a_condition_and_is_itself_told() {
    let mut stage = api();
    assert_eq!(told(&look(&mut stage, 60, 50.0, 2.0)), ["Warning errors > 1%"]);
    for at in [120, 400, 460, 520] {
        stage.metric("errors", MetricReading::Failed(refused())).at(at);
        stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, 50.0)]);
        // What ended at -120 s is fresh for five minutes; after two looks without it people are told.
        let expected: &[&str] = if at == 460 { &["Warning reading for notify missing"] } else { &[] };
        assert_eq!(told(&stage.look()), expected, "{at}");
    }
    let back = look(&mut stage, 580, 50.0, 2.0);
    assert_eq!(told(&back), ["Info RESOLVED: reading for notify missing"], "the condition never ended");
    assert_eq!(told(&look(&mut stage, 640, 50.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
}

/// No request is no error: what nothing is left to measure by is over, and the next breach is told anew.
#[test]
fn a_condition_ends_when_there_is_nothing_left_to_measure() {
    let mut stage = api().on_absence("errors", OnAbsence::NoVote);
    look(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[]);
    for at in (120..1_200).step_by(60) {
        stage.points("cpu", &[(at, 50.0)]).points("memory", &[(at, 50.0)]);
        // The last datapoint is fresh for five minutes after its end.
        let expected: &[&str] = if at == 240 { &["Info RESOLVED: errors > 1%"] } else { &[] };
        assert_eq!(told(&stage.at(at).look()), expected, "{at}");
    }
    assert_eq!(told(&look(&mut stage, 1_200, 50.0, 2.0)), ["Warning errors > 1%"]);
}

/// An alarm for `notify` that has no data must not hide a CPU that is gone.
#[test]
fn a_watched_reading_that_is_missing_hides_none_that_votes() {
    let mut stage = api();
    for at in [60, 120] {
        stage.metric("errors", MetricReading::Failed(refused())).points("memory", &[(at, 50.0)]);
        stage.points("cpu", &[(at, 50.0)]).at(at).look();
    }
    stage.metric("cpu", MetricReading::Failed(refused()));
    let tell: Vec<_> = [600, 660].iter().flat_map(|at| told(&stage.at(*at).look())).collect();
    assert!(tell.iter().any(|text| text == "Warning reading missing"), "{tell:?}");
}

/// A hole in the datapoints begins `for` anew; what people were told of lasts as long as the newest value breaches.
#[test]
fn a_hole_in_the_datapoints_is_not_told_as_an_end() {
    let mut stage = api();
    for at in [60, 120, 180] {
        look(&mut stage, at, 90.0, 0.0);
    }
    assert_eq!(told(&look(&mut stage, 1_000, 90.0, 0.0)), [""; 0]);
    assert_eq!(told(&look(&mut stage, 1_060, 80.0, 0.0)), ["Info RESOLVED: memory > 85% for 3m"]);
}

#[test]
fn an_end_that_nobody_heard_of_is_told_again_even_if_the_reading_is_gone_meanwhile() {
    let mut stage = api();
    look(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[(120, 0.0)]).at(120);
    assert_eq!(told(&stage.look_and_die()), ["Info RESOLVED: errors > 1%"]);
    stage.metric("errors", MetricReading::Failed(refused())).at(500);
    assert!(!told(&stage.look_and_die()).iter().any(|text| text.contains("errors")));
    assert_eq!(told(&look(&mut stage, 560, 50.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
    assert!(stage.memory.edges.is_empty());
}

/// Two conditions end while no report arrives; then one of them cannot be read, and only the other's end is heard.
#[test]
fn an_end_that_is_heard_does_not_silence_the_end_of_another_condition() {
    let mut stage = api().notify("memory > 40%", Critical);
    look(&mut stage, 60, 50.0, 2.0);
    stage.points("errors", &[(120, 0.0)]).points("memory", &[(120, 30.0)]).at(120).look_and_die();
    stage.metric("errors", MetricReading::Failed(refused())).points("memory", &[(500, 30.0)]).at(500);
    assert!(told(&stage.look()).contains(&"Info RESOLVED: memory > 40%".to_owned()));
    assert_eq!(told(&look(&mut stage, 560, 30.0, 0.0)), ["Info RESOLVED: errors > 1%"]);
}

#[test]
fn a_condition_that_was_taken_out_of_the_file_ends_for_that_reason() {
    let mut stage = api();
    look(&mut stage, 60, 50.0, 2.0);
    stage.policy.notify.clear();
    let gone = stage.at(120).look();
    assert_eq!(told(&gone), ["Info RESOLVED: errors > 1%"]);
    let because = Reason::ConditionGone { condition: "errors > 1%".to_owned() };
    assert_eq!(gone.notices[0].because, Some(because));
    assert!(stage.memory.edges.is_empty());
}

#[test]
fn an_alarm_is_told_since_its_own_time_and_a_service_that_cannot_be_read_hides_it_not() {
    let mut stage = api().notify("alarm(db-down) for 2m", Critical);
    stage.seen.service = Err(refused());
    stage.alarm("db-down", AlarmState::Alarm, -120);
    let begins = stage.look();
    assert_eq!(told(&begins), ["Critical alarm(db-down) for 2m"]);
    assert_eq!(begins.notices[0].since, crate::stage::noon() - crate::stage::seconds(120));
    stage.alarm("db-down", AlarmState::InsufficientData, 30);
    assert!(!told(&stage.wait(60).look()).iter().any(|text| text.contains("db-down")));
    stage.alarm("db-down", AlarmState::Ok, 90);
    assert!(told(&stage.wait(60).look()).contains(&"Info RESOLVED: alarm(db-down) for 2m".to_owned()));
}

#[test]
fn old_memories_without_conditions_still_parse_and_a_condition_needs_few_bytes() {
    let old: Memory =
        serde_json::from_str(r#"{"no":[{"k":"pinned-at-max","s":1000,"l":1,"t":true}]}"#).unwrap();
    assert_eq!((old.edges[0].kind, old.edges[0].condition.as_ref()), (NoticeKind::PinnedAtMax, None));
    let mut stage = api();
    look(&mut stage, 60, 50.0, 2.0);
    let edge = serde_json::to_string(&stage.memory.edges[0]).unwrap();
    assert_eq!(edge, r#"{"k":"condition","w":"errors > 1%","s":1772366220000,"l":1,"t":true}"#);
}

/// Two jobs of a part that was read may be the two of twenty.
#[test]
fn a_part_of_the_work_in_flight_is_not_the_end_of_a_condition() {
    let mut stage = Stage::new(1, 10, &[]).notify("in_flight > 10", Warning).tasks(5).in_flight(15);
    assert_eq!(stage.look().notices.len(), 1);
    stage.wait(60).queue().in_flight = tidegate_policy::InFlight::Partly { jobs: 2, read: 100, held: 3_000 };
    assert_eq!(stage.look().notices, []);
    stage.wait(60).queue().in_flight = tidegate_policy::InFlight::Exactly(2);
    assert_eq!(stage.look().notices.len(), 1);
}
