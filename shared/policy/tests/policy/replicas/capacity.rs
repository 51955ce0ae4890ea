//! A zone without capacity: another one is tried, and when none is left that is told once.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::capacity::class_to_look_up;
use tidegate_policy::replicas::decision::{InstanceCall, ReplicaDecision};
use tidegate_policy::replicas::observation::{Engine, OfferedZones, Status};
use tidegate_policy::{Absence, AbsenceKind};

use crate::replicas::{Shop, call, told, why};
use crate::stage::seconds;

const NEW: &str = "tidegate-shop-1";

/// One replica too few, which stands in zone `b`; the source stands in `a`.
fn shop() -> Shop {
    Shop::new(1).counting(2, 5, "cpu > 70% for 5m", "cpu < 30% for 15m")
}

fn zone(decision: &ReplicaDecision) -> Option<&str> {
    match &decision.call {
        Some(InstanceCall::Create(new)) => new.zone.as_deref(),
        Some(InstanceCall::Delete { .. }) | None => None,
    }
}

fn offers(zones: &[&str]) -> OfferedZones {
    let zones = Ok(zones.iter().map(|zone| (*zone).to_owned()).collect());
    OfferedZones { class: "db.r6g.large".to_owned(), zones }
}

fn looks_up(shop: &mut Shop) -> Option<String> {
    let instances = shop.instances().clone();
    class_to_look_up(&shop.memory, &shop.policy, &instances, shop.now)
}

#[test]
fn the_next_zone_is_tried_by_the_next_evaluation() {
    let mut shop = shop();
    shop.full_zones = vec!["c"];
    assert_eq!(looks_up(&mut shop), None);
    assert_eq!(zone(&shop.minute()), Some("c"), "neither the replica nor the source stands there");
    assert!(shop.memory.change.is_none() && shop.memory.failure.is_none());
    assert_eq!(looks_up(&mut shop).as_deref(), Some("db.r6g.large"));
    let decision = shop.minute();
    assert_eq!((call(&decision).as_str(), zone(&decision)), ("create tidegate-shop-1", Some("a")));
    assert!(why(&decision).contains("no capacity for db.r6g.large in c, which is not tried before"));
    assert_eq!(told(&decision), Vec::<String>::new());
    assert_eq!(looks_up(&mut shop), None, "it is being created");
    shop.arrives(NEW);
    shop.minutes(8);
    assert!(shop.memory.change.is_none(), "it is there");
    assert_eq!(looks_up(&mut shop), None, "and was, after the refusal");
}

#[test]
fn a_zone_without_capacity_is_tried_again_after_an_hour() {
    for (minutes, expected) in [(58, "a"), (61, "c")] {
        let mut shop = shop();
        shop.full_zones = vec!["c"];
        shop.minute();
        shop.full_zones.clear();
        // Until then an operator holds.
        shop = shop.overridden(OverrideKind::Hold(Held::Both));
        shop.minutes(9);
        assert!(looks_up(&mut shop).is_some());
        shop.minutes(minutes - 9);
        assert_eq!(looks_up(&mut shop), None, "none is wanted: nothing is read for that");
        shop.overrides.clear();
        assert_eq!(zone(&shop.minute()), Some(expected), "{minutes}");
    }
}

#[test]
fn zones_in_which_rds_does_not_offer_the_class_are_left_out() {
    let mut shop = shop();
    shop.full_zones = vec!["c"];
    shop.minute();
    shop.seen.offers = Some(offers(&["b", "c"]));
    assert_eq!(zone(&shop.minute()), Some("b"));
}

#[test]
fn offers_that_are_not_known_or_of_another_class_leave_no_zone_out() {
    let unknown = Err(Absence::new(AbsenceKind::Throttled, "Rate exceeded"));
    for (class, zones) in [("db.r6g.large", unknown), ("db.r6g.xlarge", Ok(vec!["b".to_owned()]))] {
        let mut shop = shop();
        shop.full_zones = vec!["c"];
        shop.minute();
        shop.seen.offers = Some(OfferedZones { class: class.to_owned(), zones });
        assert_eq!(zone(&shop.minute()), Some("a"), "{class}");
    }
}

