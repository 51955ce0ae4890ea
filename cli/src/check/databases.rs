//! What was understood of databases and guards, in words and in JSON.

use std::fmt::Write;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_fleet::cost::{self, MetricsOfReplicas};
use tidegate_fleet::{Database, DatabaseName};
use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord, ReplicaCount};
use tidegate_policy::rule::Span;
use tidegate_policy::{Condition, ConnectionGuard, OnMissing};

use crate::check::classes;
use crate::counts::cents;

/// A database, for operators, with its mode in words.
pub(crate) fn shown(database: &Database, mode: &str) -> String {
    let mut shown = format!("\n{} ({mode})\n", database.name());
    let mut line = |name: &str, value: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {name:<13}  {value}");
    };
    line(database.instance().kind().as_str(), database.instance().id().to_owned());
    let DatabasePolicy { is_aurora: _, lag, count, dns } = database.policy();
    match count {
        Some(count) => {
            line("replicas", replicas(count));
            let conditions = [("out", &count.scale_out, "the busiest"), ("in", &count.scale_in, "every")];
            for (name, condition, which) in conditions {
                if let Some(condition) = condition {
                    line(name, format!("{condition} on {which} replica"));
                }
            }
        }
        None if database.watches_replicas() => line("replicas", "only watched".to_owned()),
        None if database.upgrade_policy().is_some() => line("replicas", "not watched".to_owned()),
        None => line("replicas", "not watched; the database is named for guards".to_owned()),
    }
    if let Some(LagLimits { warning, critical }) = lag {
        let critical = critical.map(|critical| format!(", critical above {}", Lag(critical)));
        line("lag", format!("warning above {}{}", Lag(*warning), critical.unwrap_or_default()));
    }
    if let Some(count) = count {
        line("cooldown", Span(count.cooldown).to_string());
        line("drain", format!("at most {}", Span(count.drain)));
    }
    if let Some(ReadRecord { zone, name, ttl }) = dns {
        line("dns", format!("{name} in zone {zone}, TTL {ttl} s"));
    }
    for (name, value) in classes::lines(database) {
        line(name, value);
    }
    if let Some(most) = database.max_connections() {
        line("connections", format!("{most} at most"));
    }
    let of_replicas =
        cost::metrics_of_replicas(database).map(|metrics| metrics_read(metrics, count.is_some()));
    for (index, metrics) in of_replicas.into_iter().chain(classes::metrics_read(database)).enumerate() {
        line(if index == 0 { "metrics" } else { "" }, metrics);
    }
    shown
}

/// `1 to 5, new ones db.r6g.large`.
fn replicas(count: &ReplicaCount) -> String {
    let ReplicaCount { min, max, class, .. } = count;
    let bounds = if min == max { format!("{min}") } else { format!("{min} to {max}") };
    let class = class.as_deref().unwrap_or("of the source's class");
    format!("{bounds}, new ones {class}")
}

/// What is read of them every minute; how many replicas there are is known only where the file says it.
fn metrics_read(metrics: MetricsOfReplicas, is_counted: bool) -> String {
    let MetricsOfReplicas { of_source, of_each, replicas } = metrics;
    let source = match of_source {
        0 => String::new(),
        source => format!("{source} of the source (1 unless it is PostgreSQL) and "),
    };
    let each = match (is_counted, replicas) {
        (true, 1) => format!("{of_each} of the replica"),
        (true, replicas) => format!("{of_each} of each of {replicas} replicas"),
        (false, _) => format!("{of_each} of each replica, of which one is counted below"),
    };
    format!("at most {source}{each}")
}

/// A guard, for operators.
pub(crate) fn guard_shown(guard: &ConnectionGuard) -> String {
    let ConnectionGuard { database, percent, per_task, on_missing, .. } = guard;
    let per_task = match per_task {
        Some(per_task) => format!("{per_task} per task"),
        None => "connections per task as measured".to_owned(),
    };
    let missing = match on_missing {
        OnMissing::Hold => "no scale-out",
        OnMissing::Ignore => "the guard is ignored",
    };
    format!("{percent}% of the connections of {database}, {per_task}; while they are not known, {missing}")
}

/// A database, for machines.
pub(crate) fn to_json(database: &Database) -> Value {
    let (rds, aurora) = match database.instance() {
        DatabaseName::Rds(id) => (Some(id), None),
        DatabaseName::Aurora(id) => (None, Some(id)),
    };
    let metrics = cost::metrics_of_replicas(database).map_or(0, MetricsOfReplicas::sum);
    let of_class = cost::metrics_of_class(database);
    json!({
        "name": database.name(),
        "mode": database.mode().as_str(),
        "rds": rds,
        "aurora": aurora,
        "replicas": database.watches_replicas().then(|| replicas_to_json(database.policy())),
        "classes": classes::classes_to_json(database),
        "upgrade": classes::upgrade_to_json(database),
        "storage": classes::storage_to_json(database),
        "max_connections": database.max_connections(),
        "metrics_read_per_minute": metrics,
        "metrics_read_per_5_minutes": of_class,
        "dollars_per_month": cents(cost::dollars_per_month(metrics) + cost::dollars_per_month_of_classes(of_class)),
    })
}

/// One form whatever is written: what is not stands as null.
fn replicas_to_json(policy: &DatabasePolicy) -> Value {
    let DatabasePolicy { is_aurora: _, lag, count, dns } = policy;
    let count = count.as_ref();
    let written = |condition: &Option<Condition>| condition.as_ref().map(ToString::to_string);
    let limits = |LagLimits { warning, critical }: &LagLimits| json!({ "warning": milliseconds(*warning), "critical": critical.map(milliseconds) });
    json!({
        "lag_milliseconds": lag.as_ref().map(limits),
        "min": count.map(|count| count.min),
        "max": count.map(|count| count.max),
        "out": count.and_then(|count| written(&count.scale_out)),
        "in": count.and_then(|count| written(&count.scale_in)),
        "class": count.and_then(|count| count.class.as_ref()),
        "cooldown_seconds": count.map(|count| count.cooldown.as_secs()),
        "drain_seconds": count.map(|count| count.drain.as_secs()),
        "dns": dns.as_ref().map(|ReadRecord { zone, name, ttl }| json!({ "zone": zone, "record": name, "ttl_seconds": ttl })),
    })
}

/// A guard, for machines.
pub(crate) fn guard_to_json(guard: &ConnectionGuard) -> Value {
    let ConnectionGuard { database, percent, per_task, on_missing, .. } = guard;
    let on_missing = match on_missing {
        OnMissing::Hold => "hold",
        OnMissing::Ignore => "ignore",
    };
    json!({
        "database": database,
        "connections_percent": percent,
        "per_task": per_task,
        "on_missing": on_missing,
    })
}

/// A lag, as the file writes it: `15s`, `100ms`.
struct Lag(SignedDuration);

impl std::fmt::Display for Lag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.subsec_nanos() == 0 { Span(self.0).fmt(f) } else { write!(f, "{}ms", self.0.as_millis()) }
    }
}

/// A day at the most.
fn milliseconds(lag: SignedDuration) -> Value {
    json!(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX))
}
