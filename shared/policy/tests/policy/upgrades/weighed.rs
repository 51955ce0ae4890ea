//! What the load says of a class at the edges: gaps, old datapoints, exact limits, classes outside of the ladder.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide, rehearsed};
use tidegate_policy::upgrades::decision::{UpgradeDecision, UpgradeState};
use tidegate_policy::upgrades::observation::UpgradeObservation;
use tidegate_policy::upgrades::policy::ClassLadder;
use tidegate_policy::upgrades::reason::UpgradeReason;
use tidegate_policy::{Datapoint, MetricReading};

use crate::stage::{condition, seconds};
use crate::upgrades::{ClassShop, codes, friday, request, sunday};

/// What is decided where what is seen is changed a little.
pub(crate) fn seeing(shop: &ClassShop, change: impl FnOnce(&mut UpgradeObservation)) -> UpgradeDecision {
    let turn = UpgradeTurn {
        database: "main",
        evaluation: "e",
        overrides: &shop.overrides,
        emergency: None,
        asked: None,
        observe: false,
        now: shop.now,
    };
    let mut seen = shop.observation();
    change(&mut seen);
    let mut rehearsal = shop.rehearsal.clone();
    rehearsal.class = rehearsed(&seen, &shop.policy, &shop.memory, turn).unwrap_or_default();
    seen.rehearsal = Some(rehearsal);
    decide(&seen, &shop.policy, &shop.memory, turn)
}

/// Hourly datapoints, so many hours before a moment.
fn hourly(before: Timestamp, points: &[(i64, f64)]) -> MetricReading {
    let point = |(hours, value): &(i64, f64)| Datapoint {
        at: before - SignedDuration::from_hours(*hours),
        value: *value,
    };
    MetricReading::Points { period: seconds(3_600), points: points.iter().rev().map(point).collect() }
}

#[test]
fn a_datapoint_of_its_time_stands_against_a_condition_and_an_older_one_or_a_missing_one_does_not() {
    let noon: Timestamp = "2026-03-06T12:00:00Z".parse().unwrap();
    // 12:30: yesterday's 12:00 and before are older than a day. 13:00: yesterday's 13:00 is.
    for (rule, minutes, points, is_unknown) in [
        ("cpu > 80% for 1d", 30, vec![(0, 95.0), (3, 95.0), (26, 10.0)], true),
        ("cpu > 80% for 1d", 30, vec![(0, 95.0), (2, 10.0)], false),
        ("cpu > 80% for 1d", 60, vec![(0, 95.0), (3, 95.0), (23, 10.0)], true),
        ("cpu > 80% for 1d", 60, vec![(0, 95.0), (3, 95.0), (22, 10.0)], false),
        ("cpu > 80% for 10m", 30, vec![(0, 10.0)], false),
    ] {
        let mut shop = ClassShop::climbing(rule, "");
        shop.now = noon + SignedDuration::from_mins(minutes);
        let decision = seeing(&shop, |seen| seen.load.cpu.usual = hourly(noon, &points));
        let found = decision.reasons.iter().any(|it| matches!(it, UpgradeReason::NotWeighed { .. }));
        assert_eq!((found, decision.wanted), (is_unknown, None), "{rule} {points:?}");
    }
}

#[test]
fn the_hour_before_the_last_week_counts_no_more() {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 1d");
    let busy_before = |hours: i64| {
        let mut points: Vec<(i64, f64)> = (0..hours).map(|hour| (hour, 100.0)).collect();
        points.push((hours, 10_000.0));
        points
    };
    let noon: Timestamp = "2026-03-06T12:00:00Z".parse().unwrap();
    shop.now = friday();
    let refused =
        |hours: i64| codes(&seeing(&shop, |seen| seen.load.iops.peak = hourly(noon, &busy_before(hours))));
    assert_eq!(refused(24 * 7), [""; 0]);
    assert_eq!(refused(24 * 7 - 1), ["too-few-operations"]);
}

