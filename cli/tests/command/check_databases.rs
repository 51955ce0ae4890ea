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
        "dollars_per_month",
        "max_connections",
        "metrics_read_per_minute",
        "mode",
        "name",
        "rds",
        "replicas",
    ];
    let replicas =
        ["class", "cooldown_seconds", "dns", "drain_seconds", "in", "lag_milliseconds", "max", "min", "out"];
    for one in databases {
        check_keys(one, &database);
        check_keys(&one["replicas"], &replicas);
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
        "max_connections": 200, "metrics_read_per_minute": 13, "dollars_per_month": 5.62,
    });
    assert_eq!(databases[0], main);
    assert_eq!(databases[1]["replicas"]["lag_milliseconds"], json!({ "warning": 100, "critical": null }));
    assert_eq!(databases[2]["replicas"]["max"], json!(null));
    let guards = [0, 1].map(|service: usize| &answer["services"][service]["guard"]);
    let of_worker =
        json!({ "database": "main", "connections_percent": 85, "per_task": 10, "on_missing": "hold" });
    assert_eq!(*guards[0], of_worker);
    assert_eq!((&guards[1]["per_task"], &guards[1]["on_missing"]), (&json!(null), &json!("ignore")));
    // Two trackers, two guards, 4 + 3 × 3, 2 × 3 and 3.
    assert_eq!(answer["metrics_read_per_minute"], json!(26));
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
    assert_eq!(warnings.len(), 1, "only `main` is changed: {stderr}");
    assert!(warnings[0].contains("change the replicas of the same `rds shop-prod`"), "{stderr}");
}
