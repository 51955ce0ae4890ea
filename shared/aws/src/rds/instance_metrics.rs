//! The metrics of instances: how one is asked for, and one batch of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::{MetricSource, Source};
use tidegate_policy::{MetricReading, OnAbsence};

use crate::clients::Clients;
use crate::load_balancers::LoadBalancers;
use crate::metrics::{self, Wanted};

/// RDS publishes most of them once a minute.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// What is weighed by its newest settled datapoints alone.
pub(super) const NOW_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// One metric of an instance, how it is counted, and how far back it is weighed.
pub(super) struct InstanceMetric {
    pub(super) metric: &'static str,
    pub(super) statistic: &'static str,
    pub(super) period: SignedDuration,
    pub(super) window: SignedDuration,
}

impl InstanceMetric {
    /// That of this instance, and how far back.
    pub(super) fn of(&self, instance: &str) -> (Source, SignedDuration) {
        let source = Source::Metric(MetricSource {
            namespace: "AWS/RDS".to_owned(),
            metric: self.metric.to_owned(),
            dimensions: BTreeMap::from([("DBInstanceIdentifier".to_owned(), instance.to_owned())]),
            statistic: self.statistic.to_owned(),
            period: self.period,
            on_absence: OnAbsence::Missing,
        });
        (source, self.window)
    }
}

/// Reads all of them in one batch, in their order; none is no call.
pub(super) async fn read(
    clients: &Clients,
    asked: &[(Source, SignedDuration)],
    now: Timestamp,
) -> Vec<MetricReading> {
    if asked.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<Wanted<'_>> =
        asked.iter().map(|(source, longest_for)| wanted(source, *longest_for)).collect();
    Box::pin(metrics::read(clients, &LoadBalancers::default(), &wanted, now)).await
}

fn wanted(source: &Source, longest_for: SignedDuration) -> Wanted<'_> {
    Wanted { source, limit: None, target_groups: &[], longest_for }
}
