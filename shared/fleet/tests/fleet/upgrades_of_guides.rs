//! What the guides say of the classes and the storage of their databases, as the shipped fleets have it.

use tidegate_fleet::Database;
use tidegate_policy::database_class::memory_mib;
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassLadder, StorageLimits};

use crate::taken::taken;

fn database(fleet: &str) -> Database {
    let path = format!("{}/../../fleets/{fleet}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {path}: {error}"));
    taken(&text).databases()[0].clone()
}

fn ladder(fleet: &str) -> ClassLadder {
    let ladder = database(fleet).upgrade_policy().and_then(|policy| policy.ladder.clone());
    ladder.unwrap_or_else(|| panic!("{fleet} has classes"))
}

/// Section 3.1: 1K, 10K, 100K and 1M users; 4, 8, 16 and 64 GB; "Upgrade during maintenance window".
#[test]
fn roleferry_climbs_by_users_and_by_cpu() {
    let ladder = ladder("roleferry");
    let of_guide = [
        (1_000, "db.t4g.medium", 4),
        (10_000, "db.t4g.large", 8),
        (100_000, "db.m6g.xlarge", 16),
        (1_000_000, "db.m6g.4xlarge", 64),
    ];
    let floor = ladder.floor.as_ref().expect("there is a table");
    assert_eq!(floor.by.as_str(), "users");
    let rows: Vec<(u64, &str)> =
        floor.rows.iter().map(|(users, place)| (*users, ladder.classes[*place].as_str())).collect();
    assert_eq!(rows, of_guide.map(|(users, class, _)| (users, class)));
    assert_eq!(ladder.classes, of_guide.map(|(_, class, _)| class));
    for (_, class, gib) in of_guide {
        assert_eq!(memory_mib(class), Some(gib * 1_024), "{class}");
    }
    let written: Vec<String> = ladder.up.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["cpu > 80% for 1d"]);
    assert!(ladder.down.is_empty(), "the guide only ever climbs");
    assert_eq!(
        (ladder.window, ladder.per_day, ladder.keeps_reservations),
        (ChangeWindow::Maintenance, 1, true)
    );
    assert!(database("roleferry").floor_source().is_some());
}

/// Section 4: "Vertical scaling first: db.r5.2xlarge → db.r5.4xlarge".
#[test]
fn cloudsync_scales_vertically_first() {
    let ladder = ladder("cloudsync");
    assert_eq!(ladder.classes, ["db.r5.2xlarge", "db.r5.4xlarge"]);
    let written: Vec<String> = ladder.up.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["cpu > 80% for 6h"]);
    assert!(ladder.down.is_empty() && ladder.floor.is_none());
}

/// "Vertical Scaling", "Database (RDS)": db.r5.xlarge, by hand.
#[test]
fn hyperverge_takes_its_class_on_request() {
    let ladder = ladder("hyperverge");
    assert_eq!(ladder.classes.last().map(String::as_str), Some("db.r5.xlarge"));
    assert!(ladder.up.is_empty() && ladder.down.is_empty() && ladder.floor.is_none());
}

/// "Storage: Auto-increase with 20% buffer", and "Disk Space: < 20% free, < 10% free".
#[test]
fn mercenary_keeps_its_storage_and_its_class() {
    let policy = database("mercenary").upgrade_policy().cloned().expect("there is storage");
    assert_eq!(policy.storage, Some(StorageLimits { max_gib: Some(1_000), warning: 20, critical: 10 }));
    assert_eq!(policy.ladder, None);
}
