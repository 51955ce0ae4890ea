//! Guards, once services and databases are known: which metric counts the connections, how many there are, and how many services
//! share them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use tidegate_policy::{ConnectionGuard, MetricName, OnAbsence, OnMissing};

use crate::model::built_in::DATABASE_CONNECTIONS;
use crate::model::database::{Database, DatabaseName, Guard};
use crate::model::fleet::Service;
use crate::model::metric::{Metric, MetricSource, Source};

/// Gives each guard what it measures by.
pub(crate) fn complete(services: &mut [Service], databases: &[Database]) {
    let guarded: Vec<String> =
        services.iter().filter_map(|service| Some(service.guard.as_ref()?.database.clone())).collect();
    for service in services {
        let Some(guard) = service.guard.clone() else { continue };
        let database = databases.iter().find(|database| database.name == guard.database);
        let (Some(database), Some(metric)) = (database, MetricName::new(DATABASE_CONNECTIONS)) else {
            continue;
        };
        let sharers = guarded.iter().filter(|name| **name == guard.database).count();
        let Guard { database: name, percent, per_task, holds_on_missing } = guard;
        service.policy.guard = Some(ConnectionGuard {
            database: name,
            metric: metric.clone(),
            percent,
            max_connections: database.max_connections,
            per_task,
            sharers: u32::try_from(sharers).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
            on_missing: if holds_on_missing { OnMissing::Hold } else { OnMissing::Ignore },
        });
        let metric =
            Metric { name: metric, source: Source::Metric(connections(&database.instance)), limit: None };
        service.policy.metrics.push(metric.policy());
        service.metrics.push(metric);
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
