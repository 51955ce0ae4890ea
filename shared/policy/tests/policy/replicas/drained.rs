//! The time between the decision to remove a replica and the call that deletes it.

use tidegate_policy::replicas::memory::ReplicaStep;
use tidegate_policy::replicas::observation::Status;

use crate::replicas::{Shop, ShopChange, call, told, why};
use crate::stage::seconds;

const OUT: &str = "cpu > 70% for 5m";
const IN: &str = "cpu < 30% for 15m";

/// A removal of `shop-3`, the last of three, that has begun in this minute.
fn draining(max: u32, change: fn(&mut Shop)) -> Shop {
    let mut shop = Shop::new(3).counting(1, max, OUT, IN);
    change(&mut shop);
    shop.minutes(31);
    shop.all(|load| load.cpu = Some(20.0));
    assert!((0..20).any(|_| shop.minute().memory.change.is_some()));
    assert_eq!(shop.memory.change.as_ref().map(|change| change.step), Some(ReplicaStep::Draining));
    shop
}

/// Resolvers keep its records for so many seconds.
fn ttl(shop: &mut Shop, seconds: u32) {
    shop.policy.dns.as_mut().unwrap().ttl = seconds;
    for record in shop.seen.records.as_mut().unwrap().as_mut().unwrap() {
        record.ttl = Some(seconds);
    }
}

/// The minute in which it is deleted; within so many.
fn deleted(shop: &mut Shop, within: u32) -> Option<u32> {
    (1..=within).find(|_| call(&shop.minute()) == "delete shop-3")
}

#[test]
fn a_drained_replica_is_not_deleted_while_anything_is_not_available_or_only_observed() {
    let mut shop = draining(5, |_| {});
    shop.instances().source.status = Status::Changing("modifying".to_owned());
    assert_eq!(deleted(&mut shop, 30), None);
    shop.instances().source.status = Status::Available;
    shop.replica("shop-3").status = Status::Changing("backing-up".to_owned());
    assert_eq!(deleted(&mut shop, 10), None);
    shop.replica("shop-3").status = Status::Available;
    shop.observe = true;
    assert_eq!(deleted(&mut shop, 10), None);
    shop.observe = false;
    assert_eq!(deleted(&mut shop, 1), Some(1));
}

#[test]
fn resolvers_are_waited_for_longer_than_a_short_drain() {
    let mut shop = draining(5, |shop| {
        shop.policy.count.as_mut().unwrap().drain = seconds(60);
        ttl(shop, 300);
    });
    assert_eq!(deleted(&mut shop, 20), Some(6), "the TTL, and a minute until Route 53 has spread it");
}

#[test]
fn only_minutes_after_the_record_was_out_of_the_resolvers_show_that_no_connection_is_left() {
    let mut shop = draining(5, |shop| {
        ttl(shop, 60);
    });
    shop.load("shop-3").connections = Some(0.0);
    // Out of them after two minutes; three minutes without, and three until the last has settled.
    assert_eq!(deleted(&mut shop, 20), Some(8));
}

#[test]
fn a_removal_of_which_the_load_stays_unknown_is_given_up_half_an_hour_after_its_time() {
    let mut shop = draining(5, |_| {});
    shop.load("shop-1").cpu = None;
    let kept = (1..60).find(|_| told(&shop.minute()) == ["kept shop-3"]);
    assert_eq!(kept, Some(40));
}

#[test]
fn at_the_maximum_a_load_that_rises_keeps_it() {
    let mut shop = draining(3, |_| {});
    shop.load("shop-1").cpu = Some(71.0);
    let decision = shop.minute();
    assert!(why(&decision).contains("the load of the others rose"), "{}", why(&decision));
}

#[test]
fn a_removal_that_something_else_keeps_from_its_end_for_two_hours_is_given_up() {
    let changes: [ShopChange; 3] = [
        ("a change of shop is pending", |shop| shop.instances().source.is_pending = true),
        ("the status of shop-1 is backing-up", |shop| {
            shop.replica("shop-1").status = Status::Changing("backing-up".to_owned());
        }),
        ("the mode is observe", |shop| shop.observe = true),
    ];
    for (cause, change) in changes {
        let mut shop = draining(5, |_| {});
        change(&mut shop);
        let decision = shop.minutes(11);
        assert!(why(&decision).contains(cause), "its time is over: {}", why(&decision));
        let mut all = Vec::new();
        let kept = (12..200).find(|minute| {
            let decision = shop.minute();
            assert_eq!(call(&decision), "");
            all.extend(decision.notices.iter().map(|it| (*minute, it.verdict.clone(), it.cause.clone())));
            shop.memory.change.is_none()
        });
        // `drain`, and two hours.
        assert_eq!(kept, Some(130), "{cause}");
        let is_removal = |(minute, verdict, why): &(u32, String, Option<String>)| {
            let why = why.clone().unwrap_or_default();
            *minute == 70 && verdict == "removing shop-3 takes more than 1h" && why.contains(cause)
        };
        assert!(all.iter().any(is_removal), "{all:?}");
        let is_kept = |(_, verdict, why): &(u32, String, Option<String>)| {
            let why = why.clone().unwrap_or_default();
            verdict == "shop-3 kept, its removal given up"
                && why.starts_with(&format!("something else kept it from being deleted for 2h: {cause}"))
        };
        assert!(all.iter().any(is_kept), "{all:?}");
        shop.observe = false;
        shop.minute();
        assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"], "{cause}");
        assert!(
            (0..60).all(|_| shop.minute().memory.change.is_none()) || cause.contains("observe"),
            "{cause}"
        );
    }
}

/// The ledger's table is restored from the minute in which the call to delete `shop-3` was meant. It was never taken, and `shop-3`
/// has answered reads again for an hour.
fn restored() -> Shop {
    let mut shop = draining(5, |_| {});
    shop.minutes(9);
    shop.measure();
    let before = shop.peek_as("before").memory;
    assert_eq!(before.change.as_ref().map(|change| change.step), Some(ReplicaStep::Deleting));
    shop.memory.change = None;
    shop.all(|load| load.cpu = Some(50.0));
    shop.minutes(60);
    assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"]);
    shop.memory = before;
    shop
}

#[test]
fn a_ledger_from_before_deletes_no_replica_that_is_in_the_records_before_it_is_drained_again() {
    let mut shop = restored();
    assert_eq!(call(&shop.minute()), "");
    assert_eq!(shop.memory.change.as_ref().map(|change| change.step), Some(ReplicaStep::Draining));
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
    assert_eq!(deleted(&mut shop, 20), Some(10), "as after a removal that begins");
}

#[test]
fn a_ledger_from_before_deletes_nothing_that_was_created_since_under_that_name() {
    let mut shop = restored();
    let now = shop.now;
    shop.replica("shop-3").created_at = Some(now - seconds(1_800));
    assert_eq!((call(&shop.minute()), shop.memory.change.clone()), (String::new(), None));
    assert_eq!(deleted(&mut shop, 60), None);
}
