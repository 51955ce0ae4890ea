//! A simulated RDS that tests begin with.

use jiff::Timestamp;
use tidegate_policy::MetricReading;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica, RecordChange};
use tidegate_policy::replicas::observation::{DnsRecord, Engine, Replica};
use tidegate_simulator::rds::{
    ClassSettings, DatabaseLoad, InstanceStatus, ManualChange, RdsSettings, RdsTimes, RdsTroubles,
    SimulatedInstance, SimulatedRds,
};

pub(crate) const GIB: u64 = 1_073_741_824;

/// A source of PostgreSQL 16 that writes, in a quiet world.
pub(crate) fn settings(seed: u64) -> RdsSettings {
    let zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"].map(str::to_owned).to_vec();
    RdsSettings {
        seed,
        begins: "2026-11-28T06:00:00Z".parse::<Timestamp>().expect("a time"),
        source: "shop".to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        class: "db.r6g.large".to_owned(),
        classes: ClassSettings::single_az(&["db.r6g.large", "db.r6g.2xlarge"], &zones),
        zones,
        allocated_storage: 100 * GIB,
        data: 60 * GIB,
        backup_retention_days: 7,
        other_instances: 3,
        instances_max: 40,
        has_zone: true,
        ttl_seconds: 5,
        is_switch_in_one_minute: false,
        times: RdsTimes::USUAL,
        troubles: RdsTroubles::NONE,
    }
}

/// Half of the CPU of a replica, 200 connections, 1 MB of write-ahead log a second.
pub(crate) const LOAD: DatabaseLoad = DatabaseLoad { reads: 50.0, connections: 200.0, writes: 1e6 };

pub(crate) const IDLE: DatabaseLoad = DatabaseLoad { writes: 0.0, ..LOAD };

pub(crate) fn create(id: &str) -> InstanceCall {
    InstanceCall::Create(NewReplica {
        id: id.to_owned(),
        source: "shop".to_owned(),
        class: "db.r6g.large".to_owned(),
        zone: None,
    })
}

pub(crate) fn delete(id: &str) -> InstanceCall {
    InstanceCall::Delete { replica: id.to_owned() }
}

pub(crate) fn record(id: &str) -> DnsRecord {
    DnsRecord {
        set_identifier: Some(format!("tidegate:{id}")),
        kind: "CNAME".to_owned(),
        weight: Some(10),
        ttl: Some(5),
        values: vec![format!("{id}.c0ffee.eu-central-1.rds.amazonaws.com")],
        alias: None,
        health_check: None,
    }
}

pub(crate) fn put(id: &str) -> RecordChange {
    RecordChange::Put(record(id))
}

pub(crate) fn minutes(world: &mut SimulatedRds, minutes: u32) {
    for _ in 0..minutes * 4 {
        world.advance();
    }
}

pub(crate) fn instance<'a>(world: &'a SimulatedRds, id: &str) -> Option<&'a SimulatedInstance> {
    world.instances().iter().find(|instance| instance.id == id)
}

pub(crate) fn status(world: &SimulatedRds, id: &str) -> Option<InstanceStatus> {
    instance(world, id).map(|instance| instance.status)
}

/// A world in which somebody else created replicas, and all of them are complete and have caught up.
pub(crate) fn with_replicas(settings: RdsSettings, ids: &[&str]) -> SimulatedRds {
    let mut world = SimulatedRds::new(settings, LOAD);
    for id in ids {
        world.change_by_hand(&ManualChange::CreateReplica { id: (*id).to_owned() });
    }
    for _ in 0..24 * 60 {
        let now = world.now();
        let mut replicas = world.instances().iter().skip(1);
        if replicas.all(|it| it.status == InstanceStatus::Available && it.is_initialized(now)) {
            break;
        }
        minutes(&mut world, 1);
    }
    minutes(&mut world, 60);
    world
}

/// What is seen of a replica.
#[track_caller]
pub(crate) fn seen(world: &mut SimulatedRds, id: &str) -> Replica {
    let instances = world.observe().instances.expect("nothing fails here");
    instances.replicas.into_iter().find(|replica| replica.id == id).expect("it is shown")
}

pub(crate) fn values(reading: &MetricReading) -> Vec<f64> {
    match reading {
        MetricReading::Points { points, .. } => points.iter().map(|point| point.value).collect(),
        MetricReading::NotRead | MetricReading::Failed(_) => Vec::new(),
    }
}
