//! One observation: every instance of the account in one answer, records beside it, and after both all metrics in one batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{future, join};
use jiff::Timestamp;
use tidegate_aws::rds::{self, AllInstances, Measured, ReplicaTags};
use tidegate_aws::route53;
use tidegate_evaluation::budget;
use tidegate_fleet::{Database, DatabaseName};
use tidegate_policy::Absence;
use tidegate_policy::replicas::observation::{DatabaseObservation, DnsRecord, Instances};
use tokio::time::{Instant, timeout_at};

use crate::databases::Replicas;

/// Everything one evaluation saw.
#[derive(Debug)]
pub struct DatabasesSeen {
    /// By database name in the fleet file.
    pub(crate) databases: BTreeMap<String, DatabaseObservation>,
    /// Every instance, as RDS shows it: a new replica takes from its source what it is not told.
    pub(crate) described: Option<Arc<AllInstances>>,
    /// Whether the whole fleet was read.
    pub(crate) whole: bool,
}

/// The records of one name.
type RecordsRead = Option<Result<Vec<DnsRecord>, Absence>>;

impl Replicas {
    /// Reads everything of these databases.
    pub(crate) async fn see(&self, databases: &[&Database], now: Timestamp) -> DatabasesSeen {
        let deadline = Instant::now().checked_add(budget::AWS).unwrap_or_else(Instant::now);
        let with_clusters =
            databases.iter().any(|database| matches!(database.instance(), DatabaseName::Aurora(_)));
        let records = databases.iter().map(|database| self.read_records(database, deadline));
        let (described, records) =
            join!(rds::describe(&self.clients, with_clusters, deadline), future::join_all(records));
        let mut instances: Vec<Result<Instances, Absence>> =
            databases.iter().map(|database| self.instances(database, &described)).collect();
        self.measure(databases, &mut instances, deadline, now).await;
        let seen = databases.iter().zip(instances).zip(records).map(|((database, instances), records)| {
            (database.name().to_owned(), DatabaseObservation { instances, records })
        });
        let whole = databases.len() == self.databases().count();
        DatabasesSeen { databases: seen.collect(), described: described.ok().map(Arc::new), whole }
    }

    /// The records of the name that reads of a database go to.
    async fn read_records(&self, database: &Database, deadline: Instant) -> RecordsRead {
        let dns = database.policy().dns.as_ref()?;
        Some(route53::records(&self.clients, &dns.zone, &dns.name, deadline).await)
    }

    /// What the answer of RDS means for one database.
    fn instances(
        &self,
        database: &Database,
        described: &Result<AllInstances, Absence>,
    ) -> Result<Instances, Absence> {
        let all = described.as_ref().map_err(Clone::clone)?;
        let tags = ReplicaTags { fleet: self.fleet.name(), database: database.name() };
        match database.instance() {
            DatabaseName::Rds(id) => all.of_rds(id, tags),
            DatabaseName::Aurora(cluster) => all.of_aurora(cluster, tags),
        }
    }

    /// Reads the metrics of all databases in one batch. What is not answered in time is not known.
    async fn measure(
        &self,
        databases: &[&Database],
        instances: &mut [Result<Instances, Absence>],
        deadline: Instant,
        now: Timestamp,
    ) {
        let mut measured: Vec<Measured<'_>> = databases
            .iter()
            .zip(instances)
            .filter_map(|(database, instances)| {
                let longest_for = database.policy().history();
                Some(Measured { instances: instances.as_mut().ok()?, longest_for })
            })
            .collect();
        drop(timeout_at(deadline, rds::read_metrics(&self.clients, &mut measured, now)).await);
    }
}
