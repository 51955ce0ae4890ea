//! What stands against a change at its exact limits.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::observation::DueMaintenance;

use crate::upgrades::{ClassShop, GIB, codes, friday, request, sunday};

const NONE: [&str; 0] = [];

fn due(shop: &mut ClassShop, at: Timestamp) {
    let action = "system-update".to_owned();
    shop.rehearsal.maintenance =
        Ok(vec![DueMaintenance { action, at: Some(at), required: None, resource: String::new() }]);
}

#[test]
fn an_offer_with_multi_az_suits_an_instance_with_and_one_without_it() {
    for is_multi_az in [false, true] {
        let mut shop = ClassShop::busy();
        shop.main().is_multi_az = is_multi_az;
        assert_eq!(codes(&shop.evaluate()), NONE);
    }
}

#[test]
fn maintenance_counts_until_the_end_of_the_window_or_for_an_hour_where_it_is_asked_for_at_once() {
    let minutes = SignedDuration::from_mins;
    for (asked, at, expected) in [
        (false, sunday() + minutes(60), vec!["maintenance-due"]),
        (false, sunday() + minutes(61), vec![]),
        (true, friday() + minutes(60), vec!["maintenance-due"]),
        (true, friday() + minutes(61), vec![]),
    ] {
        let mut shop = if asked { ClassShop::new() } else { ClassShop::busy() };
        shop.asked = asked.then(|| ClassAsked::To(request("db.m6g.xlarge", true)));
        due(&mut shop, at);
        assert_eq!(codes(&shop.evaluate()), expected, "{asked} {at}");
    }
}

/// Idle for two weeks: `db.t4g.medium` is wanted.
fn smaller(change: impl FnOnce(&mut ClassShop)) -> Vec<&'static str> {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
    shop.rehearsal.offers.as_mut().unwrap()[0].storage_type = "gp2".to_owned();
    shop.main().storage_type = "gp2".to_owned();
    change(&mut shop);
    codes(&shop.evaluate())
}

#[test]
fn burst_credits_below_90_percent_are_used() {
    for (burst, expected) in [(90.0, vec![]), (89.9, vec!["burst-credits"])] {
        assert_eq!(smaller(|shop| shop.load.burst = burst), expected, "{burst}");
    }
}

#[test]
fn only_gp2_below_1000_gib_is_slow_and_only_where_the_memory_is_too_little() {
    let little = |gib: u32, storage: &'static str| {
        smaller(|shop| {
            shop.load.free_memory = 3.0 * GIB;
            shop.main().allocated_gib = gib;
            shop.main().storage_type = storage.to_owned();
            shop.rehearsal.offers.as_mut().unwrap()[0].storage_type = storage.to_owned();
        })
    };
    assert_eq!(little(999, "gp2"), ["too-little-memory", "slow-storage"]);
    assert_eq!(little(1_000, "gp2"), ["too-little-memory"]);
    assert_eq!(little(100, "gp3"), ["too-little-memory"]);
    assert_eq!(smaller(|_| {}), NONE);
}
