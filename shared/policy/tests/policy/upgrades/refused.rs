//! Each thing that stands against a change, alone: found, by its name, and nothing is sent.

use jiff::SignedDuration;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::ClassChangeBegan;
use tidegate_policy::upgrades::observation::{DueMaintenance, Reservation, RunningInstance};
use tidegate_policy::upgrades::policy::ChangeWindow;
use tidegate_policy::{Absence, AbsenceKind};

use crate::upgrades::{ClassShop, codes, instance, request, sunday};

type ShopClassChange = fn(&mut ClassShop);

/// What a table changes of a shop that would begin, and the name of what stands against it.
const REFUSALS: [(&str, ShopClassChange); 38] = [
    ("aurora-writer", |shop| shop.policy.is_aurora = true),
    ("not-available", |shop| shop.main().status = Status::Changing("backing-up".to_owned())),
    ("not-available", |shop| shop.main().status = Status::Failed("storage-full".to_owned())),
    ("storage-busy", |shop| shop.main().is_storage_busy = true),
    ("something-pending", |shop| shop.main().pending = vec!["EngineVersion".to_owned()]),
    ("something-pending", |shop| shop.main().pending_class = Some("db.r5.large".to_owned())),
    ("parameter-group", |shop| {
        shop.main().parameters = vec![("own".to_owned(), "pending-reboot".to_owned())];
    }),
    ("security-group", |shop| shop.main().changing_security_groups = vec!["sg-1".to_owned()]),
    ("maintenance-due", |shop| due(shop, Some(SignedDuration::from_mins(59)))),
    ("maintenance-due", |shop| due(shop, Some(SignedDuration::from_hours(-100)))),
    // Of an upgrade of the engine every date counts, however late.
    ("upgrade-required", |shop| upgrade(shop, Some(SignedDuration::from_hours(10_000)), None)),
    ("upgrade-required", |shop| upgrade(shop, None, Some(SignedDuration::from_hours(10_000)))),
    ("upgrade-required", |shop| upgrade(shop, Some(SignedDuration::from_mins(10)), None)),
    ("not-offered", |shop| shop.rehearsal.offers = Ok(vec![])),
    ("not-offered-so", |shop| shop.main().storage_type = "gp2".to_owned()),
    ("not-offered-so", |shop| shop.main().zone = Some("eu-west-1c".to_owned())),
    ("not-offered-so", |shop| {
        shop.main().second_zone = Some("eu-west-1c".to_owned());
    }),
    ("not-offered-so", |shop| {
        shop.main().is_multi_az = true;
        shop.rehearsal.offers.as_mut().unwrap()[0].is_multi_az = false;
    }),
    ("not-offered-so", |shop| {
        shop.instances.replicas = vec![instance("one", "db.m6g.xlarge")];
        shop.rehearsal.offers.as_mut().unwrap()[0].takes_replicas = false;
    }),
    ("not-offered-so", |shop| shop.rehearsal.offers.as_mut().unwrap()[0].storage_gib = Some((101, 65_536))),
    ("no-backups", |shop| shop.main().backup_retention_days = 0),
    ("not-restorable", |shop| {
        shop.main().restorable_to = Some(sunday() - SignedDuration::from_mins(31));
    }),
    ("replica-smaller", |shop| shop.instances.replicas = vec![instance("one", "db.t4g.medium")]),
    ("replicas-elsewhere", |shop| shop.instances.replicas_elsewhere = 1),
    ("reservation-stranded", |shop| {
        // The replica that uses it goes before its source.
        reserved(shop);
        shop.instances.replicas = vec![instance("one", "db.t4g.large")];
        shop.instances.others = vec![other("db.t4g.large")];
    }),
    ("replica-changes", |shop| {
        shop.instances.replicas = vec![instance("one", "db.m6g.xlarge")];
        shop.find("one").status = Status::Creating;
    }),
    ("blue-green", |shop| shop.instances.green = Some("shop-green-ab12cd".to_owned())),
    ("reservation-stranded", reserved),
    ("too-many-today", |shop| {
        let at = sunday() - SignedDuration::from_hours(23);
        shop.memory.began = vec![ClassChangeBegan { at, window: None, observed: false }];
    }),
    ("emergency", |shop| shop.emergency = Some("max")),
    ("held", |shop| shop.hold(OverrideKind::Hold(Held::Both))),
    ("not-known", |shop| shop.rehearsal.offers = Err(denied())),
    ("not-known", |shop| shop.rehearsal.maintenance = Err(denied())),
    ("not-known", |shop| shop.rehearsal.reservations = Err(denied())),
    ("not-known", |shop| shop.main().maintenance_window = "always".to_owned()),
    ("window-ends", |shop| {
        shop.ladder().window = ChangeWindow::Weekly("sun:04:35-sun:05:14".parse().unwrap());
        shop.memory.planned.as_mut().unwrap().window = sunday() - SignedDuration::from_mins(25);
    }),
    ("not-offered-so", |shop| shop.rehearsal.offers.as_mut().unwrap()[0].zones.clear()),
    ("not-offered-so", |shop| shop.main().allocated_gib = 10),
];

