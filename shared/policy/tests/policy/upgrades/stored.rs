//! Storage: how far RDS may raise it by itself, and how much of it is free.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::ClassRequest;
use tidegate_policy::upgrades::policy::StorageLimits;

use crate::upgrades::{ClassShop, GIB, cause, request};

/// 100 GiB, of which RDS may make 500; the file says 1,000, 20 percent and 10 percent.
fn stored() -> ClassShop {
    let mut shop = ClassShop::new();
    shop.policy.ladder = None;
    shop.policy.storage = Some(StorageLimits { max_gib: Some(1_000), warning: 20, critical: 10 });
    shop.main().max_allocated_gib = Some(500);
    shop
}

#[test]
fn the_limit_is_raised_once_and_told_when_rds_shows_it() {
    for before in [None, Some(500), Some(999)] {
        let mut shop = stored();
        shop.main().max_allocated_gib = before;
        shop.evaluate();
        assert_eq!(shop.news(), ["raise shop to 1000 GiB"]);
        shop.tick();
        shop.tick();
        assert_eq!(shop.news(), ["storage shop 1000 GiB"]);
    }
}

#[test]
fn a_limit_of_somebody_elses_that_is_larger_is_left() {
    for before in [Some(1_000), Some(4_000)] {
        let mut shop = stored();
        shop.main().max_allocated_gib = before;
        assert_eq!(shop.evaluate().call, None);
    }
}

#[test]
fn nothing_is_asked_of_an_instance_that_changes_or_is_observed_or_held() {
    use tidegate_policy::overrides::{Held, OverrideKind};
    let changes: [fn(&mut ClassShop); 6] = [
        |shop| shop.main().status = Status::Changing("modifying".to_owned()),
        |shop| shop.main().pending = vec!["Iops".to_owned()],
        |shop| shop.main().pending_class = Some("db.r5.large".to_owned()),
        |shop| shop.observe = true,
        // The snapshot before a change is being made, and the instance is `available` again.
        |shop| {
            shop.policy.ladder = ClassShop::new().policy.ladder;
            let request = ClassRequest { snapshot: true, ..request("db.m6g.xlarge", true) };
            shop.asked = Some(ClassAsked::To(request));
            shop.evaluate();
            shop.snaps("creating");
            shop.main().status = Status::Available;
        },
        |shop| shop.hold(OverrideKind::Hold(Held::Both)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut shop = stored();
        change(&mut shop);
        assert_eq!(shop.evaluate().call, None, "{number}");
    }
}

#[test]
fn a_refusal_is_told_and_tried_again_a_day_later() {
    let mut shop = stored();
    shop.outcome = CallOutcome::Refused("InvalidParameterCombination: too large".to_owned());
    shop.evaluate();
    let decision = shop.tick();
    assert_eq!(shop.news(), ["raise shop to 1000 GiB", "+max storage"]);
    assert_eq!(cause(&decision, "max storage"), "InvalidParameterCombination: too large");
    shop.until(shop.now + SignedDuration::from_hours(23));
    assert_eq!(shop.news(), [""; 0]);
    shop.outcome = CallOutcome::Taken;
    shop.until(shop.now + SignedDuration::from_hours(1));
    assert_eq!(shop.news(), ["raise shop to 1000 GiB", "-max storage", "storage shop 1000 GiB"]);
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut shop = stored();
    shop.outcome = CallOutcome::Unknown("no answer".to_owned());
    shop.evaluate();
    shop.tick();
    assert_eq!(shop.news(), ["raise shop to 1000 GiB", "raise shop to 1000 GiB"]);
}

#[test]
fn a_limit_that_rds_would_refuse_is_told_instead() {
    for (allocated, asked) in [(909, true), (910, false)] {
        let mut shop = stored();
        shop.main().allocated_gib = allocated;
        shop.load.free_storage = 900.0 * GIB;
        assert_eq!(shop.evaluate().call.is_some(), asked, "{allocated} GiB and 10 percent more");
        assert_eq!(shop.news().contains(&"+max storage".to_owned()), !asked);
    }
}

#[test]
fn little_free_storage_is_a_warning_then_critical_and_its_end_is_told() {
    let mut shop = stored();
    shop.main().max_allocated_gib = None;
    shop.policy.storage = Some(StorageLimits { max_gib: None, warning: 20, critical: 10 });
    let mut at = |free: f64| {
        shop.load.free_storage = free * GIB;
        shop.tick();
        shop.news()
    };
    assert_eq!(at(20.0), [""; 0]);
    assert_eq!(at(19.9), ["+free storage"]);
    assert_eq!(at(15.0), [""; 0]);
    assert_eq!(at(9.9), ["+free storage!"]);
    assert_eq!(at(15.0), [""; 0], "it is still little");
    assert_eq!(at(40.0), ["-free storage!"]);
}

#[test]
fn no_datapoint_is_no_free_storage_and_no_end() {
    let mut shop = stored();
    shop.load.free_storage = 5.0 * GIB;
    shop.tick();
    assert!(shop.news().contains(&"+free storage!".to_owned()));
    let mut seen = shop.observation();
    seen.load.free_storage = tidegate_policy::MetricReading::NotRead;
    shop.load.free_storage = f64::NAN;
    shop.tick();
    assert!(!shop.news().contains(&"-free storage!".to_owned()));
}
