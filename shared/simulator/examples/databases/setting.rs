//! The world in which both stories play.

use jiff::Timestamp;
use tidegate_policy::Engine;
use tidegate_simulator::rds::{ClassSettings, RdsSettings, RdsTimes, RdsTroubles};

/// The classes that can be ordered, and the ladder of the second story, the smallest first.
pub(crate) const LADDER: [&str; 3] = ["db.t4g.large", "db.m6g.xlarge", "db.m6g.4xlarge"];

const GIB: u64 = 1_073_741_824;

/// `shop`, of PostgreSQL, with 100 GiB; its maintenance window is on Sunday from 05:00 to 06:00.
pub(crate) fn shop(begins: &str) -> RdsSettings {
    let zones = ["eu-central-1a", "eu-central-1b"].map(str::to_owned).to_vec();
    let mut classes = ClassSettings::single_az(&LADDER, &zones);
    "sun:05:00-sun:06:00".clone_into(&mut classes.maintenance_window);
    RdsSettings {
        seed: 7,
        begins: begins.parse::<Timestamp>().unwrap_or_default(),
        source: "shop".to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        class: "db.t4g.large".to_owned(),
        zones,
        allocated_storage: 100 * GIB,
        data: 40 * GIB,
        backup_retention_days: 7,
        other_instances: 0,
        instances_max: 40,
        has_zone: true,
        ttl_seconds: 5,
        is_switch_in_one_minute: false,
        classes,
        times: RdsTimes::USUAL,
        troubles: RdsTroubles { answers_lost: 0.5, reads_stale: 0.3, ..RdsTroubles::NONE },
    }
}
