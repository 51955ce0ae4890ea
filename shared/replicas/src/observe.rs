//! One observation: every instance of the account in one answer, records beside it, and after both all metrics in one batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{future, join};
use jiff::Timestamp;
use tidegate_aws::rds::{self, AllInstances, Measured, ReplicaTags};
use tidegate_aws::route53;
use tidegate_evaluation::budget;
use tidegate_fleet::{Database, DatabaseName, Mode};
use tidegate_policy::Absence;
use tidegate_policy::replicas::capacity;
use tidegate_policy::replicas::observation::{DatabaseObservation, DnsRecord, Instances, OfferedZones};
use tokio::time::{Instant, timeout_at};

use crate::databases::Replicas;
use crate::memory::ReplicasMemory;

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

/// A class whose zones are to be looked up, for a replica of that instance.
struct ClassToLookUp {
    source: String,
    class: String,
}

/// One call, and only once a zone had no capacity for a replica that may be created now.
fn class_to_look_up(
    database: &Database,
    instances: &Instances,
    memory: &ReplicasMemory,
    now: Timestamp,
) -> Option<ClassToLookUp> {
    let memory = memory.of(database.name(), database.mode() == Mode::Observe);
    let class = capacity::class_to_look_up(&memory, database.policy(), instances, now)?;
    Some(ClassToLookUp { source: instances.source.id.clone(), class })
}

/// The records of one name.
type RecordsRead = Option<Result<Vec<DnsRecord>, Absence>>;

impl Replicas {
    /// Reads everything of these databases.
    pub(crate) async fn see(
        &self,
        databases: &[&Database],
        memory: &ReplicasMemory,
        now: Timestamp,
    ) -> DatabasesSeen {
        let deadline = Instant::now().checked_add(budget::AWS).unwrap_or_else(Instant::now);
        let with_clusters =
            databases.iter().any(|database| matches!(database.instance(), DatabaseName::Aurora(_)));
        let records = databases.iter().map(|database| self.read_records(database, deadline));
        let (described, records) =
            join!(rds::describe(&self.clients, with_clusters, deadline), future::join_all(records));
        let mut instances: Vec<Result<Instances, Absence>> =
            databases.iter().map(|database| self.instances(database, &described)).collect();
        let offers = databases.iter().zip(&instances).map(|(database, instances)| {
            let to_look_up = class_to_look_up(database, instances.as_ref().ok()?, memory, now)?;
            Some((to_look_up, described.as_ref().ok()?))
        });
        let offers = offers.map(|asked| self.read_offers(asked, deadline)).collect::<Vec<_>>();
        let measured = self.measure(databases, &mut instances, deadline, now);
        let (offers, ()) = join!(future::join_all(offers), measured);
        let read = instances.into_iter().zip(records).zip(offers);
        let seen = databases.iter().zip(read).map(|(database, ((instances, records), offers))| {
            (database.name().to_owned(), DatabaseObservation { instances, records, offers })
        });
        let whole = databases.len() == self.databases().count();
        DatabasesSeen { databases: seen.collect(), described: described.ok().map(Arc::new), whole }
    }

    /// The records of the name that reads of a database go to.
    async fn read_records(&self, database: &Database, deadline: Instant) -> RecordsRead {
        let dns = database.policy().dns.as_ref()?;
        Some(route53::records(&self.clients, &dns.zone, &dns.name, deadline).await)
    }

    /// Where RDS offers the class of a new replica, where that is to be looked up.
    async fn read_offers(
        &self,
        asked: Option<(ClassToLookUp, &AllInstances)>,
        deadline: Instant,
    ) -> Option<OfferedZones> {
        let (ClassToLookUp { source, class }, all) = asked?;
        let zones = rds::offered_zones(&self.clients, all, &source, &class, deadline).await;
        Some(OfferedZones { class, zones })
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
