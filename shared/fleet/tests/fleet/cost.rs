//! What reading a fleet costs, number for number.

use tidegate_fleet::cost::{self, MetricsOfReplicas, Saving};

use crate::databases::{of_rds, text};
use crate::taken::{fleet, taken};
use crate::upgrades;

const PLACE: &str = "ecs: { cluster: c, service: s }\ncapacity: { min: 1, max: 10 }\n";

/// A month of 30 days has 43,200 minutes; `GetMetricData` takes $0.01 per 1,000 metrics.
#[test]
fn a_metric_read_once_a_minute_costs_43_cents_a_month() {
    for (metrics, cents) in [(0, 0.0), (1, 43.2), (1_500, 64_800.0)] {
        assert!((cost::dollars_per_month(metrics) * 100.0 - cents).abs() < 1e-6, "{metrics}");
    }
}

#[test]
fn an_expression_costs_its_metrics_and_errors_cost_two() {
    let math = "metrics: { share: { expression: a / b, metrics: { a: { namespace: N, metric: A }, \
                b: { namespace: N, metric: B } } } }\n";
    let rules = "rules: [{ when: share > 5, notify: warning }, { when: errors > 1%, notify: critical }, \
                 { when: requests > 5, notify: warning }]";
    let fleet = taken(&fleet(&format!("{PLACE}{math}{rules}")));
    assert_eq!(cost::metrics_of(&fleet.services()[0]), 5);
    assert_eq!(cost::metrics_of_fleet(&fleet), 5);
}

#[track_caller]
fn check_saving(lines: &str, expected: Option<(usize, usize, f64)>) {
    let saving = cost::saving_by_alarms(&taken(&fleet(&format!("{PLACE}{lines}"))));
    let cents = |dollars: f64| (dollars * 1_000.0).round();
    let shown = saving.map(|Saving { metrics, alarms, dollars }| (metrics, alarms, cents(dollars)));
    assert_eq!(
        shown,
        expected.map(|(metrics, alarms, dollars)| (metrics, alarms, cents(dollars))),
        "{lines}"
    );
}

#[test]
fn alarms_can_stand_for_thresholds_and_for_nothing_else() {
    let rules = |rules: &str| format!("rules: [{rules}]");
    let out = "{ when: cpu > 70% for 5m, add: 1, notify: warning }";
    check_saving(&rules(out), Some((1, 1, 0.332)));
    check_saving(&rules(&format!("{out}, {{ when: cpu < 30%, remove: 1 }}")), Some((1, 2, 0.232)));
    check_saving(&rules("{ when: errors > 1%, notify: critical }"), Some((2, 1, 0.664)));
    let five: Vec<String> = (1..=5).map(|n| format!("{{ when: cpu > {n}0%, notify: warning }}")).collect();
    check_saving(&rules(&five[..4].join(", ")), Some((1, 4, 0.032)));
    check_saving(&rules(&five.join(", ")), None);
    check_saving(&format!("{}\ntrack: {{ signal: cpu, target: 70% }}", rules(out)), None);
    check_saving(&rules("{ when: requests > 9, add: 1 }, { when: requests_per_task > 9, add: 1 }"), None);
    check_saving(&rules("{ when: alarm(a), add: 1 }"), None);
    let floor = "metrics: { users: { namespace: N, metric: U } }\nfloor: { by: users, table: { 100: 2 } }\n";
    check_saving(&format!("{floor}{}", rules("{ when: users > 9, notify: warning }")), None);
    check_saving(&rules(&format!("{out}, {{ when: memory > 80%, add: 1 }}")), Some((2, 2, 0.664)));
}

/// The averages and peaks of five metrics, the burst balance, the free storage and what the floor is computed from; 12 readings an
/// hour are 8,640 in 30 days.
#[test]
fn a_class_costs_its_load_every_five_minutes() {
    let of = |lines: &str| {
        let fleet = taken(&upgrades::of_rds(lines));
        let database = &fleet.databases()[0];
        assert_eq!(cost::metrics_of_classes(&fleet), cost::metrics_of_class(database));
        (
            cost::metrics_of_class(database),
            cost::metrics_of_fleet(&fleet),
            cost::dollars_per_month_of_fleet(&fleet),
        )
    };
    let dollars = |metrics: f64| metrics * 12.0 * 24.0 * 30.0 * 0.01 / 1_000.0;
    let check = |lines: &str, metrics: usize, expected: f64| {
        let (read, every_minute, spent) = of(lines);
        assert_eq!((read, every_minute), (metrics, 0), "{lines}");
        assert!((spent - expected).abs() < 1e-9, "{lines}: {spent}");
    };
    check(upgrades::CLASSES, 11, dollars(11.0));
    check("storage: {}", 1, dollars(1.0));
    check(&format!("{}, storage: {{}}", upgrades::CLASSES), 12, dollars(12.0));
    let floor = "upgrade: { floor: { by: users, table: { 10: db.t4g.large } } }";
    let sum = "metrics: { users: { expression: a + b, metrics: { a: { namespace: N, metric: A }, b: { namespace: N, metric: B } } } }";
    check(&format!("{}, {floor}, {sum}", upgrades::CLASSES), 13, dollars(13.0));
    let (_, every_minute, spent) = of(&format!("{}, replicas: {{ lag: 15s }}", upgrades::CLASSES));
    assert_eq!(every_minute, 7);
    assert!((spent - dollars(11.0) - cost::dollars_per_month(7)).abs() < 1e-9);
}

/// The free storage, the log and the slots of a source (4), and the lag, CPU and connections of each replica (3).
#[test]
fn replicas_cost_what_the_file_allows_at_most() {
    let of = |text: &str| cost::metrics_of_replicas(&taken(text).databases()[0]);
    let counted = |of_source, replicas| Some(MetricsOfReplicas { of_source, of_each: 3, replicas });
    assert_eq!(of(&of_rds("{ lag: 15s }")), counted(4, 1));
    assert_eq!(of(&of_rds("{ lag: 15s, min: 1, max: 5 }")), counted(4, 5));
    let aurora = text("  - { name: a, aurora: a, replicas: { lag: 15s, min: 1, max: 15 } }", "");
    assert_eq!(of(&aurora), counted(0, 15));
    assert_eq!(cost::metrics_of_fleet(&taken(&aurora)), 45);
    let guarded = text("  - { name: a, aurora: a }", "guard: { database: a, connections: 85% }");
    assert_eq!(of(&guarded), None);
    assert_eq!(cost::metrics_of_fleet(&taken(&guarded)), 1, "the connections, for the guard");
    let both = text(
        "  - { name: a, rds: a, replicas: { lag: 1s, min: 1, max: 5 } }",
        "guard: { database: a, connections: 85% }",
    );
    assert_eq!(cost::metrics_of_fleet(&taken(&both)), 20);
}
