//! A change waits for its window: planned, announced a day ahead, begun inside it, told where it passes.

use jiff::SignedDuration;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::upgrades::decision::UpgradeState;
use tidegate_policy::upgrades::memory::ClassChangeBegan;

use crate::upgrades::{ClassShop, GIB, friday, sunday};

/// What happens to a database, under the words that name it.
type ClassShopChange = (&'static str, fn(&mut ClassShop));

const CALL: &str = "modify shop db.t4g.large db.m6g.xlarge";

#[test]
fn sustained_load_is_announced_a_day_ahead_and_changed_at_the_first_evaluation_of_the_window() {
    let mut shop = ClassShop::busy();
    let decision = shop.evaluate();
    assert_eq!((decision.state, decision.call), (UpgradeState::Waiting, None));
    assert_eq!(shop.news(), [""; 0], "the window is a day and more away");
    shop.until(sunday() - SignedDuration::from_hours(25) - SignedDuration::from_mins(5));
    assert_eq!(shop.news(), [""; 0]);
    let decision = shop.tick();
    assert_eq!(shop.news(), ["+plan"]);
    let plan = &decision.notices[0];
    assert_eq!(
        plan.verdict,
        "shop: db.t4g.large → db.m6g.xlarge planned for Sunday 2026-03-08 05:00 UTC, about 2 to 15 minutes down"
    );
    assert_eq!(plan.cause.as_deref(), Some("cpu > 80% for 1d"));
    shop.until(sunday() - SignedDuration::from_mins(5));
    assert_eq!(shop.news(), [""; 0]);
    let decision = shop.tick();
    assert_eq!(decision.state, UpgradeState::Requested);
    assert_eq!(shop.news(), [CALL], "that it began is told by the next evaluation");
    shop.tick();
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge"]);
}

#[test]
fn the_whole_time_of_a_condition_must_have_been_above_its_threshold() {
    for (hours, wanted) in [(23, false), (24, true)] {
        let mut shop = ClassShop::busy();
        shop.hours = hours;
        assert_eq!(shop.evaluate().wanted.is_some(), wanted, "{hours} hours");
    }
    for (cpu, wanted) in [(80.0, false), (80.1, true)] {
        let mut shop = ClassShop::busy();
        shop.load.cpu = cpu;
        assert_eq!(shop.evaluate().wanted.is_some(), wanted, "{cpu}%");
    }
}

#[test]
fn memory_and_connections_are_weighed_as_shares_of_what_the_class_has() {
    // A `db.t4g.large` has 8 GiB, and takes 771 connections by the estimate.
    for (condition, free_gib, connections, wanted) in [
        ("memory > 90% for 1d", 0.7, 0.0, true),
        ("memory > 90% for 1d", 0.9, 0.0, false),
        ("connections > 80% for 1d", 4.0, 620.0, true),
        ("connections > 80% for 1d", 4.0, 610.0, false),
        ("connections > 400 for 1d", 4.0, 401.0, true),
        ("iops > 99 for 1d", 4.0, 0.0, true),
        ("iops > 100 for 1d", 4.0, 0.0, false),
    ] {
        let mut shop = ClassShop::climbing(condition, "");
        (shop.load.free_memory, shop.load.connections) = (free_gib * GIB, connections);
        assert_eq!(shop.evaluate().wanted.is_some(), wanted, "{condition} {free_gib} {connections}");
    }
}

#[test]
fn what_is_first_wanted_inside_the_window_waits_for_the_next_one() {
    let mut shop = ClassShop::busy();
    shop.now = sunday() + SignedDuration::from_mins(5);
    let decision = shop.evaluate();
    assert_eq!(decision.call, None);
    assert_eq!(decision.wanted.unwrap().window, Some(sunday() + SignedDuration::from_hours(7 * 24)));
}

#[test]
fn what_operators_were_not_told_of_a_day_before_waits_for_the_next_window() {
    let week = SignedDuration::from_hours(7 * 24);
    let until_the_window: [ClassShopChange; 2] = [
        ("SNS took nothing", |shop| {
            shop.until(sunday() - SignedDuration::from_hours(26));
            shop.notified = false;
            shop.until(sunday() - SignedDuration::from_hours(20));
            shop.notified = true;
        }),
        ("no evaluation", |shop| {
            shop.evaluate();
            shop.now = sunday() - SignedDuration::from_hours(3);
        }),
    ];
    for (what, before) in until_the_window {
        let mut shop = ClassShop::busy();
        before(&mut shop);
        shop.until(sunday() + SignedDuration::from_hours(2));
        assert_eq!(shop.news(), [""; 0], "{what}");
        assert_eq!(shop.memory.planned.as_ref().map(|it| it.window), Some(sunday() + week), "{what}");
        shop.until(sunday() + week);
        assert_eq!(shop.news(), ["+plan", CALL], "{what}");
    }

    // The window is moved to a few hours ahead.
    let mut shop = ClassShop::busy();
    let saturday = sunday() - SignedDuration::from_hours(11);
    shop.until(saturday - SignedDuration::from_hours(3));
    assert_eq!(shop.news(), ["+plan"]);
    shop.main().maintenance_window = "sat:18:00-sat:19:00".to_owned();
    let decision = shop.tick();
    assert_eq!(shop.news(), ["-plan"]);
    assert_eq!(decision.notices[0].verdict, "the change is planned for Saturday 2026-03-14 18:00 UTC now");
    shop.until(saturday + SignedDuration::from_hours(2));
    assert_eq!(shop.news(), [""; 0]);
    shop.until(saturday + week);
    assert_eq!(shop.news(), ["+plan", CALL]);
}

#[test]
fn sns_may_take_the_plan_late_by_less_than_an_hour() {
    let mut shop = ClassShop::busy();
    shop.notified = false;
    shop.until(sunday() - SignedDuration::from_hours(24) - SignedDuration::from_mins(5));
    assert_eq!(shop.news(), [""; 0]);
    shop.notified = true;
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", CALL]);
}

#[test]
fn missing_data_neither_begins_nor_drops_what_was_planned() {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.news();
    let hours = std::mem::replace(&mut shop.hours, 3);
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), [""; 0], "no call without data, and the plan stands");
    shop.hours = hours;
    shop.tick();
    assert_eq!(shop.news(), [CALL]);
}

