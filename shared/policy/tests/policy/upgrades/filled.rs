//! Storage at its exact limits, and a call to raise it that nobody answers.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::upgrades::policy::StorageLimits;
use tidegate_policy::upgrades::reason::UpgradeReason;
use tidegate_policy::{Datapoint, MetricReading};

use crate::upgrades::weighed::seeing;
use crate::upgrades::{ClassShop, GIB, friday};

/// 100 GiB, of which RDS may make 500; the file says 1,000, 20 percent and 10 percent.
fn stored(max_gib: u32) -> ClassShop {
    let mut shop = ClassShop::new();
    shop.policy.ladder = None;
    shop.policy.storage = Some(StorageLimits { max_gib: Some(max_gib), warning: 20, critical: 10 });
    shop.main().max_allocated_gib = Some(500);
    shop
}

#[test]
fn a_call_without_an_answer_is_sent_again_after_ever_longer_pauses() {
    let mut shop = stored(1_000);
    shop.outcome = CallOutcome::Unknown("no answer".to_owned());
    let mut minutes = Vec::new();
    shop.now -= SignedDuration::from_mins(5);
    while shop.now < friday() + SignedDuration::from_hours(1) {
        if shop.tick().call.is_some() {
            minutes.push(shop.now.duration_since(friday()).as_mins());
        }
    }
    assert_eq!(minutes, [0, 5, 10, 20, 35, 50]);
}

#[test]
fn ten_percent_more_than_there_are_is_enough_to_ask_for() {
    for (allocated, asked) in [(1_000, true), (1_001, false)] {
        let mut shop = stored(1_100);
        shop.main().allocated_gib = allocated;
        shop.load.free_storage = 900.0 * GIB;
        assert_eq!(shop.evaluate().call.is_some(), asked, "{allocated}");
    }
}

#[test]
fn of_storage_whose_size_is_not_known_no_share_is_free() {
    let mut shop = stored(1_000);
    shop.load.free_storage = 5.0 * GIB;
    let decision = shop.tick();
    assert!(shop.news().contains(&"+free storage!".to_owned()));
    let notice = decision.notices.iter().find(|notice| notice.about == "free storage").unwrap();
    assert_eq!(notice.verdict, "5% of the storage is free");
    let reason = UpgradeReason::FreeStorage { percent: 5.0, limit: 10 };
    assert!(decision.reasons.contains(&reason), "{:?}", decision.reasons);
    shop.main().allocated_gib = 0;
    shop.tick();
    assert!(!shop.news().contains(&"-free storage!".to_owned()));
}

#[test]
fn free_storage_is_enough_again_only_where_it_was_in_every_one_of_five_minutes() {
    let mut shop = stored(1_000);
    shop.load.free_storage = 15.0 * GIB;
    shop.tick();
    for (free, is_over) in [
        (vec![25.0, 25.0, 25.0, 25.0, 25.0], true),
        (vec![25.0, 25.0, 15.0, 25.0, 25.0], false),
        (vec![25.0, 25.0], false),
    ] {
        let decision = seeing(&shop, |seen| {
            let minute = |(index, free): (usize, &f64)| Datapoint {
                at: shop.now - SignedDuration::from_mins(3 + i64::try_from(index).unwrap()),
                value: *free * GIB,
            };
            let points = free.iter().enumerate().rev().map(minute).collect();
            seen.load.free_storage = MetricReading::Points { period: SignedDuration::from_mins(1), points };
        });
        let ends =
            |notice: &DatabaseNotice| notice.about == "free storage" && notice.phase == NoticePhase::Ends;
        assert_eq!(decision.notices.iter().any(ends), is_over, "{free:?}");
    }
}
