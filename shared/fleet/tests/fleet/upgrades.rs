//! `classes`, `upgrade` and `storage` of a database: what is taken, and what it means.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidegate_fleet::effective::{Origin, settings};
use tidegate_fleet::{Database, Source};
use tidegate_policy::Severity;
use tidegate_policy::database::call::DatabaseCall;
use tidegate_policy::database::watch::ActiveDatabaseNotice;
use tidegate_policy::memory::size::CLASS_BYTES_MAX;
use tidegate_policy::upgrades::memory::{
    ClassChange, ClassChangeBegan, ClassRequest, ClassSnapshot, ClassStep, PlannedChange, StorageChange,
    UpgradeEnd, UpgradeMemory, UpgradeOutcome, WentFirst,
};
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassFloor, StorageLimits, UpgradePolicy};
use tidegate_policy::{Comparison, Condition, MetricName, Signal, Unit};

use crate::databases::text;
use crate::taken::taken;

/// A fleet with one database of RDS that has these lines in braces.
pub(crate) fn of_rds(lines: &str) -> String {
    text(&format!("  - {{ name: main, rds: shop-prod, {lines} }}"), "")
}

#[track_caller]
fn database(lines: &str) -> Database {
    taken(&of_rds(lines)).databases()[0].clone()
}

#[track_caller]
fn policy(lines: &str) -> UpgradePolicy {
    database(lines).upgrade_policy().cloned().expect("something is said of its class or its storage")
}

pub(crate) const CLASSES: &str = "classes: [db.t4g.medium, db.t4g.large, db.m6g.xlarge]";

const USERS: &str =
    "metrics: { users: { namespace: Shop, metric: Users, dimensions: { Env: prod }, statistic: Maximum } }";

/// A database with these lines in its `upgrade`.
pub(crate) fn upgrade(lines: &str) -> String {
    of_rds(&format!("{CLASSES}, upgrade: {{ {lines} }}"))
}

#[test]
fn every_setting_of_an_upgrade_is_read() {
    let database = database(&format!(
        "{CLASSES}, upgrade: {{ when: [cpu > 80% for 1d, connections >= 90% for 6h], down: [cpu < 20% for 14d, \
         connections <= 40 for 1d], floor: {{ by: users, table: {{ 100000: db.m6g.xlarge, 10000: db.t4g.large }} }}, \
         window: sun:23:45-mon:00:15, per_day: 3, reservations: ignore }}, {USERS}, \
         storage: {{ max: 1000, warning: 25%, critical: 5% }}, max_connections: 400"
    ));
    let policy = database.upgrade_policy().expect("there are classes");
    assert_eq!((policy.is_aurora, policy.max_connections), (false, NonZeroU32::new(400)));
    let storage = StorageLimits { max_gib: Some(1_000), warning: 25, critical: 5 };
    assert_eq!(policy.storage, Some(storage));
    let ladder = policy.ladder.as_ref().expect("there are classes");
    assert_eq!(ladder.classes, ["db.t4g.medium", "db.t4g.large", "db.m6g.xlarge"]);
    let written = |conditions: &[Condition]| conditions.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(written(&ladder.up), ["cpu > 80% for 1d", "connections >= 90% for 6h"]);
    assert_eq!(written(&ladder.down), ["cpu < 20% for 14d", "connections <= 40 for 1d"]);
    let by = MetricName::new("users").expect("a name");
    assert_eq!(ladder.floor, Some(ClassFloor { by, rows: vec![(10_000, 1), (100_000, 2)] }), "in order");
    let Some(Source::Metric(source)) = database.floor_source() else { panic!("it is spelt out") };
    assert_eq!((source.metric.as_str(), source.statistic.as_str()), ("Users", "Maximum"));
    assert_eq!((ladder.per_day, ladder.keeps_reservations), (3, false));
    let window = "sun:23:45-mon:00:15".parse().expect("a window");
    assert_eq!(ladder.window, ChangeWindow::Weekly(window));
    assert_eq!(ladder.history(), SignedDuration::from_hours(14 * 24));
}

#[test]
fn what_an_upgrade_does_not_say_is_nothing_or_its_default() {
    let on_request = policy(CLASSES).ladder.expect("there are classes");
    assert_eq!((on_request.up.len(), on_request.down.len(), on_request.floor), (0, 0, None));
    assert_eq!(on_request.window, ChangeWindow::Maintenance);
    assert_eq!((on_request.per_day, on_request.keeps_reservations), (1, true));
    assert_eq!(policy(CLASSES).storage, None);
    let of_storage = policy("storage: { max: 1000 }");
    assert_eq!(of_storage.ladder, None, "the class is left alone");
    let limits = StorageLimits { max_gib: Some(1_000), warning: 20, critical: 10 };
    assert_eq!(of_storage.storage, Some(limits));
    assert_eq!(policy("storage: {}").storage, Some(StorageLimits { max_gib: None, ..limits }));
    let watched = database("replicas: { lag: 15s }");
    assert_eq!((watched.upgrade_policy(), watched.floor_source()), (None, None));
    assert!(!database(CLASSES).watches_replicas());
}

