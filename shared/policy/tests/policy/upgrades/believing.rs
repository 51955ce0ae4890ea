//! What the ledger holds is believed only as far as it can be true.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Severity;
use tidegate_policy::database::call::DatabaseCall;
use tidegate_policy::database::watch::ActiveDatabaseNotice;
use tidegate_policy::upgrades::memory::{
    ClassChangeBegan, StorageChange, UpgradeEnd, UpgradeMemory, UpgradeOutcome,
};

use crate::upgrades::{ClassShop, request, sunday};

#[test]
fn times_of_the_future_are_now_and_texts_are_short() {
    let mut shop = ClassShop::busy();
    shop.until(sunday());
    shop.tick();
    shop.memory.request = Some(request("db.m6g.xlarge", true));
    shop.memory.changed_at = Some(sunday());
    let now: Timestamp = sunday() - SignedDuration::from_hours(24 * 30);
    let mut memory = shop.memory.clone();
    let long = "x\n".repeat(2_000);
    let change = memory.change.as_mut().unwrap();
    (change.why, change.offered, change.to) = (long.clone(), long.clone(), long.clone());
    memory.request.as_mut().unwrap().why = long.clone();
    memory.planned.as_mut().unwrap().refused = long;
    memory.began = vec![ClassChangeBegan { at: sunday(), window: Some(sunday()), observed: false }; 500];
    memory.believe(now);
    let change = memory.change.clone().unwrap();
    assert_eq!((change.since, change.began, change.call.unwrap().at), (now, now, now));
    assert_eq!((change.why.len(), change.offered.len(), change.to.len()), (600, 300, 63));
    assert_eq!((memory.request.unwrap().why.len(), memory.planned.unwrap().refused.len()), (300, 600));
    assert_eq!(memory.changed_at, Some(now));
    assert_eq!(memory.began, vec![ClassChangeBegan { at: now, window: Some(now), observed: false }; 64]);
    assert!(memory.active.values().all(|active| active.since == now));
    assert!(memory.outcomes.iter().all(|outcome| outcome.at == now));
}

#[test]
fn a_memory_of_now_is_believed_as_it_is() {
    let mut shop = ClassShop::busy();
    shop.until(sunday());
    shop.tick();
    let mut memory = shop.memory.clone();
    memory.believe(shop.now);
    assert_eq!(memory, shop.memory);
    assert_eq!(serde_json::from_str::<UpgradeMemory>("{}").unwrap(), UpgradeMemory::default());
}

/// What is written by hand in the table: so many notices and outcomes, at a moment.
fn many(count: usize, at: Timestamp) -> UpgradeMemory {
    let active = ActiveDatabaseNotice {
        since: at,
        severity: Severity::Info,
        notified: true,
        ended: false,
        detail: "x".repeat(2_000),
    };
    let outcome = |number: usize| UpgradeOutcome {
        snapshot: false,
        instance: format!("shop-{number}"),
        from: "x".repeat(100),
        to: "y".repeat(100),
        end: UpgradeEnd::Failed,
        at,
        began: at,
        detail: "z".repeat(2_000),
    };
    let call = DatabaseCall { evaluation: "e".repeat(2_000), at, taken: true, failures: 0 };
    UpgradeMemory {
        active: (0..count).map(|number| (format!("notice {number:03}"), active.clone())).collect(),
        outcomes: (0..count).map(outcome).collect(),
        storage: Some(StorageChange { to_gib: 1_000, from_gib: Some(500), call, refused: "r".repeat(2_000) }),
        ..UpgradeMemory::default()
    }
}

#[test]
fn lists_have_a_bound_and_clocks_may_differ_by_a_minute() {
    for (count, kept) in [(32, (32, 16)), (16, (16, 16)), (40, (32, 16))] {
        for (ahead, is_believed) in [(60, true), (61, false)] {
            let at = sunday() + SignedDuration::from_secs(ahead);
            let mut memory = many(count, at);
            memory.believe(sunday());
            assert_eq!((memory.active.len(), memory.outcomes.len()), kept, "{count}");
            let expected = if is_believed { at } else { sunday() };
            let storage = memory.storage.unwrap();
            assert_eq!((storage.call.at, memory.outcomes[0].began), (expected, expected), "{ahead}");
            assert!(
                memory.active.values().all(|active| active.since == expected && active.detail.len() == 600)
            );
            assert_eq!((storage.refused.len(), storage.call.evaluation.len()), (300, 600));
            let outcome = memory.outcomes.last().unwrap();
            assert_eq!(outcome.instance, format!("shop-{}", count - 1), "the newest are kept");
            assert_eq!((outcome.from.len(), outcome.to.len(), outcome.detail.len()), (63, 63, 300));
        }
    }
}
