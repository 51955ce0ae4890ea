//! A notice counts once SNS has taken it, and is repeated until then.

use tidegate_policy::overrides::OverrideKind;

use crate::replicas::{Shop, told};

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
