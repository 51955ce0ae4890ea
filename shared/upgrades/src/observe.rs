//! One observation in two steps: every instance of the account in one answer and all metrics in one batch; then, of the databases
//! that want another class, what the change would meet.

use std::collections::BTreeMap;

use futures_util::{future, join};
use jiff::Timestamp;
use tidegate_aws::rds::{self, AllInstances, MeasuredClass, ReplicaTags};
use tidegate_evaluation::budget;
use tidegate_fleet::{Database, DatabaseName, Mode};
use tidegate_policy::Absence;
use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::upgrades::decide::{UpgradeTurn, rehearsed};
use tidegate_policy::upgrades::memory::{ClassChange, ClassSnapshot};
use tidegate_policy::upgrades::observation::{
    ClassedInstances, RdsMessage, SeenSnapshot, UpgradeObservation,
};
use tokio::time::{Instant, timeout_at};

use crate::asked::AskedClass;
use crate::databases::Upgrades;
use crate::memory::UpgradesMemory;

/// Everything one evaluation saw.
#[derive(Debug)]
pub struct UpgradesSeen {
    /// By database name in the fleet file.
    pub(crate) databases: BTreeMap<String, UpgradeObservation>,
    /// Whether the whole fleet was read.
    pub(crate) whole: bool,
}

/// What is remembered and asked for, by which it is known what to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassContext<'a> {
    pub(crate) memory: &'a UpgradesMemory,
    pub(crate) overrides: &'a Overrides,
    pub(crate) asked: Option<&'a AskedClass>,
    pub(crate) now: Timestamp,
}

/// What RDS tells of an instance; read while a change of it is under way.
type Messages = Option<Result<Vec<RdsMessage>, Absence>>;

impl Upgrades {
    /// Reads everything of these databases.
    pub(crate) async fn see(&self, databases: &[&Database], known: ClassContext<'_>) -> UpgradesSeen {
        let deadline = Instant::now().checked_add(budget::AWS).unwrap_or_else(Instant::now);
        let with_clusters =
            databases.iter().any(|database| matches!(database.instance(), DatabaseName::Aurora(_)));
        let messages = databases.iter().map(|database| self.read_messages(database, known, deadline));
        let snapshots = databases.iter().map(|database| self.read_snapshot(database, known, deadline));
        let (described, messages, snapshots) = join!(
            rds::describe(&self.clients, with_clusters, deadline),
            future::join_all(messages),
            Box::pin(future::join_all(snapshots))
        );
        let instances = databases.iter().map(|database| instances(database, &described)).collect();
        let mut seen = self.measure(databases, instances, messages, deadline, known.now).await;
        for (seen, snapshot) in seen.iter_mut().zip(snapshots) {
            seen.snapshot = snapshot;
        }
        if let Ok(all) = &described {
            let rehearsals = databases
                .iter()
                .zip(&mut seen)
                .map(|(database, seen)| self.rehearse(database, seen, all, known, deadline));
            // On the heap: three calls of the SDK for each database.
            Box::pin(future::join_all(rehearsals)).await;
        }
        let whole = databases.len() == self.databases().count();
        let named = databases.iter().zip(seen).map(|(database, seen)| (database.name().to_owned(), seen));
        UpgradesSeen { databases: named.collect(), whole }
    }

    /// What RDS tells of the change under way, since it began.
    async fn read_messages(
        &self,
        database: &Database,
        known: ClassContext<'_>,
        deadline: Instant,
    ) -> Messages {
        let memory = known.memory.of(database.name(), database.mode() == Mode::Observe);
        let ClassChange { instance, began, .. } = memory.change?;
        Some(rds::messages(&self.clients, &instance, began, known.now, deadline).await)
    }

    /// The snapshot before a change, while it is waited for.
    async fn read_snapshot(
        &self,
        database: &Database,
        known: ClassContext<'_>,
        deadline: Instant,
    ) -> Option<Result<Option<SeenSnapshot>, Absence>> {
        let memory = known.memory.of(database.name(), database.mode() == Mode::Observe);
        let ClassSnapshot { id, instance, .. } = memory.snapshot.filter(|snapshot| !snapshot.is_ready)?;
        let tags = ReplicaTags { fleet: self.fleet.name(), database: database.name() };
        Some(rds::snapshot(&self.clients, &id, &instance, tags, deadline).await)
    }

    /// Reads the metrics of all databases in one batch. What is not answered in time is not known.
    async fn measure(
        &self,
        databases: &[&Database],
        instances: Vec<Result<ClassedInstances, Absence>>,
        messages: Vec<Messages>,
        deadline: Instant,
        now: Timestamp,
    ) -> Vec<UpgradeObservation> {
        let measured: Vec<MeasuredClass<'_>> = databases
            .iter()
            .zip(&instances)
            .filter_map(|(database, instances)| {
                let (instance, policy) = (&instances.as_ref().ok()?.main, database.upgrade_policy()?);
                Some(MeasuredClass { instance, policy, floor: database.floor_source() })
            })
            .collect();
        let read = timeout_at(deadline, rds::read_loads(&self.clients, &measured, now)).await;
        let mut readings = read.unwrap_or_default().into_iter();
        let seen = instances.into_iter().zip(messages).map(|(instances, messages)| {
            let readings = instances.as_ref().ok().and_then(|_| readings.next()).unwrap_or_default();
            let rds::ClassReadings { load, floor } = readings;
            UpgradeObservation { instances, load, floor, rehearsal: None, snapshot: None, messages }
        });
        seen.collect()
    }

    /// Reads what a change would meet, where one is wanted.
    async fn rehearse(
        &self,
        database: &Database,
        seen: &mut UpgradeObservation,
        all: &AllInstances,
        known: ClassContext<'_>,
        deadline: Instant,
    ) {
        let (Some(policy), name) = (database.upgrade_policy(), database.name()) else { return };
        let observe = database.mode() == Mode::Observe;
        let turn = UpgradeTurn {
            database: name,
            // Which class is looked at does not depend on it.
            evaluation: "",
            overrides: &known.overrides.of(name),
            emergency: known.overrides.incident.as_ref().map(|incident| incident.profile.as_str()),
            asked: known.asked.filter(|asked| asked.database == name).map(|asked| &asked.asked),
            observe,
            now: known.now,
        };
        let class = rehearsed(seen, policy, &known.memory.of(name, observe), turn);
        let (Some(class), Ok(instances)) = (class, &seen.instances) else { return };
        let rehearsal = rds::rehearse(&self.clients, all, instances, &class, deadline).await;
        seen.rehearsal = Some(rehearsal);
    }
}

/// What the answer of RDS means for one database.
fn instances(
    database: &Database,
    described: &Result<AllInstances, Absence>,
) -> Result<ClassedInstances, Absence> {
    let all = described.as_ref().map_err(Clone::clone)?;
    match database.instance() {
        DatabaseName::Rds(id) => all.classed_rds(id),
        DatabaseName::Aurora(cluster) => all.classed_aurora(cluster),
    }
}
