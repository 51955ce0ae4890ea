//! When a replica is removed, how, and what keeps it.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::memory::ReplicaStep;
use tidegate_policy::replicas::observation::{DnsRecord, Engine, Replication, Status};

use crate::replicas::{Shop, ShopChange, call, host, told, why};

pub(super) const OUT: &str = "cpu > 70% for 5m";
pub(super) const IN: &str = "cpu < 30% for 15m";

/// So many replicas, 1 to 5, by CPU, that have answered reads for half an hour.
pub(super) fn shop(replicas: u32) -> Shop {
    let mut shop = Shop::new(replicas).counting(1, 5, OUT, IN);
    shop.minutes(31);
    shop
}

/// The same with a load that was so low before Tidegate looked at it.
fn low_for_long(replicas: u32, out: &str, cpu: f64) -> Shop {
    let mut shop = Shop::new(replicas).counting(1, 5, out, IN);
    shop.all(|load| load.cpu = Some(cpu));
    (0..40).for_each(|_| shop.measure());
    shop
}

/// The minute in which a removal begins; within so many.
fn begins(shop: &mut Shop, within: u32) -> Option<u32> {
    (1..=within).find(|_| {
        shop.minute();
        shop.memory.change.is_some()
    })
}

/// A removal of `shop-3` that has begun.
fn draining() -> Shop {
    let mut shop = shop(3);
    shop.all(|load| load.cpu = Some(20.0));
    assert_eq!(begins(&mut shop, 18), Some(18));
    shop
}

#[test]
fn one_is_removed_once_every_one_was_low_for_the_whole_time_by_what_has_settled() {
    let shop = draining();
    let change = shop.memory.change.clone().unwrap();
    assert_eq!((change.replica.as_str(), change.step), ("shop-3", ReplicaStep::Draining));
    assert_eq!(shop.answers(), ["shop-1", "shop-2"], "out of the records in the same evaluation");
}

#[test]
fn one_that_is_not_low_keeps_all() {
    let mut shop = shop(3);
    shop.all(|load| load.cpu = Some(20.0));
    shop.load("shop-1").cpu = Some(30.0);
    assert_eq!(begins(&mut shop, 60), None);
}

#[test]
fn one_young_datapoint_stands_against_it() {
    let mut shop = shop(3);
    shop.all(|load| load.cpu = Some(20.0));
    shop.minutes(17);
    shop.load("shop-2").cpu = Some(31.0);
    assert_eq!(begins(&mut shop, 1), None);
    shop.load("shop-2").cpu = Some(20.0);
    assert_eq!(begins(&mut shop, 30), Some(18), "the time begins anew");
}

#[test]
fn missing_datapoints_remove_nothing() {
    for missing in ["shop-1", "shop-3"] {
        let mut shop = shop(3);
        shop.all(|load| load.cpu = Some(20.0));
        shop.load(missing).cpu = None;
        assert_eq!(begins(&mut shop, 60), None);
    }
    let mut shop = shop(3);
    shop.all(|load| load.cpu = Some(20.0));
    shop.minutes(10);
    shop.load("shop-2").cpu = None;
    shop.minute();
    shop.load("shop-2").cpu = Some(20.0);
    assert_eq!(begins(&mut shop, 30), Some(18), "a gap begins the time anew");
}

#[test]
fn one_that_gets_no_reads_proves_no_calm() {
    let mut shop = shop(3);
    shop.load("shop-2").lag = Some(60.0);
    shop.minutes(10);
    shop.all(|load| load.cpu = Some(20.0));
    assert_eq!(begins(&mut shop, 60), None, "it lags");
    shop.load("shop-2").lag = Some(0.0);
    // Eight minutes until it has recovered, and fifteen of reads.
    assert_eq!(begins(&mut shop, 60), Some(23));
}

#[test]
fn a_new_one_must_have_answered_reads_for_the_whole_time() {
    let mut shop = low_for_long(3, OUT, 20.0);
    let decision = shop.minute();
    assert!(why(&decision).contains("has not answered reads for long enough"), "{}", why(&decision));
    assert_eq!(begins(&mut shop, 20), Some(15));
}

#[test]
fn what_would_add_one_again_removes_none() {
    // 29 % on three is 43.5 % on two: out above 43 % would add one again.
    for (out, expected) in [("cpu > 43% for 5m", None), ("cpu > 44% for 5m", Some(16))] {
        let mut shop = low_for_long(3, out, 29.0);
        assert_eq!(begins(&mut shop, 60), expected, "{out}");
    }
}

#[test]
fn the_last_one_and_the_minimum_stay() {
    for (replicas, min) in [(1, 1), (3, 3)] {
        let mut shop = Shop::new(replicas).counting(min, 5, OUT, IN);
        shop.all(|load| load.cpu = Some(1.0));
        assert_eq!(begins(&mut shop, 90), None, "{replicas}");
    }
}