#[test]
fn a_load_that_falls_before_the_window_ends_the_plan_and_that_is_told() {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_hours(2));
    assert_eq!(shop.news(), ["+plan"]);
    shop.load.cpu = 50.0;
    shop.until(sunday() + SignedDuration::from_mins(30));
    assert_eq!(shop.news(), ["-plan"]);
    assert_eq!(shop.memory.planned, None);
}

#[test]
fn a_window_that_passes_with_something_against_it_is_told_with_the_cause_and_tried_again() {
    let mut shop = ClassShop::busy();
    shop.main().pending = vec!["EngineVersion".to_owned()];
    shop.until(sunday() - SignedDuration::from_mins(5));
    assert_eq!(shop.news(), ["+plan", "+refused"], "in time to be mended");
    let decision = shop.until(sunday() + SignedDuration::from_hours(1));
    assert_eq!(shop.news(), ["window passed shop db.m6g.xlarge"]);
    let cause = crate::upgrades::cause(&decision, "window passed shop db.m6g.xlarge");
    assert!(cause.starts_with("EngineVersion of shop is pending"), "{cause}");
    shop.main().pending.clear();
    shop.until(sunday() + SignedDuration::from_hours(7 * 24));
    assert_eq!(shop.news().last().map(String::as_str), Some(CALL));
}

#[test]
fn a_window_in_which_nobody_looked_is_told() {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_hours(1));
    shop.news();
    shop.now = sunday() + SignedDuration::from_hours(3);
    let decision = shop.evaluate();
    assert_eq!(shop.news(), ["window passed shop db.m6g.xlarge"]);
    let cause = crate::upgrades::cause(&decision, "window passed shop db.m6g.xlarge");
    assert_eq!(cause, "no evaluation looked at it in time");
}

