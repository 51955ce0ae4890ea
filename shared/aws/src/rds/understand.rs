//! What the answer of RDS means for one database.

use std::collections::BTreeSet;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{
    ClusterPendingModifiedValues, DbCluster, DbInstance, DbInstanceStatusInfo, DbParameterGroupStatus,
    DbSubnetGroup, PendingModifiedValues,
};
use jiff::Timestamp;
use tidegate_policy::replicas::observation::{
    Engine, Instances, Replica, Replication, SourceInstance, Status,
};
use tidegate_policy::{Absence, AbsenceKind, MetricReading};

use crate::rds::account::AllInstances;
use crate::rds::replica_of::{is_green_of, is_replica_of};
use crate::rds::tags::ReplicaTags;

/// `AllocatedStorage` is in gibibytes.
const GIB: u64 = 1024 * 1024 * 1024;

impl AllInstances {
    /// The instance and its replicas, without metrics.
    ///
    /// # Errors
    /// RDS has no such instance, it is of Aurora or of another engine, or the answer contradicts itself: a replica that
    /// the source names is missing in it.
    pub fn of_rds(&self, source: &str, tags: ReplicaTags<'_>) -> Result<Instances, Absence> {
        let found = self.rds_instance(source)?;
        let replicas = self.rds_replicas(found)?;
        let green = self.rds_green(found);
        let id = found.db_instance_identifier().unwrap_or_default();
        let source = SourceInstance {
            replicas_elsewhere: elsewhere(found),
            ..self::source(found, id, engine(found)?)
        };
        Ok(Instances { green, ..self.instances_of(source, &replicas, tags) })
    }

    /// An instance that is no member of a cluster. Identifiers are lowercase in RDS, however they were written.
    pub(super) fn rds_instance(&self, id: &str) -> Result<&DbInstance, Absence> {
        let id = id.to_ascii_lowercase();
        let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no instance `{id}`"));
        let found = self.instances.get(&id).ok_or_else(missing)?;
        if let Some(cluster) = found.db_cluster_identifier() {
            let text = format!("the instance `{id}` belongs to the cluster `{cluster}`");
            return Err(Absence::new(AbsenceKind::Refused, text));
        }
        Ok(found)
    }

    /// The replicas of an instance in this Region, without the green side of a blue/green deployment. One that it lists and nobody
    /// shows makes the answer a part.
    pub(super) fn rds_replicas(&self, of: &DbInstance) -> Result<Vec<&DbInstance>, Absence> {
        let id = of.db_instance_identifier().unwrap_or_default();
        let mut here = of.read_replica_db_instance_identifiers().iter().filter(|id| !is_arn(id));
        if let Some(unseen) = here.find(|id| !self.instances.contains_key(*id)) {
            let text =
                format!("RDS lists the replica `{unseen}` of `{id}` and does not show it yet, or no more");
            return Err(Absence::new(AbsenceKind::Unreadable, text));
        }
        let is_replica = |it: &&DbInstance| is_replica_of(it, of) && !is_green_of(it, of);
        Ok(self.instances.values().filter(is_replica).collect())
    }

    /// The green side of a blue/green deployment of an instance.
    pub(super) fn rds_green(&self, of: &DbInstance) -> Option<String> {
        let green = self.instances.values().find(|it| is_green_of(it, of))?;
        green.db_instance_identifier().map(str::to_owned)
    }

    /// The writer of a cluster of Aurora and its readers, without metrics.
    ///
    /// # Errors
    /// RDS has no such cluster, or none of Aurora; it has no writer (in a secondary Region none is); or a member of it is
    /// missing in the answer.
    pub fn of_aurora(&self, cluster: &str, tags: ReplicaTags<'_>) -> Result<Instances, Absence> {
        let (cluster, writer, readers) = self.aurora(cluster)?;
        let name = writer.db_instance_identifier().unwrap_or_default();
        let mut source = source(writer, name, Engine::Aurora);
        source.allocated_storage = 0;
        // Aurora takes a reader in a zone where the cluster has its storage only; those are three, and a subnet group may have more.
        let storage = cluster.availability_zones();
        source.zones.retain(|zone| storage.is_empty() || storage.contains(zone));
        source.is_pending |= cluster.pending_modified_values().is_some_and(is_pending_of_cluster);
        let whole = status(cluster.status());
        if whole != Status::Available {
            source.status = whole;
        }
        Ok(self.instances_of(source, &readers, tags))
    }