fn denied() -> Absence {
    Absence::new(AbsenceKind::Denied, "AccessDenied")
}

/// Maintenance that waits, of no date.
fn waiting(action: &str) -> DueMaintenance {
    DueMaintenance { action: action.to_owned(), at: None, required: None, resource: INSTANCE.to_owned() }
}

const INSTANCE: &str = "arn:aws:rds:eu-central-1:111122223333:db:shop-prod";

fn due(shop: &mut ClassShop, after: Option<SignedDuration>) {
    let action = "system-update".to_owned();
    shop.rehearsal.maintenance =
        Ok(vec![DueMaintenance { at: after.map(|after| sunday() + after), ..waiting(&action) }]);
}

/// An upgrade of the engine waits, and is to be applied so long after the window opens.
fn upgrade(shop: &mut ClassShop, at: Option<SignedDuration>, required: Option<SignedDuration>) {
    let [at, required] = [at, required].map(|after| after.map(|after| sunday() + after));
    shop.rehearsal.maintenance = Ok(vec![DueMaintenance { at, required, ..waiting("db-upgrade") }]);
}

#[test]
fn what_is_asked_for_at_once_is_refused_for_a_required_upgrade_with_the_way_out() {
    let mut shop = ClassShop::new();
    upgrade(&mut shop, Some(SignedDuration::from_hours(10_000)), None);
    shop.asked = Some(ClassAsked::To(request("db.m6g.xlarge", true)));
    let decision = shop.evaluate();
    assert_eq!((codes(&decision), &decision.call), (vec!["upgrade-required"], &None));
    let told = &decision.notices.last().expect("it is told").cause;
    let cause = told.as_deref().expect("with its cause");
    let line = format!(
        "aws rds apply-pending-maintenance-action --region eu-central-1 --apply-action db-upgrade --opt-in-type immediate \
         --resource-identifier {INSTANCE}"
    );
    assert!(cause.contains("apply it first, at a time of your choice") && cause.contains(&line), "{cause}");
}

fn reserved(shop: &mut ClassShop) {
    shop.rehearsal.reservations = Ok(vec![reservation("db.t4g.large", 1)]);
}

fn reservation(class: &str, count: u32) -> Reservation {
    Reservation { id: "ri-1".to_owned(), class: class.to_owned(), count, is_multi_az: false }
}

/// Another instance that runs.
fn other(class: &str) -> RunningInstance {
    RunningInstance { class: class.to_owned(), is_multi_az: false }
}

/// A change that begins with the next evaluation, at the start of the window.
fn about_to_begin() -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.now = sunday();
    shop
}

#[test]
fn without_any_of_them_it_begins() {
    assert!(about_to_begin().peek().call.is_some());
}

#[test]
fn each_of_them_alone_refuses_by_its_name() {
    let ready = about_to_begin();
    for (number, (code, change)) in REFUSALS.into_iter().enumerate() {
        let mut shop = ready.clone();
        change(&mut shop);
        let decision = shop.peek();
        assert_eq!(codes(&decision), [code], "{number}");
        assert_eq!(decision.call, None, "{number} {code}");
    }
}

