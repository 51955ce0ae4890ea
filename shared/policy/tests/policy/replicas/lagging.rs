//! Lag by the meaning that each engine gives it: what counts, for how long, and what is reported of it.

use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::replicas::policy::LagLimits;

use crate::replicas::{Shop, told, why};
use crate::stage::seconds;

const NONE: &[String] = &[];

#[test]
fn three_of_five_settled_minutes_above_the_limit_are_lag() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(40.0);
    // Young for three minutes, then counted: at three of five.
    for minute in 1..=5 {
        let decision = shop.minute();
        assert_eq!(told(&decision), NONE, "minute {minute}: {}", why(&decision));
    }
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+lag"]);
    assert_eq!(decision.notices[0].verdict, "shop-2 lags by 40s");
    assert_eq!(told(&shop.minutes(20)), NONE, "one notice on entry");
}

#[test]
fn a_spike_of_two_minutes_is_no_lag() {
    let mut shop = Shop::new(1);
    shop.minute();
    shop.load("shop-1").lag = Some(400.0);
    shop.minutes(2);
    shop.load("shop-1").lag = Some(0.0);
    for _ in 0..12 {
        assert_eq!(told(&shop.minute()), NONE);
    }
}

#[test]
fn a_replica_has_recovered_after_five_settled_minutes_below() {
    let mut shop = Shop::new(2);
    shop.load("shop-2").lag = Some(40.0);
    shop.minutes(12);
    assert_eq!(shop.answers(), ["shop-1"]);
    shop.load("shop-2").lag = Some(15.0);
    for minute in 1..=7 {
        assert_eq!(told(&shop.minute()), NONE, "minute {minute}");
    }
    let decision = shop.minute();
    assert_eq!(told(&decision), ["-lag"], "{}", why(&decision));
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn a_missing_minute_ends_no_lag() {
    let mut shop = Shop::new(2);
    shop.load("shop-2").lag = Some(40.0);
    shop.minutes(12);
    shop.load("shop-2").lag = None;
    for _ in 0..40 {
        let decision = shop.minute();
        assert!(!told(&decision).contains(&"-lag".to_owned()));
    }
    assert_eq!(shop.answers(), ["shop-1"]);
}

#[test]
fn the_worst_replica_is_named_and_one_notice_stands_for_all() {
    let mut shop = Shop::new(3);
    shop.load("shop-2").lag = Some(40.0);
    shop.load("shop-3").lag = Some(90.0);
    let begins = (0..12).map(|_| shop.minute()).find(|decision| !decision.notices.is_empty()).unwrap();
    assert_eq!(begins.notices[0].verdict, "shop-3 lags by 1m30s");
    shop.load("shop-3").lag = Some(0.0);
    assert_eq!(told(&shop.minutes(12)), NONE, "one still lags");
    shop.load("shop-2").lag = Some(0.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-lag"]);
}

#[test]
fn above_the_critical_limit_operators_are_notified_once_more() {
    let mut shop = Shop::new(2);
    shop.policy.lag = Some(LagLimits { warning: seconds(15), critical: Some(seconds(60)) });
    shop.minute();
    shop.load("shop-2").lag = Some(40.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+lag"]);
    shop.load("shop-2").lag = Some(61.0);
    let decision = (0..12).map(|_| shop.minute()).find(|decision| !decision.notices.is_empty()).unwrap();
    assert_eq!(told(&decision), ["+lag!"]);
    assert_eq!(decision.notices[0].cause.as_deref(), Some("above 1m in 3 of the last 5 minutes"));
    assert!(why(&shop.minute()).contains("shop-2 lags by 1m1s (limit 1m)"), "{}", why(&shop.minute()));
    shop.load("shop-2").lag = Some(0.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-lag!"]);
}

#[test]
fn minus_one_is_broken_replication_and_never_a_number() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(-1.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+broken shop-2!"]);
    assert_eq!(shop.answers(), ["shop-1"]);
    shop.load("shop-2").lag = Some(0.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-broken shop-2!"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn missing_datapoints_end_no_broken_replication() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(-1.0);
    shop.minutes(12);
    shop.load("shop-2").lag = None;
    // Longer than an answer of CloudWatch reaches back.
    for _ in 0..90 {
        assert!(!told(&shop.minute()).contains(&"-broken shop-2!".to_owned()));
    }
    assert_eq!(shop.answers(), ["shop-1"]);
    shop.load("shop-2").lag = Some(0.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert!(all.contains(&"-broken shop-2!".to_owned()), "{all:?}");
}

#[test]
fn what_status_infos_say_counts_whatever_else_stops_the_replica() {
    let mut shop = Shop::new(2);
    shop.minutes(2);
    shop.replica("shop-2").status = Status::Changing("storage-full".to_owned());
    assert!(told(&shop.minute()).is_empty());
    let (status, message) = ("error".to_owned(), "the disk is full".to_owned());
    shop.replica("shop-2").replication = Replication::Broken { status, message };
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+broken shop-2!"]);
    assert!(why(&decision).contains("error, the disk is full"), "{}", why(&decision));
    shop.replica("shop-2").replication = Replication::Running;
    assert!((0..10).all(|_| told(&shop.minute()).is_empty()), "it is not seen replicating before it serves");
    shop.replica("shop-2").status = Status::Available;
    let all: Vec<String> = (0..10).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-broken shop-2!"]);
}

#[test]
fn one_minus_one_is_a_restart() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(-1.0);
    shop.minutes(2);
    shop.load("shop-2").lag = Some(0.0);
    for _ in 0..10 {
        assert_eq!(told(&shop.minute()), NONE);
    }
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn what_status_infos_say_counts_at_once() {
    let mut shop = Shop::new(2);
    shop.minute();
    let (status, message) = ("error".to_owned(), "Last_Errno 1062".to_owned());
    shop.replica("shop-2").replication = Replication::Broken { status, message };
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+broken shop-2!"]);
    assert_eq!(decision.notices[0].cause.as_deref(), Some("error, Last_Errno 1062"));
    assert_eq!(shop.answers(), ["shop-1"]);
    shop.replica("shop-2").replication = Replication::Running;
    assert_eq!(told(&shop.minute()), ["-broken shop-2!"]);
}

/// PostgreSQL whose source writes next to nothing: the lag rises to 300 s and falls, once a minute.
fn idle(minor: u32) -> Shop {
    let mut shop = Shop::new(2).engine(Engine::PostgreSql { major: 14, minor });
    shop.source_load.log = Some(0.0);
    shop.minutes(10);
    shop
}

/// One new segment every five minutes, and the lag that a replica shows meanwhile.
fn idle_minutes(shop: &mut Shop, minutes: u32) -> Vec<String> {
    let mut all = Vec::new();
    for minute in 0..minutes {
        let is_new_segment = minute % 5 == 0;
        shop.source_load.log = Some(if is_new_segment { 67_108_864.0 / 60.0 } else { 0.0 });
        let lag = 20.0 + 60.0 * f64::from(minute % 5);
        shop.all(|load| load.lag = Some(lag));
        all.extend(told(&shop.minute()));
    }
    all
}

#[test]
fn an_idle_source_of_postgresql_is_not_taken_for_lag() {
    for minor in [0, 1] {
        let mut shop = idle(minor);
        shop.minute();
        assert_eq!(idle_minutes(&mut shop, 60), NONE, "14.{minor}");
        assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
    }
}

#[test]
fn a_source_that_writes_makes_the_same_numbers_lag() {
    let mut shop = idle(0);
    shop.minute();
    shop.all(|load| load.lag = Some(200.0));
    shop.source_load.log = Some(67_108_864.0 / 300.0 * 1.2 + 1_000.0);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+lag"]);
}

#[test]
fn a_slot_that_is_behind_makes_it_lag_from_14_1_on() {
    for (minor, expected) in [(0, vec![]), (1, vec!["+lag".to_owned()])] {
        let mut shop = idle(minor);
        shop.minute();
        shop.all(|load| load.lag = Some(200.0));
        shop.source_load.slot_lag = Some(129.0 * 1_048_576.0);
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all, expected, "14.{minor}");
    }
}

#[test]
fn above_six_minutes_it_is_lag_whatever_the_source_writes() {
    for (lag, expected) in [(360.0, vec![]), (361.0, vec!["+lag".to_owned()])] {
        let mut shop = idle(1);
        shop.minute();
        shop.all(|load| load.lag = Some(lag));
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all, expected, "{lag}");
    }
}

#[test]
fn an_idle_source_is_no_proof_of_calm_before_a_quarter_of_an_hour() {
    let mut shop = idle(0);
    shop.load("shop-2").lag = Some(400.0);
    shop.minutes(12);
    assert_eq!(shop.answers(), ["shop-1"]);
    // From now on nothing is written; the number swings between 20 and 260 s and says nothing.
    let before = idle_minutes(&mut shop, 15);
    assert_eq!(before, NONE);
    assert_eq!(shop.answers(), ["shop-1"]);
    assert_eq!(idle_minutes(&mut shop, 10), ["-lag"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn where_neither_log_nor_slot_is_known_it_is_neither_lag_nor_calm() {
    let mut shop = idle(1);
    shop.minute();
    (shop.source_load.log, shop.source_load.slot_lag) = (None, None);
    shop.minutes(30);
    shop.all(|load| load.lag = Some(200.0));
    let all: Vec<String> = (0..30).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, NONE);
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn aurora_shows_milliseconds() {
    let mut shop = Shop::new(1).engine(Engine::Aurora);
    shop.policy.lag = Some(LagLimits { warning: jiff::SignedDuration::from_millis(100), critical: None });
    shop.minute();
    shop.load("shop-1").lag = Some(0.1);
    for _ in 0..10 {
        assert_eq!(told(&shop.minute()), NONE);
    }
    shop.load("shop-1").lag = Some(0.15);
    let begins = (0..12).map(|_| shop.minute()).find(|decision| !decision.notices.is_empty()).unwrap();
    assert_eq!(begins.notices[0].verdict, "shop-1 lags by 150ms");
}

#[test]
fn a_replica_without_any_lag_datapoint_is_reported_after_a_quarter_of_an_hour() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = None;
    let mut told_at = None;
    for minute in 1..40 {
        if told(&shop.minute()) == ["+lag unknown shop-2"] {
            told_at.get_or_insert(minute);
        }
    }
    // Five minutes until the newest is too old, and fifteen more.
    assert_eq!(told_at, Some(21));
    assert_eq!(shop.answers(), ["shop-1", "shop-2"], "what is not known takes no record away");
    shop.load("shop-2").lag = Some(0.0);
    let all: Vec<String> = (0..6).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-lag unknown shop-2"]);
}

#[test]
fn a_new_replica_is_behind_as_a_matter_of_course_for_two_hours() {
    let mut shop = Shop::new(2);
    let now = shop.now;
    shop.replica("shop-2").created_at = Some(now);
    shop.load("shop-2").lag = Some(4_000.0);
    let all: Vec<String> = (0..119).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, NONE);
    let all: Vec<String> = (0..5).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+lag"]);
}

#[test]
fn slots_that_keep_a_tenth_of_the_disk_are_reported() {
    const GIB: f64 = crate::replicas::GIB;
    // Of a disk of 1,000 GiB: kept, free, what is reported.
    for (kept, free, expected) in [
        (100.0, 500.0, None),
        (101.0, 500.0, Some("+slot disk")),
        (40.0, 80.0, None),
        (41.0, 80.0, Some("+slot disk")),
        (81.0, 80.0, Some("+slot disk!")),
    ] {
        let mut shop = Shop::new(1).engine(Engine::PostgreSql { major: 16, minor: 3 });
        shop.minute();
        (shop.source_load.slot_disk, shop.source_load.free) = (Some(kept * GIB), Some(free * GIB));
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all, expected.into_iter().collect::<Vec<_>>(), "{kept} of {free}");
        (shop.source_load.slot_disk, shop.source_load.free) = (Some(0.0), Some(500.0 * GIB));
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all.len(), usize::from(expected.is_some()), "{all:?}");
    }
}

#[test]
fn a_failed_replica_of_others_is_reported_and_left_alone() {
    let mut shop = Shop::new(2).counting(1, 5, "cpu > 70% for 5m", "");
    shop.replica("shop-2").is_ours = false;
    shop.minute();
    shop.replica("shop-2").status = Status::Failed("incompatible-network".to_owned());
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+failed shop-2"]);
    assert_eq!(decision.call, None);
}