    /// A cluster of Aurora, its writer and its readers.
    pub(super) fn aurora(
        &self,
        cluster: &str,
    ) -> Result<(&DbCluster, &DbInstance, Vec<&DbInstance>), Absence> {
        let id = cluster.to_ascii_lowercase();
        let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no cluster `{id}`"));
        let cluster = self.clusters.get(&id).ok_or_else(missing)?;
        let engine = cluster.engine().unwrap_or_default();
        if !engine.starts_with("aurora") {
            let text = format!("Engine of the cluster `{id}` is `{engine}`, no Aurora");
            return Err(Absence::new(AbsenceKind::Refused, text));
        }
        let members = || cluster.db_cluster_members().iter().filter_map(|it| it.db_instance_identifier());
        if let Some(unseen) = members().find(|id| !self.instances.contains_key(*id)) {
            let text =
                format!("RDS lists the member `{unseen}` of `{id}` and does not show it yet, or no more");
            return Err(Absence::new(AbsenceKind::Unreadable, text));
        }
        let first = cluster.db_cluster_members().iter().find(|it| it.is_cluster_writer() == Some(true));
        let writer = first.and_then(|it| self.instances.get(it.db_instance_identifier()?));
        let none = || Absence::new(AbsenceKind::NotFound, format!("the cluster `{id}` has no writer here"));
        let writer = writer.ok_or_else(none)?;
        let name = writer.db_instance_identifier();
        let reads =
            |it: &&DbInstance| it.db_cluster_identifier() == Some(&id) && it.db_instance_identifier() != name;
        let readers = self.instances.values().filter(reads).collect();
        Ok((cluster, writer, readers))
    }

    fn instances_of(
        &self,
        source: SourceInstance,
        replicas: &[&DbInstance],
        tags: ReplicaTags<'_>,
    ) -> Instances {
        let is_aurora = source.engine == Engine::Aurora;
        let replicas = replicas.iter().map(|instance| replica(instance, is_aurora, tags)).collect();
        Instances { source, replicas, green: None, taken: self.instances.keys().cloned().collect() }
    }
}

/// What is replicated.
fn source(instance: &DbInstance, id: &str, engine: Engine) -> SourceInstance {
    let applying = |group: Option<&str>| group.is_some_and(|status| status.eq_ignore_ascii_case("applying"));
    let mut groups = instance.db_parameter_groups().iter();
    SourceInstance {
        id: id.to_owned(),
        engine,
        status: status(instance.db_instance_status()),
        class: instance.db_instance_class().unwrap_or_default().to_owned(),
        endpoint: endpoint(instance),
        zone: instance.availability_zone().map(str::to_owned),
        zones: zones(instance),
        backup_retention_days: count(instance.backup_retention_period()),
        is_pending: instance.pending_modified_values().is_some_and(is_pending)
            || groups.any(|group| applying(group.parameter_apply_status())),
        log_rate: MetricReading::NotRead,
        slot_lag: MetricReading::NotRead,
        slot_disk: MetricReading::NotRead,
        free_storage: MetricReading::NotRead,
        allocated_storage: u64::from(count(instance.allocated_storage())).saturating_mul(GIB),
        replicas_elsewhere: 0,
    }
}

/// A number of RDS; one that is missing, or below zero, is none.
pub(super) fn count(value: Option<i32>) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

/// RDS sends the element always, and leaves it empty where nothing is pending.
fn is_pending(values: &PendingModifiedValues) -> bool {
    *values != PendingModifiedValues::builder().build()
}

pub(super) fn is_pending_of_cluster(values: &ClusterPendingModifiedValues) -> bool {
    *values != ClusterPendingModifiedValues::builder().build()
}

/// One replica.
fn replica(instance: &DbInstance, is_aurora: bool, tags: ReplicaTags<'_>) -> Replica {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let sources = instance.read_replica_db_instance_identifiers().len();
    let clusters = instance.read_replica_db_cluster_identifiers().len();
    let created = instance.instance_create_time();
    Replica {
        id: text(instance.db_instance_identifier()),
        status: status(instance.db_instance_status()),
        class: text(instance.db_instance_class()),
        zone: instance.availability_zone().map(str::to_owned),
        endpoint: endpoint(instance),
        is_ours: tags.are_on(instance),
        is_protected: instance.deletion_protection() == Some(true),
        is_being_promoted: is_being_promoted(instance),
        is_source: sources > 0 || clusters > 0,
        is_initialized: is_initialized(instance),
        replication: if is_aurora { Replication::Running } else { replication(instance.status_infos()) },
        created_at: created.and_then(moment),
        lag: MetricReading::NotRead,
        cpu: MetricReading::NotRead,
        connections: MetricReading::NotRead,
    }
}

