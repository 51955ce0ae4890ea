//! The same, for machines. Keys stay.

use serde_json::{Value, json};
use tidegate_fleet::cost::{self, Saving};
use tidegate_fleet::effective::{Effective, Origin};
use tidegate_fleet::{
    AutoScalingGroup, Budget, Emergency, Fleet, Metric, Problem, Problems, Profile, Service, Source,
    TargetName, zone_rules,
};
use tidegate_policy::{AlarmName, CapacityUnit, Floor, Hours, Notify, Rule, Track};

use crate::check::{databases, summary};
use crate::counts::cents;

/// The keys, for the long help.
pub(crate) const KEYS: &str = "\
Keys of --json, which stay within one format:
  format                                   1
  file, valid, problems[], warnings[]      each problem: file, line, column, severity, code, message, help
  fleet, mode, services[], budgets[]       only of a valid file; of a service's `ecs` and `asg` one is null
  databases[]                              of `rds` and `aurora` one is null, and of `replicas`, `classes`, `upgrade` and
                                           `storage` what is not written
  emergency                                hold_seconds, profiles[] (name, sizes[]: service, size; replicas[]: database,
                                           at_least; `max`, which is always there, only with databases), runbook[]
  metrics_read_per_minute, metrics_read_per_5_minutes, dollars_per_month, alarms_would_save
                                           of the whole fleet; the last one is null when alarms save nothing
  effective[], zone_rules                  only with --explain: each setting, value, from (file, default, derived),
                                           line, because
  error                                    only when the file could not be read
Of several files: format, valid, files[] (each as above), warnings[] (services that two of the files scale).";

/// The answer of `tidegate check --json`.
pub(crate) fn check(file: &str, checked: &Result<Fleet, Problems>, explained: Option<&[Effective]>) -> Value {
    let mut answer = match checked {
        Ok(fleet) => json!({
            "file": file,
            "valid": true,
            "problems": [],
            "warnings": warnings(file, fleet.warnings()),
            "fleet": fleet.name(),
            "mode": fleet.mode().as_str(),
            "services": fleet.services().iter().map(service).collect::<Value>(),
            "databases": fleet.databases().iter().map(databases::to_json).collect::<Value>(),
            "budgets": fleet.budgets().iter().map(budget).collect::<Value>(),
            "emergency": emergency(fleet.emergency()),
            "metrics_read_per_minute": cost::metrics_of_fleet(fleet),
            "metrics_read_per_5_minutes": cost::metrics_of_classes(fleet),
            "dollars_per_month": cents(cost::dollars_per_month_of_fleet(fleet)),
            "alarms_would_save": cost::saving_by_alarms(fleet).map(saving),
        }),
        Err(problems) => json!({
            "file": file,
            "valid": false,
            "problems": problems.to_json(),
            "warnings": [],
        }),
    };
    if let Some(rows) = explained {
        answer["effective"] = rows.iter().map(effective).collect();
        answer["zone_rules"] = zone_rules().into();
    }
    answer
}

fn effective(Effective { path, value, origin }: &Effective) -> Value {
    let (from, line, because) = match *origin {
        Origin::Line(line) => ("file", Some(line), None),
        Origin::Default(reason) => ("default", None, Some(reason)),
        Origin::Derived(why) => ("derived", None, Some(why)),
    };
    json!({ "setting": path, "value": value, "from": from, "line": line, "because": because })
}

/// The answer when there is no text to check.
pub(crate) fn unreadable(file: &str, error: &str) -> Value {
    json!({ "file": file, "valid": false, "problems": [], "warnings": [], "error": error })
}

fn warnings(file: &str, warnings: &[Problem]) -> Value {
    let with_file = |warning: &Problem| {
        let mut value = warning.to_json();
        value["file"] = json!(file);
        value
    };
    warnings.iter().map(with_file).collect()
}

