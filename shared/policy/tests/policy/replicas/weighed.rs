//! What is counted and said of several replicas: which one is named, how many are wanted, and which records are written.

use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::decision::{CountOf, InstanceCall};
use tidegate_policy::replicas::observation::{DnsRecord, Replication, Status};
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::replicas::removing::{IN, OUT, shop};
use crate::replicas::{Shop, record, told, why};

fn counts(serving: u32, existing: u32, wanted: u32) -> CountOf {
    CountOf { serving, existing, wanted }
}

#[test]
fn the_first_replica_stands_where_the_source_does_not() {
    let mut shop = Shop::new(0).counting(1, 5, OUT, IN);
    let Some(InstanceCall::Create(new)) = shop.minute().call else { panic!("one is created") };
    assert_eq!(new.zone.as_deref(), Some("b"));
}

#[test]
fn one_more_or_one_fewer_is_wanted_than_there_are_as_the_load_asks() {
    for (cpu, wanted) in [(90.0, 4), (50.0, 3), (20.0, 2)] {
        let mut shop = shop(3);
        shop.all(|load| load.cpu = Some(cpu));
        let begins = (0..20).map(|_| shop.minute()).find(|it| it.memory.change.is_some());
        let decision = begins.unwrap_or_else(|| shop.minute());
        let serving = if wanted == 2 { 2 } else { 3 };
        assert_eq!(
            (decision.count, decision.memory.change.is_some()),
            (Some(counts(3, 3, wanted)), wanted != 3),
            "{cpu}"
        );
        // The one that is removed does not count from the next minute on.
        assert_eq!(shop.minute().count.map(|count| count.serving), Some(serving), "{cpu}");
    }
}

#[test]
fn the_highest_of_the_low_ones_is_named_and_of_equal_ones_the_first() {
    for (loads, named) in [
        ([10.0, 20.0, 15.0], "20% of shop-2"),
        ([20.0, 10.0, 15.0], "20% of shop-1"),
        ([20.0, 20.0, 15.0], "20% of shop-1"),
    ] {
        let mut shop = shop(3);
        for (id, cpu) in ["shop-1", "shop-2", "shop-3"].into_iter().zip(loads) {
            shop.load(id).cpu = Some(cpu);
        }
        let begins = (0..20).map(|_| shop.minute()).find(|it| it.memory.change.is_some()).unwrap();
        assert!(why(&begins).contains(named), "{named}: {}", why(&begins));
    }
}

#[test]
fn the_one_that_was_low_for_the_shortest_time_is_named_and_of_equal_ones_the_first() {
    for (late, named) in
        [(None, "cpu of shop-1 has been low"), (Some("shop-2"), "cpu of shop-2 has been low")]
    {
        let mut shop = shop(3);
        shop.all(|load| load.cpu = Some(20.0));
        if let Some(late) = late {
            shop.load(late).cpu = Some(40.0);
            shop.minutes(3);
            shop.load(late).cpu = Some(20.0);
        }
        let decision = shop.minutes(8);
        assert!(why(&decision).contains(named), "{}", why(&decision));
    }
}

#[test]
fn at_the_minimum_a_low_load_is_nothing_to_speak_of() {
    let mut shop = Shop::new(2).counting(2, 5, OUT, IN);
    shop.all(|load| load.cpu = Some(1.0));
    let decision = shop.minutes(60);
    assert_eq!(why(&decision), "the replicas are as they should be");
}

#[test]
fn a_pin_at_what_there_is_changes_and_reports_nothing() {
    let mut shop = shop(2).overridden(OverrideKind::Pin(2));
    for _ in 0..30 {
        let decision = shop.minute();
        assert!(told(&decision).is_empty() && decision.memory.change.is_none(), "{}", why(&decision));
        assert_eq!(decision.count, Some(counts(2, 2, 2)));
    }
}

#[test]
fn the_best_of_those_that_lag_stays_every_minute() {
    let mut shop = Shop::new(3);
    for (id, lag) in [("shop-1", 90.0), ("shop-2", 40.0), ("shop-3", 60.0)] {
        shop.load(id).lag = Some(lag);
    }
    shop.minutes(12);
    shop.load("shop-3").lag = Some(20.0);
    for minute in 0..12 {
        shop.minute();
        assert_eq!(shop.answers(), ["shop-2"], "{minute}");
    }
}

#[test]
fn a_record_with_another_routing_than_by_weight_is_a_conflict() {
    let by_latency = DnsRecord { weight: None, ..record("shop-1") };
    let without_identifier = DnsRecord { set_identifier: None, ..record("shop-1") };
    for other in [by_latency, without_identifier] {
        let mut shop = Shop::new(2);
        shop.seen.records = Some(Ok(vec![other]));
        assert_eq!(told(&shop.minute()), ["+record conflict"]);
    }
}

#[test]
fn every_change_of_the_record_of_a_replica_is_a_reason_and_that_of_the_source_has_its_own() {
    let mut shop = Shop::new(1);
    shop.seen.records = Some(Ok(vec![record("shop-9")]));
    let decision = shop.minute();
    let both = "the record of shop-1 is written: new reads may go to shop-1; the record of shop-9 is removed: new reads go to others";
    assert_eq!(why(&decision), both);
    shop.replica("shop-1").status = Status::Failed("failed".to_owned());
    let decision = shop.minute();
    let source = "the record of shop-1 is removed: new reads go to others; \
                  no replica is left to answer reads: the source answers them";
    assert_eq!(why(&decision), source);
}

/// `emergency-max` says what it reads there: a number that was reached on paper would hide what keeps replicas from being added.
#[test]
fn only_those_that_may_answer_reads_are_said_to_and_what_keeps_more_from_coming_is_said_beside() {
    let mut shop = shop(5).overridden(OverrideKind::Raise(4));
    let (status, message) = ("error".to_owned(), String::new());
    shop.replica("shop-2").replication = Replication::Broken { status, message };
    shop.replica("shop-3").status = Status::Failed("incompatible-network".to_owned());
    shop.replica("shop-4").status = Status::Failed("incompatible-network".to_owned());
    shop.load("shop-5").lag = Some(60.0);
    shop.full_zones = vec!["a", "b", "c"];
    let decision = shop.minutes(12);
    assert_eq!(decision.count, Some(counts(1, 3, 4)), "{}", why(&decision));
    let standing = ReplicaStanding::of(&decision);
    assert_eq!((standing.serving, standing.existing, standing.moves), (Some(1), Some(3), false));
    assert!(standing.why.contains("no capacity"), "{standing:?}");
}
