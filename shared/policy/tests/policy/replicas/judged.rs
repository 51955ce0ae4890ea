//! What is believed of one replica at the edges: new, broken, idle, missed, or not asked about.

use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::replicas::policy::DatabasePolicy;

use crate::replicas::{GIB, Shop, ShopChange, call, told, why};
use crate::stage::seconds;

const NONE: &[String] = &[];

/// PostgreSQL whose source has written this much a second for ten minutes.
fn writing(bytes: f64) -> Shop {
    let mut shop = Shop::new(2).engine(Engine::PostgreSql { major: 14, minor: 1 });
    shop.source_load.log = Some(bytes);
    shop.minutes(10);
    shop
}

/// What is reported in so many minutes.
fn reported(shop: &mut Shop, minutes: u32) -> Vec<String> {
    (0..minutes).flat_map(|_| told(&shop.minute())).collect()
}

#[test]
fn a_new_replica_that_rds_still_backs_up_has_not_caught_up() {
    let mut shop = Shop::new(2);
    let now = shop.now;
    let new = shop.replica("shop-2");
    (new.status, new.created_at) = (Status::Changing("backing-up".to_owned()), Some(now));
    shop.minutes(20);
    assert_eq!(shop.memory.replicas["shop-2"].caught_up_at, None);
    shop.replica("shop-2").status = Status::Available;
    shop.minute();
    assert!(shop.memory.replicas["shop-2"].caught_up_at.is_some());
}

#[test]
fn broken_replication_without_a_message_is_its_status_and_stays_broken_until_it_is_seen_again() {
    let mut shop = Shop::new(2);
    shop.minute();
    let (status, message) = ("stopped".to_owned(), String::new());
    shop.replica("shop-2").replication = Replication::Broken { status, message };
    let decision = shop.minute();
    assert_eq!(decision.notices[0].cause.as_deref(), Some("stopped"));
    shop.replica("shop-2").replication = Replication::Running;
    shop.metrics = false;
    let decision = shop.minute();
    assert!(why(&decision).contains("is broken: not seen replicating again yet"), "{}", why(&decision));
}

#[test]
fn one_that_was_not_seen_being_created_may_have_answered_reads_and_is_left_to_operators() {
    let mut shop = Shop::new(2).counting(1, 5, "", "");
    shop.load("shop-2").lag = Some(900.0);
    (0..40).for_each(|_| shop.measure());
    shop.minutes(3);
    assert_eq!(shop.memory.replicas["shop-2"].caught_up_at, None);
    shop.replica("shop-2").status = Status::Failed("failed".to_owned());
    assert!((0..60).all(|_| call(&shop.minute()).is_empty()));
}

#[test]
fn the_lag_of_an_idle_source_is_named_as_what_does_not_count() {
    let mut shop = writing(0.0);
    shop.load("shop-2").lag = Some(200.0);
    let decision = shop.minutes(6);
    let sentence = "shop-2 shows a lag of 3m20s, which does not count";
    assert!(why(&decision).contains(sentence), "{}", why(&decision));
}

#[test]
fn a_lag_that_nobody_asked_for_is_not_reported_as_unknown() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.metrics = false;
    assert_eq!(reported(&mut shop, 40), NONE);
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = None;
    assert_eq!(reported(&mut shop, 30), ["+lag unknown shop-2"]);
    shop.metrics = false;
    assert_eq!(reported(&mut shop, 5), NONE, "and neither as known again");
    shop.metrics = true;
    shop.replica("shop-2").status = Status::Changing("rebooting".to_owned());
    assert_eq!(reported(&mut shop, 5), NONE);
}

#[test]
fn what_an_idle_source_writes_by_itself_is_no_proof_of_lag() {
    let idle = 67_108_864.0 / 300.0 * 1.2;
    let slot = 2.0 * 67_108_864.0;
    for (log, kept, expected) in [
        (idle, 0.0, None),
        (idle + 1.0, 0.0, Some("+lag")),
        (0.0, slot, None),
        (0.0, slot + 1.0, Some("+lag")),
    ] {
        let mut shop = writing(log);
        shop.source_load.slot_lag = Some(kept);
        shop.load("shop-2").lag = Some(200.0);
        assert_eq!(reported(&mut shop, 12), expected.into_iter().collect::<Vec<_>>(), "{log} {kept}");
    }
}