#[test]
fn only_ours_are_removed() {
    let protections: [ShopChange; 4] = [
        ("of others", |shop| shop.instances().replicas.iter_mut().for_each(|it| it.is_ours = false)),
        ("protected", |shop| shop.instances().replicas.iter_mut().for_each(|it| it.is_protected = true)),
        ("a source itself", |shop| shop.instances().replicas.iter_mut().for_each(|it| it.is_source = true)),
        ("in a record of others", |shop| {
            let records = shop.seen.records.as_mut().unwrap().as_mut().unwrap();
            for number in 1..=3 {
                let values = vec![format!("{}.", host(&format!("shop-{number}")).to_uppercase())];
                let set_identifier = Some(format!("by hand {number}"));
                records.push(DnsRecord { set_identifier, values, ..crate::replicas::record("x") });
            }
        }),
    ];
    for (what, protect) in protections {
        let mut shop = shop(3);
        protect(&mut shop);
        shop.all(|load| load.cpu = Some(20.0));
        assert_eq!(begins(&mut shop, 60), None, "{what}");
        assert!(why(&shop.minute()).contains("only replicas that it created"), "{what}");
    }
}

#[test]
fn those_that_answer_are_never_fewer_than_the_minimum() {
    let mut shop = Shop::new(3).counting(1, 5, OUT, IN).overridden(OverrideKind::Max(2));
    shop.minutes(2);
    shop.load("shop-1").lag = Some(90.0);
    shop.load("shop-2").lag = Some(90.0);
    shop.memory.change = None;
    shop.minutes(12);
    let mut shop = shop.overridden(OverrideKind::Min(2));
    shop.memory.change = None;
    let decision = shop.minute();
    assert!(shop.memory.change.is_none(), "{}", why(&decision));
}

#[test]
fn a_removal_waits_for_its_record_the_resolvers_and_its_connections() {
    let mut shop = draining();
    for minute in 1..=9 {
        assert_eq!(call(&shop.minute()), "", "{minute}");
    }
    let decision = shop.minute();
    assert_eq!(call(&decision), "delete shop-3", "{}", why(&decision));
    shop.minutes(4);
    shop.gone("shop-3");
    assert_eq!(told(&shop.minute()), ["removed shop-3"]);
    assert!(shop.memory.change.is_none() && !shop.memory.replicas.contains_key("shop-3"));
    assert!((0..6).all(|_| told(&shop.minute()).is_empty()), "it is not missed once more");
}

#[test]
fn without_connections_it_waits_for_the_resolvers_only() {
    let mut shop = draining();
    shop.load("shop-3").connections = Some(0.0);
    let minutes = (1..12).find(|_| !call(&shop.minute()).is_empty());
    // Three settled minutes after the 65 s of the record.
    assert_eq!(minutes, Some(7));
}

#[test]
fn connections_that_are_not_known_are_waited_for() {
    let mut shop = draining();
    shop.load("shop-3").connections = None;
    let minutes = (1..12).find(|_| !call(&shop.minute()).is_empty());
    assert_eq!(minutes, Some(10));
}

#[test]
fn a_record_that_is_still_there_stops_the_time() {
    let mut shop = draining();
    let records = shop.seen.records.as_mut().unwrap().as_mut().unwrap();
    records.push(crate::replicas::record("shop-3"));
    let again = shop.peek();
    assert_eq!(again.records.len(), 1, "it is deleted again: {}", why(&again));
    // Route 53 cannot be read: whether it is out is not known.
    let read = shop.seen.records.replace(Err(crate::stage::refused()));
    for _ in 0..30 {
        assert_eq!(call(&shop.minute()), "");
    }
    shop.seen.records = read.map(|read| read.map(|all| all.into_iter().take(2).collect()));
    let minutes = (1..20).find(|_| !call(&shop.minute()).is_empty());
    assert_eq!(minutes, Some(10));
}

#[test]
fn a_removal_is_given_up_when_the_world_changes() {
    let changes: [ShopChange; 6] = [
        ("the load of the others rose", |shop| shop.load("shop-1").cpu = Some(71.0)),
        ("an operator holds the count", |shop| {
            *shop = shop.clone().overridden(OverrideKind::Hold(Held::ScaleIn));
        }),
        ("an operator holds the count", |shop| *shop = shop.clone().overridden(OverrideKind::Pin(3))),
        ("too few others answer reads", |shop| {
            for id in ["shop-1", "shop-2"] {
                shop.replica(id).status = Status::Changing("storage-full".to_owned());
            }
        }),
        ("Tidegate may not remove it any more", |shop| shop.replica("shop-3").is_protected = true),
        ("a promotion or replicas", |shop| shop.replica("shop-3").is_being_promoted = true),
    ];
    for (expected, change) in changes {
        let mut shop = draining();
        shop.minutes(5);
        change(&mut shop);
        let decision = shop.minute();
        assert!(why(&decision).contains(expected), "{expected}: {}", why(&decision));
        assert_eq!(call(&decision), "");
        assert!(told(&decision).contains(&"kept shop-3".to_owned()), "{:?}", told(&decision));
        assert!(shop.memory.change.is_none());
        assert!(shop.answers().contains(&"shop-3".to_owned()), "it is back in the records");
    }
}

