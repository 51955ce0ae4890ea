//! A blue/green deployment of the source: its green side is no replica, and while it exists no replica is added or removed.

use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::memory::{ReplicaMemory, ReplicaStep};
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::replicas::{Shop, ShopChange, call, record, replica, told, why};
use crate::stage::seconds;

const GREEN: &str = "shop-green-ab12cd";
const NONE: &[String] = &[];
const SAID: &str = "shop-green-ab12cd is the green side of a blue/green deployment of shop: no reads go to shop-green-ab12cd, and \
                    no replica is added or removed";

impl Shop {
    /// Somebody begins a deployment.
    fn deploys(&mut self) {
        let instances = self.instances();
        instances.green = Some(GREEN.to_owned());
        instances.taken.push(GREEN.to_owned());
    }

    /// It is switched over, or deleted.
    fn deployed(&mut self) {
        let instances = self.instances();
        instances.green = None;
        instances.taken.retain(|id| id != GREEN);
    }
}

#[test]
fn while_it_exists_nothing_adds_a_replica_and_one_reason_says_why() {
    let changes: [ShopChange; 4] = [
        ("by the load", |shop| shop.load("shop-1").cpu = Some(95.0)),
        ("below the minimum", |shop| shop.policy.count.as_mut().unwrap().min = 3),
        ("pinned", |shop| *shop = shop.clone().overridden(OverrideKind::Pin(4))),
        ("in an emergency", |shop| *shop = shop.clone().overridden(OverrideKind::Raise(4))),
    ];
    for (what, change) in changes {
        let mut shop = Shop::new(2).counting(1, 5, "cpu > 70% for 5m", "");
        change(&mut shop);
        let mut deploys = shop.clone();
        assert!((0..12).any(|_| call(&shop.minute()) == "create tidegate-shop-1"), "{what}");
        deploys.deploys();
        for _ in 0..12 {
            let decision = deploys.minute();
            assert_eq!(call(&decision), "", "{what}");
            assert_eq!(why(&decision).matches(SAID).count(), 1, "{what}: {}", why(&decision));
            assert_eq!(ReplicaStanding::of(&decision).why, SAID, "{what}");
        }
        deploys.deployed();
        assert!((0..12).any(|_| call(&deploys.minute()) == "create tidegate-shop-1"), "{what}");
    }
}

#[test]
fn while_it_exists_nothing_removes_a_replica() {
    let changes: [ShopChange; 3] = [
        ("by the load", |shop| {
            shop.all(|load| load.cpu = Some(1.0));
        }),
        ("pinned", |shop| *shop = shop.clone().overridden(OverrideKind::Pin(1))),
        ("failed before it served", |shop| {
            let failed = Status::Failed("failed".to_owned());
            shop.instances().replicas.push(crate::replicas::Replica { status: failed, ..replica("new") });
            shop.memory
                .replicas
                .insert("new".to_owned(), ReplicaMemory { is_new: true, ..Default::default() });
        }),
    ];
    for (what, change) in changes {
        let mut shop = Shop::new(3).counting(1, 5, "", "cpu < 30% for 15m");
        shop.minutes(20);
        change(&mut shop);
        let mut deploys = shop.clone();
        assert!((0..50).any(|_| call(&shop.minute()).starts_with("delete")), "{what}");
        deploys.deploys();
        assert!((0..50).all(|_| call(&deploys.minute()).is_empty()), "{what}");
        assert_eq!(deploys.memory.change, None, "{what}");
    }
}

#[test]
fn a_removal_under_way_is_given_up_and_its_record_comes_back() {
    let mut shop = Shop::new(3).counting(1, 5, "", "").overridden(OverrideKind::Pin(2));
    shop.minutes(2);
    assert_eq!(shop.memory.change.as_ref().map(|change| change.step), Some(ReplicaStep::Draining));
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
    shop.deploys();
    let decision = shop.minute();
    let kept = "shop-3 is kept, since a blue/green deployment of the source exists";
    assert!(why(&decision).contains(kept), "{}", why(&decision));
    assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"]);
    assert!((0..30).all(|_| call(&shop.minute()).is_empty()));
}

#[test]
fn a_creation_under_way_goes_on_and_its_call_is_not_sent_again() {
    let mut shop = Shop::new(1).counting(2, 5, "cpu > 70% for 5m", "");
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
    let mut lost = shop.clone();
    lost.gone("tidegate-shop-1");
    lost.deploys();
    assert!((0..30).all(|_| call(&lost.minute()).is_empty()), "RDS does not show it");
    shop.deploys();
    shop.minutes(3);
    shop.arrives("tidegate-shop-1");
    let all: Vec<String> = (0..15).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["added tidegate-shop-1"]);
    assert_eq!(shop.answers(), ["shop-1", "tidegate-shop-1"]);
}

#[test]
fn it_is_told_once_when_it_begins_and_once_when_it_is_over_and_replicas_are_watched_meanwhile() {
    // Also where replicas are only watched.
    for mut shop in [Shop::new(2), Shop::new(2).counting(1, 3, "cpu > 70% for 5m", "")] {
        shop.minutes(2);
        shop.deploys();
        assert_eq!(told(&shop.minute()), ["+blue/green"]);
        shop.load("shop-2").lag = Some(60.0);
        let all: Vec<String> = (0..10).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!(all, ["+lag"]);
        assert_eq!(shop.answers(), ["shop-1"], "the records are kept");
        shop.load("shop-2").lag = Some(0.0);
        shop.minutes(12);
        assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
        shop.deployed();
        assert_eq!(told(&shop.minute()), ["-blue/green"]);
        assert_eq!(told(&shop.minute()), NONE);
    }
}

#[test]
fn what_is_needed_at_the_maximum_is_told_during_a_deployment_too() {
    let mut shop = Shop::new(2).counting(1, 2, "cpu > 70% for 5m", "");
    shop.all(|load| load.cpu = Some(95.0));
    let all: Vec<String> = (0..8).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+at max"]);
    shop.deploys();
    let all: Vec<String> = (0..8).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["+blue/green"], "the need is not over");
}

#[test]
fn a_green_side_that_was_taken_for_a_replica_before_loses_its_record_and_is_not_missed() {
    let mut shop = Shop::new(2).counting(1, 3, "cpu > 70% for 5m", "");
    shop.minutes(2);
    shop.deploys();
    shop.memory.replicas.insert(GREEN.to_owned(), shop.memory.replicas["shop-1"].clone());
    shop.seen.records.as_mut().unwrap().as_mut().unwrap().push(record(GREEN));
    let decision = shop.minute();
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
    assert!(!why(&decision).contains("has not shown"), "{}", why(&decision));
    assert!(!shop.memory.replicas.contains_key(GREEN));
    shop.now += seconds(600);
    assert_eq!(told(&shop.minute()), NONE, "nothing was promoted");
}