#[test]
fn one_rung_a_window() {
    let mut shop = ClassShop::busy();
    shop.ladder().per_day = 10;
    shop.until(sunday());
    shop.modified("shop");
    shop.tick();
    assert_eq!(shop.instances.main.class, "db.m6g.xlarge");
    shop.news();
    let rest = shop.until(sunday() + SignedDuration::from_mins(55));
    assert_eq!(rest.call, None);
    assert!(
        shop.news().iter().all(|it| !it.starts_with("modify")),
        "what was measured speaks of the old class"
    );
    // Also where the data were of the new class already.
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.memory.began = vec![ClassChangeBegan { at: sunday(), window: Some(sunday()), observed: false }];
    shop.ladder().per_day = 10;
    assert_eq!(shop.tick().call, None);
}

#[test]
fn users_ask_for_the_class_of_the_highest_row_that_they_reach() {
    use tidegate_policy::MetricName;
    use tidegate_policy::upgrades::policy::ClassFloor;
    let rows = vec![(1_000, 0), (10_000, 1), (100_000, 2), (1_000_000, 3)];
    for (users, wanted) in [
        (Some(9_999.0), None),
        (Some(10_000.0), None),
        (Some(99_999.0), None),
        (Some(100_000.0), Some("db.m6g.xlarge")),
        (Some(5_000_000.0), Some("db.m6g.xlarge")),
        (None, None),
    ] {
        let mut shop = ClassShop::new();
        shop.ladder().floor = Some(ClassFloor { by: MetricName::new("users").unwrap(), rows: rows.clone() });
        shop.load.users = users;
        let decision = shop.evaluate();
        assert_eq!(decision.wanted.map(|it| it.to).as_deref(), wanted, "{users:?}: one rung at a time");
    }
}

#[test]
fn an_idle_database_gets_smaller_only_where_the_business_allows_it_and_is_known() {
    use tidegate_policy::MetricName;
    use tidegate_policy::upgrades::policy::ClassFloor;
    for (users, wanted) in [(Some(9_999.0), Some("db.t4g.medium")), (Some(10_000.0), None), (None, None)] {
        let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
        let rows = vec![(1_000, 0), (10_000, 1)];
        shop.ladder().floor = Some(ClassFloor { by: MetricName::new("users").unwrap(), rows });
        shop.load.users = users;
        assert_eq!(shop.evaluate().wanted.map(|it| it.to).as_deref(), wanted, "{users:?}");
    }
}

#[test]
fn the_largest_class_is_told_once_and_its_end_too() {
    let mut shop = ClassShop::busy();
    shop.main().class = "db.m6g.4xlarge".to_owned();
    shop.evaluate();
    shop.tick();
    assert_eq!(shop.news(), ["+at top"]);
    shop.load.cpu = 50.0;
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), ["-at top"]);
}

#[test]
fn a_class_outside_of_the_ladder_is_left_alone() {
    let mut shop = ClassShop::busy();
    shop.main().class = "db.r5.large".to_owned();
    let decision = shop.evaluate();
    assert_eq!((decision.state, decision.wanted), (UpgradeState::Idle, None));
}

#[test]
fn a_hold_keeps_the_class_and_a_hold_of_scale_in_only_keeps_it_from_getting_smaller() {
    for (busy, held, refused) in [
        (true, Held::Both, true),
        (true, Held::ScaleIn, false),
        (false, Held::Both, true),
        (false, Held::ScaleIn, true),
    ] {
        let mut shop = ClassShop::busy();
        if !busy {
            shop.load.cpu = 5.0;
        }
        shop.hold(OverrideKind::Hold(held));
        let codes = crate::upgrades::codes(&shop.evaluate());
        assert_eq!(codes.contains(&"held"), refused, "{busy} {held:?}: {codes:?}");
    }
}

#[test]
fn what_a_fleet_file_names_as_its_window_counts_instead_of_that_of_the_instance() {
    use tidegate_policy::upgrades::policy::ChangeWindow;
    let mut shop = ClassShop::busy();
    shop.ladder().window = ChangeWindow::Weekly("sat:13:00-sat:14:00".parse().unwrap());
    shop.until("2026-03-07T13:00:00Z".parse().unwrap());
    assert_eq!(shop.news(), ["+plan", CALL]);
    assert!(shop.now > friday());
}

