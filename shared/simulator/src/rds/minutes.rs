//! Datapoints of a minute, as CloudWatch has them: the newest may be missing or in part.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;
use tidegate_policy::{Datapoint, MetricReading};

use crate::number::real;
use crate::random::share;

/// Datapoints that an answer has at most: an hour, which is longer than any condition of these tests.
const KEPT: usize = 60;

/// A datapoint that ended so long ago stays as it is.
const SETTLES_WITHIN: f64 = 180.0;

/// A metric of RDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RdsMetric {
    ReplicaLag,
    CpuUtilization,
    DatabaseConnections,
    TransactionLogsGeneration,
    OldestReplicationSlotLag,
    ReplicationSlotDiskUsage,
    FreeStorageSpace,
}

impl RdsMetric {
    /// Its datapoint, of what was measured in a minute.
    fn of(self, values: &[f64]) -> Option<f64> {
        match self {
            Self::ReplicaLag | Self::CpuUtilization | Self::TransactionLogsGeneration => {
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / real(values.len()))
            }
            Self::DatabaseConnections | Self::OldestReplicationSlotLag | Self::ReplicationSlotDiskUsage => {
                values.iter().copied().reduce(f64::max)
            }
            Self::FreeStorageSpace => values.iter().copied().reduce(f64::min),
        }
    }
}

/// All datapoints, by instance and metric.
#[derive(Debug, Clone, Default)]
pub(super) struct RdsMinutes {
    open: BTreeMap<(String, RdsMetric), Vec<f64>>,
    closed: BTreeMap<(String, RdsMetric), VecDeque<Datapoint>>,
}

impl RdsMinutes {
    /// Something is measured.
    pub(super) fn measure(&mut self, instance: &str, metric: RdsMetric, value: f64) {
        self.open.entry((instance.to_owned(), metric)).or_default().push(value);
    }

    /// A minute ends.
    pub(super) fn close(&mut self, now: Timestamp) {
        for ((instance, metric), values) in std::mem::take(&mut self.open) {
            let Some(value) = metric.of(&values) else { continue };
            let points = self.closed.entry((instance, metric)).or_default();
            points.push_back(Datapoint { at: now, value });
            if points.len() > KEPT {
                points.pop_front();
            }
        }
    }

    /// What CloudWatch answers. It keeps the datapoints of an instance that is gone, and shows them of a new one with the
    /// same identifier.
    pub(super) fn shown(
        &self,
        instance: &str,
        metric: RdsMetric,
        now: Timestamp,
        young: f64,
        dice: &mut Pcg64,
    ) -> MetricReading {
        let all = self.closed.get(&(instance.to_owned(), metric));
        let mut points = Vec::new();
        for point in all.into_iter().flatten() {
            let age = now.duration_since(point.at).as_secs_f64();
            let is_young = age < SETTLES_WITHIN && share(dice) < young * (1.0 - age / SETTLES_WITHIN);
            if !is_young || point.value < 0.0 {
                points.push(*point);
            } else if share(dice) < 0.5 {
                points.push(Datapoint { value: point.value * (0.2 + 0.8 * share(dice)), ..*point });
            }
        }
        // CloudWatch is asked for an hour.
        points.retain(|point| now.duration_since(point.at) <= SignedDuration::from_hours(1));
        MetricReading::Points { period: SignedDuration::from_mins(1), points }
    }
}
