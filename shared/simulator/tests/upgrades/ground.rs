//! A simulated RDS that tests of classes begin with.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Engine;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::observation::{ClassedInstance, ClassedInstances};
use tidegate_simulator::rds::{
    ClassDeed, ClassManualChange, ClassSettings, DatabaseLoad, Deed, ManualChange, ModifiedValue,
    RdsSettings, RdsTimes, RdsTroubles, SimulatedRds,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

const GIB: u64 = 1_073_741_824;

/// The ladder of the tests, the smallest first.
pub(crate) const LADDER: [&str; 4] = ["db.t4g.medium", "db.t4g.large", "db.m6g.xlarge", "db.m6g.4xlarge"];

/// Classes that can be ordered, and are not in the ladder.
pub(crate) const OUTSIDE: [&str; 2] = ["db.r6g.large", "db.m7g.2xlarge"];

/// The only load of interest here is that of the class.
const QUIET: DatabaseLoad = DatabaseLoad { reads: 10.0, connections: 20.0, writes: 1e5 };

/// A single instance of PostgreSQL 16 of the ladder's second class, on a Saturday at noon; its window is on Sunday from 05:00 to
/// 06:00.
pub(crate) fn ground(seed: u64) -> RdsSettings {
    let zones = ["eu-central-1a", "eu-central-1b"].map(str::to_owned).to_vec();
    let classes: Vec<&str> = LADDER.into_iter().chain(OUTSIDE).collect();
    let mut classes = ClassSettings::single_az(&classes, &zones);
    "sun:05:00-sun:06:00".clone_into(&mut classes.maintenance_window);
    RdsSettings {
        seed,
        begins: "2026-11-28T12:00:00Z".parse::<Timestamp>().expect("a time"),
        source: "shop".to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        class: LADDER[1].to_owned(),
        zones,
        allocated_storage: 100 * GIB,
        data: 40 * GIB,
        backup_retention_days: 7,
        other_instances: 0,
        instances_max: 40,
        has_zone: false,
        ttl_seconds: 5,
        is_switch_in_one_minute: false,
        classes,
        times: RdsTimes::USUAL,
        troubles: RdsTroubles::NONE,
    }
}

pub(crate) fn world(settings: RdsSettings) -> SimulatedRds {
    SimulatedRds::new(settings, QUIET)
}

pub(crate) fn modify(to: &str) -> ClassCall {
    ClassCall::Modify { instance: "shop".to_owned(), from: LADDER[1].to_owned(), to: to.to_owned() }
}

pub(crate) fn by_hand(world: &mut SimulatedRds, change: ClassManualChange) {
    world.change_by_hand(&ManualChange::OfClass(change));
}

pub(crate) fn queue(world: &mut SimulatedRds, value: ModifiedValue) {
    by_hand(world, ClassManualChange::Modify { place: 0, value, at_once: false });
}

pub(crate) fn pass(world: &mut SimulatedRds, minutes: i64) {
    for _ in 0..minutes {
        world.advance_by(60);
    }
}

#[track_caller]
pub(crate) fn shown(world: &mut SimulatedRds) -> ClassedInstances {
    world.observe_classes(HOUR, HOUR).instances.expect("nothing fails here")
}

#[track_caller]
pub(crate) fn main_shown(world: &mut SimulatedRds) -> ClassedInstance {
    shown(world).main
}

pub(crate) fn class_deeds(world: &SimulatedRds) -> impl Iterator<Item = &ClassDeed> {
    world.happenings().iter().filter_map(|it| match &it.what {
        Deed::Class(deed) => Some(deed),
        Deed::Took(_) | Deed::Refused(..) | Deed::Lost(_) | Deed::Records(_) | Deed::Changed(_) => None,
    })
}