#[test]
fn in_observe_mode_it_is_told_once_a_window_what_would_begin() {
    let mut shop = ClassShop::busy();
    shop.observe = true;
    shop.until(sunday() + SignedDuration::from_hours(3));
    assert_eq!(shop.news(), ["+plan", "observed shop db.m6g.xlarge"]);
    assert_eq!(shop.memory.change, None);
}

/// The newest hour that has settled speaks of the class before: an hour after somebody changed it nothing is known of the new one.
#[test]
fn what_was_measured_before_somebody_changed_the_class_counts_no_more() {
    let mut shop = ClassShop::busy();
    shop.evaluate();
    shop.main().class = "db.m6g.xlarge".to_owned();
    shop.load.free_memory = 12.0 * GIB;
    assert_eq!(shop.tick().wanted, None, "one step more by the load of the class before");
    shop.now += SignedDuration::from_hours(23);
    assert_eq!(shop.evaluate().wanted, None);
    shop.now += SignedDuration::from_hours(3);
    assert_eq!(shop.evaluate().wanted.map(|it| it.to).as_deref(), Some("db.m6g.4xlarge"));
}

#[test]
fn what_the_load_asks_for_is_planned_a_day_before_the_window_opens_or_waits_for_the_next_one() {
    for (hours, window) in [(24, sunday()), (23, sunday() + SignedDuration::from_hours(7 * 24))] {
        let mut shop = ClassShop::busy();
        shop.now = sunday() - SignedDuration::from_hours(hours);
        assert_eq!(shop.evaluate().wanted.unwrap().window, Some(window), "{hours} hours before");
    }
}

#[test]
fn a_plan_is_told_again_for_the_next_window_and_when_its_window_moves() {
    let mut shop = ClassShop::busy();
    shop.main().is_storage_busy = true;
    shop.until(sunday() + SignedDuration::from_hours(2));
    assert_eq!(shop.news(), ["+plan", "+refused", "window passed shop db.m6g.xlarge"]);
    shop.until(sunday() + SignedDuration::from_hours(7 * 24 - 1));
    assert_eq!(shop.news(), ["+plan", "+refused"]);

    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(24 * 60 + 30));
    shop.main().maintenance_window = "sun:05:15-sun:06:15".to_owned();
    shop.tick();
    assert_eq!(shop.news(), ["+plan", "+plan"], "a day is left");
}

#[test]
fn what_could_not_be_weighed_or_sent_in_the_window_is_the_cause_that_is_told() {
    let told = |change: fn(&mut ClassShop)| {
        let mut shop = ClassShop::busy();
        shop.until(sunday() - SignedDuration::from_mins(5));
        change(&mut shop);
        let decision = shop.until(sunday() + SignedDuration::from_mins(60));
        crate::upgrades::cause(&decision, "window passed shop db.m6g.xlarge")
    };
    assert!(told(|shop| shop.hours = 5).starts_with("cpu > 80% for 1d is known to hold for"));
    let not_sent = told(|shop| shop.outcome = tidegate_policy::database::call::CallOutcome::NotSent);
    assert!(not_sent.starts_with("the call was not sent"), "{not_sent}");
}

#[test]
fn a_metric_of_the_business_that_may_still_grow_or_is_old_makes_nothing_smaller() {
    use tidegate_policy::upgrades::policy::ClassFloor;
    use tidegate_policy::{Datapoint, MetricName, MetricReading};
    let at =
        |minutes: i64, value: f64| Datapoint { at: friday() - SignedDuration::from_mins(minutes), value };
    for (points, wanted) in [
        (vec![at(4, 12_000.0), at(0, 500.0)], None),
        (vec![at(4, 500.0), at(0, 12_000.0)], None),
        (vec![at(60, 500.0)], None),
        (vec![at(4, 500.0), at(0, 100.0)], Some("db.t4g.medium")),
    ] {
        let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
        let rows = vec![(1_000, 0), (10_000, 1)];
        shop.ladder().floor = Some(ClassFloor { by: MetricName::new("users").unwrap(), rows });
        let period = SignedDuration::from_mins(1);
        shop.users = Some(MetricReading::Points { period, points: points.clone() });
        assert_eq!(shop.evaluate().wanted.map(|it| it.to).as_deref(), wanted, "{points:?}");
    }
}
