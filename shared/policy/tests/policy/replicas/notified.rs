//! A notice counts once SNS has taken it, and is repeated until then.

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