#[test]
fn a_smaller_class_that_was_planned_stays_planned_while_data_are_missing() {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
    shop.until(sunday() - SignedDuration::from_hours(2));
    assert_eq!(shop.news(), ["+plan"]);
    shop.hours = 24 * 9;
    let decision = shop.tick();
    assert_eq!((decision.state, shop.news()), (UpgradeState::Waiting, vec![]));
    assert!(shop.memory.planned.is_some());
}

#[test]
fn the_last_cause_in_a_window_is_told_and_its_end_is_a_cause_only_where_there_was_no_other() {
    let passed = |first: fn(&mut ClassShop), then: fn(&mut ClassShop)| {
        let mut shop = ClassShop::busy();
        shop.until(sunday() - SignedDuration::from_mins(5));
        first(&mut shop);
        shop.tick();
        then(&mut shop);
        let decision = shop.until(sunday() + SignedDuration::from_mins(60));
        crate::upgrades::cause(&decision, "window passed shop db.m6g.xlarge")
    };
    let busy: fn(&mut ClassShop) = |shop| shop.main().is_storage_busy = true;
    let moved = passed(busy, |shop| {
        shop.main().is_storage_busy = false;
        shop.emergency = Some("max");
    });
    assert_eq!(moved, "the emergency `max` is in force");
    // It was well again when too little of the window was left.
    let late = passed(busy, |shop| {
        shop.until(sunday() + SignedDuration::from_mins(45));
        shop.main().is_storage_busy = false;
    });
    assert!(late.contains("storage"), "{late}");
}

#[test]
fn the_need_of_a_larger_class_is_not_over_while_data_are_missing() {
    let mut shop = ClassShop::busy();
    shop.main().class = "db.m6g.4xlarge".to_owned();
    shop.tick();
    assert_eq!(shop.news(), ["+at top"]);
    shop.hours = 3;
    shop.tick();
    assert_eq!(shop.news(), [""; 0]);
}

#[test]
fn where_nothing_makes_a_class_smaller_the_end_of_the_load_ends_the_plan() {
    let mut shop = ClassShop::climbing("cpu > 80% for 1d", "");
    shop.load.cpu = 95.0;
    shop.until(sunday() - SignedDuration::from_hours(2));
    shop.load.cpu = 50.0;
    assert_eq!(shop.tick().state, UpgradeState::Idle);
    assert_eq!(shop.news(), ["+plan", "-plan"]);
}

#[test]
fn of_a_class_outside_of_the_ladder_the_memory_says_whether_another_one_is_smaller() {
    for (to, held) in [("db.t4g.medium", true), ("db.m6g.xlarge", false), ("db.m6g.4xlarge", false)] {
        let mut shop = ClassShop::new();
        shop.main().class = "db.r5.large".to_owned();
        shop.hold(OverrideKind::Hold(Held::ScaleIn));
        shop.asked = Some(ClassAsked::To(request(to, true)));
        assert_eq!(codes(&shop.peek()).contains(&"held"), held, "{to}");
    }
}

#[test]
fn a_week_is_looked_at_or_the_longest_condition() {
    let history = |up: &str, down: &str| {
        let ladder: ClassLadder = ClassShop::climbing(up, down).policy.ladder.unwrap();
        ladder.history()
    };
    assert_eq!(history("", ""), SignedDuration::from_hours(7 * 24));
    assert_eq!(history("cpu > 80% for 1d", "cpu < 20% for 14d"), SignedDuration::from_hours(14 * 24));
    assert_eq!(history("cpu > 80% for 8d", ""), SignedDuration::from_hours(8 * 24));
    assert_eq!(condition("cpu > 80% for 8d").hold_for, SignedDuration::from_hours(8 * 24));
}

#[test]
fn every_state_of_a_class_has_its_name() {
    use UpgradeState::{Idle, Modifying, Refused, Requested, Unknown, Verifying, Waiting};
    let names = [Idle, Waiting, Refused, Requested, Modifying, Verifying, Unknown].map(UpgradeState::code);
    let expected =
        ["idle", "waiting-for-window", "refused", "requested", "modifying", "verifying", "unknown"];
    assert_eq!(names, expected);
}