/// One condition may stand without a list, and its unit says what connections are compared with.
#[test]
fn each_signal_is_compared_in_its_own_unit() {
    let read = |when: &str| {
        let fleet = taken(&upgrade(&format!("when: {when}")));
        let ladder = fleet.databases()[0].upgrade_policy().and_then(|policy| policy.ladder.clone());
        ladder.expect("there are classes").up[0].clone()
    };
    for (when, signal, comparison, threshold, unit, hours) in [
        ("cpu > 80% for 1d", "cpu", Comparison::Above, 80.0, Unit::Percent, 24),
        ("memory >= 90.5% for 6h", "memory", Comparison::AtLeast, 90.5, Unit::Percent, 6),
        ("connections > 400 for 30d", "connections", Comparison::Above, 400.0, Unit::Count, 720),
        ("connections>80% for 1h", "connections", Comparison::Above, 80.0, Unit::Percent, 1),
        ("iops > 2500 for 2h", "iops", Comparison::Above, 2_500.0, Unit::Count, 2),
    ] {
        let signal = Signal::Metric(MetricName::new(signal).expect("a name"));
        let hold_for = SignedDuration::from_hours(hours);
        assert_eq!(read(when), Condition { signal, comparison, threshold, unit, hold_for }, "{when}");
    }
}

/// A family that the table of memory sizes does not have is no mistake: AWS has new ones each year.
#[test]
fn a_class_of_unknown_memory_is_taken_with_a_warning() {
    let fleet = taken(&of_rds("classes: [db.t4g.large, db.x2g.large, db.m6g.xlarge]"));
    let warned: Vec<_> = fleet.warnings().iter().map(|it| (it.code().as_str(), it.message())).collect();
    assert_eq!(warned, [("unknown-class", "the memory of `db.x2g.large` is not known")]);
    let ladder = fleet.databases()[0].upgrade_policy().and_then(|policy| policy.ladder.clone());
    assert_eq!(ladder.expect("there are classes").classes.len(), 3);
}

/// A database that is there for its class or its storage alone is used.
#[test]
fn a_database_of_classes_or_storage_alone_is_no_mistake() {
    for lines in [CLASSES, "storage: {}"] {
        assert!(taken(&of_rds(lines)).warnings().is_empty(), "{lines}");
    }
}

#[test]
fn defaults_of_an_upgrade_are_told_only_where_there_are_classes() {
    let rows = |lines: &str| {
        let text = of_rds(lines);
        let rows = settings(&text, &taken(&text));
        rows.into_iter()
            .filter(|row| row.path.contains(".upgrade.") || row.path.contains(".storage."))
            .map(|row| {
                (
                    row.path.replace("databases[main].", ""),
                    row.value,
                    matches!(row.origin, Origin::Default(_)),
                )
            })
            .collect::<Vec<_>>()
    };
    let row = |path: &str, value: &str, is_default| (path.to_owned(), value.to_owned(), is_default);
    assert_eq!(rows("replicas: { lag: 15s }"), []);
    let defaults = [
        row("upgrade.window", "maintenance", true),
        row("upgrade.per_day", "1", true),
        row("upgrade.reservations", "keep", true),
    ];
    assert_eq!(rows(CLASSES), defaults);
    let written = rows("storage: { max: 1000, warning: 30% }");
    let expected = [
        row("storage.max", "1000", false),
        row("storage.warning", "30%", false),
        row("storage.critical", "10%", true),
    ];
    assert_eq!(written, expected);
    let conditions = rows(&format!("{CLASSES}, upgrade: {{ when: [cpu > 80% for 1d, iops > 9 for 1h] }}"));
    assert_eq!(
        conditions[..2],
        [row("upgrade.when[0]", "cpu > 80% for 1d", false), row("upgrade.when[1]", "iops > 9 for 1h", false)]
    );
}

fn longest_notice(at: Timestamp) -> ActiveDatabaseNotice {
    ActiveDatabaseNotice {
        since: at,
        severity: Severity::Critical,
        notified: true,
        ended: true,
        detail: "x".repeat(600),
    }
}

fn longest_storage(call: DatabaseCall) -> StorageChange {
    StorageChange { to_gib: u32::MAX, from_gib: Some(u32::MAX), call, refused: "x".repeat(300) }
}

fn longest_snapshot(at: Timestamp, call: DatabaseCall) -> ClassSnapshot {
    ClassSnapshot {
        id: "x".repeat(100),
        instance: "x".repeat(63),
        from: "x".repeat(24),
        to: "x".repeat(24),
        began: at,
        call,
        refused: "x".repeat(300),
        is_started: true,
        is_ready: true,
    }
}