/// What is reported where a slot is behind and a replica lags in these minutes, one after the other and again.
fn minute_by_minute(minutes: &[(bool, bool)]) -> Vec<String> {
    let mut shop = writing(0.0);
    let mut all = Vec::new();
    for (is_behind, lags) in minutes.iter().cycle().take(20) {
        shop.source_load.slot_lag = Some(if *is_behind { GIB } else { 0.0 });
        shop.load("shop-2").lag = Some(if *lags { 200.0 } else { 0.0 });
        all.extend(told(&shop.minute()));
    }
    all
}

#[test]
fn a_slot_speaks_of_its_own_minute() {
    let (lag, behind, both, calm) = ((false, true), (true, false), (true, true), (false, false));
    assert_eq!(minute_by_minute(&[both, calm]), ["+lag"]);
    assert_eq!(minute_by_minute(&[lag, behind]), NONE);
    assert_eq!(minute_by_minute(&[lag, lag, lag, behind, behind, behind, behind]), NONE);
}

#[test]
fn what_slots_keep_is_compared_with_what_is_known_and_named() {
    let kept = |bytes: f64, free: f64, allocated: u64| {
        let mut shop = writing(0.0);
        shop.instances().source.allocated_storage = allocated;
        (shop.source_load.slot_disk, shop.source_load.free) = (Some(bytes), Some(free));
        let all = reported(&mut shop, 12);
        (all, why(&shop.minute()).contains("replication slots keep"))
    };
    assert_eq!(kept(10.0 * GIB, 500.0 * GIB, 0), (vec![], false), "how large the disk is is not known");
    let disk = 1_000 * 1_073_741_824;
    assert_eq!(kept(80.0 * GIB, 80.0 * GIB, disk), (vec!["+slot disk".to_owned()], true));
    assert_eq!(kept(0.0, 0.0, disk), (vec![], false));
}

#[test]
fn lag_is_over_while_another_replica_that_did_not_lag_is_missed() {
    let mut shop = Shop::new(3);
    shop.minute();
    shop.load("shop-2").lag = Some(60.0);
    assert_eq!(reported(&mut shop, 10), ["+lag"]);
    shop.load("shop-2").lag = Some(0.0);
    shop.minutes(6);
    shop.gone("shop-3");
    assert_eq!(reported(&mut shop, 2), ["-lag"]);
}

#[test]
fn metrics_are_asked_for_as_far_back_as_the_longest_condition_and_a_few_minutes_more() {
    let history = |out: &str, scale_in: &str| {
        let DatabasePolicy { count, .. } = Shop::new(1).counting(1, 5, out, scale_in).policy;
        DatabasePolicy { is_aurora: false, lag: None, count, dns: None }.history()
    };
    assert_eq!(history("", ""), seconds(26 * 60), "an idle source is watched for so long");
    assert_eq!(history("cpu > 70% for 5m", "cpu < 30% for 15m"), seconds(26 * 60));
    assert_eq!(history("cpu > 70% for 5m", "cpu < 30% for 60m"), seconds(66 * 60));
    assert_eq!(history("cpu > 70% for 2h", ""), seconds(126 * 60));
}

#[test]
fn one_that_is_deleted_failed_or_terminated_is_not_there() {
    let terminated = |shop: &mut Shop| {
        let (status, message) = ("terminated".to_owned(), String::new());
        shop.replica("shop-2").replication = Replication::Broken { status, message };
    };
    let gone: [ShopChange; 3] = [
        ("deleting", |shop| shop.replica("shop-2").status = Status::Deleting),
        ("failed", |shop| shop.replica("shop-2").status = Status::Failed("failed".to_owned())),
        ("terminated", terminated),
    ];
    for (what, change) in gone {
        let mut shop = Shop::new(3).counting(1, 5, "", "");
        shop.minute();
        change(&mut shop);
        assert_eq!(shop.minute().count.map(|count| count.existing), Some(2), "{what}");
    }
}