#[test]
fn that_no_zone_has_capacity_is_told_once_with_what_is_offered_and_tried_again() {
    let mut shop = shop();
    shop.full_zones = vec!["a", "b", "c"];
    shop.seen.offers = Some(offers(&["a", "b", "c", "d"]));
    let tried: Vec<Option<String>> = (0..3).map(|_| zone(&shop.minute()).map(str::to_owned)).collect();
    assert_eq!(tried, ["c", "a", "b"].map(|zone| Some(zone.to_owned())));
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+no capacity"]);
    assert_eq!(
        decision.notices[0].cause.as_deref(),
        Some("RDS has no capacity for db.r6g.large in a, b, c; it offers that class in a, b, c, d")
    );
    assert_eq!(call(&decision), "");
    assert!(!why(&decision).contains("is not tried before"), "{}", why(&decision));
    // Ten minutes later all zones are tried again, one a minute; that they still have none is no news.
    let later: Vec<(u32, Option<String>)> = (1..=16)
        .map(|minute| {
            let decision = shop.minute();
            assert_eq!(told(&decision), Vec::<String>::new(), "{minute}");
            (minute, zone(&decision).map(str::to_owned))
        })
        .filter(|(_, zone)| zone.is_some())
        .collect();
    let expected = [(10, "c"), (11, "a"), (12, "b")].map(|(minute, it)| (minute, Some(it.to_owned())));
    assert_eq!(later, expected);
    assert_eq!(shop.memory.failure.as_ref().map(|failure| failure.count), Some(2), "then it waits longer");
    assert_eq!(looks_up(&mut shop), None, "while it waits nothing is read");
}

#[test]
fn the_notice_ends_when_a_replica_was_created() {
    let mut shop = shop();
    shop.full_zones = vec!["a", "b", "c"];
    shop.minutes(4);
    shop.full_zones = vec!["c"];
    let decision = shop.minutes(11);
    assert_eq!(zone(&decision), Some("a"), "{}", why(&decision));
    shop.arrives(NEW);
    let all: Vec<String> = (0..12).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-no capacity", "added tidegate-shop-1"]);
}

#[test]
fn the_notice_ends_when_no_replica_is_needed_any_more() {
    let mut shop = Shop::new(1).counting(1, 5, "cpu > 70% for 5m", "");
    shop.full_zones = vec!["a", "b", "c"];
    shop.all(|load| load.cpu = Some(90.0));
    let begins: Vec<String> = (0..14).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(begins, ["+no capacity"]);
    shop.all(|load| load.cpu = Some(40.0));
    let ends: Vec<String> = (0..8).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(ends, ["-no capacity"]);
}

#[test]
fn another_reason_of_rds_ends_the_notice_and_is_told_itself() {
    let mut shop = shop();
    shop.full_zones = vec!["a", "b", "c"];
    shop.minutes(4);
    shop.full_zones.clear();
    shop.outcome = CallOutcome::Refused("InstanceQuotaExceeded".to_owned());
    let all: Vec<String> = (0..13).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-no capacity", "not added tidegate-shop-1"]);
}

#[test]
fn a_replica_that_fails_for_another_reason_ends_the_notice() {
    let mut shop = shop();
    shop.full_zones = vec!["a", "b", "c"];
    shop.minutes(4);
    shop.full_zones.clear();
    let creates = (0..13).any(|_| shop.minute().call.is_some());
    assert!(creates, "it is tried again");
    shop.minute();
    shop.replica(NEW).status = Status::Failed("incompatible-network".to_owned());
    shop.minutes(2);
    shop.gone(NEW);
    let all: Vec<String> = (0..3).flat_map(|_| told(&shop.minute())).collect();
    assert!(all.contains(&"-no capacity".to_owned()), "{all:?}");
}

#[test]
fn where_rds_chooses_the_zone_and_has_none_no_zone_is_left() {
    let mut shop = shop();
    shop.instances().source.zones.clear();
    shop.outcome = CallOutcome::Refused("insufficient instance capacity".to_owned());
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
    let decision = shop.minute();
    assert_eq!((call(&decision).as_str(), told(&decision)), ("", vec!["+no capacity".to_owned()]));
    assert!(why(&decision).contains("no capacity for db.r6g.large in any zone"), "{}", why(&decision));
}