/// `PromoteReadReplica` asks for backups, which a replica seldom has.
pub(super) fn is_being_promoted(instance: &DbInstance) -> bool {
    instance.pending_modified_values().is_some_and(|pending| pending.backup_retention_period().is_some())
}

/// A time of RDS.
pub(super) fn moment(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(at.to_millis().ok()?).ok()
}

/// How many replicas an instance has in other Regions and in clusters.
pub(super) fn elsewhere(instance: &DbInstance) -> u32 {
    let replicas = instance.read_replica_db_instance_identifiers().iter().filter(|id| is_arn(id)).count();
    let elsewhere = replicas.saturating_add(instance.read_replica_db_cluster_identifiers().len());
    u32::try_from(elsewhere).unwrap_or(u32::MAX)
}

/// A replica in another Region is listed by its ARN.
fn is_arn(id: &str) -> bool {
    id.starts_with("arn:")
}

fn endpoint(instance: &DbInstance) -> Option<String> {
    Some(instance.endpoint()?.address()?.to_owned())
}

/// The zones of its subnet group, each once.
fn zones(instance: &DbInstance) -> Vec<String> {
    let subnets = instance.db_subnet_group().map(DbSubnetGroup::subnets).unwrap_or_default();
    let zones = subnets.iter().filter_map(|subnet| subnet.subnet_availability_zone()?.name());
    zones.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// `StorageOperationStatus` is there only while something goes on: `Initializing` or `Optimizing`.
pub(super) fn is_initialized(instance: &DbInstance) -> bool {
    let initializes =
        |status: Option<&str>| status.is_some_and(|status| status.to_ascii_lowercase().contains("initializ"));
    ![instance.storage_operation_status(), instance.storage_volume_status(), instance.db_instance_status()]
        .into_iter()
        .any(initializes)
}

/// The first thing that is not normal. An instance that says nothing is taken as one that replicates: its lag says more.
pub(super) fn replication(infos: &[DbInstanceStatusInfo]) -> Replication {
    let is_broken = |info: &&DbInstanceStatusInfo| info.normal() == Some(false);
    infos.iter().find(is_broken).map_or(Replication::Running, |info| Replication::Broken {
        status: one_line(info.status().unwrap_or("not normal")),
        message: one_line(info.message().unwrap_or_default()),
    })
}

/// A text of a database's log, which may hold line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `DBInstanceStatus` (Amazon RDS user guide, "Viewing Amazon RDS DB instance status"). One that nobody knows yet is a change: the
/// instance is left alone.
pub(super) fn status(status: Option<&str>) -> Status {
    match status.unwrap_or("no status") {
        "available" | "storage-optimization" | "storage-initialization" => Status::Available,
        "creating" => Status::Creating,
        "deleting" | "delete-precheck" => Status::Deleting,
        ended @ ("failed"
        | "restore-error"
        | "insufficient-capacity"
        | "inaccessible-encryption-credentials") => Status::Failed(ended.to_owned()),
        ended if ended.starts_with("incompatible-") => Status::Failed(ended.to_owned()),
        other => Status::Changing(other.to_owned()),
    }
}

/// The default group of a family is called `default.FAMILY`, and cannot be changed.
pub(super) fn is_default_group(group: &DbParameterGroupStatus) -> bool {
    group.db_parameter_group_name().is_some_and(|name| name.starts_with("default."))
}

/// `Engine` and `EngineVersion` of an instance that is no member of a cluster.
pub(super) fn engine(instance: &DbInstance) -> Result<Engine, Absence> {
    let (engine, version) =
        (instance.engine().unwrap_or_default(), instance.engine_version().unwrap_or_default());
    match engine {
        "mysql" => Ok(Engine::MySql),
        "mariadb" => Ok(Engine::MariaDb),
        "postgres" => {
            let mut parts = version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().ok());
            let (major, minor) = (parts.next().flatten(), parts.next().flatten());
            let unread =
                || Absence::new(AbsenceKind::Unreadable, format!("EngineVersion is `{version}`, no version"));
            Ok(Engine::PostgreSql { major: major.ok_or_else(unread)?, minor: minor.unwrap_or(0) })
        }
        other => {
            let text = format!("Engine is `{other}`; allowed: `postgres`, `mysql`, `mariadb`");
            Err(Absence::new(AbsenceKind::Refused, text))
        }
    }
}
