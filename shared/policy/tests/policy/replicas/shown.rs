//! What AWS shows of a source, of a replica and of a record, all of them well.

use tidegate_policy::MetricReading;
use tidegate_policy::replicas::observation::{
    DnsRecord, Engine, Replica, Replication, SourceInstance, Status,
};

use crate::stage::{noon, seconds};

pub(crate) fn source(engine: Engine) -> SourceInstance {
    SourceInstance {
        id: "shop".to_owned(),
        engine,
        status: Status::Available,
        class: "db.r6g.large".to_owned(),
        endpoint: Some(host("shop")),
        zone: Some("a".to_owned()),
        zones: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
        backup_retention_days: 7,
        is_pending: false,
        log_rate: MetricReading::NotRead,
        slot_lag: MetricReading::NotRead,
        slot_disk: MetricReading::NotRead,
        free_storage: MetricReading::NotRead,
        allocated_storage: 1_000 * 1_073_741_824,
        replicas_elsewhere: 0,
    }
}

pub(crate) fn replica(id: &str) -> Replica {
    Replica {
        id: id.to_owned(),
        status: Status::Available,
        class: "db.r6g.large".to_owned(),
        zone: Some("b".to_owned()),
        endpoint: Some(host(id)),
        is_ours: true,
        is_protected: false,
        is_being_promoted: false,
        is_source: false,
        is_initialized: true,
        replication: Replication::Running,
        created_at: Some(noon() - seconds(86_400)),
        lag: MetricReading::NotRead,
        cpu: MetricReading::NotRead,
        connections: MetricReading::NotRead,
    }
}

pub(crate) fn host(id: &str) -> String {
    format!("{id}.example.eu-central-1.rds.amazonaws.com")
}

pub(crate) fn record(id: &str) -> DnsRecord {
    DnsRecord {
        set_identifier: Some(format!("tidegate:{id}")),
        kind: "CNAME".to_owned(),
        weight: Some(10),
        ttl: Some(5),
        values: vec![host(id)],
        alias: None,
        health_check: None,
    }
}
