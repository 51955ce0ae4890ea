//! The published schema is the code's, takes the shipped fleets, and says what the reader says.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidegate_fleet::{Code, Problem, Problems};

use crate::yaml;

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

/// Set `TIDEGATE_REFRESH=1` to write it anew.
#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let path = package().join("fleet.schema.json");
    let schema = format!("{:#}\n", tidegate_fleet::schema::schema());
    if std::env::var_os("TIDEGATE_REFRESH").is_some() {
        std::fs::write(&path, &schema).expect("write the schema");
    }
    assert!(read(&path) == schema, "fleet.schema.json is old: run `tidegate schema > {}`", path.display());
}

#[test]
fn every_shipped_fleet_is_valid_and_fits_the_schema() {
    let validator = validator();
    let mut fleets = 0;
    for entry in std::fs::read_dir(package().join("../../fleets")).expect("there are fleets") {
        let path = entry.expect("the folder can be read").path();
        let text = read(&path);
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let fleet =
            tidegate_fleet::parse(&text).unwrap_or_else(|problems| panic!("{}", problems.in_file(&name)));
        // The guides' own numbers stand as they are: some remove two tasks at a time, and one goes per decision here.
        let others = fleet.warnings().iter().filter(|it| it.code() != Code::RemovesOneAtATime);
        assert_eq!(others.count(), 0, "{name}: {:?}", fleet.warnings());
        validator.validate(&yaml::to_json(&text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains("$schema=../shared/fleet/fleet.schema.json"), "{name} names the schema");
        fleets += 1;
    }
    assert!(fleets >= 3, "the guides' fleets are there");
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&tidegate_fleet::schema::schema()).expect("the schema is one")
}

/// A group with everything that only services without a queue tend to have.
fn group(name: &str, asg: &Value) -> Value {
    let input = json!({
        "namespace": "Shop", "metric": "Failed", "dimensions": { "Env": "prod" }, "statistic": "Sum",
    });
    json!({
        "name": name, "asg": asg,
        "capacity": { "min": 1, "max": 10, "override_max": 20 },
        "metrics": {
            "failed": {
                "expression": "100 * e / r", "metrics": { "e": input, "r": input },
                "period": "5m", "absent": "no_vote", "unit": "percent",
            },
            "logins": {
                "expression": "SUM([a, b])", "metrics": { "a": input, "b": input }, "limit": 1_000_000_000_000_u64,
            },
            "db_connections": { "namespace": "AWS/RDS", "metric": "DatabaseConnections", "limit": 500 },
        },
        "rules": [
            { "when": "failed > 5% for 10m", "notify": "critical" },
            { "when": "logins > 80%", "notify": "warning" },
            { "when": "db_connections > 80%", "add": 1, "notify": "warning" },
            { "when": "alarm(api 5xx, all zones) for 5m", "add": 2 },
        ],
        "guard": { "database": "main", "connections": "85%", "per_task": 10, "on_missing": "hold" },
    })
}

/// A database with every setting, and one of Aurora.
fn databases() -> Value {
    json!([
        {
            "name": "main", "rds": "shop-prod", "mode": "observe", "max_connections": 200,
            "replicas": {
                "lag": { "warning": "15s", "critical": "60s" },
                "min": 1, "max": 5,
                "out": "cpu > 70% for 5m", "in": "connections < 100 for 15m",
                "class": "db.r6g.large", "cooldown": "10m", "drain": "10m",
                "dns": { "zone": "Z0123456789ABC", "record": "read.db.internal", "ttl": 5 },
            },
        },
        {
            "name": "ladder", "rds": "shop-ladder",
            "classes": ["db.t4g.medium", "db.t4g.large", "db.m6g.xlarge"],
            "upgrade": {
                "when": ["cpu > 80% for 1d", "connections >= 80% for 6h", "iops > 2500 for 1h30m"],
                "down": "memory < 30% for 14d",
                "floor": { "by": "users", "table": { "10000": "db.t4g.large", "100000": "db.m6g.xlarge" } },
                "window": "sun:23:45-mon:00:15", "per_day": 2, "reservations": "ignore",
            },
            "metrics": { "users": { "namespace": "Shop", "metric": "Users", "statistic": "Maximum" } },
            "storage": { "max": 1000, "warning": "20%", "critical": "10%" },
        },
        { "name": "reports", "aurora": "reports-cluster", "replicas": { "lag": "100ms" } },
    ])
}

