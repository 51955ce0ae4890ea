//! What one evaluation saw of one database, in words and in JSON.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::rule::thousands;
use tidegate_policy::upgrades::observation::{
    ClassLoad, ClassedInstance, RdsMessage, Rehearsal, SeenSnapshot, UpgradeObservation,
};
use tidegate_policy::{Absence, MetricReading};

/// CloudWatch still changes what is younger.
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(3);
const GIB: f64 = 1_073_741_824.0;

/// The instance, its load, its replicas, the rehearsal and what RDS told, a line each.
pub(super) fn in_words(seen: &UpgradeObservation, now: Timestamp) -> Vec<String> {
    let instances = match &seen.instances {
        Err(absence) => return vec![format!("instances unknown ({absence})")],
        Ok(instances) => instances,
    };
    let mut lines = vec![instance_in_words(&instances.main)];
    lines.extend(load_in_words(seen, &instances.main, now));
    lines.extend(instances.source.as_ref().map(|source| format!("replicates {}", brief(source))));
    lines.extend(instances.replicas.iter().map(|replica| format!("replica {}", brief(replica))));
    lines.extend(seen.rehearsal.iter().flat_map(rehearsal_in_words));
    let told =
        |RdsMessage { at, text }: &RdsMessage| format!("RDS told at {}: {text}", at.strftime("%H:%M:%S UTC"));
    match &seen.messages {
        Some(Ok(messages)) => lines.extend(messages.iter().map(told)),
        Some(Err(absence)) => lines.push(format!("events of RDS unknown ({absence})")),
        None => {}
    }
    lines
}

/// `shop-prod available: PostgreSQL 16 db.t4g.large, Multi-AZ, 100 GiB gp3 (up to 1,000), window sun:05:00-sun:05:30`.
fn instance_in_words(instance: &ClassedInstance) -> String {
    let ClassedInstance { id, status, engine, class, .. } = instance;
    let multi_az = instance.is_multi_az.then(|| "Multi-AZ".to_owned());
    let storage = match instance.max_allocated_gib {
        _ if *engine == Engine::Aurora => None,
        Some(max) => Some(format!("{} (up to {})", storage(instance), thousands(max))),
        None => Some(storage(instance)),
    };
    let window = format!("window {}", instance.maintenance_window);
    let pending_class = instance.pending_class.as_ref().map(|class| format!("{class} pending"));
    let pending = (!instance.pending.is_empty()).then(|| format!("{} pending", instance.pending.join(", ")));
    let parameters =
        instance.parameters.iter().map(|(group, status)| format!("parameter group {group} {status}"));
    let busy = instance.is_storage_busy.then(|| "storage busy".to_owned());
    let facts = [multi_az, storage, Some(window), pending_class, pending, busy].into_iter().flatten();
    let facts: Vec<String> = facts.chain(parameters).collect();
    format!("{id} {}: {} {class}, {}", status_word(status), engine_word(*engine), facts.join(", "))
}

fn storage(instance: &ClassedInstance) -> String {
    format!("{} GiB {}", thousands(instance.allocated_gib), instance.storage_type)
}

