//! A change from its intent to its end: who sends its call, what stops it, and what is remembered of how it ended.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::memory::{DatabaseMemory, FailedReplicaChanges, ReplicaStep};
use tidegate_policy::replicas::observation::{DnsRecord, Engine, Status};

use crate::replicas::{Shop, ShopChange, call, host, record, replica, told, why};
use crate::stage::seconds;

const NEW: &str = "tidegate-shop-1";

fn unanswered() -> CallOutcome {
    CallOutcome::Unknown("no answer in time".to_owned())
}

/// One replica too few: one was asked for, in this minute, with this outcome. RDS does not show it.
fn requested(outcome: CallOutcome) -> Shop {
    let mut shop = Shop::new(1).counting(2, 5, "cpu > 70% for 5m", "");
    shop.outcome = outcome;
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
    let instances = shop.instances();
    instances.replicas.retain(|replica| replica.id != NEW);
    instances.taken.retain(|id| id != NEW);
    shop
}

/// The call to delete the third of three was sent in this minute, with this outcome.
fn deleted(outcome: CallOutcome) -> Shop {
    let mut shop = Shop::new(3).counting(1, 5, "", "");
    shop.minutes(20);
    shop = shop.overridden(OverrideKind::Pin(2));
    shop.outcome = outcome;
    assert!((0..12).any(|_| call(&shop.minute()) == "delete shop-3"));
    shop
}

fn another(shop: &Shop) -> bool {
    why(&shop.peek_as("another")).contains("another evaluation")
}

#[test]
fn another_evaluation_is_named_only_as_long_as_it_may_still_send() {
    // Two unanswered calls: the next one is sent three minutes after the second.
    let mut shop = requested(unanswered());
    shop.minutes(2);
    assert!(another(&shop), "it was just sent");
    shop.now += seconds(89);
    assert!(another(&shop));
    shop.now += seconds(1);
    assert!(!another(&shop), "that evaluation is over");
    assert_eq!(call(&shop.peek_as("another")), "");
    assert!(!another(&requested(CallOutcome::Taken)), "RDS took it: nobody sends it now");
}

#[test]
fn a_creation_is_not_asked_for_again_where_something_stands_against_it() {
    let changes: [ShopChange; 6] = [
        ("observed", |shop| shop.observe = true),
        ("held", |shop| *shop = shop.clone().overridden(OverrideKind::Hold(Held::Both))),
        ("changing", |shop| shop.instances().source.status = Status::Changing("modifying".to_owned())),
        ("no backups", |shop| shop.instances().source.backup_retention_days = 0),
        ("at the limit of RDS", |shop| shop.instances().source.replicas_elsewhere = 14),
        ("at max", |shop| {
            let count = shop.policy.count.as_mut().unwrap();
            (count.min, count.max) = (1, 1);
        }),
    ];
    for (what, change) in changes {
        let mut shop = requested(unanswered());
        change(&mut shop);
        assert!((0..30).all(|_| call(&shop.minute()).is_empty()), "{what}");
        assert!(shop.memory.change.is_some(), "{what}: RDS may have taken the first call");
    }
    assert!((0..5).any({
        let mut shop = requested(unanswered());
        move |_| !call(&shop.minute()).is_empty()
    }));
}

#[test]
fn a_deletion_is_not_asked_for_again_where_something_stands_against_it() {
    let changes: [ShopChange; 2] = [
        ("observed", |shop| shop.observe = true),
        ("changing", |shop| shop.instances().source.status = Status::Changing("modifying".to_owned())),
    ];
    for (what, change) in changes {
        let mut shop = deleted(unanswered());
        change(&mut shop);
        assert!((0..20).all(|_| call(&shop.minute()).is_empty()), "{what}");
        shop.observe = false;
        shop.instances().source.status = Status::Available;
        assert_eq!(call(&shop.minute()), "delete shop-3", "{what}");
    }
}

#[test]
fn a_call_that_is_sent_again_is_settled_as_its_own() {
    let mut shop = deleted(unanswered());
    shop.outcome = CallOutcome::Refused("InvalidDBInstanceState".to_owned());
    let all: Vec<String> = (0..4).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["not removed shop-3"]);
}

