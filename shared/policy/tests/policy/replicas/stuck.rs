//! What stands still for long is told, whatever holds it back.

use tidegate_policy::database::notice::DatabaseNotice;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::observation::Status;

use crate::replicas::removing::{IN, OUT};
use crate::replicas::{Shop, ShopChange, call, told, why};

/// In which minute, of so many, what is told.
fn told_within(shop: &mut Shop, minutes: u32) -> Vec<(u32, String)> {
    let tell = |minute| told(&shop.minute()).into_iter().map(move |told| (minute, told));
    (1..=minutes).flat_map(tell).collect()
}

#[test]
fn one_more_that_is_needed_and_held_back_is_told_after_half_an_hour() {
    let changes: [ShopChange; 3] = [
        ("a change of shop is pending", |shop| shop.instances().source.is_pending = true),
        ("the status of shop is upgrading", |shop| {
            shop.instances().source.status = Status::Changing("upgrading".to_owned());
        }),
        ("the status of shop-1 is rebooting", |shop| {
            shop.replica("shop-1").status = Status::Changing("rebooting".to_owned());
        }),
    ];
    for (cause, change) in changes {
        for kind in [OverrideKind::Pin(3), OverrideKind::Min(3), OverrideKind::Raise(3)] {
            let mut shop = Shop::new(2).counting(1, 5, OUT, IN).overridden(kind);
            change(&mut shop);
            let mut decisions: Vec<_> = (0..31).map(|_| shop.minute()).collect();
            let last = decisions.pop().unwrap();
            assert!(decisions.iter().all(|it| told(it).is_empty()), "{cause}, {kind}");
            let told_is = |it: &&DatabaseNotice| it.about == "held back";
            let notice =
                last.notices.iter().find(told_is).unwrap_or_else(|| panic!("{cause}: {}", why(&last)));
            assert_eq!(notice.verdict, "one more replica needed, held back");
            assert!(notice.cause.as_deref().unwrap_or_default().starts_with(cause), "{notice:?}");
            assert!((0..20).all(|_| told(&shop.minute()).is_empty()), "once");
            shop.instances().source.is_pending = false;
            shop.instances().source.status = Status::Available;
            shop.replica("shop-1").status = Status::Available;
            let decision = shop.minute();
            assert_eq!(
                (call(&decision).as_str(), told(&decision)),
                ("create tidegate-shop-1", vec!["-held back".to_owned()])
            );
        }
    }
}

#[test]
fn what_is_held_back_and_not_needed_any_more_ends_with_that() {
    let mut shop = Shop::new(2).counting(1, 5, OUT, "");
    shop.instances().source.is_pending = true;
    shop.all(|load| load.cpu = Some(90.0));
    assert_eq!(told_within(&mut shop, 40), [(35, "+held back".to_owned())]);
    shop.load("shop-1").cpu = None;
    shop.load("shop-2").cpu = Some(50.0);
    assert_eq!(told_within(&mut shop, 30), [], "the load of one is not known");
    shop.load("shop-1").cpu = Some(50.0);
    let all: Vec<String> = told_within(&mut shop, 10).into_iter().map(|(_, told)| told).collect();
    assert_eq!(all, ["-held back"]);
}

#[test]
fn a_short_backup_of_the_source_is_not_told() {
    let mut shop = Shop::new(1).counting(2, 5, OUT, IN);
    shop.instances().source.status = Status::Changing("backing-up".to_owned());
    assert_eq!(told_within(&mut shop, 25), []);
    shop.instances().source.status = Status::Available;
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
}

#[test]
fn a_replica_that_is_not_available_for_an_hour_is_told_by_its_status() {
    let mut shop = Shop::new(2);
    shop.minutes(2);
    shop.replica("shop-2").status = Status::Changing("storage-full".to_owned());
    assert_eq!(told_within(&mut shop, 60), []);
    let notice = shop.minute().notices.remove(0);
    assert_eq!(notice.verdict, "shop-2 has not been available for more than 1h");
    let cause = "its status is storage-full, and no replica is added or removed meanwhile";
    assert_eq!((notice.about.as_str(), notice.cause.as_deref()), ("not available shop-2", Some(cause)));
    let gone = shop.gone("shop-2");
    assert_eq!(told_within(&mut shop, 2), [], "RDS may show what was a few minutes ago");
    shop.instances().replicas.push(gone);
    assert_eq!(told_within(&mut shop, 120), [], "once");
    shop.replica("shop-2").status = Status::Available;
    assert_eq!(told(&shop.minute()), ["-not available shop-2"]);
}