#[test]
fn a_class_of_the_fleet_file_has_zones_of_its_own() {
    let mut shop = shop();
    shop.full_zones = vec!["c"];
    shop.minute();
    shop.policy.count.as_mut().unwrap().class = Some("db.r6g.2xlarge".to_owned());
    assert_eq!(looks_up(&mut shop), None);
    assert_eq!(zone(&shop.minute()), Some("c"));
}

#[test]
fn a_replica_that_ends_without_capacity_is_removed_and_the_next_one_stands_elsewhere() {
    let mut shop = shop();
    assert_eq!(zone(&shop.minute()), Some("c"));
    shop.minute();
    shop.replica(NEW).status = Status::Failed("insufficient-capacity".to_owned());
    let decision = shop.minute();
    assert_eq!(call(&decision), "delete tidegate-shop-1");
    assert_eq!(told(&decision), ["+failed tidegate-shop-1", "not added tidegate-shop-1"]);
    shop.minute();
    shop.gone(NEW);
    let next = (0..30)
        .map(|_| shop.minute())
        .inspect(|it| assert!(!told(it).contains(&"+no capacity".to_owned()), "two zones are left"))
        .find(|decision| decision.call.is_some());
    assert_eq!(next.as_ref().and_then(zone), Some("a"));
}

/// RDS may show no zone of an instance that never was in one.
#[test]
fn of_an_instance_without_a_zone_the_one_that_was_asked_for_had_no_capacity() {
    let mut shop = shop();
    assert_eq!(zone(&shop.minute()), Some("c"));
    shop.minute();
    shop.replica(NEW).zone = None;
    shop.replica(NEW).status = Status::Failed("insufficient-capacity".to_owned());
    shop.minutes(2);
    let zones: Vec<_> = shop.memory.no_capacity.iter().map(|it| it.zone.as_deref()).collect();
    assert_eq!(zones, [Some("c")]);
}

/// Once told, it lasts while the same goes on: a backup of the source and an instance that ends without capacity end nothing.
#[test]
fn that_no_zone_has_capacity_does_not_end_while_one_more_is_needed() {
    let full = || {
        let mut shop = shop();
        shop.full_zones = vec!["a", "b", "c"];
        let all: Vec<String> = (0..6).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all, ["+no capacity"]);
        shop
    };
    let mut backing_up = full();
    backing_up.instances().source.status = Status::Changing("backing-up".to_owned());
    assert_eq!(told(&backing_up.minute()), Vec::<String>::new());

    let mut later = full();
    later.full_zones.clear();
    let next = (0..30).map(|_| later.minute()).find(|decision| decision.call.is_some());
    assert!(next.is_some_and(|next| told(&next).is_empty()));
    later.minute();
    later.replica(NEW).status = Status::Failed("insufficient-capacity".to_owned());
    later.minute();
    later.gone(NEW);
    let after: Vec<String> = (0..5).flat_map(|_| told(&later.minute())).collect();
    assert!(!after.contains(&"-no capacity".to_owned()), "{after:?}");
}

#[test]
fn a_reader_of_aurora_is_created_in_another_zone_too() {
    let mut shop = shop().engine(Engine::Aurora);
    shop.full_zones = vec!["c"];
    assert_eq!(zone(&shop.minute()), Some("c"));
    assert_eq!(zone(&shop.minute()), Some("a"));
}

#[test]
fn a_call_that_is_sent_again_names_the_same_zone() {
    let mut shop = shop();
    shop.outcome = CallOutcome::Unknown("no answer in time".to_owned());
    assert_eq!(zone(&shop.minute()), Some("c"));
    // Another replica stands there by now.
    let mut other = crate::replicas::replica("by-hand");
    other.zone = Some("c".to_owned());
    shop.policy.count.as_mut().unwrap().min = 3;
    shop.instances().replicas.push(other);
    let again = (0..5).map(|_| shop.minute()).find(|decision| decision.call.is_some());
    assert_eq!(again.as_ref().and_then(zone), Some("c"));
    // The last zone refused is remembered by the moment of the refusal.
    shop.outcome = CallOutcome::Refused("InsufficientDBInstanceCapacity".to_owned());
    shop.minutes(5);
    let at = shop.memory.no_capacity.iter().find(|it| it.zone.as_deref() == Some("c")).map(|it| it.at);
    assert!(at.is_some_and(|at| shop.now.duration_since(at) < seconds(600)), "{at:?}");
}
