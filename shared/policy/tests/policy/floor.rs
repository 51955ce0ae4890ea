//! Floor tables: the guides' "so many monitors need so many workers", and what a metric that is gone does to them.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::floor::FloorError;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{Capacity, Floor, MetricName, MetricReading, NoticeKind, OnAbsence};

use crate::stage::{Stage, codes, refused, seconds};

/// Hyperverge's scaling estimation, the worker's column.
pub(crate) fn monitors() -> Floor {
    let by = MetricName::new("monitors").unwrap();
    Floor::new(by, vec![(100, 2), (1_000, 5), (10_000, 15), (100_000, 50)]).unwrap()
}

/// A service of 1 to 60 tasks by monitors, each datapoint a minute.
fn stage(tasks: u32) -> Stage {
    Stage::new(1, 60, &["waiting > 500: +5", "waiting < 50: -2"])
        .tasks(tasks)
        .with(|stage| stage.policy.floor = Some(monitors()))
}

#[track_caller]
fn check(value: f64, least: u32) {
    assert_eq!(monitors().least(value), least, "{value} monitors");
    let mut stage = stage(60);
    let bounds = stage.points("monitors", &[(0, value)]).peek().bounds;
    assert_eq!(bounds, Capacity::new(least.max(1), 60).unwrap(), "{value} monitors");
}

/// Every row of the guide, one below it and one above.
#[test]
fn a_row_holds_from_its_first_monitor_on_and_the_last_for_all_above() {
    check(0.0, 0);
    check(99.0, 0);
    check(99.9, 0);
    check(100.0, 2);
    check(999.0, 2);
    check(1_000.0, 5);
    check(9_999.0, 5);
    check(10_000.0, 15);
    check(99_999.0, 15);
    check(100_000.0, 50);
    check(5_000_000.0, 50);
}

#[test]
fn a_table_never_asks_for_less_as_the_business_grows() {
    let by = || MetricName::new("users").unwrap();
    let falls = FloorError::Falls { level: 1_000, tasks: 2, lower: 100, lower_tasks: 3 };
    assert_eq!(Floor::new(by(), vec![(1_000, 2), (100, 3)]), Err(falls));
    assert_eq!(falls.to_string(), "`1000: 2` has fewer tasks than `100: 3`");
    assert_eq!(Floor::new(by(), vec![]), Err(FloorError::Empty));
    let level = Floor::new(by(), vec![(1_000, 3), (100, 3)]).unwrap();
    assert_eq!(level.rows(), [(100, 3), (1_000, 3)]);
}

#[test]
fn a_floor_raises_at_once_and_keeps_what_it_asks_for() {
    let mut stage = stage(2).waiting(100);
    let decision = stage.points("monitors", &[(0, 1_234.0)]).evaluate();
    assert_eq!(decision.verdict, ScaleOut { from: 2, to: 5 });
    assert_eq!(codes(&decision), ["below-min", "floor"]);
    assert_eq!(decision.reasons[1].to_string(), "`monitors` is 1,234: the floor is 5 tasks");
    stage.queue().waiting = 0;
    let kept = stage.arrive().wait(120).evaluate();
    assert_eq!(kept.verdict, Hold { at: Some(5) });
    assert_eq!(codes(&kept), ["rule-matched", "at-min", "floor"]);
}

/// The rules want to shrink 20 tasks; the metric stops after its first datapoint, which is fresh for five minutes after its end.
#[test]
fn a_metric_that_stops_keeps_its_floor_for_an_hour_in_silence_and_then_stops_every_scale_in() {
    let mut stage = stage(20);
    stage.points("monitors", &[(0, 1_234.0)]).evaluate();
    stage.metric("monitors", MetricReading::NotRead);
    let last_silent = stage.arrive().at(3_600 + 120).evaluate();
    assert_eq!(last_silent.verdict, ScaleIn { from: 19, to: 18 });
    let gone = stage.arrive().at(3_600 + 600).evaluate();
    assert_eq!(gone.verdict, Hold { at: Some(18) });
    assert_eq!(codes(&gone), ["rule-matched", "reading-stale"]);
    assert_eq!(gone.bounds.min(), 5, "the floor itself stays");
    let notified = stage.wait(60).evaluate();
    assert!(
        notified.notices.iter().any(|it| it.kind == NoticeKind::ReadingMissing && it.begins),
        "{notified}"
    );
    let back = stage.points("monitors", &[(4_320, 50.0)]).at(4_380).evaluate();
    assert_eq!(back.bounds.min(), 1);
    assert!(back.notices.iter().any(|it| it.kind == NoticeKind::ReadingMissing && !it.begins), "{back}");
}

#[test]
fn a_missing_metric_never_lowers_the_floor() {
    for reading in [
        MetricReading::NotRead,
        MetricReading::Failed(refused()),
        MetricReading::Points { period: seconds(60), points: vec![] },
    ] {
        let mut stage = stage(20);
        stage.points("monitors", &[(0, 12_000.0)]).evaluate();
        stage.metric("monitors", reading);
        for day in 0..10 {
            assert_eq!(stage.arrive().at(day * 86_400 + 1).evaluate().bounds.min(), 15);
        }
    }
}

#[test]
fn a_floor_that_was_never_known_stops_every_scale_in() {
    let mut stage = stage(20);
    let decision = stage.points("monitors", &[]).peek();
    assert_eq!(decision.verdict, Hold { at: Some(20) });
    assert_eq!(codes(&decision), ["rule-matched", "reading-missing"]);
    assert_eq!(stage.waiting(501).peek().verdict, ScaleOut { from: 20, to: 25 });
}

#[test]
fn a_metric_without_a_vote_keeps_its_floor_and_stops_nothing() {
    let mut stage = stage(20).on_absence("monitors", OnAbsence::NoVote);
    stage.points("monitors", &[(0, 1_234.0)]).evaluate();
    stage.points("monitors", &[]);
    let later = stage.arrive().at(86_400).evaluate();
    assert_eq!((later.verdict, later.bounds.min()), (ScaleIn { from: 19, to: 18 }, 5));
}

#[test]
fn hours_and_overrides_outrank_the_floor() {
    let mut stage = stage(20).overridden(OverrideKind::Max(3), 7_200);
    assert_eq!(stage.points("monitors", &[(0, 1_234.0)]).peek().bounds, Capacity::new(3, 3).unwrap());
}