#[test]
fn one_that_fails_while_it_drains_is_left_to_operators() {
    let mut shop = draining();
    shop.replica("shop-3").status = Status::Failed("incompatible-parameters".to_owned());
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+failed shop-3", "kept shop-3"], "{}", why(&decision));
    assert!((0..60).all(|_| call(&shop.minute()).is_empty()));
}

#[test]
fn another_that_breaks_while_it_drains_keeps_it() {
    let mut shop = Shop::new(2).counting(1, 5, OUT, IN);
    shop.all(|load| load.cpu = Some(20.0));
    shop.minutes(31);
    assert_eq!(shop.memory.change.as_ref().map(|change| change.step), Some(ReplicaStep::Deleting));
    let mut shop = Shop::new(2).counting(1, 5, OUT, IN);
    shop.all(|load| load.cpu = Some(20.0));
    assert!(begins(&mut shop, 31).is_some());
    let (status, message) = ("error".to_owned(), String::new());
    shop.replica("shop-1").replication = Replication::Broken { status, message };
    let decision = shop.minute();
    assert!(why(&decision).contains("too few others answer reads"), "{}", why(&decision));
    assert_eq!(shop.answers(), ["shop-2"]);
}

#[test]
fn while_the_load_of_the_others_is_not_known_nothing_is_deleted() {
    let mut shop = draining();
    shop.minutes(3);
    shop.load("shop-1").cpu = None;
    let mut all = Vec::new();
    for minute in 1..50 {
        let decision = shop.minute();
        assert_eq!(call(&decision), "", "{minute}");
        all.extend(told(&decision));
    }
    assert_eq!(all, ["kept shop-3"], "given up half an hour after its time");
}

#[test]
fn a_removal_that_is_refused_is_told_and_it_answers_again() {
    let mut shop = draining();
    shop.outcome = CallOutcome::Refused("InvalidDBInstanceState".to_owned());
    shop.minutes(10);
    assert_eq!(told(&shop.minute()), ["not removed shop-3"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"]);
    assert!((0..8).all(|_| shop.minute().memory.change.is_none()), "it waits");
}

#[test]
fn a_deletion_that_was_not_sent_or_not_answered_is_sent_again() {
    let mut shop = draining();
    shop.outcome = CallOutcome::NotSent;
    shop.minutes(10);
    assert_eq!(shop.memory.change.as_ref().unwrap().step, ReplicaStep::Draining);
    shop.outcome = CallOutcome::Unknown("no answer in time".to_owned());
    assert_eq!(call(&shop.minute()), "delete shop-3");
    assert_eq!(call(&shop.minute()), "");
    assert_eq!(call(&shop.minute()), "delete shop-3");
}

#[test]
fn a_deletion_that_rds_may_have_taken_is_not_told_as_kept() {
    let mut shop = draining();
    shop.outcome = CallOutcome::Unknown("no answer in time".to_owned());
    assert_eq!(call(&shop.minutes(10)), "delete shop-3");
    shop.all(|load| load.cpu = Some(90.0));
    // RDS shows within ten minutes what it took.
    for minute in 1..=9 {
        let decision = shop.minute();
        assert_eq!(
            (call(&decision), told(&decision)),
            (String::new(), vec![]),
            "{minute}: {}",
            why(&decision)
        );
    }
    assert_eq!(told(&shop.minute()), ["kept shop-3"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"]);
}

#[test]
fn above_the_maximum_one_is_removed_whatever_the_load() {
    let mut shop = Shop::new(3).counting(1, 2, OUT, IN);
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(2);
    let calls: Vec<String> = (0..12).map(|_| call(&shop.minute())).filter(|call| !call.is_empty()).collect();
    assert_eq!(calls, ["delete shop-3"]);
}

#[test]
fn a_pin_removes_down_to_it_one_after_the_other() {
    let mut shop = shop(4).overridden(OverrideKind::Pin(2));
    let mut deleted = Vec::new();
    for _ in 0..60 {
        let decision = shop.minute();
        if let Some(id) = call(&decision).strip_prefix("delete ") {
            deleted.push(id.to_owned());
            shop.gone(id);
        }
    }
    assert_eq!(deleted, ["shop-4", "shop-3"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn aurora_drains_without_records() {
    let mut shop = Shop::new(3).engine(Engine::Aurora).counting(1, 5, OUT, IN);
    shop.all(|load| load.cpu = Some(20.0));
    let calls: Vec<String> = (0..40).map(|_| call(&shop.minute())).filter(|call| !call.is_empty()).collect();
    assert_eq!(calls.first().map(String::as_str), Some("delete shop-3"));
}

#[test]
fn the_fullest_zone_gives_and_one_that_lags_goes_first() {
    let mut shop = shop(3).overridden(OverrideKind::Pin(2));
    shop.replica("shop-3").zone = Some("c".to_owned());
    shop.minute();
    assert_eq!(shop.memory.change.as_ref().unwrap().replica, "shop-2");
    let mut shop = self::shop(3);
    shop.load("shop-1").lag = Some(60.0);
    shop.minutes(12);
    let mut shop = shop.overridden(OverrideKind::Pin(2));
    shop.minute();
    assert_eq!(shop.memory.change.as_ref().unwrap().replica, "shop-1");
}