#[test]
fn a_step_is_remembered_since_it_began_and_without_a_call_that_is_over() {
    let mut shop = requested(CallOutcome::Taken);
    let new = replica(NEW);
    shop.instances().replicas.push(new);
    shop.replica(NEW).status = Status::Creating;
    shop.minute();
    let (shown, change) = (shop.now, shop.memory.change.clone().unwrap());
    assert_eq!((change.step, change.since, change.call), (ReplicaStep::Creating, shown, None));
    shop.minutes(5);
    assert_eq!(shop.memory.change.as_ref().map(|change| change.since), Some(shown));
    let mut shop = Shop::new(3).counting(1, 2, "", "");
    shop.minutes(2);
    let change = shop.memory.change.clone().unwrap();
    assert_eq!((change.step, change.call), (ReplicaStep::Draining, None));
}

#[test]
fn a_removal_that_succeeds_forgets_the_failures_before_it_and_one_that_vanishes_counts_none() {
    let failure = |shop: &Shop| FailedReplicaChanges {
        count: 2,
        at: shop.now - seconds(86_400),
        cause: "InstanceQuotaExceeded".to_owned(),
        no_capacity: false,
    };
    let mut shop = deleted(CallOutcome::Taken);
    shop.memory.failure = Some(failure(&shop));
    shop.gone("shop-3");
    assert_eq!(told(&shop.minute()), ["removed shop-3"]);
    assert_eq!(shop.memory.failure, None);

    let mut shop = Shop::new(3).counting(1, 2, "", "");
    shop.minutes(2);
    shop.gone("shop-3");
    let gone = (0..5).map(|_| shop.minute()).find(|decision| !decision.notices.is_empty()).unwrap();
    assert_eq!(told(&gone), ["gone shop-3"]);
    assert_eq!(gone.notices[0].cause.as_deref(), Some("RDS does not show it any more"));
    assert_eq!(shop.memory.failure, None, "no attempt of Tidegate failed");
}

#[test]
fn one_that_was_promoted_while_it_drained_has_no_cause_to_tell() {
    let mut shop = Shop::new(3).counting(1, 2, "", "");
    shop.minutes(2);
    shop.promoted("shop-3");
    let gone = (0..5).map(|_| shop.minute()).find(|decision| !decision.notices.is_empty()).unwrap();
    assert_eq!((told(&gone), gone.notices[0].cause.clone()), (vec!["promoted shop-3".to_owned()], None));
}

#[test]
fn an_instance_that_is_still_there_an_hour_after_its_deletion_was_promoted() {
    let mut shop = deleted(CallOutcome::Taken);
    shop.promoted("shop-3");
    for minute in 1..=59 {
        let decision = shop.minute();
        assert_eq!(told(&decision), Vec::<String>::new(), "{minute}");
        assert!(why(&decision).contains("does not show that yet"), "{}", why(&decision));
    }
    assert_eq!(told(&shop.minute()), ["promoted shop-3"]);
}

#[test]
fn a_change_that_was_refused_is_no_change() {
    let mut shop = Shop::new(0).counting(1, 5, "", "");
    shop.outcome = CallOutcome::Refused("InstanceQuotaExceeded".to_owned());
    shop.minute();
    assert_eq!(shop.memory.changed_at, None, "no cooldown begins");
    let mut shop = deleted(CallOutcome::Refused("InvalidDBInstanceState".to_owned()));
    shop.minute();
    assert_eq!(shop.memory.changed_at, None);
}

#[test]
fn of_every_replica_each_end_is_told_once() {
    let mut shop = Shop::new(4);
    shop.minute();
    shop.notified = false;
    ["shop-2", "shop-3"].map(|id| shop.gone(id));
    shop.minutes(5);
    assert_eq!(told(&shop.minute()), ["gone shop-2", "gone shop-3"]);
    let outcome = shop.memory.outcomes[0].clone();
    let again = replica("shop-2");
    shop.instances().replicas.push(again);
    shop.minute();
    shop.gone("shop-2");
    shop.minutes(5);
    assert_eq!(told(&shop.minute()), ["gone shop-3", "gone shop-2"]);
    assert!(shop.memory.outcomes[1].at > outcome.at);
}

