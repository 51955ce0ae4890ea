//! The metrics of all databases, in one `GetMetricData` batch once their instances are known.

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Source;
use tidegate_policy::replicas::observation::{Engine, Instances};
use tidegate_policy::{Datapoint, MetricReading};

use crate::clients::Clients;
use crate::rds::instance_metrics::{self, InstanceMetric, MINUTE, NOW_WINDOW};

/// Lag and what explains it are weighed over so long: an idle source is watched for a quarter of an hour, and the log of the five
/// minutes before its first datapoint counts too (`DatabasePolicy::history`: 26 minutes). What is asked for reaches a quarter of an
/// hour further back.
const LAG_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The instances of a database, whose metrics are to be read.
#[derive(Debug)]
pub struct Measured<'a> {
    /// They get their readings.
    pub instances: &'a mut Instances,
    /// How far back its load is weighed: the longest `for` of its conditions on `cpu` and `connections`, or more.
    pub longest_for: SignedDuration,
}

/// Reads the metrics of all databases. What a database does not have is not asked for, and stays
/// [`MetricReading::NotRead`]: logs and slots of other engines than PostgreSQL, the storage of Aurora.
pub async fn read_metrics(clients: &Clients, databases: &mut [Measured<'_>], now: Timestamp) {
    let asked: Vec<(Source, SignedDuration)> = databases.iter().flat_map(wanted).collect();
    let readings = instance_metrics::read(clients, &asked, now).await;
    let mut readings = readings.into_iter();
    for database in databases {
        fill(database.instances, &mut readings);
    }
}

/// What is asked of one database, in the order in which [`fill`] takes it.
fn wanted(database: &Measured<'_>) -> Vec<(Source, SignedDuration)> {
    let Instances { source, replicas, .. } = &*database.instances;
    let of_source = of_source(source.engine).into_iter().map(|asked| asked.of(&source.id));
    let of_replicas = replicas.iter().flat_map(|replica| {
        of_replica(source.engine, database.longest_for).map(|asked| asked.of(&replica.id))
    });
    of_source.chain(of_replicas).collect()
}

/// Of the source: log rate, slot lag, slot disk, free storage, in this order as far as the engine has them.
fn of_source(engine: Engine) -> Vec<InstanceMetric> {
    let free = InstanceMetric {
        metric: "FreeStorageSpace",
        statistic: "Minimum",
        period: MINUTE,
        window: NOW_WINDOW,
    };
    match engine {
        Engine::PostgreSql { .. } => vec![
            InstanceMetric {
                metric: "TransactionLogsGeneration",
                statistic: "Average",
                period: MINUTE,
                window: LAG_WINDOW,
            },
            InstanceMetric {
                metric: "OldestReplicationSlotLag",
                statistic: "Maximum",
                period: MINUTE,
                window: LAG_WINDOW,
            },
            InstanceMetric {
                metric: "ReplicationSlotDiskUsage",
                statistic: "Maximum",
                period: MINUTE,
                window: NOW_WINDOW,
            },
            free,
        ],
        Engine::MySql | Engine::MariaDb => vec![free],
        Engine::Aurora => Vec::new(),
    }
}

/// Of a replica: lag, CPU, connections.
fn of_replica(engine: Engine, longest_for: SignedDuration) -> [InstanceMetric; 3] {
    let lag = if engine == Engine::Aurora { "AuroraReplicaLag" } else { "ReplicaLag" };
    let window = longest_for.max(NOW_WINDOW);
    [
        InstanceMetric { metric: lag, statistic: "Average", period: MINUTE, window: LAG_WINDOW },
        InstanceMetric { metric: "CPUUtilization", statistic: "Average", period: MINUTE, window },
        InstanceMetric { metric: "DatabaseConnections", statistic: "Maximum", period: MINUTE, window },
    ]
}

/// Gives a database its readings.
fn fill(instances: &mut Instances, readings: &mut impl Iterator<Item = MetricReading>) {
    let Instances { source, replicas, .. } = instances;
    let mut next = || readings.next().unwrap_or(MetricReading::NotRead);
    match source.engine {
        Engine::PostgreSql { .. } => {
            source.log_rate = next();
            source.slot_lag = next();
            source.slot_disk = next();
            source.free_storage = next();
        }
        Engine::MySql | Engine::MariaDb => source.free_storage = next(),
        Engine::Aurora => {}
    }
    for replica in replicas {
        let lag = next();
        replica.lag = if source.engine == Engine::Aurora { in_seconds(lag) } else { lag };
        replica.cpu = next();
        replica.connections = next();
    }
}

/// `AuroraReplicaLag` is in milliseconds.
fn in_seconds(reading: MetricReading) -> MetricReading {
    match reading {
        MetricReading::Points { period, points } => {
            let seconds = |point: Datapoint| Datapoint { value: point.value / 1000.0, ..point };
            MetricReading::Points { period, points: points.into_iter().map(seconds).collect() }
        }
        MetricReading::NotRead | MetricReading::Failed(_) => reading,
    }
}
