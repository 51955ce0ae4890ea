//! What reading a fleet's metrics costs a month, and what CloudWatch alarms in their place would save.
//!
//! Prices of Amazon CloudWatch in us-east-1, beyond its free tier: `GetMetricData` $0.01 per 1,000 metrics requested, a
//! standard alarm $0.10 per metric of it a month. Alarms are read with `DescribeAlarms`, 100 per call, which is an ordinary
//! API request and free of that charge.

use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_policy::upgrades::policy::UpgradePolicy;
use tidegate_policy::{Condition, MetricName, ServicePolicy, Signal};

use crate::model::database::Database;
use crate::model::fleet::{Fleet, Service};
use crate::model::metric::{Metric, Source};
use crate::model::queue::QueueSource;

/// Readings of one metric in a month of 30 days: metrics of services and replicas are read at most once a minute.
const READINGS_PER_MONTH: u32 = 43_200;

/// Readings of one metric of an instance class in a month of 30 days: these are read every 5 minutes.
const CLASS_READINGS_PER_MONTH: u32 = 8_640;

/// `GetMetricData`, per metric requested.
const DOLLARS_PER_READING: f64 = 0.01 / 1_000.0;

/// A standard alarm, per metric of it and month.
const DOLLARS_PER_ALARM: f64 = 0.10;

/// `ReplicaLag` or `AuroraReplicaLag`, `CPUUtilization`, `DatabaseConnections`.
const OF_A_REPLICA: usize = 3;

/// `FreeStorageSpace`, and of PostgreSQL `TransactionLogsGeneration`, `OldestReplicationSlotLag` and
/// `ReplicationSlotDiskUsage`. The file does not say which engine it is. Aurora's storage grows by itself.
const OF_A_SOURCE: usize = 4;

/// The averages and the heaviest moments of `CPUUtilization`, `DatabaseConnections`, `FreeableMemory`, `ReadIOPS` and `WriteIOPS`,
/// and `BurstBalance` where the storage is gp2. The file does not say which it is.
const OF_A_LADDER: usize = 11;

/// `FreeStorageSpace`.
const OF_STORAGE: usize = 1;

/// What a fleet must spend on readings in a month before a cheaper way is worth an operator's time.
pub const WORTH_A_HINT_DOLLARS: f64 = 10.0;

/// What alarms would save.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saving {
    /// Metrics that would not be read any more.
    pub metrics: usize,
    /// Alarms that would stand in their place, one for each condition.
    pub alarms: usize,
    /// Dollars a month, the price of the alarms taken off; above zero.
    pub dollars: f64,
}

/// What reading this many metrics once a minute costs, in dollars a month.
#[must_use]
pub fn dollars_per_month(metrics: usize) -> f64 {
    number(metrics) * f64::from(READINGS_PER_MONTH) * DOLLARS_PER_READING
}

/// What reading this many metrics every 5 minutes costs, in dollars a month.
#[must_use]
pub fn dollars_per_month_of_classes(metrics: usize) -> f64 {
    number(metrics) * f64::from(CLASS_READINGS_PER_MONTH) * DOLLARS_PER_READING
}

/// The CloudWatch metrics that one minute of this service costs, counting one target group for what the load balancer
/// counts; the connections of a guarded database are one of them.
#[must_use]
pub fn metrics_of(service: &Service) -> usize {
    let named: usize = service.metrics().iter().map(|metric| metric.source.metrics()).sum();
    named.saturating_add(service.queue().map_or(0, QueueSource::metrics))
}

/// The CloudWatch metrics that one minute of a database's replicas costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsOfReplicas {
    /// Of the source: its free storage, and what only PostgreSQL has, its log and its replication slots.
    pub of_source: usize,
    /// Of each replica: its lag, its CPU and its connections.
    pub of_each: usize,
    /// How many replicas are counted: the most that the file allows, or one where they are only watched, since the file does
    /// not say how many there are.
    pub replicas: usize,
}

impl MetricsOfReplicas {
    /// All of them.
    #[must_use]
    pub fn sum(self) -> usize {
        let Self { of_source, of_each, replicas } = self;
        of_each.saturating_mul(replicas).saturating_add(of_source)
    }
}

