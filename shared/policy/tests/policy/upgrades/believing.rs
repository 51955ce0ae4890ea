//! What the ledger holds is believed only as far as it can be true.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::upgrades::memory::{ClassChangeBegan, UpgradeMemory};

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
    assert_eq!((change.why.len(), change.offered.len(), change.to.len()), (600, 600, 63));
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
