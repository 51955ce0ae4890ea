//! The rehearsal against an oracle that reads a case like a checklist and shares no code with it: 200 generated cases.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_policy::Engine;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::memory::ClassChangeBegan;
use tidegate_policy::upgrades::observation::{ClassOffer, DueMaintenance, Reservation, RunningInstance};

use crate::upgrades::{ClassShop, codes, instance, sunday};

/// One case: what differs from an instance that is well.
#[derive(Debug, Clone)]
struct RehearsalCase {
    status: &'static str,
    flags: [bool; 10],
    /// Minutes after the start of the window at which maintenance is due.
    maintenance: Option<i64>,
    offer: ClassOffer,
    backup_days: u32,
    restorable_minutes: i64,
    replica: Option<(&'static str, &'static str)>,
    reserved: Option<(&'static str, u32)>,
    other: Option<&'static str>,
    began_hours: Option<i64>,
    minute: i64,
}

impl RehearsalCase {
    fn is_storage_busy(&self) -> bool {
        self.flags[0]
    }

    fn is_pending(&self) -> bool {
        self.flags[1]
    }

    fn is_rebooting_for_parameters(&self) -> bool {
        self.flags[2]
    }

    fn is_multi_az(&self) -> bool {
        self.flags[3]
    }

    fn is_emergency(&self) -> bool {
        self.flags[4]
    }

    fn is_held(&self) -> bool {
        self.flags[5]
    }

    fn is_mysql(&self) -> bool {
        self.flags[6]
    }

    fn keeps_reservations(&self) -> bool {
        self.flags[7]
    }

    fn holds_scale_in_only(&self) -> bool {
        self.flags[8]
    }

    fn changes_security_group(&self) -> bool {
        self.flags[9]
    }
}

/// The checklist: `db.t4g.large` with 100 GiB of gp3 in eu-west-1a goes to `db.m6g.xlarge`.
fn expected(case: &RehearsalCase) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut when = |is: bool, code: &'static str| {
        if is {
            found.insert(code);
        }
    };
    when(case.is_emergency(), "emergency");
    when(case.is_held() && !case.holds_scale_in_only(), "held");
    when(case.status != "available", "not-available");
    when(case.is_storage_busy(), "storage-busy");
    when(case.is_pending(), "something-pending");
    when(case.is_rebooting_for_parameters(), "parameter-group");
    when(case.changes_security_group(), "security-group");
    when(case.maintenance.is_some_and(|minute| minute <= 60), "maintenance-due");
    let ClassOffer { storage_type, is_multi_az, takes_replicas, zones, storage_gib } = &case.offer;
    let suits = storage_type == "gp3"
        && (*is_multi_az || !case.is_multi_az())
        && (*takes_replicas || case.replica.is_none())
        && zones.iter().any(|zone| zone == "eu-west-1a")
        && storage_gib.is_none_or(|(least, most)| least <= 100 && 100 <= most);
    when(!suits, "not-offered-so");
    when(case.backup_days == 0, "no-backups");
    when(case.backup_days > 0 && case.restorable_minutes > 30, "not-restorable");
    if let Some((class, status)) = case.replica {
        // One that has its source's class goes first, and must be ready like its source.
        let goes_first = class == "db.t4g.large" && !case.is_mysql();
        when(status != "available" && !goes_first, "replica-changes");
        when(status != "available" && goes_first, "not-available");
        when(class == "db.t4g.medium" && !case.is_mysql(), "replica-smaller");
    }
    if let Some((class, count)) = case.reserved {
        let units = |class: &str| match class {
            "db.t4g.medium" => 2,
            "db.t4g.large" => 4,
            "db.t4g.xlarge" => 8,
            _ => 0,
        };
        // A replica that goes before its source uses nothing up then.
        let stays = |class: &&str| case.is_mysql() || *class != "db.t4g.large";
        let replica = case.replica.map(|(class, _)| class).filter(stays).map_or(0, units);
        let is_stranded = units(class) * count > case.other.map_or(0, units) + replica;
        when(case.keeps_reservations() && is_stranded, "reservation-stranded");
    }
    when(case.began_hours.is_some_and(|hours| hours < 24), "too-many-today");
    when(case.minute > 45, "window-ends");
    found
}