/// A file with every setting, so that each can be broken in turn.
fn complete() -> Value {
    let metric = json!({
        "namespace": "AWS/AmazonMQ", "metric": "MessageCount", "dimensions": { "Queue": "jobs" },
        "statistic": "p99.9", "period": "2m", "absent": "zero",
    });
    let mut declared = metric.clone();
    declared["unit"] = json!("seconds");
    let metric_of_users = json!({ "namespace": "Shop", "metric": "Users", "dimensions": { "Env": "prod" } });
    let service = |name: &str, queue: Value| {
        json!({
            "name": name, "mode": "observe",
            "ecs": { "cluster": "shop", "service": name },
            "capacity": { "min": 1, "max": 10 },
            "hours": [
                { "during": "mon-fri 07:00-20:00 Europe/Berlin", "min": 2, "max": 8 },
                { "outside": "sat and sun, holidays 20:00-24:00 UTC", "max": 0 },
            ],
            "floor": { "by": "users", "table": { "0": 1, "1000": 3 } },
            "concurrency": 4,
            "queue": queue,
            "metrics": { "response_time": declared, "users": metric_of_users },
            "rules": [
                { "when": "waiting > 500", "add": 5 },
                { "when": "response_time > 500ms for 5m", "add": "10%", "at_least": 2 },
                { "when": "waiting < 50", "remove": 2 },
                { "when": "due > 9", "set": 10 },
            ],
            "track": [{ "signal": "cpu", "target": "70%", "scale_in": false }, { "signal": "memory", "target": "80%" }],
            "wait": "60s",
            "cooldown": { "out": "60s", "in": "5m" },
            "stabilization": "0s", "startup": "90s", "idle": "10m",
            "largest_step": { "out": 10, "in": 2 },
            "interruptible": true,
        })
    };
    json!({
        "version": 1, "name": "shop", "mode": "enforce",
        "services": [
            service("a", json!({ "celery": {
                "url": "redis://redis:6379/0", "queue": "q", "exchange": "e", "prefix": "p", "separator": ":",
                "priority_steps": [0, 5], "unacked_key": "u", "acks_late": true,
            } })),
            service("b", json!({ "bullmq": { "url_from": "ssm:/redis", "ca_from": "ssm:/redis-ca", "queue": "q", "prefix": "bull" } })),
            service("c", json!({ "list": { "url": "rediss://redis", "key": "k", "proof": "p" } })),
            service("d", json!({ "sqs": { "url": "https://sqs.eu-west-1.amazonaws.com/123456789012/q" } })),
            service("e", json!({ "cloudwatch": { "waiting": metric, "in_flight": metric } })),
            group("f", &json!("web")),
            group("g", &json!({ "name": "jobs", "detailed_monitoring": true })),
        ],
        "databases": databases(),
        "holidays": ["2026-12-25"],
        "budgets": [{ "name": "connections", "limit": 1000, "use": { "a": 4 } }],
        "emergency": {
            "hold": "90m",
            "profiles": { "shed": { "a": 0, "b": 2 }, "peak": { "f": 10 } },
            "runbook": ["Enable CloudFront caching", "Enable rate limiting at the ALB"],
        },
    })
}

/// What a schema cannot say, because it speaks of several settings at once.
const BEYOND_A_SCHEMA: [Code; 9] = [
    Code::BadExpression,
    Code::LimitWithoutTotal,
    Code::UnknownSignal,
    Code::SignalWithoutQueue,
    Code::WrongUnit,
    Code::StepNeedsInterruptible,
    Code::AtLeastWithoutPercent,
    Code::UnknownService,
    Code::UnknownDatabase,
];

/// JSON is YAML, so both can read the same text. True when the file is good.
#[track_caller]
fn agree(validator: &jsonschema::Validator, document: &Value, what: &str) -> bool {
    let by_schema = validator.is_valid(document);
    let problems = tidegate_fleet::parse(&document.to_string()).err();
    // Databases declare no signals, so that a schema knows all of theirs.
    let is_of_database = |problem: &Problem| problem.message().contains("no signal of a");
    let told_by_schema = |problems: &Problems| {
        problems.iter().any(|it| !BEYOND_A_SCHEMA.contains(&it.code()) || is_of_database(it))
    };
    let by_reader = !problems.as_ref().is_some_and(told_by_schema);
    assert_eq!(by_reader, by_schema, "{what}: the schema says {by_schema}, the reader {problems:#?}");
    by_schema
}

