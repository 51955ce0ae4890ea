//! Guards, once services and databases are known: which metric counts the connections, how many there are, and how many services
//! share them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use tidegate_policy::OnAbsence;

use crate::model::database::{Database, DatabaseName};
use crate::model::fleet::Service;
use crate::model::metric::{Metric, MetricSource, Source};

/// Gives each guard what it measures by.
pub(crate) fn complete(services: &mut [Service], databases: &[Database]) {
    let mut sharers: BTreeMap<String, NonZeroU32> = BTreeMap::new();
    for guard in services.iter().filter_map(Service::guard) {
        let count = sharers.get(&guard.database).map_or(NonZeroU32::MIN, |count| count.saturating_add(1));
        sharers.insert(guard.database.clone(), count);
    }
    for Service { metrics, policy, .. } in services {
        let Some(guard) = &mut policy.guard else { continue };
        let Some(database) = databases.iter().find(|it| it.name == guard.database) else { continue };
        guard.max_connections = database.max_connections;
        guard.sharers = sharers.get(&guard.database).copied().unwrap_or(NonZeroU32::MIN);
        let source = Source::Metric(connections(&database.instance));
        let metric = Metric { name: guard.metric.clone(), source, limit: None };
        policy.metrics.push(metric.policy());
        metrics.push(metric);
    }
}

/// `DatabaseConnections`, of a cluster those of its writer. The largest of a minute: an average would hide a peak.
fn connections(instance: &DatabaseName) -> MetricSource {
    let dimension = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let dimensions = match instance {
        DatabaseName::Rds(id) => BTreeMap::from([dimension("DBInstanceIdentifier", id)]),
        DatabaseName::Aurora(id) => {
            BTreeMap::from([dimension("DBClusterIdentifier", id), dimension("Role", "WRITER")])
        }
    };
    MetricSource {
        namespace: "AWS/RDS".to_owned(),
        metric: "DatabaseConnections".to_owned(),
        dimensions,
        statistic: "Maximum".to_owned(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    }
}
