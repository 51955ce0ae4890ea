//! The settings that hold for a file are those that its policies have.

use tidegate_fleet::effective::{Origin, settings};
use tidegate_policy::rule::Span;

use crate::databases::of_rds;
use crate::taken::{PLACE, WORK, fleet, taken};

fn of(lines: &str, path: &str) -> (String, Origin) {
    let text = fleet(&format!("{PLACE}{lines}"));
    let rows = settings(&text, &taken(&text));
    let row = rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("no `{path}` in {rows:#?}"));
    (row.value.clone(), row.origin)
}

#[track_caller]
fn check(lines: &str, key: &str, value: &str, line: usize) {
    let expected = (value.to_owned(), Origin::Line(line));
    assert_eq!(of(lines, &format!("services[worker].{key}")), expected);
}

#[test]
fn what_the_file_says_has_its_line() {
    check(WORK, "capacity.max", "20", 7);
    check(WORK, "rules[0].when", "waiting > 500", 9);
    check(WORK, "rules[1].remove", "1", 9);
    check(WORK, "queue.bullmq.url", "redis://redis", 8);
    check(&format!("{WORK}startup: 90s"), "startup", "90s", 10);
    check(&format!("{WORK}track: {{ signal: cpu, target: 70% }}"), "track.target", "70%", 10);
}

#[test]
fn what_it_does_not_say_is_a_default_with_its_reason_or_follows_from_the_rest() {
    let from = |lines: &str, key: &str| of(lines, &format!("services[worker].{key}"));
    assert!(
        matches!(from(WORK, "startup"), (value, Origin::Default(reason)) if value == "3m" && !reason.is_empty())
    );
    assert!(matches!(from(WORK, "cooldown.in"), (value, Origin::Default(_)) if value == "300s"));
    assert!(
        matches!(from(WORK, "largest_step.in"), (value, Origin::Derived(_) | Origin::Default(_)) if value == "1")
    );
    let wait = format!("{}\nwait: 60s", WORK.lines().next().expect("a queue"));
    assert!(matches!(from(&wait, "cooldown.in"), (value, Origin::Derived(_)) if value == "0s"));
    assert_eq!(from(WORK, "mode"), ("enforce".to_owned(), Origin::Derived("the fleet's `mode`")));
    assert_eq!(from(WORK, "capacity.override_max"), ("20".to_owned(), Origin::Derived("`max`")));
    let chosen = settings(&fleet(&format!("{PLACE}{WORK}")), &taken(&fleet(&format!("{PLACE}{WORK}"))));
    assert!(
        chosen.iter().all(|row| !row.path.contains("celery")),
        "a queue that is not there has no settings"
    );
}

/// The policy is what runs; the two are read apart.
#[test]
fn the_durations_of_every_shipped_fleet_are_those_of_its_policies() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fleets");
    for entry in std::fs::read_dir(folder).expect("there are fleets") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        let fleet = taken(&text);
        let rows = settings(&text, &fleet);
        for service in fleet.services() {
            let (name, policy) = (service.name(), service.policy());
            let value = |key: &str| {
                let path = format!("services[{name}].{key}");
                let value = &rows.iter().find(|row| row.path == path).expect("it is there").value;
                value.parse().map_or_else(|_| value.clone(), |duration| Span(duration).to_string())
            };
            assert_eq!(value("startup"), Span(policy.startup).to_string());
            assert_eq!(value("stabilization"), Span(policy.stabilization).to_string());
            assert_eq!(value("cooldown.out"), Span(policy.cooldown.scale_out).to_string());
            assert_eq!(value("cooldown.in"), Span(policy.cooldown.scale_in).to_string());
            assert_eq!(value("largest_step.in"), policy.largest_step.scale_in.to_string());
            assert_eq!(value("capacity.max"), policy.capacity.max().to_string());
        }
    }
}

#[test]
fn what_a_database_does_not_say_is_told_with_its_origin() {
    let text = of_rds("{ lag: { warning: 15s }, min: 1, max: 5, dns: { zone: Z1, record: r.db } }");
    let rows = settings(&text, &taken(&text));
    let of = |key: &str| {
        let path = format!("databases[main].{key}");
        let row =
            rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("no `{path}` in {rows:#?}"));
        (row.value.as_str(), row.origin)
    };
    assert_eq!(of("replicas.lag.warning"), ("15s", Origin::Line(11)));
    assert_eq!(of("mode"), ("enforce", Origin::Derived("the fleet's `mode`")));
    assert_eq!(of("replicas.class").0, "the source's class");
    assert!(matches!(of("replicas.cooldown"), ("10m", Origin::Default(reason)) if !reason.is_empty()));
    assert!(matches!(of("replicas.dns.ttl"), ("5", Origin::Default(reason)) if !reason.is_empty()));
    let watched = of_rds("15s").replace("replicas: 15s", "replicas: { lag: 15s }");
    let rows = settings(&watched, &taken(&watched));
    assert!(rows.iter().all(|row| !row.path.contains("class")), "no replica is created: {rows:#?}");
}
