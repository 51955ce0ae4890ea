//! When a replica is added: by the busiest one, by the bounds, by operators; and what stands against it.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::memory::FailedReplicaChanges;
use tidegate_policy::replicas::observation::{Engine, Status};
use tidegate_policy::replicas::reason::ReplicaReason;
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::replicas::{QUIET, ReplicaLoad, Shop, ShopChange, call, replica, told, why};
use crate::stage::seconds;

const OUT: &str = "cpu > 70% for 5m";
const IN: &str = "cpu < 30% for 15m";

/// Two replicas, 1 to 5, by CPU.
fn shop() -> Shop {
    let mut shop = Shop::new(2).counting(1, 5, OUT, IN);
    shop.minutes(2);
    shop
}

/// The minute in which it first makes a call, and the call; within so many minutes.
fn first_call(shop: &mut Shop, within: u32) -> Option<(u32, String)> {
    (1..=within).find_map(|minute| {
        let made = call(&shop.minute());
        (!made.is_empty()).then_some((minute, made))
    })
}

#[test]
fn the_busiest_replica_adds_one_after_the_whole_time() {
    let mut shop = shop();
    shop.load("shop-2").cpu = Some(71.0);
    assert_eq!(first_call(&mut shop, 20), Some((5, "create tidegate-shop-1".to_owned())));
}

#[test]
fn at_the_threshold_nothing_is_added() {
    let mut shop = shop();
    shop.all(|load| load.cpu = Some(70.0));
    assert_eq!(first_call(&mut shop, 40), None);
}

#[test]
fn a_gap_in_the_datapoints_begins_the_time_anew() {
    let mut shop = shop();
    shop.load("shop-2").cpu = Some(71.0);
    shop.minutes(3);
    shop.load("shop-2").cpu = None;
    shop.minute();
    shop.load("shop-2").cpu = Some(71.0);
    assert_eq!(first_call(&mut shop, 20), Some((5, "create tidegate-shop-1".to_owned())));
}

#[test]
fn connections_count_as_cpu_does() {
    let mut shop = Shop::new(2).counting(1, 5, "connections > 400 for 5m", "");
    shop.minutes(2);
    shop.load("shop-1").connections = Some(401.0);
    assert_eq!(first_call(&mut shop, 20).map(|(minute, _)| minute), Some(5));
}

#[test]
fn lag_alone_adds_nothing() {
    let mut shop = shop();
    shop.all(|load| load.lag = Some(300.0));
    assert_eq!(first_call(&mut shop, 40), None);
}

#[test]
fn below_the_minimum_one_is_created_at_once_cooldown_or_not() {
    let mut shop = Shop::new(1).counting(2, 5, OUT, IN);
    shop.memory.changed_at = Some(shop.now);
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
}

#[test]
fn a_cooldown_holds_what_the_load_asks_for() {
    let mut shop = shop();
    shop.memory.changed_at = Some(shop.now);
    shop.all(|load| load.cpu = Some(90.0));
    let decision = shop.minutes(9);
    assert!(why(&decision).contains("cooldown until"), "{}", why(&decision));
    assert_eq!(first_call(&mut shop, 5).map(|(minute, _)| minute), Some(1));
}

#[test]
fn what_was_measured_before_the_last_change_asks_for_nothing() {
    let mut shop = shop();
    shop.policy.count.as_mut().unwrap().cooldown = crate::stage::seconds(0);
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(4);
    shop.memory.changed_at = Some(shop.now);
    assert_eq!(first_call(&mut shop, 20).map(|(minute, _)| minute), Some(5));
}

#[test]
fn at_the_maximum_it_is_reported_once() {
    let mut shop = Shop::new(2).counting(1, 2, OUT, "");
    shop.minutes(2);
    shop.all(|load| load.cpu = Some(90.0));
    let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+at max"]);
    shop.all(|load| load.cpu = Some(50.0));
    let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-at max"]);
}

