//! What CloudWatch measures of the instances.

use jiff::Timestamp;
use tidegate_policy::replicas::observation::Engine;

use crate::number::{real_jobs, real_milliseconds as whole_seconds};
use crate::rds::account::Account;
use crate::rds::instance::{SimulatedInstance, endpoint_of};
use crate::rds::minutes::{RdsMetric, RdsMinutes};
use crate::rds::readers::Readers;
use crate::step::STEP_SECONDS;

/// RDS switches the write-ahead log of an idle PostgreSQL source every 5 minutes.
const SWITCH_SECONDS: i64 = 300;

/// Bytes of a segment of write-ahead log on RDS.
const SEGMENT: f64 = 64.0 * 1_048_576.0;

/// What is asked of a database.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DatabaseLoad {
    /// All reads together, in percent of the CPU of one replica.
    pub reads: f64,
    /// Connections of all readers together.
    pub connections: f64,
    /// Write-ahead log that the source makes, in bytes a second; 0 when it is idle.
    pub writes: f64,
}

/// Measures one step.
pub(super) fn measure(
    account: &Account,
    readers: &Readers,
    load: DatabaseLoad,
    now: Timestamp,
    minutes: &mut RdsMinutes,
) {
    for replica in account.replicas() {
        if replica.metrics_from.is_none_or(|from| now < from) {
            continue;
        }
        let share = readers.share(&endpoint_of(&replica.id));
        if let Some(lag) = lag(account, replica, load, now) {
            minutes.measure(&replica.id, RdsMetric::ReplicaLag, lag);
        }
        minutes.measure(&replica.id, RdsMetric::CpuUtilization, (4.0 + load.reads * share).min(100.0));
        minutes.measure(&replica.id, RdsMetric::DatabaseConnections, (load.connections * share).round());
    }
    // Aurora's storage grows by itself.
    if account.settings.engine == Engine::Aurora {
        return;
    }
    let source = account.settings.source.as_str();
    minutes.measure(source, RdsMetric::FreeStorageSpace, free_storage(account, load));
    if !is_postgresql(account) {
        return;
    }
    minutes.measure(source, RdsMetric::TransactionLogsGeneration, log_rate(account, load, now));
    let kept = kept_by_slots(account, load);
    minutes.measure(source, RdsMetric::OldestReplicationSlotLag, kept);
    minutes.measure(source, RdsMetric::ReplicationSlotDiskUsage, kept);
}

fn is_postgresql(account: &Account) -> bool {
    matches!(account.settings.engine, Engine::PostgreSql { .. })
}

/// Seconds since the write-ahead log was last switched.
fn since_switch(account: &Account, now: Timestamp) -> i64 {
    let running = now.duration_since(account.settings.begins).as_secs();
    // A switch falls into the first sample of a minute, so that the mean of the last minute is as high as it becomes.
    running.saturating_sub(i64::from(STEP_SECONDS)).rem_euclid(SWITCH_SECONDS)
}

/// `ReplicaLag`: −1 while it does not replicate, or while it is not known. `AuroraReplicaLag` is then missing.
fn lag(account: &Account, replica: &SimulatedInstance, load: DatabaseLoad, now: Timestamp) -> Option<f64> {
    let source_serves = account.source().is_some_and(|source| source.status.serves());
    if replica.replication.is_broken() || !replica.status.serves() || !source_serves {
        return (account.settings.engine != Engine::Aurora).then_some(-1.0);
    }
    let behind = replica.behind_seconds();
    Some(match account.settings.engine {
        Engine::PostgreSql { .. } if load.writes <= 0.0 => {
            behind.floor() + whole_seconds(since_switch(account, now))
        }
        Engine::PostgreSql { .. } | Engine::MySql | Engine::MariaDb => behind.floor(),
        Engine::Aurora => behind + 0.02,
    })
}

/// `TransactionLogsGeneration`.
fn log_rate(account: &Account, load: DatabaseLoad, now: Timestamp) -> f64 {
    if load.writes > 0.0 {
        load.writes
    } else if !account.settings.is_switch_in_one_minute {
        SEGMENT / 300.0
    } else if since_switch(account, now) < 60 {
        SEGMENT / 60.0
    } else {
        0.0
    }
}

/// Write-ahead log that the slots of the replicas keep on a PostgreSQL source: what the slot that is furthest behind needs. Of
/// an idle source that is the segment that is not switched yet.
fn kept_by_slots(account: &Account, load: DatabaseLoad) -> f64 {
    let idle = if load.writes > 0.0 { 0.0 } else { SEGMENT };
    account.replicas().map(|replica| replica.replication.kept_bytes() + idle).fold(0.0, f64::max)
}

/// `FreeStorageSpace` of the source.
pub(super) fn free_storage(account: &Account, load: DatabaseLoad) -> f64 {
    let settings = &account.settings;
    let slots = if is_postgresql(account) { kept_by_slots(account, load) } else { 0.0 };
    let free = settings.allocated_storage.saturating_sub(settings.data);
    (real_jobs(free) - slots).max(0.0)
}