fn service(service: &Service) -> Value {
    let policy = service.policy();
    let queue = |queue: &tidegate_fleet::QueueSource| json!({ "kind": queue.kind().as_str(), "text": queue.to_string() });
    let metrics = cost::metrics_of(service);
    json!({
        "name": service.name(),
        "mode": service.mode().as_str(),
        "ecs": ecs(service.target()),
        "asg": asg(service.target()),
        "capacity_unit": match policy.capacity_unit {
            CapacityUnit::Tasks => "tasks",
            CapacityUnit::Instances => "instances",
        },
        "capacity": { "min": policy.capacity.min(), "max": policy.capacity.max() },
        "hours": policy.hours.iter().map(hours).collect::<Value>(),
        "guard": service.guard().map(databases::guard_to_json),
        "floor": policy.floor.as_ref().map(floor),
        "concurrency": policy.concurrency,
        "queue": service.queue().map(queue),
        "rules": policy.rules.iter().map(rule).collect::<Value>(),
        "notify": policy.notify.iter().map(notify).collect::<Value>(),
        "alarms": service.alarms().iter().map(AlarmName::as_str).collect::<Value>(),
        "track": policy.track.iter().map(track).collect::<Value>(),
        "wait_seconds": policy.wait.map(|wait| wait.as_secs()),
        "cooldown_seconds": {
            "out": policy.cooldown.scale_out.as_secs(),
            "in": policy.cooldown.scale_in.as_secs(),
        },
        "stabilization_seconds": policy.stabilization.as_secs(),
        "startup_seconds": policy.startup.as_secs(),
        "idle_seconds": policy.idle.as_secs(),
        "largest_step": { "out": policy.largest_step.scale_out, "in": policy.largest_step.scale_in },
        "interruptible": policy.interruptible,
        "metrics": service.metrics().iter().map(metric).collect::<Value>(),
        "metrics_read_per_minute": metrics,
        "dollars_per_month": cents(cost::dollars_per_month(metrics)),
    })
}

fn hours(row: &Hours) -> Value {
    let key = if row.outside { "outside" } else { "during" };
    json!({ key: row.window.to_string(), "min": row.min, "max": row.max })
}

fn floor(floor: &Floor) -> Value {
    let row = |(level, tasks): &(u64, u32)| json!({ "at_least": level, "tasks": tasks });
    json!({ "by": floor.by().as_str(), "table": floor.rows().iter().map(row).collect::<Value>() })
}

fn rule(rule: &Rule) -> Value {
    json!({ "when": rule.when.to_string(), "does": summary::adjustment(rule) })
}

fn track(track: &Track) -> Value {
    json!({ "track": track.to_string(), "scale_in": track.scale_in })
}

fn notify(notify: &Notify) -> Value {
    json!({ "when": notify.when.to_string(), "severity": notify.severity.code() })
}

fn ecs(target: &TargetName) -> Option<Value> {
    match target {
        TargetName::Ecs(ecs) => Some(json!({ "cluster": ecs.cluster, "service": ecs.service })),
        TargetName::Group(_) => None,
    }
}

fn asg(target: &TargetName) -> Option<Value> {
    match target {
        TargetName::Group(AutoScalingGroup { name, detailed_monitoring }) => {
            Some(json!({ "name": name, "detailed_monitoring": detailed_monitoring }))
        }
        TargetName::Ecs(_) => None,
    }
}

/// A metric spelt out has its names, one by an expression has that; of what the load balancer counts there is neither.
fn metric(Metric { name, source, limit }: &Metric) -> Value {
    let spelt_out = match source {
        Source::Metric(source) => Some(source),
        Source::Math(_) | Source::LoadBalancer(_) => None,
    };
    let expression = match source {
        Source::Math(math) => Some(&math.expression),
        Source::Metric(_) | Source::LoadBalancer(_) => None,
    };
    json!({
        "name": name.as_str(),
        "text": source.to_string(),
        "namespace": spelt_out.map(|source| &source.namespace),
        "metric": spelt_out.map(|source| &source.metric),
        "dimensions": spelt_out.map(|source| &source.dimensions),
        "statistic": spelt_out.map(|source| &source.statistic),
        "expression": expression,
        "period_seconds": source.period().as_secs(),
        "limit": limit,
    })
}

fn saving(Saving { metrics, alarms, dollars }: Saving) -> Value {
    json!({ "metrics": metrics, "alarms": alarms, "dollars_per_month": cents(dollars) })
}

fn budget(budget: &Budget) -> Value {
    json!({
        "name": budget.name(),
        "limit": budget.limit(),
        "use_at_max": budget.use_at_max(),
    })
}

fn emergency(emergency: &Emergency) -> Value {
    let size = |(service, size): &(String, u32)| json!({ "service": service, "size": size });
    let count = |(database, count): &(String, u32)| json!({ "database": database, "at_least": count });
    let profile = |Profile { name, sizes, replicas }: &Profile| {
        json!({
            "name": name,
            "sizes": sizes.iter().map(size).collect::<Value>(),
            "replicas": replicas.iter().map(count).collect::<Value>(),
        })
    };
    json!({
        "hold_seconds": emergency.hold.as_secs(),
        "profiles": emergency.profiles.iter().map(profile).collect::<Value>(),
        "runbook": emergency.runbook,
    })
}