/// The CloudWatch metrics that one minute of a database's replicas costs at most; `None` where nothing is said of them.
#[must_use]
pub fn metrics_of_replicas(database: &Database) -> Option<MetricsOfReplicas> {
    let DatabasePolicy { is_aurora, count, .. } = database.policy();
    let replicas = count.as_ref().map_or(1, |count| usize::try_from(count.max).unwrap_or(usize::MAX));
    let of_source = if *is_aurora { 0 } else { OF_A_SOURCE };
    database.watches_replicas().then_some(MetricsOfReplicas { of_source, of_each: OF_A_REPLICA, replicas })
}

/// The CloudWatch metrics that one minute of all services and replicas of the fleet costs.
#[must_use]
pub fn metrics_of_fleet(fleet: &Fleet) -> usize {
    let of_replicas = fleet.databases().iter().filter_map(metrics_of_replicas).map(MetricsOfReplicas::sum);
    fleet.services().iter().map(metrics_of).chain(of_replicas).fold(0, usize::saturating_add)
}

/// The CloudWatch metrics that 5 minutes of a database's class and storage cost at most; each statistic of a metric counts.
#[must_use]
pub fn metrics_of_class(database: &Database) -> usize {
    let Some(UpgradePolicy { ladder, storage, .. }) = database.upgrade_policy() else { return 0 };
    let of_ladder = if ladder.is_some() { OF_A_LADDER } else { 0 };
    let of_storage = if storage.is_some() { OF_STORAGE } else { 0 };
    let of_floor = database.floor_source().map_or(0, Source::metrics);
    of_floor.saturating_add(of_ladder).saturating_add(of_storage)
}

/// The CloudWatch metrics that 5 minutes of all classes and storages of the fleet cost at most.
#[must_use]
pub fn metrics_of_classes(fleet: &Fleet) -> usize {
    fleet.databases().iter().map(metrics_of_class).fold(0, usize::saturating_add)
}

/// What reading the metrics of the whole fleet costs at most, in dollars a month.
#[must_use]
pub fn dollars_per_month_of_fleet(fleet: &Fleet) -> f64 {
    dollars_per_month(metrics_of_fleet(fleet)) + dollars_per_month_of_classes(metrics_of_classes(fleet))
}

/// What alarms would save: they can stand for each metric that is only compared with thresholds. `None` when nothing.
#[must_use]
pub fn saving_by_alarms(fleet: &Fleet) -> Option<Saving> {
    let savings = fleet.services().iter().flat_map(|service| {
        service.metrics().iter().filter_map(|metric| saving_of(metric, service.policy()))
    });
    savings.reduce(|one, other| Saving {
        metrics: one.metrics.saturating_add(other.metrics),
        alarms: one.alarms.saturating_add(other.alarms),
        dollars: one.dollars + other.dollars,
    })
}

/// `None` where a rule needs the value itself, or where the alarms would cost more than the readings.
fn saving_of(metric: &Metric, policy: &ServicePolicy) -> Option<Saving> {
    let mut conditions: Vec<&Condition> = Vec::new();
    let reported = policy.notify.iter().map(|notify| &notify.when);
    for condition in policy.rules.iter().map(|rule| &rule.when).chain(reported) {
        if condition.signal.metric() == Some(&metric.name) && !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    if needs_the_value(&metric.name, policy, &conditions) {
        return None;
    }
    let (metrics, alarms) = (metric.source.metrics(), conditions.len());
    let price = number(metrics) * number(alarms) * DOLLARS_PER_ALARM;
    let dollars = dollars_per_month(metrics) - price;
    (dollars > 0.0).then_some(Saving { metrics, alarms, dollars })
}

fn needs_the_value(name: &MetricName, policy: &ServicePolicy, conditions: &[&Condition]) -> bool {
    policy.track.iter().any(|track| track.signal.metric() == Some(name))
        || policy.floor.as_ref().is_some_and(|floor| floor.by() == name)
        || policy.guard.as_ref().is_some_and(|guard| guard.metric == *name)
        || conditions.iter().any(|condition| matches!(condition.signal, Signal::PerTask(_)))
}

/// A small count as a number to calculate with.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