fn shop(case: &RehearsalCase) -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.now = sunday() + SignedDuration::from_mins(case.minute);
    let main = shop.main();
    main.engine = if case.is_mysql() { Engine::MySql } else { main.engine };
    main.status = status(case.status);
    main.is_storage_busy = case.is_storage_busy();
    main.is_multi_az = case.is_multi_az();
    main.backup_retention_days = case.backup_days;
    if case.is_pending() {
        main.pending = vec!["AllocatedStorage".to_owned()];
    }
    if case.is_rebooting_for_parameters() {
        main.parameters = vec![("own".to_owned(), "pending-reboot".to_owned())];
    }
    if case.changes_security_group() {
        main.changing_security_groups = vec!["sg-1".to_owned()];
    }
    let to = shop.now - SignedDuration::from_mins(case.restorable_minutes);
    shop.main().restorable_to = Some(to);
    let due = |minute: i64| DueMaintenance {
        action: "system-update".to_owned(),
        at: Some(sunday() + SignedDuration::from_mins(minute)),
        required: None,
        resource: String::new(),
    };
    shop.rehearsal.maintenance = Ok(case.maintenance.map(due).into_iter().collect());
    shop.rehearsal.offers = Ok(vec![case.offer.clone()]);
    if let Some((class, word)) = case.replica {
        let mut replica = instance("one", class);
        replica.status = status(word);
        shop.instances.replicas = vec![replica];
    }
    let reservation = |(class, count): (&str, u32)| Reservation {
        id: "ri-1".to_owned(),
        class: class.to_owned(),
        count,
        is_multi_az: false,
    };
    shop.rehearsal.reservations = Ok(case.reserved.map(reservation).into_iter().collect());
    // Its replicas are among what else runs of its engine.
    let other = |class: &str| RunningInstance { class: class.to_owned(), is_multi_az: false };
    let classes = case.other.into_iter().chain(case.replica.map(|(class, _)| class));
    shop.instances.others = classes.map(other).collect();
    shop.ladder().keeps_reservations = case.keeps_reservations();
    if let Some(hours) = case.began_hours {
        let at = shop.now - SignedDuration::from_hours(hours);
        shop.memory.began = vec![ClassChangeBegan { at, window: None, observed: false }];
    }
    shop.emergency = case.is_emergency().then_some("max");
    if case.is_held() {
        let held = if case.holds_scale_in_only() { Held::ScaleIn } else { Held::Both };
        shop.hold(OverrideKind::Hold(held));
    }
    shop
}

fn status(word: &str) -> Status {
    match word {
        "available" => Status::Available,
        "creating" => Status::Creating,
        "storage-full" => Status::Failed(word.to_owned()),
        other => Status::Changing(other.to_owned()),
    }
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.12)
}

fn flags() -> impl Strategy<Value = [bool; 10]> {
    prop::array::uniform10(rarely())
}

fn offers() -> impl Strategy<Value = ClassOffer> {
    let zones =
        prop::sample::select(vec![vec!["eu-west-1a"], vec!["eu-west-1a", "eu-west-1b"], vec!["eu-west-1b"]]);
    let gib = prop::sample::select(vec![None, Some((20, 65_536)), Some((100, 100)), Some((200, 400))]);
    (prop::bool::weighted(0.9), prop::bool::weighted(0.8), prop::bool::weighted(0.8), zones, gib).prop_map(
        |(is_gp3, is_multi_az, takes_replicas, zones, storage_gib)| ClassOffer {
            storage_type: if is_gp3 { "gp3".to_owned() } else { "io1".to_owned() },
            is_multi_az,
            takes_replicas,
            zones: zones.into_iter().map(str::to_owned).collect(),
            storage_gib,
        },
    )
}

fn cases() -> impl Strategy<Value = RehearsalCase> {
    let statuses = vec!["available", "available", "available", "available", "backing-up", "storage-full"];
    let replicas = (
        prop::sample::select(vec!["db.t4g.medium", "db.t4g.large", "db.m6g.xlarge", "db.m6g.4xlarge"]),
        prop::sample::select(vec!["available", "available", "creating"]),
    );
    let reserved = (prop::sample::select(vec!["db.t4g.medium", "db.t4g.large", "db.r5.large"]), 1_u32..4);
    let others = prop::sample::select(vec!["db.t4g.medium", "db.t4g.xlarge", "db.m6g.large"]);
    (
        (prop::sample::select(statuses), flags(), prop::option::weighted(0.2, -600_i64..120), offers()),
        (prop::sample::select(vec![0_u32, 7, 7, 7, 7]), prop::sample::select(vec![1_i64, 5, 30, 31, 90])),
        (
            prop::option::weighted(0.3, replicas),
            prop::option::weighted(0.4, reserved),
            prop::option::of(others),
        ),
        (prop::option::weighted(0.2, prop::sample::select(vec![1_i64, 23, 24, 30])), 0_i64..60),
    )
        .prop_map(
            |((status, flags, maintenance, offer), (backup_days, restorable_minutes), more, late)| {
                RehearsalCase {
                    status,
                    flags,
                    maintenance,
                    offer,
                    backup_days,
                    restorable_minutes,
                    replica: more.0,
                    reserved: more.1,
                    other: more.2,
                    began_hours: late.0,
                    minute: late.1,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_rehearsal_finds_what_the_checklist_finds(case in cases()) {
        let decision = shop(&case).peek();
        let found: BTreeSet<&str> = codes(&decision).into_iter().collect();
        prop_assert_eq!(&found, &expected(&case));
        prop_assert_eq!(decision.call.is_some(), found.is_empty());
    }
}
