//! `tidegate check` of databases and guards.

use std::path::PathBuf;

use serde_json::json;

use crate::check::{check_keys, json};
use crate::command::run;

const FLEET: &str = r"version: 1
name: shop
mode: enforce
services:
  - name: worker
    ecs: { cluster: shop, service: worker }
    capacity: { min: 2, max: 20 }
    guard: { database: main, connections: 85%, per_task: 10, on_missing: hold }
    track: { signal: cpu, target: 70% }
  - name: api
    ecs: { cluster: shop, service: api }
    capacity: { min: 2, max: 20 }
    guard: { database: reports, connections: 70% }
    track: { signal: cpu, target: 70% }
databases:
  - name: main
    rds: shop-prod
    replicas:
      lag: { warning: 15s, critical: 60s }
      min: 1
      max: 3
      out: connections > 400 for 5m
      in: connections < 100 for 15m
      class: db.r6g.large
      dns: { zone: Z0123456789ABC, record: read.db.internal, ttl: 10 }
    max_connections: 200
  - name: reports
    aurora: reports-cluster
    mode: observe
    replicas: { lag: 100ms, min: 2, max: 2 }
  - name: ladder
    rds: shop-ladder
    classes: [db.t4g.medium, db.m6g.xlarge, db.m6g.4xlarge]
    upgrade:
      when: [cpu > 80% for 1d, connections > 80% for 6h]
      down: [cpu < 20% for 14d, iops < 500 for 14d]
      floor: { by: users, table: { 10000: db.m6g.xlarge, 100000: db.m6g.4xlarge } }
      window: sun:05:00-sun:06:00
      per_day: 2
    metrics: { users: { namespace: Shop, metric: Users, dimensions: { Environment: prod }, period: 5m } }
    storage: { max: 1000 }
  - name: requested
    rds: shop-requested
    classes: [db.r5.2xlarge, db.r5.4xlarge]
  - name: full
    rds: shop-full
    storage: { warning: 30% }
  - name: plain
    aurora: plain-cluster
    replicas: { lag: 1s }
";

/// A fleet file of this test alone, removed at its end.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("tidegate-databases-{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text).expect("write");
        Self(path)
    }

    fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // A file that is left behind in the folder for such files does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn databases_and_guards_are_read_back() {
    let fleet = Written::new("words", FLEET);
    let (stdout, stderr, code) = run(&["check", &fleet.path()]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!(stdout.replace(&fleet.path(), "fleet.yaml"));
}

#[test]
fn databases_and_guards_are_read_back_in_json() {
    let fleet = Written::new("json", FLEET);
    let answer = json(&["check", "--json", &fleet.path()], 0);
    let databases = answer["databases"].as_array().expect("it is a list");
    let database = [
        "aurora",
        "classes",
        "dollars_per_month",
        "max_connections",
        "metrics_read_per_5_minutes",
        "metrics_read_per_minute",
        "mode",
        "name",
        "rds",
        "replicas",
        "storage",
        "upgrade",
    ];
    let replicas =
        ["class", "cooldown_seconds", "dns", "drain_seconds", "in", "lag_milliseconds", "max", "min", "out"];
    for one in databases {
        check_keys(one, &database);
        if !one["replicas"].is_null() {
            check_keys(&one["replicas"], &replicas);
        }
    }
    let main = json!({
        "name": "main", "mode": "enforce", "rds": "shop-prod", "aurora": null,
        "replicas": {
            "lag_milliseconds": { "warning": 15_000, "critical": 60_000 },
            "min": 1, "max": 3,
            "out": "connections > 400 for 5m", "in": "connections < 100 for 15m",
            "class": "db.r6g.large", "cooldown_seconds": 600, "drain_seconds": 600,
            "dns": { "zone": "Z0123456789ABC", "record": "read.db.internal", "ttl_seconds": 10 },
        },
        "classes": null, "upgrade": null, "storage": null,
        "max_connections": 200, "metrics_read_per_minute": 13, "metrics_read_per_5_minutes": 0, "dollars_per_month": 5.62,
    });
    assert_eq!(databases[0], main);
    assert_eq!(databases[1]["replicas"]["lag_milliseconds"], json!({ "warning": 100, "critical": null }));
    assert_eq!(databases[5]["replicas"]["max"], json!(null));
    let guards = [0, 1].map(|service: usize| &answer["services"][service]["guard"]);
    let of_worker =
        json!({ "database": "main", "connections_percent": 85, "per_task": 10, "on_missing": "hold" });
    assert_eq!(*guards[0], of_worker);
    assert_eq!((&guards[1]["per_task"], &guards[1]["on_missing"]), (&json!(null), &json!("ignore")));
    // Two trackers, two guards, 4 + 3 × 3, 2 × 3 and 3.
    assert_eq!(answer["metrics_read_per_minute"], json!(26));
}

