//! What one evaluation saw of one database, in words and in JSON.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_policy::replicas::observation::{
    DatabaseObservation, DnsRecord, Engine, Replica, Replication, SourceInstance, Status,
};
use tidegate_policy::replicas::policy::OUR_RECORDS;
use tidegate_policy::rule::{Span, thousands};
use tidegate_policy::{Absence, Datapoint, MetricReading};

/// CloudWatch still changes what is younger.
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(3);

/// A metric of RDS has a value each minute. One that is older than this is said to be so.
const CURRENT_FOR: SignedDuration = SignedDuration::from_mins(6);

/// The source, each replica and the records, a line each.
pub(super) fn in_words(seen: &DatabaseObservation, now: Timestamp) -> Vec<String> {
    let mut lines = match &seen.instances {
        Err(absence) => vec![format!("instances unknown ({absence})")],
        Ok(instances) => {
            let mut lines = vec![source_in_words(&instances.source)];
            lines.extend(instances.replicas.iter().map(|replica| replica_in_words(replica, now)));
            if instances.replicas.is_empty() {
                lines.push("no replicas".to_owned());
            }
            lines
        }
    };
    lines.extend(seen.records.as_ref().map(records_in_words));
    lines
}

fn source_in_words(source: &SourceInstance) -> String {
    let SourceInstance { id, engine, status, class, zone, is_pending, .. } = source;
    let zone = zone.as_ref().map(|zone| format!(", {zone}")).unwrap_or_default();
    let pending = if *is_pending { ", a change is pending" } else { "" };
    format!("source {id} {}: {} {class}{zone}{pending}", status_word(status), engine_word(*engine))
}

fn replica_in_words(replica: &Replica, now: Timestamp) -> String {
    let value = |reading: &MetricReading, words: fn(f64) -> String| {
        settled(reading, now).map(|point| words(point.value) + &age_in_words(point.at, now))
    };
    let lag = value(&replica.lag, lag_in_words).unwrap_or_else(|| "lag unknown".to_owned());
    let cpu = value(&replica.cpu, |cpu| format!("cpu {}%", rounded(cpu)));
    let connections = value(&replica.connections, |it| format!("{} connections", thousands(it.round())));
    let broken = match &replica.replication {
        Replication::Running => None,
        Replication::Broken { status, .. } => Some(format!("replication {status}")),
    };
    let storage = (!replica.is_initialized).then(|| "storage initializing".to_owned());
    let zone = replica.zone.clone();
    let ours = (!replica.is_ours).then(|| "not created by Tidegate".to_owned());
    let facts = [Some(lag), cpu, connections, broken, storage, zone, ours];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    format!("{} {}: {}", replica.id, status_word(&replica.status), facts.join(", "))
}

/// ` (14m ago)` of what is not current.
fn age_in_words(at: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(at);
    if age <= CURRENT_FOR { String::new() } else { format!(" ({} ago)", Span(age)) }
}

/// −1 is no lag.
fn lag_in_words(seconds: f64) -> String {
    if seconds < 0.0 {
        return "not replicating (lag -1)".to_owned();
    }
    if seconds < 1.0 {
        return format!("lag {}ms", (seconds * 1000.0).round());
    }
    format!("lag {}s", thousands((seconds * 10.0).round() / 10.0))
}

/// To one decimal.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn records_in_words(records: &Result<Vec<DnsRecord>, Absence>) -> String {
    match records {
        Err(absence) => format!("records unknown ({absence})"),
        Ok(records) if records.is_empty() => "no records yet".to_owned(),
        Ok(records) => {
            let each = records.iter().map(|record| match record.weight {
                Some(weight) => format!("{} (weight {weight})", instance_of(record)),
                None => format!("{} ({}, not weighted)", instance_of(record), record.kind),
            });
            format!("reads go to {}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The newest value that CloudWatch changes no more.
fn settled(reading: &MetricReading, now: Timestamp) -> Option<Datapoint> {
    match reading {
        MetricReading::Points { points, .. } => {
            let is_settled = |at: Timestamp| now.duration_since(at) >= SETTLES_WITHIN;
            points.iter().rev().find(|point| is_settled(point.at)).copied()
        }
        MetricReading::NotRead | MetricReading::Failed(_) => None,
    }
}

fn status_word(status: &Status) -> &str {
    match status {
        Status::Available => "available",
        Status::Creating => "creating",
        Status::Deleting => "deleting",
        Status::Failed(status) | Status::Changing(status) => status,
    }
}

fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::PostgreSql { .. } => "PostgreSQL",
        Engine::MySql => "MySQL",
        Engine::MariaDb => "MariaDB",
        Engine::Aurora => "Aurora",
    }
}

/// The same for machines; what is not known is null.
pub(super) fn in_json(seen: &DatabaseObservation, now: Timestamp) -> Value {
    let mut json = match &seen.instances {
        Err(absence) => json!({"unknown": absence}),
        Ok(instances) => {
            let SourceInstance { id, engine, status, class, zone, is_pending, .. } = &instances.source;
            json!({
                "source": {"id": id, "engine": engine_word(*engine), "status": status_word(status),
                           "class": class, "zone": zone, "pending": is_pending},
                "replicas": instances.replicas.iter().map(|it| replica_in_json(it, now)).collect::<Vec<_>>(),
            })
        }
    };
    json["records"] = match &seen.records {
        None => Value::Null,
        Some(Err(absence)) => json!({"unknown": absence}),
        Some(Ok(records)) => records
            .iter()
            .map(|record| {
                json!({"set": record.set_identifier, "type": record.kind, "weight": record.weight,
                       "ttl": record.ttl, "values": record.values})
            })
            .collect(),
    };
    json
}

fn replica_in_json(replica: &Replica, now: Timestamp) -> Value {
    let Replica { id, status, class, zone, is_ours, is_protected, is_initialized, replication, .. } = replica;
    // What is not current is not known.
    let current = |reading: &MetricReading| {
        let point = settled(reading, now).filter(|point| now.duration_since(point.at) <= CURRENT_FOR);
        point.map(|point| point.value)
    };
    let lag = current(&replica.lag).filter(|lag| *lag >= 0.0);
    let replication = match replication {
        Replication::Running => "running",
        Replication::Broken { status, .. } => status,
    };
    json!({
        "id": id, "status": status_word(status), "class": class, "zone": zone, "ours": is_ours,
        "protected": is_protected, "initialized": is_initialized, "replication": replication,
        "lag_seconds": lag, "cpu_percent": current(&replica.cpu),
        "connections": current(&replica.connections),
    })
}

/// The instance of a record: of `tidegate:shop-1` it is `shop-1`.
pub(super) fn instance_of(record: &DnsRecord) -> &str {
    let set = record.set_identifier.as_deref();
    let value = || record.values.first().map_or(record.kind.as_str(), String::as_str);
    set.map_or_else(value, |set| set.strip_prefix(OUR_RECORDS).unwrap_or(set))
}