/// A change under way, a plan that is refused, the changes of two days, and an outage of SNS: every notice lasts, and no end was
/// taken; every text is as long as it is believed. No class of RDS has 24 letters.
#[test]
fn the_memory_of_a_class_stays_within_the_room_that_is_counted_for_it() {
    let at = Timestamp::MAX.to_string().parse::<Timestamp>().expect("it is a time");
    let (id, class) = (|| "x".repeat(63), || "x".repeat(24));
    let (words, detail) = (|| "x".repeat(600), || "x".repeat(300));
    let call = || DatabaseCall { evaluation: "0123456789abcdef".into(), at, taken: true, failures: u32::MAX };
    let change = ClassChange {
        instance: id(),
        from: class(),
        to: class(),
        why: words(),
        step: ClassStep::Modifying,
        since: at,
        began: at,
        window_end: Some(at),
        call: Some(call()),
        snapshot: "x".repeat(100),
        offered: detail(),
        refused: detail(),
        is_started: true,
        was_seen: true,
        back_since: Some(at),
    };
    let request = ClassRequest {
        to: class(),
        from: class(),
        now: true,
        snapshot: true,
        at,
        who: "x".repeat(64),
        why: detail(),
        request: Some(id()),
    };
    let snapshot = longest_snapshot(at, call());
    let planned =
        PlannedChange { to: class(), why: words(), since: at, window: at, told: Some(at), refused: words() };
    let notice = longest_notice(at);
    let (from, to, instance) = (class(), class(), id());
    let end = UpgradeOutcome {
        snapshot: false,
        instance,
        from,
        to,
        end: UpgradeEnd::ChangedByOthers,
        at,
        began: at,
        detail: detail(),
    };
    let memory = UpgradeMemory {
        request: Some(request),
        planned: Some(planned),
        snapshot: Some(snapshot),
        change: Some(change),
        first: Some(WentFirst { from: class(), to: class(), replicas: vec![id(); 15] }),
        began: vec![ClassChangeBegan { at, window: Some(at), observed: false }; 20],
        class: class(),
        changed_at: Some(at),
        storage: Some(longest_storage(call())),
        active: (0..7).map(|n| (format!("{n} of the database"), notice.clone())).collect(),
        outcomes: vec![end; 16],
    };
    let bytes = |memory: &UpgradeMemory| serde_json::to_string(memory).expect("it is JSON").len();
    assert!((10_000..=CLASS_BYTES_MAX).contains(&bytes(&memory)), "{} bytes", bytes(&memory));
    // The texts are no longer than that after the next evaluation has read them.
    let mut believed = memory.clone();
    believed.outcomes.iter_mut().for_each(|end| end.detail = "y".repeat(5_000));
    believed.active.values_mut().for_each(|notice| notice.detail = "y".repeat(5_000));
    believed.believe(at);
    assert!(bytes(&believed) <= CLASS_BYTES_MAX, "{} bytes", bytes(&believed));
}

proptest! {
    #[test]
    fn settings_of_an_upgrade_are_read_as_they_were_written(
        (up, down) in (51_u32..100, 1_u32..=50),
        (up_minutes, down_days) in (5_i64..=43_200, 1_i64..=30),
        (per_day, keeps) in (1_u32..=10, any::<bool>()),
        (start, minutes) in (0_u32..10_080, 30_u32..=1_440),
        (level, more) in (0_u64..1_000_000, 1_u64..1_000_000),
        (max, critical, beyond) in (20_u32..=65_536, 1_u32..50, 1_u32..=50),
    ) {
        let moment = |at: u32| {
            let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][usize::try_from(at / 1_440 % 7).expect("a day")];
            format!("{day}:{:02}:{:02}", at / 60 % 24, at % 60)
        };
        let window = format!("{}-{}", moment(start), moment(start + minutes));
        let (warning, word) = (critical + beyond, if keeps { "keep" } else { "ignore" });
        let text = of_rds(&format!(
            "{CLASSES}, upgrade: {{ when: cpu > {up}% for {up_minutes}m, down: cpu < {down}% for {down_days}d, floor: {{ by: users, \
             table: {{ {level}: db.t4g.medium, {}: db.m6g.xlarge }} }}, window: {window}, per_day: {per_day}, \
             reservations: {word} }}, {USERS}, storage: {{ max: {max}, warning: {warning}%, critical: {critical}% }}",
            level + more
        ));
        let fleet = tidegate_fleet::parse(&text).map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        let policy = fleet.databases()[0].upgrade_policy().cloned().expect("there are classes");
        prop_assert_eq!(policy.storage, Some(StorageLimits { max_gib: Some(max), warning, critical }));
        let ladder = policy.ladder.expect("there are classes");
        prop_assert_eq!((ladder.up[0].threshold, ladder.down[0].threshold), (f64::from(up), f64::from(down)));
        prop_assert_eq!(ladder.up[0].hold_for, SignedDuration::from_mins(up_minutes));
        prop_assert_eq!(ladder.down[0].hold_for, SignedDuration::from_hours(24 * down_days));
        prop_assert_eq!((ladder.per_day, ladder.keeps_reservations), (per_day, keeps));
        prop_assert_eq!(ladder.floor.expect("it is written").rows, vec![(level, 0), (level + more, 2)]);
        let ChangeWindow::Weekly(read) = ladder.window else { return Err(TestCaseError::fail("no window")) };
        prop_assert_eq!(read.to_string(), window);
    }
}