#[test]
fn nothing_begins_while_anything_is_not_available() {
    let blocked: [ShopChange; 5] = [
        ("modifying", |shop| shop.instances().source.status = Status::Changing("modifying".to_owned())),
        ("pending", |shop| shop.instances().source.is_pending = true),
        ("creating", |shop| shop.instances().replicas.push(of_others("shop-9", Status::Creating))),
        ("deleting", |shop| shop.instances().replicas.push(of_others("shop-9", Status::Deleting))),
        ("rebooting", |shop| {
            shop.instances().replicas.push(of_others("shop-9", Status::Changing("rebooting".to_owned())));
        }),
    ];
    for (what, change) in blocked {
        let mut shop = shop();
        shop.all(|load| load.cpu = Some(90.0));
        change(&mut shop);
        let decision = shop.minutes(20);
        assert_eq!(call(&decision), "", "{what}");
        assert!(why(&decision).contains(what), "{what}: {}", why(&decision));
        assert!(decision.memory.change.is_none());
    }
}

fn of_others(id: &str, status: Status) -> tidegate_policy::replicas::observation::Replica {
    let mut other = replica(id);
    (other.status, other.is_ours) = (status, false);
    other
}

#[test]
fn what_rds_refuses_is_reported_and_not_tried() {
    let mut shop = shop();
    shop.instances().source.backup_retention_days = 0;
    shop.all(|load| load.cpu = Some(90.0));
    let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+no backups"]);
    shop.instances().source.backup_retention_days = 1;
    shop.instances().source.replicas_elsewhere = 13;
    let all: Vec<String> = (0..2).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+engine limit", "-no backups"]);
    shop.instances().source.status = Status::Changing("backing-up".to_owned());
    let all: Vec<String> = (0..5).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, Vec::<String>::new(), "a backup does not end it");
    shop.instances().source.status = Status::Available;
    shop.instances().source.replicas_elsewhere = 12;
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
}

#[test]
fn without_a_record_it_is_advice_except_for_aurora() {
    let mut shop = shop();
    (shop.policy.dns, shop.seen.records) = (None, None);
    shop.all(|load| load.cpu = Some(90.0));
    let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+no dns"]);
    assert!(shop.memory.change.is_none());
    let mut aurora = self::shop().engine(Engine::Aurora);
    aurora.all(|load| load.cpu = Some(90.0));
    assert_eq!(first_call(&mut aurora, 20).map(|(minute, _)| minute), Some(5));
}

#[test]
fn operators_pin_raise_and_hold_within_what_the_file_allows() {
    for (kind, expected) in [
        (OverrideKind::Pin(3), "create tidegate-shop-1"),
        (OverrideKind::Pin(2), ""),
        (OverrideKind::Min(3), "create tidegate-shop-1"),
        (OverrideKind::Raise(4), "create tidegate-shop-1"),
        (OverrideKind::Pin(90), "create tidegate-shop-1"),
        (OverrideKind::Hold(Held::Both), ""),
    ] {
        let mut shop = shop().overridden(kind);
        assert_eq!(call(&shop.minute()), expected, "{kind}");
    }
    let decision = shop().overridden(OverrideKind::Pin(90)).minute();
    assert_eq!(decision.count.unwrap().wanted, 5);
    assert!(why(&decision).contains("1 to 5 replicas"), "{}", why(&decision));
}

/// Of two pins the newer one is in force: the older one is no reason, nor what the file does not allow of it.
#[test]
fn an_override_that_a_newer_one_replaced_is_no_reason() {
    let said = |kinds: &[OverrideKind]| {
        let mut shop = kinds.iter().fold(shop(), |shop, kind| shop.overridden(*kind));
        let reasons = shop.minute().reasons;
        let codes = reasons.iter().map(ReplicaReason::code);
        codes.filter(|code| code.starts_with("overrid") || *code == "pinned").collect::<Vec<_>>()
    };
    let hold = OverrideKind::Hold(Held::Both);
    assert_eq!(said(&[OverrideKind::Pin(90), OverrideKind::Pin(3)]), ["overridden", "pinned"]);
    assert_eq!(said(&[hold, OverrideKind::Pin(3)]), ["overridden", "pinned"]);
    assert_eq!(said(&[OverrideKind::Pin(3), hold]), ["overridden"]);
    assert_eq!(said(&[OverrideKind::Pin(3), OverrideKind::Pin(3)]).len(), 3, "both ask for it");
    assert_eq!(said(&[OverrideKind::Pin(2), OverrideKind::Raise(4)]).len(), 3, "both shape the count");
    assert_eq!(said(&[OverrideKind::Min(3), OverrideKind::Max(4)]).len(), 2, "so do these");
}