/// A replica of ours that failed before it ever served, ten minutes before its removal may be tried, beside another failed one.
fn failed(beside: fn(&mut Shop)) -> Shop {
    let mut shop = Shop::new(2).counting(1, 5, "", "");
    shop.minute();
    shop.replica("shop-1").status = Status::Failed("incompatible-network".to_owned());
    beside(&mut shop);
    let new = replica(NEW);
    shop.instances().replicas.push(new);
    shop.replica(NEW).status = Status::Failed("failed".to_owned());
    let of_new = shop.memory.replicas.entry(NEW.to_owned()).or_default();
    of_new.is_new = true;
    let (count, cause) = (1, "its status is failed".to_owned());
    shop.memory.failure = Some(FailedReplicaChanges { count, at: shop.now, cause, no_capacity: false });
    shop
}

#[test]
fn what_failed_before_it_served_is_removed_beside_failed_ones_that_stay_and_not_before_the_next_attempt() {
    for (what, beside) in [
        ("it served", (|_| {}) as fn(&mut Shop)),
        ("it is not ours", |shop: &mut Shop| {
            shop.replica("shop-1").is_ours = false;
            shop.memory.replicas.get_mut("shop-1").unwrap().is_new = true;
        }),
    ] {
        let mut shop = failed(beside);
        for minute in 1..=9 {
            assert_eq!(call(&shop.minute()), "", "{what}: {minute}");
        }
        assert_eq!(call(&shop.minute()), "delete tidegate-shop-1", "{what}");
    }
}

#[test]
fn a_memory_is_the_same_after_it_was_written_and_read() {
    let mut shop = requested(CallOutcome::Taken);
    shop.memory = DatabaseMemory::default();
    shop.now += jiff::SignedDuration::from_nanos(123_456_789);
    shop.evaluate();
    let written = serde_json::to_string(&shop.memory).expect("it can be written");
    let read: DatabaseMemory = serde_json::from_str(&written).expect("it can be read");
    assert_eq!(read, shop.memory);
}

/// A new replica that has not caught up, of that engine; after a minute in which something holds of it, it fails.
fn fails_after(engine: Engine, something: fn(&mut Shop)) -> Shop {
    let mut shop = Shop::new(1).engine(engine).counting(2, 5, "cpu > 70% for 5m", "");
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
    shop.minute();
    shop.load(NEW).lag = Some(900.0);
    let records = shop.seen.records.clone();
    something(&mut shop);
    shop.minute();
    shop.seen.records = records;
    shop.replica(NEW).status = Status::Failed("incompatible-network".to_owned());
    shop
}

#[test]
fn a_new_replica_that_somebody_may_have_read_from_is_left_to_operators_when_it_fails() {
    let nothing: fn(&mut Shop) = |_| {};
    let is_named: fn(&mut Shop) = |shop| {
        shop.arrives(NEW);
        let set_identifier = Some("by hand".to_owned());
        let by_hand = DnsRecord { set_identifier, values: vec![host(NEW)], ..record(NEW) };
        shop.seen.records.as_mut().unwrap().as_mut().unwrap().push(by_hand);
    };
    let is_available: fn(&mut Shop) = |shop| drop(shop.arrives(NEW).id.clone());
    for (engine, something, deletes) in [
        (Engine::MySql, nothing, true),
        (Engine::MySql, is_available, true),
        (Engine::MySql, is_named, false),
        (Engine::Aurora, nothing, true),
        (Engine::Aurora, is_available, false),
    ] {
        let mut shop = fails_after(engine, something);
        let calls: Vec<String> = (0..30).map(|_| call(&shop.minute())).collect();
        assert_eq!(calls.contains(&"delete tidegate-shop-1".to_owned()), deletes, "{engine:?}: {calls:?}");
    }
}

#[test]
fn a_new_replica_that_failed_is_not_removed_while_the_records_of_others_cannot_be_read() {
    let mut shop = fails_after(Engine::MySql, |_| {});
    let records = shop.seen.records.replace(Err(crate::stage::refused()));
    assert!((0..9).all(|_| call(&shop.minute()).is_empty()));
    shop.seen.records = records;
    assert!((0..30).any(|_| call(&shop.minute()) == "delete tidegate-shop-1"));
}
