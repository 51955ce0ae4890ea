//! What needs no declaration: the load balancer's metrics, and the share of one task.

use jiff::SignedDuration;
use tidegate_fleet::{LoadBalancerMetric, Source};
use tidegate_policy::{MetricName, MetricPolicy, OnAbsence, Signal};

use crate::mistakes::check_problems;
use crate::taken::{PLACE, fleet, service};

/// A service with one rule that only notifies, so that every condition stands alone.
fn reported(condition: &str) -> String {
    format!("rules: [{{ when: {condition}, notify: warning }}]")
}

#[test]
fn the_load_balancer_counts_for_a_service() {
    let response_time = |statistic: &str| LoadBalancerMetric::ResponseTime { statistic: statistic.into() };
    for (condition, name, threshold, metric, on_absence) in [
        ("requests > 1000", "requests", 1_000.0, LoadBalancerMetric::Requests, OnAbsence::Zero),
        ("connections > 8000", "connections", 8_000.0, LoadBalancerMetric::Connections, OnAbsence::Zero),
        ("errors > 1%", "errors", 1.0, LoadBalancerMetric::Errors, OnAbsence::NoVote),
        ("response_time > 500ms", "response_time", 0.5, response_time("Average"), OnAbsence::NoVote),
        ("response_time_p50 > 1s", "response_time_p50", 1.0, response_time("p50"), OnAbsence::NoVote),
        ("response_time_p90 > 1.5s", "response_time_p90", 1.5, response_time("p90"), OnAbsence::NoVote),
        ("response_time_p95 > 1m30s", "response_time_p95", 90.0, response_time("p95"), OnAbsence::NoVote),
        ("response_time_p99 > 2s", "response_time_p99", 2.0, response_time("p99"), OnAbsence::NoVote),
    ] {
        let service = service(&reported(condition));
        let when = &service.policy().notify[0].when;
        assert_eq!((when.signal.to_string().as_str(), when.threshold), (name, threshold), "{condition}");
        let read = &service.metrics()[0];
        assert_eq!((read.name.as_str(), &read.source), (name, &Source::LoadBalancer(metric)), "{condition}");
        let is_ratio = name == "errors";
        let declared = MetricPolicy { name: read.name.clone(), on_absence, is_ratio };
        assert_eq!(service.policy().metrics, [declared], "{condition}");
        assert_eq!(read.source.period(), SignedDuration::from_mins(1));
    }
}

#[test]
fn a_total_is_shared_by_the_tasks_and_read_once() {
    let service = service(
        "metrics: { logins: { namespace: Shop, metric: Logins, statistic: Sum } }\n\
         rules: [{ when: requests_per_task > 600 for 5m, add: 1 }, { when: requests < 10 for 5m, remove: 1 },\n\
                 { when: connections_per_task > 8000, add: 1 }, { when: logins_per_task > 50, add: 1 }]",
    );
    let share = |name: &str| Signal::PerTask(MetricName::new(name).expect("a metric's name"));
    let signals: Vec<&Signal> = service.policy().rules.iter().map(|rule| &rule.when.signal).collect();
    assert_eq!(signals[0], &share("requests"));
    assert_eq!([signals[2], signals[3]], [&share("connections"), &share("logins")]);
    let names: Vec<&str> = service.metrics().iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["requests", "connections", "logins"]);
}

#[test]
fn what_a_service_declares_is_what_it_means() {
    let nginx = "metrics: { requests: { namespace: Nginx, metric: Requests, statistic: Sum, period: 5m } }\n";
    let service =
        service(&format!("{nginx}rules: [{{ when: requests_per_task > 600 for 5m, notify: warning }}]"));
    let Source::Metric(source) = &service.metrics()[0].source else { panic!("it is spelt out") };
    assert_eq!((source.namespace.as_str(), source.on_absence), ("Nginx", OnAbsence::Missing));
}

#[test]
fn a_percentage_or_an_average_has_no_share() {
    let metrics = "metrics: { full: { namespace: N, metric: M, unit: percent }, db: { namespace: N, metric: D, limit: 9 } }\n";
    for (condition, part, words) in [
        ("errors_per_task > 1", "errors_per_task", "divides `errors` by the tasks, but"),
        ("response_time_p95_per_task > 1s", "response_time_p95_per_task", "is an average, not a total"),
        ("full_per_task > 1", "full_per_task", "divides `full` by the tasks, but"),
        ("db_per_task > 1%", "db_per_task", "divides `db` by the tasks, but"),
    ] {
        let others = "{ when: full > 1%, notify: warning }, { when: db > 1%, notify: warning }";
        let rules = format!("rules: [{{ when: {condition}, add: 1 }}, {others}]");
        check_problems(&fleet(&format!("{PLACE}{metrics}{rules}")), &[("not-a-total", part, words)]);
    }
}

#[test]
fn names_that_are_nearly_right_are_reported() {
    for (condition, part, words) in [
        ("request > 5", "request", "did you mean `requests`?"),
        ("requests_per_tasks > 5", "requests_per_tasks", "did you mean `requests_per_task`?"),
        ("response_time_p97 > 5s", "response_time_p97", "did you mean `response_time_p9"),
        ("cpu_per_task > 5", "cpu_per_task", "unknown signal `cpu_per_task`"),
        ("latency_per_task > 5", "latency_per_task", "unknown signal `latency_per_task`"),
    ] {
        check_problems(
            &fleet(&format!("{PLACE}{}", reported(condition))),
            &[("unknown-signal", part, words)],
        );
    }
    for (condition, part, words) in [
        ("requests > 5%", "5%", "`requests`, which is a plain number"),
        ("errors > 5", "5", "write `5%`"),
        ("response_time > 500", "500", "write `500ms` or `500s`"),
        ("requests_per_task > 5s", "5s", "write `5`, without a unit"),
    ] {
        check_problems(&fleet(&format!("{PLACE}{}", reported(condition))), &[("wrong-unit", part, words)]);
    }
}

#[test]
fn only_what_the_tasks_share_is_tracked() {
    for (signal, target) in [("requests_per_task", "600"), ("connections_per_task", "6000"), ("cpu", "70%")] {
        let tracker = format!("track: {{ signal: {signal}, target: {target} }}");
        assert_eq!(service(&tracker).policy().track[0].signal.to_string(), signal);
    }
    for (signal, target, words) in [
        ("requests", "600", "did you mean `requests_per_task`?"),
        ("connections", "6000", "did you mean `connections_per_task`?"),
        ("errors", "1%", "for others write a rule"),
        ("response_time", "500ms", "which is not shared by the tasks"),
    ] {
        let text = fleet(&format!("{PLACE}track: {{ signal: {signal}, target: {target} }}"));
        check_problems(&text, &[("tracked-total", signal, words)]);
    }
}
