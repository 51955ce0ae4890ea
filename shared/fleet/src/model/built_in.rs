//! The metrics that need no declaration: what ECS, EC2 and the load balancer publish, and how each is found.
//! What each counts, in which unit, and what its absence means stands in [`crate::model::signals`].
//!
//! A service that declares a metric under one of the load balancer's names means its own: `requests` as nginx counts
//! them, for one. `cpu` and `memory` cannot be declared, but for `memory` of a group, which EC2 does not publish.

use jiff::SignedDuration;
use tidegate_policy::{MetricName, OnAbsence, Signal, Unit};

use crate::model::metric::{LoadBalancerMetric, MetricSource, Source};
use crate::model::target::{AutoScalingGroup, EcsService, TargetKind, TargetName};

/// Makes one of the metrics of a load balancer.
type Make = fn() -> LoadBalancerMetric;

/// What the load balancer counts, each under its name, in the order in which operators read them.
const OF_LOAD_BALANCER: [(&str, Make); 8] = [
    ("requests", || LoadBalancerMetric::Requests),
    ("errors", || LoadBalancerMetric::Errors),
    ("response_time", || response_time("Average")),
    ("response_time_p50", || response_time("p50")),
    ("response_time_p90", || response_time("p90")),
    ("response_time_p95", || response_time("p95")),
    ("response_time_p99", || response_time("p99")),
    ("connections", || LoadBalancerMetric::Connections),
];

fn response_time(statistic: &str) -> LoadBalancerMetric {
    LoadBalancerMetric::ResponseTime { statistic: statistic.to_owned() }
}

/// The names of all signals that need no declaration, in the order in which operators read them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let shares = ["requests_per_task", "connections_per_task"];
    Signal::BUILT_IN.into_iter().chain(OF_LOAD_BALANCER.map(|(name, _)| name)).chain(shares)
}

/// What the load balancer counts under a name.
pub(crate) fn load_balancer(name: &str) -> Option<LoadBalancerMetric> {
    OF_LOAD_BALANCER.iter().find(|(known, _)| *known == name).map(|(_, make)| make())
}

/// The unit in which a built-in metric is kept.
pub(crate) fn unit(name: &MetricName) -> Option<Unit> {
    Some(match load_balancer(name.as_str()) {
        Some(LoadBalancerMetric::Requests | LoadBalancerMetric::Connections) => Unit::Count,
        Some(LoadBalancerMetric::Errors) => Unit::Percent,
        Some(LoadBalancerMetric::ResponseTime { .. }) => Unit::Seconds,
        None => return Signal::Metric(name.clone()).unit(),
    })
}

/// The metric of a guard; no rule names it.
pub(crate) const DATABASE_CONNECTIONS: &str = "database_connections";

/// Whether the name always means the built-in metric; otherwise a service may declare one of its own under it.
pub(crate) fn is_reserved(name: &str, target: Option<TargetKind>) -> bool {
    Signal::built_in(name).is_some() && target.is_none_or(|target| is_published(name, target))
}

/// Whether AWS publishes a built-in metric of this kind of target.
pub(crate) fn is_published(name: &str, target: TargetKind) -> bool {
    match target {
        TargetKind::Ecs => true,
        TargetKind::Group => name != "memory",
    }
}

/// How a built-in metric of this target is found; `None` where AWS publishes none.
pub(crate) fn source(name: &str, target: &TargetName) -> Option<Source> {
    if let Some(metric) = load_balancer(name) {
        return Some(Source::LoadBalancer(metric));
    }
    let source = match (target, name) {
        (TargetName::Ecs(ecs), "cpu") => of_ecs("CPUUtilization", ecs),
        (TargetName::Ecs(ecs), "memory") => of_ecs("MemoryUtilization", ecs),
        (TargetName::Group(group), "cpu") => of_group("CPUUtilization", group),
        (TargetName::Ecs(_) | TargetName::Group(_), _) => return None,
    };
    Some(Source::Metric(source))
}

/// As ECS publishes it, once a minute for every service.
fn of_ecs(metric: &str, EcsService { cluster, service }: &EcsService) -> MetricSource {
    average("AWS/ECS", metric, &[("ClusterName", cluster), ("ServiceName", service)], 1)
}

/// As EC2 publishes it over the instances of a group: once in five minutes, or in one with detailed monitoring.
fn of_group(metric: &str, AutoScalingGroup { name, detailed_monitoring }: &AutoScalingGroup) -> MetricSource {
    average("AWS/EC2", metric, &[("AutoScalingGroupName", name)], if *detailed_monitoring { 1 } else { 5 })
}

fn average(namespace: &str, metric: &str, dimensions: &[(&str, &String)], minutes: i64) -> MetricSource {
    MetricSource {
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect(),
        statistic: "Average".to_owned(),
        period: SignedDuration::from_mins(minutes),
        on_absence: OnAbsence::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::signals::SIGNALS;

    #[test]
    fn every_built_in_signal_is_reported_once_and_no_other() {
        let reported: Vec<&str> =
            SIGNALS.iter().map(|row| row.name).filter(|name| !name.contains('(')).collect();
        assert_eq!(reported, names().collect::<Vec<_>>());
    }
}