#[test]
fn classes_and_storage_are_read_back_in_json() {
    let fleet = Written::new("json-classes", FLEET);
    let answer = json(&["check", "--json", &fleet.path()], 0);
    let rows = [(10_000, "db.m6g.xlarge"), (100_000, "db.m6g.4xlarge")]
        .map(|(least, class)| json!({ "at_least": least, "class": class }));
    let ladder = json!({
        "name": "ladder", "mode": "enforce", "rds": "shop-ladder", "aurora": null, "replicas": null,
        "classes": ["db.t4g.medium", "db.m6g.xlarge", "db.m6g.4xlarge"],
        "upgrade": {
            "when": ["cpu > 80% for 1d", "connections > 80% for 6h"],
            "down": ["cpu < 20% for 14d", "iops < 500 for 14d"],
            "floor": { "by": "users", "metric": "Shop Users (Average over 300 s)", "table": rows },
            "window": "sun:05:00-sun:06:00", "per_day": 2, "reservations": "keep",
        },
        "storage": { "max_gib": 1_000, "warning_percent": 20, "critical_percent": 10 },
        // 13 metrics, 8,640 times.
        "max_connections": null, "metrics_read_per_minute": 0, "metrics_read_per_5_minutes": 13, "dollars_per_month": 1.12,
    });
    assert_eq!(answer["databases"][2], ladder);
    let requested = json!({
        "when": [], "down": [], "floor": null, "window": "maintenance", "per_day": 1, "reservations": "keep",
    });
    assert_eq!(answer["databases"][3]["upgrade"], requested);
    let storage = json!({ "max_gib": null, "warning_percent": 30, "critical_percent": 10 });
    let full = &answer["databases"][4];
    assert_eq!(
        (&full["classes"], &full["upgrade"], &full["storage"]),
        (&json!(null), &json!(null), &storage)
    );
    // 13 of the ladder, 11 of the one on request, 1 of the storage.
    assert_eq!(answer["metrics_read_per_5_minutes"], json!(25));
}

/// Two stacks that give one database a class undo each other; replicas and class of one database may be in two files.
#[test]
fn a_database_whose_class_two_files_change_is_warned_about() {
    let file = |lines: &str| {
        format!("{{ version: 1, name: n, mode: enforce, databases: [{{ name: db, rds: shop, {lines} }}] }}")
    };
    let classes = "classes: [db.t4g.medium, db.t4g.large]";
    let warnings = |name: &str, one: &str, other: &str| {
        let (one, other) = (
            Written::new(&format!("{name}-one"), &file(one)),
            Written::new(&format!("{name}-other"), &file(other)),
        );
        let (_, stderr, _) = run(&["check", &one.path(), &other.path()]);
        stderr.lines().filter(|line| line.contains("duplicate-target")).map(str::to_owned).collect::<Vec<_>>()
    };
    let both = warnings("class", classes, classes);
    assert_eq!(both.len(), 1);
    assert!(both[0].contains("change the class of the same `rds shop`"), "{both:?}");
    let storage = warnings("storage", "storage: { max: 100 }", "storage: { max: 200 }");
    assert!(storage[0].contains("raise the storage of the same `rds shop`"), "{storage:?}");
    let apart = "replicas: { lag: 1s, min: 1, max: 2, out: cpu > 70%, in: cpu < 30%, dns: { zone: Z1, record: r.db } }";
    assert_eq!(warnings("apart", classes, apart), Vec::<String>::new());
    assert_eq!(warnings("told", "storage: {}", "storage: {}"), Vec::<String>::new());
}

/// Two stacks that add and remove replicas of one database undo each other.
#[test]
fn a_database_whose_replicas_two_files_change_is_warned_about() {
    let one = Written::new("one", FLEET);
    let two = Written::new(
        "two",
        &FLEET.replace("cluster: shop", "cluster: other").replace("name: main", "name: db"),
    );
    let two = Written::new(
        "two-named",
        &std::fs::read_to_string(&two.0).expect("it is there").replace("database: main", "database: db"),
    );
    let (_, stderr, code) = run(&["check", &one.path(), &two.path()]);
    assert_eq!(code, 0, "the files may be of two accounts: {stderr}");
    let warnings: Vec<&str> = stderr.lines().filter(|line| line.contains("duplicate-target")).collect();
    let of_replicas: Vec<&&str> =
        warnings.iter().filter(|line| line.contains("change the replicas of")).collect();
    assert_eq!(of_replicas.len(), 1, "only the replicas of `main` are changed: {stderr}");
    assert!(of_replicas[0].contains("the same `rds shop-prod`"), "{stderr}");
}
