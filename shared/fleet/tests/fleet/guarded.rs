//! What a guard is completed with: the metric that it measures by, the limit, and who shares it.

use std::num::NonZeroU32;

use tidegate_fleet::{Fleet, MetricSource, Source};
use tidegate_policy::{ConnectionGuard, MetricName, OnMissing};

fn fleet(databases: &str, guards: [&str; 3]) -> Fleet {
    let service = |(name, guard): (&str, &str)| {
        format!(
            "  - name: {name}\n    ecs: {{ cluster: c, service: {name} }}\n    capacity: {{ min: 2, max: 20 }}\n    \
             rules: [{{ when: cpu > 70%, add: 1 }}, {{ when: cpu < 30%, remove: 1 }}]\n{guard}"
        )
    };
    let services: String = ["api", "worker", "batch"].into_iter().zip(guards).map(service).collect();
    let text = format!("version: 1\nname: shop\nmode: enforce\ndatabases:\n{databases}services:\n{services}");
    tidegate_fleet::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn guard(fleet: &Fleet, service: &str) -> ConnectionGuard {
    fleet.service(service).unwrap().policy().guard.clone().unwrap()
}

fn source(fleet: &Fleet, service: &str) -> MetricSource {
    let metrics = fleet.service(service).unwrap().metrics();
    let metric = metrics.iter().find(|metric| metric.name.as_str() == "database_connections").unwrap();
    let Source::Metric(source) = &metric.source else { panic!("{:?}", metric.source) };
    source.clone()
}

#[test]
fn a_guard_measures_the_connections_of_its_database() {
    let databases = "  - { name: main, rds: shop-prod, max_connections: 200 }\n  - { name: events, aurora: shop-events }\n";
    let guards = [
        "    guard: { database: main, connections: 85% }\n",
        "    guard: { database: main, connections: 70%, per_task: 10, on_missing: hold }\n",
        "    guard: { database: events, connections: 100% }\n",
    ];
    let fleet = fleet(databases, guards);
    let metric = MetricName::new("database_connections").unwrap();
    let two = NonZeroU32::new(2).unwrap();
    let of_main = ConnectionGuard {
        database: "main".to_owned(),
        metric: metric.clone(),
        percent: 85,
        max_connections: NonZeroU32::new(200),
        per_task: None,
        sharers: two,
        on_missing: OnMissing::Ignore,
    };
    assert_eq!(guard(&fleet, "api"), of_main);
    let (per_task, on_missing) = (NonZeroU32::new(10), OnMissing::Hold);
    assert_eq!(
        guard(&fleet, "worker"),
        ConnectionGuard { percent: 70, per_task, on_missing, ..of_main.clone() }
    );
    let (database, max_connections) = ("events".to_owned(), None);
    let of_events =
        ConnectionGuard { database, percent: 100, max_connections, sharers: NonZeroU32::MIN, ..of_main };
    assert_eq!(guard(&fleet, "batch"), of_events);

    let dimensions = |service: &str| source(&fleet, service).dimensions.into_iter().collect::<Vec<_>>();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(dimensions("api"), [pair("DBInstanceIdentifier", "shop-prod")]);
    assert_eq!(dimensions("batch"), [pair("DBClusterIdentifier", "shop-events"), pair("Role", "WRITER")]);
    assert_eq!(source(&fleet, "api").to_string(), "AWS/RDS DatabaseConnections (Maximum over 60 s)");
}

#[test]
fn the_name_of_its_metric_is_taken() {
    let text = "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: api\n    ecs: { cluster: c, service: api }\n    \
        capacity: { min: 2, max: 20 }\n    rules: [{ when: database_connections > 70, add: 1 }]\n    metrics:\n      \
        database_connections: { namespace: a, metric: b, dimensions: { c: d }, statistic: Maximum }\n";
    let problems = tidegate_fleet::parse(text).unwrap_err().to_string();
    assert!(problems.contains("`database_connections` is the metric that `guard` reads"), "{problems}");
}