#[test]
fn a_hold_adds_nothing_and_a_hold_of_scale_in_does() {
    for (held, expected) in [(Held::Both, None), (Held::ScaleIn, Some(5))] {
        let mut shop = shop().overridden(OverrideKind::Hold(held));
        shop.all(|load| load.cpu = Some(90.0));
        assert_eq!(first_call(&mut shop, 20).map(|(minute, _)| minute), expected);
    }
}

/// An emergency outranks what an operator held before it, and waits no longer than after a first failure.
#[test]
fn an_emergency_adds_in_spite_of_a_hold_and_of_a_long_wait() {
    let mut held = shop().overridden(OverrideKind::Hold(Held::Both)).overridden(OverrideKind::Raise(4));
    assert_eq!(call(&held.minute()), "create tidegate-shop-1");
    let failure = |shop: &Shop, minutes: i64| FailedReplicaChanges {
        count: 9,
        at: shop.now - seconds(60 * minutes),
        cause: "InstanceQuotaExceeded".to_owned(),
        no_capacity: false,
    };
    for (kind, minutes, expected) in [
        (OverrideKind::Raise(4), 8, ""),
        (OverrideKind::Raise(4), 11, "create tidegate-shop-1"),
        (OverrideKind::Min(4), 11, ""),
    ] {
        let mut waits = shop().overridden(kind);
        waits.memory.failure = Some(failure(&waits, minutes));
        assert_eq!(call(&waits.minute()), expected, "{kind}, {minutes} minutes later");
    }
}

#[test]
fn a_new_one_stands_in_the_emptiest_zone_under_a_free_name() {
    let mut shop = shop();
    shop.replica("shop-1").zone = Some("c".to_owned());
    shop.instances().taken.extend(["tidegate-shop-1".to_owned(), "Tidegate-Shop-2".to_owned()]);
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(4);
    let decision = shop.minute();
    let Some(tidegate_policy::replicas::decision::InstanceCall::Create(new)) = decision.call else {
        panic!("{}", why(&decision))
    };
    assert_eq!((new.id.as_str(), new.zone.as_deref()), ("tidegate-shop-3", Some("a")));
    assert_eq!((new.source.as_str(), new.class.as_str()), ("shop", "db.r6g.large"));
}

#[test]
fn a_name_is_one_that_rds_takes() {
    let long = "a-database-with-a-name-as-long-as-rds-allows-0123456789-abcdefg";
    let cut = "a-database-with-a-name-as-long-as-rds-allows-012345-6789abcdefg";
    for (source, expected) in [
        (long, "tidegate-a-database-with-a-name-as-long-as-rds-allows-0123456-1"),
        // The hyphen at which it is cut is left out.
        (cut, "tidegate-a-database-with-a-name-as-long-as-rds-allows-012345-1"),
        ("Shop", "tidegate-shop-1"),
        ("é--", "tidegate-replica-1"),
    ] {
        let mut shop = Shop::new(0).counting(1, 5, OUT, IN);
        shop.instances().source.id = source.to_owned();
        assert_eq!(call(&shop.minute()), format!("create {expected}"));
        assert!(expected.len() <= 63);
    }
}

#[test]
fn a_class_of_the_fleet_file_outranks_that_of_the_source() {
    let mut shop = Shop::new(0).counting(1, 5, OUT, IN);
    shop.policy.count.as_mut().unwrap().class = Some("db.r6g.xlarge".to_owned());
    shop.minute();
    assert_eq!(shop.replica("tidegate-shop-1").class, "db.r6g.xlarge");
}