#[test]
fn what_only_looks_like_them_refuses_nothing() {
    let fine: [ShopClassChange; 13] = [
        |shop| {
            shop.main().engine = tidegate_policy::Engine::MySql;
            shop.instances.replicas_elsewhere = 1;
        },
        |shop| due(shop, None),
        |shop| due(shop, Some(SignedDuration::from_mins(61))),
        // One that nobody has to take.
        |shop| upgrade(shop, None, None),
        |shop| shop.ladder().keeps_reservations = false,
        |shop| {
            reserved(shop);
            shop.ladder().keeps_reservations = false;
        },
        |shop| {
            // Another instance of the family uses the reservation up: two `large` and one `xlarge` are as many units.
            shop.rehearsal.reservations = Ok(vec![reservation("db.t4g.large", 2)]);
            shop.instances.others = vec![other("db.t4g.xlarge")];
        },
        |shop| {
            shop.rehearsal.reservations = Ok(vec![reservation("db.t4g.xlarge", 1)]);
            shop.instances.others = vec![RunningInstance { is_multi_az: true, ..other("db.t4g.large") }];
        },
        |shop| {
            // A replica of MySQL stays as it is, and goes on using it.
            reserved(shop);
            shop.main().engine = tidegate_policy::Engine::MySql;
            shop.instances.replicas = vec![instance("one", "db.t4g.large")];
            shop.instances.others = vec![other("db.t4g.large")];
        },
        |shop| shop.rehearsal.reservations = Ok(vec![reservation("db.r5.large", 9)]),
        |shop| shop.hold(OverrideKind::Pin(3)),
        |shop| {
            let at = sunday() - SignedDuration::from_hours(25);
            shop.memory.began = vec![ClassChangeBegan { at, window: None, observed: false }];
        },
        |shop| {
            // A replica may keep no backups: its source does.
            shop.instances.source = Some(instance("source", "db.m6g.4xlarge"));
            shop.main().backup_retention_days = 0;
        },
    ];
    let ready = about_to_begin();
    for (number, change) in fine.into_iter().enumerate() {
        let mut shop = ready.clone();
        change(&mut shop);
        assert_eq!(codes(&shop.peek()), [""; 0], "{number}");
        assert!(shop.peek().call.is_some(), "{number}");
    }
}

#[test]
fn part_of_the_units_of_a_reservation_is_not_enough() {
    let mut shop = about_to_begin();
    shop.rehearsal.reservations = Ok(vec![reservation("db.t4g.xlarge", 1)]);
    shop.instances.others = vec![other("db.t4g.large")];
    assert_eq!(codes(&shop.peek()), ["reservation-stranded"]);
}

#[test]
fn a_rehearsal_of_another_class_says_nothing() {
    let shop = about_to_begin();
    let mut seen = shop.observation();
    seen.rehearsal = Some(tidegate_policy::upgrades::observation::Rehearsal {
        class: "db.r5.large".to_owned(),
        ..shop.rehearsal.clone()
    });
    let turn = tidegate_policy::upgrades::decide::UpgradeTurn {
        database: "main",
        evaluation: "e",
        overrides: &[],
        emergency: None,
        asked: None,
        observe: false,
        now: shop.now,
    };
    let decision = tidegate_policy::upgrades::decide::decide(&seen, &shop.policy, &shop.memory, turn);
    assert_eq!((codes(&decision), decision.call), (vec!["not-known"], None));
}

#[test]
fn who_asks_for_a_class_has_seen_to_the_replicas_elsewhere() {
    let mut shop = ClassShop::new();
    shop.instances.replicas_elsewhere = 1;
    let request = crate::upgrades::request("db.m6g.xlarge", true);
    shop.asked = Some(tidegate_policy::upgrades::decide::ClassAsked::To(request));
    assert_eq!(codes(&shop.evaluate()), [""; 0]);
}
