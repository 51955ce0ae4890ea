//! Whether the load fits a smaller class.

use tidegate_policy::database_class::{baseline_iops, memory_mib};
use tidegate_policy::upgrades::decision::UpgradeDecision;

use crate::upgrades::{ClassShop, GIB, codes};

/// Idle for two weeks: the next smaller class is wanted, `db.t4g.medium` with 4 GiB, 361 connections and 2,000 operations.
fn idle() -> ClassShop {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
    shop.load.free_memory = 7.0 * GIB;
    shop
}

fn of(change: impl FnOnce(&mut ClassShop)) -> Vec<&'static str> {
    let mut shop = idle();
    change(&mut shop);
    codes(&shop.evaluate())
}

#[test]
fn what_fits_is_planned() {
    let decision = idle().evaluate();
    assert_eq!(decision.wanted.as_ref().map(|it| it.to.as_str()), Some("db.t4g.medium"));
    assert_eq!(codes(&decision), [""; 0]);
}

#[test]
fn each_limit_is_four_fifths_of_what_the_smaller_class_has() {
    for (gib, refused) in [(4.8, false), (4.7, true)] {
        let found = of(|shop| shop.load.free_memory = gib * GIB);
        assert_eq!(
            found.contains(&"too-little-memory"),
            refused,
            "{gib} GiB free of 8, 3.2 of 4 may be used"
        );
    }
    for (iops, refused) in [(1_600.0, false), (1_601.0, true)] {
        assert_eq!(of(|shop| shop.load.iops = iops).contains(&"too-few-operations"), refused, "{iops}");
    }
    for (connections, refused) in [(160.0, false), (161.0, true)] {
        let found = of(|shop| {
            shop.policy.max_connections = std::num::NonZeroU32::new(200);
            shop.load.connections = connections;
        });
        assert_eq!(found.contains(&"too-few-connections"), refused, "{connections} of 200");
    }
}

#[test]
fn a_week_of_every_number_must_be_known() {
    let a_day = |shop: &mut ClassShop| {
        shop.ladder().down = vec![crate::stage::condition("cpu < 20% for 1d")];
        shop.hours = 24 * 7 - 1;
    };
    assert_eq!(of(a_day), ["not-known", "not-known", "not-known"]);
    let a_week = |shop: &mut ClassShop| {
        shop.ladder().down = vec![crate::stage::condition("cpu < 20% for 1d")];
        shop.hours = 24 * 7;
    };
    assert_eq!(of(a_week), [""; 0]);
    assert_eq!(
        of(|shop| shop.main().has_default_parameters = false),
        ["not-known"],
        "its own max_connections"
    );
}

/// oqtopus-cloud#501: a `db.t3.small` of PostgreSQL with gp2 storage was made a `db.t3.micro` for its idle CPU. The default of
/// connections fell from 149 to 27, read operations rose from 0.3 to 94 a second, the burst balance fell to 0, and every request
/// failed. What the report does not say is assumed here: 60 connections, 1.4 of 2 GiB in use, 20 GiB of storage.
#[test]
fn the_outage_of_september_2026_is_refused_for_its_three_reasons() {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
    shop.ladder().classes = vec!["db.t3.micro".to_owned(), "db.t3.small".to_owned()];
    let main = shop.main();
    (main.class, main.storage_type, main.allocated_gib) = ("db.t3.small".to_owned(), "gp2".to_owned(), 20);
    shop.rehearsal.offers.as_mut().unwrap()[0].storage_type = "gp2".to_owned();
    (shop.load.connections, shop.load.free_memory, shop.load.iops) = (60.0, 0.6 * GIB, 0.3);
    let decision = shop.evaluate();
    assert_eq!(codes(&decision), ["too-few-connections", "too-little-memory", "slow-storage"]);
    let words = said(&decision);
    assert_eq!(
        words,
        [
            "it had 60 connections, and the smaller class takes 22 (80% may be used)",
            "it used 1,434 MiB of memory, and the smaller class has 1,024 (80% may be used)",
            "what the smaller memory no longer holds is read from 20 GiB of gp2, which carries 100 operations a second",
        ]
    );
    // As it was measured after the change, had it been like that before: the credits alone refuse it.
    (shop.load.connections, shop.load.free_memory, shop.load.burst) = (10.0, 1.5 * GIB, 0.0);
    assert_eq!(codes(&shop.evaluate()), ["burst-credits"]);
}

fn said(decision: &UpgradeDecision) -> Vec<String> {
    decision.refusals.iter().map(ToString::to_string).collect()
}

/// `EbsOptimizedInfo.BaselineIops` of `DescribeInstanceTypes`, for the classes of the guides.
#[test]
fn classes_carry_what_the_instance_types_of_ec2_do() {
    for (class, iops, gib) in [
        ("db.t3.micro", Some(500), Some(1)),
        ("db.t3.small", Some(1_000), Some(2)),
        ("db.t4g.medium", Some(2_000), Some(4)),
        ("db.t4g.large", Some(4_000), Some(8)),
        ("db.m6g.xlarge", Some(6_000), Some(16)),
        ("db.m6g.4xlarge", Some(18_750), Some(64)),
        ("db.r5.large", Some(3_600), Some(16)),
        ("db.r5.2xlarge", Some(12_000), Some(64)),
        ("db.r5.4xlarge", Some(18_750), Some(128)),
        ("db.m4.large", None, None),
        ("db.x2g.large", None, None),
    ] {
        assert_eq!(
            (baseline_iops(class), memory_mib(class)),
            (iops, gib.map(|gib: u64| gib * 1_024)),
            "{class}"
        );
    }
}

/// What a guard declares is of the class that there is: by the default parameters a smaller one takes fewer.
#[test]
fn a_declared_limit_is_not_that_of_a_smaller_class_by_default() {
    let connections = |default: bool| {
        of(|shop| {
            shop.policy.max_connections = std::num::NonZeroU32::new(700);
            shop.main().has_default_parameters = default;
            shop.load.connections = 400.0;
        })
    };
    assert_eq!(connections(true), ["too-few-connections"]);
    assert_eq!(connections(false), [""; 0], "a parameter group of its own keeps its number");
}
