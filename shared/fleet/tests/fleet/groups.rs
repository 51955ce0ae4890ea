//! `asg`: EC2 Auto Scaling groups, and what only ECS services have.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tidegate_fleet::{AutoScalingGroup, MetricSource, Source, TargetName};
use tidegate_policy::{CapacityUnit, OnAbsence};

use crate::mistakes::check_problems;
use crate::taken::{fleet, taken};

const CAPACITY: &str = "capacity: { min: 2, max: 10 }\n";
const BY_CPU: &str = "rules: [{ when: cpu > 80% for 5m, add: 1 }, { when: cpu < 20% for 5m, remove: 1 }]\n";

fn text(lines: &str) -> String {
    fleet(&format!("{CAPACITY}{lines}"))
}

#[test]
fn a_group_is_named_alone_or_with_its_monitoring() {
    for (asg, name, detailed_monitoring) in [
        ("web", "web", false),
        ("\"web(blue)!\"", "web(blue)!", false),
        ("{ name: web }", "web", false),
        ("{ name: web, detailed_monitoring: true }", "web", true),
    ] {
        let fleet = taken(&text(&format!("asg: {asg}\n{BY_CPU}")));
        assert_eq!(fleet.warnings(), []);
        let service = &fleet.services()[0];
        let group = AutoScalingGroup { name: name.to_owned(), detailed_monitoring };
        assert_eq!(*service.target(), TargetName::Group(group));
        assert_eq!(service.policy().capacity_unit, CapacityUnit::Instances);
        assert_eq!(service.queue(), None);
        let minutes = if detailed_monitoring { 1 } else { 5 };
        let expected = MetricSource {
            namespace: "AWS/EC2".into(),
            metric: "CPUUtilization".into(),
            dimensions: BTreeMap::from([("AutoScalingGroupName".into(), name.into())]),
            statistic: "Average".into(),
            period: SignedDuration::from_mins(minutes),
            on_absence: OnAbsence::Missing,
        };
        assert_eq!(service.metrics()[0].source, Source::Metric(expected));
    }
}

#[test]
fn a_service_is_ecs_or_a_group_and_each_is_scaled_once() {
    let ecs = "ecs: { cluster: shop, service: web }\n";
    check_problems(
        &text(BY_CPU),
        &[("not-exactly-one", "n", "a service needs exactly one of `ecs` and `asg`")],
    );
    check_problems(
        &text(&format!("asg: web\n{ecs}{BY_CPU}")),
        &[("not-exactly-one", "ecs", "found `asg` and `ecs`")],
    );
    let one = text(&format!("asg: web\n{BY_CPU}"));
    let other = one.split_once("services:\n").expect("there are services").1.replace("worker", "other");
    let slower = other.replace("asg: web", "asg: { name: web, detailed_monitoring: true }");
    for other in [other, slower] {
        check_problems(
            &format!("{one}{other}"),
            &[("duplicate-target", "n", "`worker` already scales asg web")],
        );
    }
}

#[test]
fn names_that_no_group_has_are_refused() {
    for (asg, code, part, words) in [
        ("\"web:1\"", "bad-text", "\"web:1\"", "punctuation except `:`"),
        ("\"arn:aws:autoscaling:…\"", "bad-text", "\"arn:aws:autoscaling:…\"", "the name, not the ARN"),
        ("{ detailed_monitoring: true }", "missing-key", "{ ", "`name` is missing in `asg`"),
        ("{ name: web, detailed: true }", "unknown-key", "detailed", "did you mean `detailed_monitoring`?"),
        ("{ name: web, detailed_monitoring: yes }", "not-a-boolean", "yes", "did you mean `true`?"),
        ("[web]", "wrong-shape", "[", "`asg` must be a mapping, found a list"),
    ] {
        check_problems(&text(&format!("asg: {asg}\n{BY_CPU}")), &[(code, part, words)]);
    }
}

#[test]
fn a_group_has_nothing_of_a_queue() {
    let group = format!("asg: web\n{BY_CPU}");
    for (line, part) in [
        ("queue: { bullmq: { url: \"redis://redis\", queue: q } }", "{ "),
        ("concurrency: 4", "4"),
        ("idle: 5m", "5m"),
    ] {
        let key = line.split(':').next().expect("a line has a key");
        let words = format!("`{key}` needs a queue, and an Auto Scaling group has none");
        check_problems(&text(&format!("{group}{line}")), &[("group-with-queue", part, &words)]);
    }
    check_problems(&text(&format!("{group}wait: 60s")), &[("signal-without-queue", "60s", "no `queue`")]);
    check_problems(
        &text("asg: web\nrules: [{ when: waiting > 5, add: 1 }]"),
        &[("signal-without-queue", "waiting", "`waiting` is a signal of a queue")],
    );
}

#[test]
fn the_memory_of_a_group_is_declared_under_its_own_name() {
    let help = "declare the CloudWatch agent's metric under `metrics`";
    check_problems(
        &text("asg: web\nrules: [{ when: memory > 80%, add: 1 }]"),
        &[("not-published", "memory", help)],
    );
    check_problems(
        &text("asg: web\ntrack: { signal: memory, target: 80% }"),
        &[("not-published", "memory", help)],
    );
    let agent = "metrics: { memory: { namespace: CWAgent, metric: mem_used_percent, unit: percent, \
                 dimensions: { AutoScalingGroupName: web } } }\n";
    let fleet = taken(&text(&format!("asg: web\n{agent}track: {{ signal: memory, target: 80% }}")));
    assert_eq!(fleet.services()[0].metrics()[0].name.as_str(), "memory");
    let of_ecs =
        text(&format!("ecs: {{ cluster: c, service: s }}\n{agent}track: {{ signal: memory, target: 80% }}"));
    check_problems(&of_ecs, &[("reserved-name", "memory", "`memory` is a built-in signal")]);
}

#[test]
fn the_cpu_of_a_group_comes_once_in_five_minutes_unless_it_is_monitored_in_detail() {
    let rules = "rules: [{ when: cpu > 80% for 3m, add: 1 }, { when: cpu < 20% for 5m, remove: 1 }]";
    check_problems(
        &text(&format!("asg: web\n{rules}")),
        &[("for-below-period", "3m", "at least `for 5m`, or switch on detailed monitoring")],
    );
    taken(&text(&format!("asg: {{ name: web, detailed_monitoring: true }}\n{rules}")));
    check_problems(
        &text(
            "asg: { name: web, detailed_monitoring: true }\nmetrics: { lag: { namespace: N, metric: M, period: 5m } }\n\
               rules: [{ when: lag > 80 for 3m, add: 1 }]",
        ),
        &[("for-below-period", "3m", "at least `for 5m`")],
    );
}
