//! The metrics that a class is judged by, of all databases in one `GetMetricData` batch once their instances are known.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Source;
use tidegate_policy::replicas::observation::Engine;
use tidegate_policy::upgrades::observation::{ClassLoad, ClassedInstance, SeenLoad};
use tidegate_policy::upgrades::policy::{ClassLadder, UpgradePolicy, between_datapoints};
use tidegate_policy::{Datapoint, MetricReading};

use crate::clients::Clients;
use crate::rds::instance_metrics::{self, InstanceMetric, MINUTE, NOW_WINDOW};

/// A signal that no condition names is read for so long, for reports: not so long that it takes a call of its own.
const UNNAMED: SignedDuration = SignedDuration::from_mins(30);

/// A database whose metrics are to be read.
#[derive(Debug, Clone, Copy)]
pub struct MeasuredClass<'a> {
    /// Its instance.
    pub instance: &'a ClassedInstance,
    /// What is asked of it: a ladder needs its load, storage limits its free storage.
    pub policy: &'a UpgradePolicy,
    /// The metric of the business that the smallest class follows.
    pub floor: Option<&'a Source>,
}

/// The metrics of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassReadings {
    /// What its instance had to do.
    pub load: ClassLoad,
    /// The metric of the business.
    pub floor: MetricReading,
}

/// Nothing was read.
impl Default for ClassReadings {
    fn default() -> Self {
        let none = || MetricReading::NotRead;
        let unread = || SeenLoad { usual: none(), peak: none() };
        let load = ClassLoad {
            cpu: unread(),
            connections: unread(),
            free_memory: unread(),
            iops: unread(),
            burst_balance: none(),
            free_storage: none(),
        };
        Self { load, floor: none() }
    }
}

/// Reads the metrics of all databases, in their order. What a database does not need is not asked for, and stays
/// [`MetricReading::NotRead`].
pub async fn read_loads(
    clients: &Clients,
    databases: &[MeasuredClass<'_>],
    now: Timestamp,
) -> Vec<ClassReadings> {
    let mut asked: Vec<(Source, SignedDuration)> = Vec::new();
    for database in databases {
        // The same walk asks and, later, takes the answers: their order is the same.
        let mut ask = |source: Source, window: SignedDuration| {
            asked.push((source, window));
            MetricReading::NotRead
        };
        drop(walk(database, &mut ask));
    }
    let readings = instance_metrics::read(clients, &asked, now).await;
    let mut readings = readings.into_iter();
    let mut take = |_: Source, _: SignedDuration| readings.next().unwrap_or(MetricReading::NotRead);
    databases.iter().map(|database| walk(database, &mut take)).collect()
}

/// Every metric of one database, each from `read`.
fn walk(
    database: &MeasuredClass<'_>,
    read: &mut impl FnMut(Source, SignedDuration) -> MetricReading,
) -> ClassReadings {
    let MeasuredClass { instance, policy, floor } = *database;
    let mut readings = ClassReadings::default();
    let mut of_instance = |asked: InstanceMetric| {
        let (source, window) = asked.of(&instance.id);
        read(source, window)
    };
    if let Some(ladder) = &policy.ladder {
        readings.load = of_ladder(ladder, instance, &mut of_instance);
    }
    // Of Aurora the storage grows by itself, and has no such metric.
    if policy.storage.is_some() && instance.engine != Engine::Aurora {
        let free = InstanceMetric {
            metric: "FreeStorageSpace",
            statistic: "Minimum",
            period: MINUTE,
            window: NOW_WINDOW,
        };
        readings.load.free_storage = of_instance(free);
    }
    if let Some(floor) = floor {
        readings.floor = read(floor.clone(), SignedDuration::ZERO);
    }
    readings
}

/// What a ladder is judged by.
fn of_ladder(
    ladder: &ClassLadder,
    instance: &ClassedInstance,
    read: &mut impl FnMut(InstanceMetric) -> MetricReading,
) -> ClassLoad {
    // Whether a smaller class carries the load is asked of every signal, over the whole time.
    let down = ladder.history();
    let mut both = |signal: &str, metric: &'static str, heaviest: &'static str| {
        let named = ladder.up.iter().filter(|condition| condition.signal.to_string() == signal);
        let up = named.map(|condition| condition.hold_for).max().unwrap_or(UNNAMED);
        let usual =
            InstanceMetric { metric, statistic: "Average", period: between_datapoints(up), window: up };
        let peak =
            InstanceMetric { metric, statistic: heaviest, period: between_datapoints(down), window: down };
        SeenLoad { usual: read(usual), peak: read(peak) }
    };
    let cpu = both("cpu", "CPUUtilization", "Maximum");
    let connections = both("connections", "DatabaseConnections", "Maximum");
    let free_memory = both("memory", "FreeableMemory", "Minimum");
    let (reads, writes) = (both("iops", "ReadIOPS", "Maximum"), both("iops", "WriteIOPS", "Maximum"));
    let iops = SeenLoad { usual: sum(reads.usual, writes.usual), peak: sum(reads.peak, writes.peak) };
    let burst_balance = if instance.storage_type == "gp2" {
        read(InstanceMetric {
            metric: "BurstBalance",
            statistic: "Minimum",
            period: between_datapoints(down),
            window: down,
        })
    } else {
        MetricReading::NotRead
    };
    ClassLoad { cpu, connections, free_memory, iops, burst_balance, free_storage: MetricReading::NotRead }
}

/// Two readings added per datapoint. Where one has no datapoint the sum has none: a part is less than the whole.
fn sum(one: MetricReading, other: MetricReading) -> MetricReading {
    match (one, other) {
        (MetricReading::Points { period, points }, MetricReading::Points { points: others, .. }) => {
            let others: BTreeMap<Timestamp, f64> =
                others.iter().map(|point| (point.at, point.value)).collect();
            let both = points.into_iter().filter_map(|Datapoint { at, value }| {
                Some(Datapoint { at, value: value + others.get(&at)? })
            });
            MetricReading::Points { period, points: both.collect() }
        }
        (failed @ MetricReading::Failed(_), _) | (_, failed @ MetricReading::Failed(_)) => failed,
        (MetricReading::NotRead, _) | (_, MetricReading::NotRead) => MetricReading::NotRead,
    }
}