#[test]
fn the_schema_and_the_reader_agree_on_every_setting() {
    let validator = validator();
    let complete = complete();
    assert!(agree(&validator, &complete, "the complete file"));
    let mut refused = 0;
    for pointer in pointers(&complete, "") {
        for (what, broken) in broken(&complete, &pointer) {
            if !agree(&validator, &broken, &format!("{pointer} {what}")) {
                refused += 1;
            }
        }
    }
    assert!(refused > 700, "only {refused} broken files were refused");
}

/// Of signals that no service can declare a schema knows the unit.
#[test]
fn a_condition_without_its_unit_is_refused_by_the_schema_too() {
    let validator = validator();
    let rules = |when: &str| {
        let mut document = complete();
        document["services"][0]["rules"][0]["when"] = json!(when);
        document
    };
    let is_refused = |document: &Value| tidegate_fleet::parse(&document.to_string()).is_err();
    let refused = [
        "cpu > 70",
        "cpu > 70s",
        "waiting > 500%",
        "waiting > 5m",
        "in_flight < 9s",
        "stalled_for > 300",
        "waiting_per_task > 5%",
    ];
    for when in refused {
        let document = rules(when);
        assert!(!validator.is_valid(&document), "the schema takes `{when}`");
        assert!(is_refused(&document), "the reader takes `{when}`");
    }
    for when in [
        "cpu > 70%",
        "cpu >= 70.5% for 5m",
        "waiting > 500",
        "stalled_for > 5m",
        "stalled_for > 300s",
        "memory > 80%",
        "requests > 100",
        "errors > 1% for 1h30m",
    ] {
        assert!(validator.is_valid(&rules(when)), "the schema refuses `{when}`");
        assert!(!is_refused(&rules(when)), "the reader refuses `{when}`");
    }
}

#[test]
fn the_schema_has_a_name_and_words_for_every_pattern() {
    let schema = tidegate_fleet::schema::schema();
    assert_eq!(schema["$id"], "urn:tidegate:fleet:1");
    let patterns: Vec<String> =
        pointers(&schema, "").into_iter().filter(|pointer| pointer.ends_with("/pattern")).collect();
    assert!(patterns.len() > 50, "{} patterns", patterns.len());
    for pointer in patterns {
        for words in ["/patternErrorMessage", "/errorMessage"] {
            let pointer = pointer.replace("/pattern", words);
            let message = schema.pointer(&pointer).and_then(Value::as_str);
            assert!(message.is_some_and(|message| !message.contains("[0-9]")), "{pointer}: {message:?}");
        }
    }
}

/// Every place in a document.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    let mut all = vec![at.to_owned()];
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                all.extend(pointers(value, &format!("{at}/{}", key.replace('/', "~1"))));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                all.extend(pointers(value, &format!("{at}/{index}")));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}

/// The document broken in every way at one place.
fn broken(document: &Value, pointer: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut with = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut copy = document.clone();
        change(copy.pointer_mut(pointer).expect("the place is there"));
        all.push((what.to_owned(), copy));
    };
    let value = document.pointer(pointer).expect("the place is there");
    match value {
        Value::Object(entries) => {
            with("is a list", &|value| *value = json!([]));
            with("is a text", &|value| *value = json!("x"));
            with("has an unknown key", &|value| value["unknown_key"] = json!("x"));
            for key in entries.keys() {
                with(&format!("lacks `{key}`"), &|value| {
                    value.as_object_mut().expect("it is a mapping").remove(key);
                });
            }
        }
        Value::Array(_) => {
            with("is empty", &|value| *value = json!([]));
            with("is a mapping", &|value| *value = json!({}));
            with("is a text", &|value| *value = json!("x"));
        }
        Value::Number(_) => {
            for wrong in [json!("5"), json!("x"), json!(true), json!(-1), json!(4_294_967_296_u64)] {
                with(&format!("is {wrong}"), &|value| *value = wrong.clone());
            }
            with("is a mapping", &|value| *value = json!({}));
        }
        Value::Bool(_) => {
            for wrong in [json!("true"), json!("yes"), json!(1), json!([])] {
                with(&format!("is {wrong}"), &|value| *value = wrong.clone());
            }
        }
        Value::String(_) | Value::Null => {
            for wrong in [json!([]), json!({}), json!("\u{7}"), json!("x".repeat(2_000))] {
                with(&format!("is {wrong}"), &|value| *value = wrong.clone());
            }
        }
    }
    all
}