#[test]
fn observe_calls_nothing_and_writes_nothing() {
    let mut shop = Shop::new(2).counting(3, 5, OUT, IN);
    shop.observe = true;
    shop.load("shop-2").lag = Some(90.0);
    let mut all = Vec::new();
    for _ in 0..20 {
        let decision = shop.minute();
        assert_eq!((decision.call.clone(), decision.records.len()), (None, 0));
        assert!(decision.memory.change.is_none());
        all.extend(told(&decision));
    }
    assert_eq!(all, ["+lag"], "notices are sent");
    assert!(why(&shop.minute()).contains("the mode is observe"));
}

#[test]
fn unread_instances_change_nothing_and_metrics_unread_hold() {
    let mut shop = shop();
    shop.all(|load| load.cpu = Some(90.0));
    shop.minutes(4);
    let before = shop.memory.clone();
    let mut unread = shop.clone();
    unread.seen.instances = Err(crate::stage::refused());
    let decision = unread.minute();
    assert_eq!((decision.call, decision.records.len()), (None, 0));
    assert_eq!(decision.memory.replicas, before.replicas);
    shop.metrics = false;
    assert_eq!(first_call(&mut shop, 30), None);
}

#[test]
fn an_answer_that_fails_for_five_minutes_is_reported() {
    let mut shop = shop();
    let seen = shop.seen.instances.clone();
    shop.seen.instances = Err(crate::stage::refused());
    let all: Vec<Vec<String>> = (0..8).map(|_| told(&shop.minute())).collect();
    assert_eq!(all.iter().position(|told| !told.is_empty()), Some(5));
    assert_eq!(all.concat(), ["+rds unreadable"]);
    shop.seen.instances = seen;
    assert_eq!(told(&shop.minute()), ["-rds unreadable"]);
}

#[test]
fn a_call_that_is_refused_waits_longer_each_time() {
    let mut shop = Shop::new(0).counting(1, 5, OUT, IN);
    shop.outcome = CallOutcome::Refused("InstanceQuotaExceeded".to_owned());
    let tries: Vec<i32> = (0..200).filter(|_| !call(&shop.minute()).is_empty()).collect();
    assert_eq!(tries, [0, 10, 30, 70, 150]);
    shop.outcome = CallOutcome::Taken;
    assert!(shop.memory.failure.is_some());
}

#[test]
fn a_replica_that_has_never_caught_up_is_not_the_busiest() {
    let mut shop = shop();
    shop.instances().replicas.push(of_others("shop-9", Status::Available));
    let now = shop.now;
    shop.replica("shop-9").created_at = Some(now);
    shop.loads.insert("shop-9".to_owned(), ReplicaLoad { lag: Some(900.0), cpu: Some(100.0), ..QUIET });
    assert_eq!(first_call(&mut shop, 40), None);
}

#[test]
fn what_is_said_of_a_database_to_others_is_how_many_it_has_and_why_no_more() {
    let says = |shop: &Shop, moves: bool, words: &str| {
        let standing = ReplicaStanding::of(&shop.peek());
        assert_eq!((standing.serving, standing.existing, standing.moves), (Some(2), Some(2), moves));
        assert!(standing.why.contains(words) && words.is_empty() == standing.why.is_empty(), "{standing:?}");
    };
    says(&shop(), false, "");
    let raised = || shop().overridden(OverrideKind::Raise(4));
    says(&raised(), true, "is created");
    let mut without = raised();
    without.instances().source.backup_retention_days = 0;
    says(&without, false, "backups");
    let mut away = raised();
    away.instances().source.replicas_elsewhere = 13;
    says(&away, false, "15");
    says(&Shop { observe: true, ..raised() }, false, "observe");
    let mut unread = raised();
    unread.seen.instances = Err(crate::stage::refused());
    let standing = ReplicaStanding::of(&unread.peek());
    assert!(standing.serving.is_none() && standing.why.contains("RDS could not be read"), "{standing:?}");
}
