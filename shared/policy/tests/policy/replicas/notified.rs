//! A notice counts once SNS has taken it, and is repeated until then.

use tidegate_policy::database::notice::DatabaseNotice;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::observation::Status;

use crate::replicas::{Shop, ShopChange, told, why};

const NONE: &[String] = &[];

fn lagging() -> Shop {
    let mut shop = Shop::new(2);
    shop.load("shop-2").lag = Some(60.0);
    shop.notified = false;
    shop.minutes(10);
    shop
}

#[test]
fn what_begins_is_repeated_until_it_is_taken() {
    let mut shop = lagging();
    assert_eq!(told(&shop.minute()), ["+lag"]);
    assert_eq!(told(&shop.minute()), ["+lag"]);
    shop.notified = true;
    assert_eq!(told(&shop.minute()), ["+lag"]);
    assert_eq!(told(&shop.minute()), NONE);
}

#[test]
fn what_ends_is_repeated_until_it_is_taken() {
    let mut shop = lagging();
    shop.notified = true;
    shop.minute();
    shop.load("shop-2").lag = Some(0.0);
    shop.notified = false;
    shop.minutes(12);
    assert_eq!(told(&shop.minute()), ["-lag"]);
    shop.notified = true;
    assert_eq!(told(&shop.minute()), ["-lag"]);
    assert_eq!(told(&shop.minute()), NONE);
}

#[test]
fn what_nobody_heard_of_ends_in_silence() {
    let mut shop = lagging();
    shop.load("shop-2").lag = Some(0.0);
    shop.minutes(12);
    assert_eq!(told(&shop.minute()), NONE);
    assert!(shop.memory.active.is_empty());
}

#[test]
fn what_cannot_be_seen_is_not_over() {
    let mut shop = lagging();
    shop.notified = true;
    shop.minute();
    shop.seen.instances = Err(crate::stage::refused());
    let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+rds unreadable"]);
    assert!(shop.memory.active.contains_key("lag"));
}

#[test]
fn a_replica_that_one_answer_left_out_ends_no_notice() {
    let mut shop = Shop::new(3);
    shop.minute();
    shop.load("shop-2").lag = Some(-1.0);
    shop.load("shop-3").lag = Some(60.0);
    let all: Vec<String> = (0..8).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+lag", "+broken shop-2!"]);
    let gone = ["shop-2", "shop-3"].map(|id| shop.gone(id));
    assert_eq!(told(&shop.minutes(2)), NONE, "RDS may show what was a few minutes ago");
    shop.instances().replicas.extend(gone);
    assert!((0..8).all(|_| told(&shop.minute()).is_empty()));
}

#[test]
fn a_load_that_is_not_known_or_not_asked_ends_no_need() {
    let at_max = |max| {
        let mut shop = Shop::new(2).counting(1, max, "cpu > 70% for 5m", "");
        shop.all(|load| load.cpu = Some(90.0));
        shop.minutes(6);
        shop
    };
    let mut shop = at_max(2);
    assert!(shop.memory.active.contains_key("at max"));
    shop.load("shop-1").cpu = Some(50.0);
    shop.load("shop-2").cpu = None;
    assert!((0..30).all(|_| told(&shop.minute()).is_empty()), "the load of one is not known");
    shop.load("shop-2").cpu = Some(50.0);
    let all: Vec<String> = (0..10).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-at max"]);
    let mut pinned = at_max(2).overridden(OverrideKind::Pin(2));
    assert!((0..30).all(|_| told(&pinned.minute()).is_empty()), "a pin says nothing of the load");
    let mut shop = at_max(5);
    shop.policy.dns = None;
    shop.memory.change = None;
    assert!(told(&shop.minute()).contains(&"+no dns".to_owned()));
    shop.all(|load| load.cpu = None);
    assert!((0..30).all(|_| told(&shop.minute()).is_empty()), "its load is not known");
}

#[test]
fn the_notice_of_a_replica_that_is_gone_ends() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(-1.0);
    let all: Vec<String> = (0..8).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+broken shop-2!"]);
    shop.gone("shop-2");
    let all: Vec<String> = (0..5).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-broken shop-2!", "gone shop-2"]);
}

/// `at max` was told; then something else stands against one more for a time.
#[test]
fn at_max_does_not_end_while_one_more_is_needed() {
    let changes: [ShopChange; 3] = [
        ("backing-up", |shop| {
            drop(shop.gone("shop-3"));
            shop.instances().source.status = Status::Changing("backing-up".to_owned());
        }),
        ("incompatible-network", |shop| {
            shop.replica("shop-3").status = Status::Failed("incompatible-network".to_owned());
            shop.full_zones = vec!["a", "b", "c"];
        }),
        ("deleting", |shop| shop.replica("shop-3").status = Status::Deleting),
    ];
    for (what, change) in changes {
        let mut shop = Shop::new(3).counting(1, 3, "cpu > 70% for 5m", "");
        shop.all(|load| load.cpu = Some(90.0));
        shop.minutes(6);
        assert!(shop.memory.active.contains_key("at max"));
        change(&mut shop);
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert!(!all.contains(&"-at max".to_owned()), "{what}: {all:?}");
        shop.all(|load| load.cpu = Some(50.0));
        let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
        assert!(all.contains(&"-at max".to_owned()), "{what}: {all:?}");
    }
}

/// A breach that begins anew after a change is no load that suffices.
#[test]
fn at_max_does_not_end_while_a_breach_has_to_last_its_whole_time_again() {
    let mut shop = Shop::new(2).counting(1, 2, "cpu > 70% for 5m", "");
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(6);
    shop.memory.changed_at = Some(shop.now);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn what_ends_before_the_need_does_says_that_one_more_is_still_needed() {
    let mut shop = Shop::new(2).counting(1, 5, "cpu > 70% for 5m", "");
    shop.instances().source.backup_retention_days = 0;
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(6);
    assert!(shop.memory.active.contains_key("no backups"));
    shop.instances().source.backup_retention_days = 1;
    shop.instances().source.replicas_elsewhere = 13;
    let decision = shop.minute();
    let ends = |it: &&DatabaseNotice| it.about == "no backups";
    let end = decision.notices.iter().find(ends).map(|notice| notice.verdict.clone());
    let words = "missing backups hold no replica back any more; one more is still needed";
    assert_eq!(end.as_deref(), Some(words), "{}", why(&decision));
}