/// Its newest datapoints, as far as they are known.
fn load_in_words(seen: &UpgradeObservation, instance: &ClassedInstance, now: Timestamp) -> Option<String> {
    let ClassLoad { cpu, connections, free_memory, iops, burst_balance, free_storage } = &seen.load;
    let value = |reading: &MetricReading| settled(reading, now);
    let allocated = f64::from(instance.allocated_gib) * GIB;
    let facts = [
        value(&cpu.usual).map(|cpu| format!("cpu {}%", thousands(rounded(cpu)))),
        value(&connections.usual).map(|it| format!("{} connections", thousands(it.round()))),
        value(&free_memory.usual)
            .map(|free| format!("{} GiB of memory free", thousands(rounded(free / GIB)))),
        value(&iops.usual).map(|it| format!("{} operations a second", thousands(it.round()))),
        value(burst_balance).map(|it| format!("burst balance {}%", thousands(it.round()))),
        value(free_storage)
            .filter(|_| allocated > 0.0)
            .map(|free| format!("{}% of the storage free", thousands((free / allocated * 100.0).round()))),
        value(&seen.floor).map(|floor| format!("metric of `floor` {}", thousands(rounded(floor)))),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    (!facts.is_empty()).then(|| facts.join(", "))
}

/// `shop-prod-1 available: db.t4g.large`.
fn brief(instance: &ClassedInstance) -> String {
    let replication = match &instance.replication {
        Replication::Running => String::new(),
        Replication::Broken { status, .. } => format!(", replication {status}"),
    };
    format!("{} {}: {}{replication}", instance.id, status_word(&instance.status), instance.class)
}

/// What the change would meet.
fn rehearsal_in_words(rehearsal: &Rehearsal) -> Vec<String> {
    let Rehearsal { class, offers, maintenance, reservations } = rehearsal;
    let unknown = |what: &str, absence: &Absence| format!("{what} unknown ({absence})");
    let offers = match offers {
        Err(absence) => unknown("offers", absence),
        Ok(offers) if offers.is_empty() => format!("RDS does not offer {class}"),
        Ok(offers) => {
            let mut types: Vec<&str> = offers.iter().map(|offer| offer.storage_type.as_str()).collect();
            types.sort_unstable();
            types.dedup();
            format!("RDS offers {class} with {}", types.join(", "))
        }
    };
    let maintenance = match maintenance {
        Err(absence) => unknown("maintenance", absence),
        Ok(due) if due.is_empty() => "no maintenance waits".to_owned(),
        Ok(due) => {
            let each = due.iter().map(|due| match due.at.or(due.required) {
                Some(at) => format!("{} due at {}", due.action, at.strftime("%Y-%m-%d %H:%M UTC")),
                None => format!("{} available", due.action),
            });
            format!("maintenance: {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    let reservations = match reservations {
        Err(absence) => unknown("reserved instances", absence),
        Ok(reserved) if reserved.is_empty() => "no reserved instances".to_owned(),
        Ok(reserved) => {
            let each = reserved.iter().map(|it| format!("{} × {} ({})", it.count, it.class, it.id));
            format!("reserved: {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    vec![format!("{offers}; {maintenance}; {reservations}")]
}

/// The newest value that CloudWatch changes no more.
fn settled(reading: &MetricReading, now: Timestamp) -> Option<f64> {
    match reading {
        MetricReading::Points { points, .. } => {
            let is_settled = |at: Timestamp| now.duration_since(at) >= SETTLES_WITHIN;
            points.iter().rev().find(|point| is_settled(point.at)).map(|point| point.value)
        }
        MetricReading::NotRead | MetricReading::Failed(_) => None,
    }
}

/// To one decimal.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn status_word(status: &Status) -> &str {
    match status {
        Status::Available => "available",
        Status::Creating => "creating",
        Status::Deleting => "deleting",
        Status::Failed(status) | Status::Changing(status) => status,
    }
}

fn engine_word(engine: Engine) -> String {
    match engine {
        Engine::PostgreSql { major, minor } => format!("PostgreSQL {major}.{minor}"),
        Engine::MySql => "MySQL".to_owned(),
        Engine::MariaDb => "MariaDB".to_owned(),
        Engine::Aurora => "Aurora".to_owned(),
    }
}

/// The same for machines; what is not known is null.
pub(super) fn in_json(seen: &UpgradeObservation, now: Timestamp) -> Value {
    let UpgradeObservation { instances, load, floor, rehearsal, snapshot, messages } = seen;
    let mut json = match instances {
        Err(absence) => json!({"unknown": absence}),
        Ok(instances) => json!({
            "instance": instance_in_json(&instances.main),
            "source": instances.source.as_ref().map(instance_in_json),
            "replicas": instances.replicas.iter().map(instance_in_json).collect::<Vec<_>>(),
        }),
    };
    let value = |reading: &MetricReading| settled(reading, now);
    json["load"] = json!({
        "cpu_percent": value(&load.cpu.usual),
        "connections": value(&load.connections.usual),
        "free_memory_bytes": value(&load.free_memory.usual),
        "iops": value(&load.iops.usual),
        "burst_balance_percent": value(&load.burst_balance),
        "free_storage_bytes": value(&load.free_storage),
    });
    json["floor"] = json!(value(floor));
    json["rehearsal"] = rehearsal.as_ref().map_or(Value::Null, rehearsal_in_json);
    json["snapshot"] = match snapshot {
        None | Some(Ok(None)) => Value::Null,
        Some(Err(absence)) => json!({"unknown": absence}),
        Some(Ok(Some(SeenSnapshot { status, is_ours }))) => json!({"status": status, "ours": is_ours}),
    };
    json["messages"] = match messages {
        None => Value::Null,
        Some(Err(absence)) => json!({"unknown": absence}),
        Some(Ok(messages)) => {
            messages.iter().map(|RdsMessage { at, text }| json!({"at": at, "text": text})).collect()
        }
    };
    json
}

fn instance_in_json(instance: &ClassedInstance) -> Value {
    let ClassedInstance { id, engine, status, class, pending_class, pending, .. } = instance;
    json!({
        "id": id, "engine": engine_word(*engine), "status": status_word(status), "class": class,
        "pending_class": pending_class, "pending": pending, "multi_az": instance.is_multi_az,
        "storage_type": instance.storage_type, "allocated_gib": instance.allocated_gib,
        "max_allocated_gib": instance.max_allocated_gib, "storage_busy": instance.is_storage_busy,
        "restorable_to": instance.restorable_to, "maintenance_window": instance.maintenance_window,
    })
}

fn rehearsal_in_json(rehearsal: &Rehearsal) -> Value {
    let Rehearsal { class, offers, maintenance, reservations } = rehearsal;
    let offers = offers.as_ref().map(|offers| {
        let each = offers.iter().map(|offer| {
            json!({"storage_type": offer.storage_type, "multi_az": offer.is_multi_az,
                   "replicas": offer.takes_replicas, "zones": offer.zones, "storage_gib": offer.storage_gib})
        });
        each.collect::<Vec<_>>()
    });
    let maintenance = maintenance.as_ref().map(|due| {
        let each =
            due.iter().map(|due| json!({"action": due.action, "at": due.at, "required": due.required}));
        each.collect::<Vec<_>>()
    });
    let reservations = reservations.as_ref().map(|reserved| {
        let each = reserved
            .iter()
            .map(|it| json!({"id": it.id, "class": it.class, "count": it.count, "multi_az": it.is_multi_az}));
        each.collect::<Vec<_>>()
    });
    json!({
        "class": class, "offers": known(offers), "maintenance": known(maintenance),
        "reservations": known(reservations),
    })
}

fn known(part: Result<Vec<Value>, &Absence>) -> Value {
    part.map_or_else(|absence| json!({"unknown": absence}), Value::from)
}
