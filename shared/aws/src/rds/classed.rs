//! What the answer of RDS means for the class of one database: its instance, and everything that a change of it touches.

use aws_sdk_rds::types::{DbInstance, PendingModifiedValues};
use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::upgrades::observation::{ClassedInstance, ClassedInstances, RunningInstance};
use tidegate_policy::{Absence, AbsenceKind};

use crate::rds::account::AllInstances;
use crate::rds::replica_of::is_replica_of;
use crate::rds::understand::{
    count, elsewhere, engine, is_default_group, is_initialized, is_pending_of_cluster, moment, replication,
    status,
};

/// Instances that RDS charges no hours of, or none any more: they use no reservation up. Of one whose status does not say so, a
/// reservation may be free: counted as one that runs, it would hide a reservation that the change leaves without use.
const AT_REST: [&str; 3] = ["stopped", "stopping", "starting"];

impl AllInstances {
    /// An instance of RDS, what it replicates, and its replicas.
    ///
    /// # Errors
    /// RDS has no such instance, it is of Aurora or of another engine, or the answer contradicts itself: a replica or a source that
    /// an instance names is missing in it.
    pub fn classed_rds(&self, instance: &str) -> Result<ClassedInstances, Absence> {
        let found = self.rds_instance(instance)?;
        let replicas = self.rds_replicas(found)?;
        let source = self.rds_source(found)?;
        let whole = |instance: &DbInstance| Ok(classed(instance, engine(instance)?));
        Ok(ClassedInstances {
            main: whole(found)?,
            source: source.map(whole).transpose()?,
            replicas: replicas.iter().map(|replica| whole(replica)).collect::<Result<_, Absence>>()?,
            green: [Some(found), source].into_iter().flatten().find_map(|it| self.rds_green(it)),
            replicas_elsewhere: self.replicas_elsewhere(found, &replicas),
            others: self.others(found),
        })
    }

    /// The writer of a cluster of Aurora, and its readers.
    ///
    /// # Errors
    /// RDS has no such cluster, or none of Aurora; it has no writer; or a member of it is missing in the answer.
    pub fn classed_aurora(&self, cluster: &str) -> Result<ClassedInstances, Absence> {
        let (cluster, writer, readers) = self.aurora(cluster)?;
        let mut main = classed(writer, Engine::Aurora);
        if cluster.pending_modified_values().is_some_and(is_pending_of_cluster) {
            main.pending.push("a value of the cluster".to_owned());
        }
        let whole = status(cluster.status());
        if whole != Status::Available {
            main.status = whole;
        }
        let replicas = readers.iter().map(|reader| classed(reader, Engine::Aurora)).collect();
        Ok(ClassedInstances {
            main,
            source: None,
            replicas,
            green: None,
            replicas_elsewhere: elsewhere(writer),
            others: self.others(writer),
        })
    }

    /// What an instance replicates; none where it is no replica, or one of an instance in another Region or of a cluster.
    fn rds_source(&self, replica: &DbInstance) -> Result<Option<&DbInstance>, Absence> {
        let Some(source) = replica.read_replica_source_db_instance_identifier() else { return Ok(None) };
        let by_arn = |it: &&DbInstance| it.db_instance_arn() == Some(source);
        let found = self.instances.get(source).or_else(|| self.instances.values().find(by_arn));
        if found.is_none() && !source.starts_with("arn:") {
            let id = replica.db_instance_identifier().unwrap_or_default();
            let text =
                format!("RDS lists the source `{source}` of `{id}` and does not show it yet, or no more");
            return Err(Absence::new(AbsenceKind::Unreadable, text));
        }
        Ok(found)
    }

    /// How many replicas of an instance are in other Regions or clusters, or are replicas of its replicas: those that a replica lists,
    /// and those that name it and that it does not list yet, or no more.
    fn replicas_elsewhere(&self, main: &DbInstance, replicas: &[&DbInstance]) -> u32 {
        let of_replicas = replicas.iter().map(|replica| {
            let listed = replica.read_replica_db_instance_identifiers();
            let is_unlisted =
                |it: &&DbInstance| !listed.iter().any(|id| it.db_instance_identifier() == Some(id));
            let unlisted =
                self.instances.values().filter(|it| is_replica_of(it, replica)).filter(is_unlisted);
            let clusters = replica.read_replica_db_cluster_identifiers().len();
            let all = listed.len().saturating_add(clusters).saturating_add(unlisted.count());
            u32::try_from(all).unwrap_or(u32::MAX)
        });
        of_replicas.fold(elsewhere(main), u32::saturating_add)
    }

    /// What else runs of the same engine, replicas and a source among it.
    fn others(&self, main: &DbInstance) -> Vec<RunningInstance> {
        let is_other = |it: &&DbInstance| it.db_instance_identifier() != main.db_instance_identifier();
        let running = |instance: &DbInstance| RunningInstance {
            class: instance.db_instance_class().unwrap_or_default().to_owned(),
            is_multi_az: instance.multi_az() == Some(true),
        };
        let others = self.instances.values().filter(is_other);
        others.filter(|it| it.engine() == main.engine() && runs(it)).map(running).collect()
    }
}

/// RDS charges its hours now.
fn runs(instance: &DbInstance) -> bool {
    match status(instance.db_instance_status()) {
        Status::Available => true,
        Status::Changing(word) => !AT_REST.contains(&word.as_str()),
        Status::Creating | Status::Deleting | Status::Failed(_) => false,
    }
}

/// One instance.
pub(super) fn classed(instance: &DbInstance, engine: Engine) -> ClassedInstance {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let pending = instance.pending_modified_values();
    let groups = instance.db_parameter_groups();
    let in_sync = |status: &str| status.eq_ignore_ascii_case("in-sync");
    let parameters = groups.iter().filter_map(|group| {
        let status = group.parameter_apply_status().unwrap_or("no status");
        (!in_sync(status)).then(|| (text(group.db_parameter_group_name()), status.to_owned()))
    });
    let security_groups = instance.vpc_security_groups().iter();
    let changing = security_groups.filter(|group| group.status() != Some("active"));
    ClassedInstance {
        id: text(instance.db_instance_identifier()),
        engine,
        status: status(instance.db_instance_status()),
        class: text(instance.db_instance_class()),
        pending_class: pending.and_then(|values| values.db_instance_class()).map(str::to_owned),
        pending: pending.map(pending_beside_the_class).unwrap_or_default(),
        parameters: parameters.collect(),
        has_default_parameters: !groups.is_empty() && groups.iter().all(is_default_group),
        changing_security_groups: changing.map(|group| text(group.vpc_security_group_id())).collect(),
        is_multi_az: instance.multi_az() == Some(true),
        zone: instance.availability_zone().map(str::to_owned),
        second_zone: instance.secondary_availability_zone().map(str::to_owned),
        storage_type: text(instance.storage_type()),
        allocated_gib: if engine == Engine::Aurora { 0 } else { count(instance.allocated_storage()) },
        max_allocated_gib: Some(count(instance.max_allocated_storage())).filter(|gib| *gib > 0),
        is_storage_busy: is_storage_busy(instance),
        backup_retention_days: count(instance.backup_retention_period()),
        restorable_to: instance.latest_restorable_time().and_then(moment),
        maintenance_window: text(instance.preferred_maintenance_window()),
        replication: if engine == Engine::Aurora {
            Replication::Running
        } else {
            replication(instance.status_infos())
        },
    }
}

/// Its storage is being optimized or initialized: the status says so, or `StorageOperationStatus`, which is there only while
/// something goes on.
fn is_storage_busy(instance: &DbInstance) -> bool {
    let optimizes = instance.db_instance_status() == Some("storage-optimization");
    let operates = instance.storage_operation_status().is_some_and(|status| !status.is_empty());
    optimizes || operates || !is_initialized(instance)
}

/// What is pending beside the class, by its name in `PendingModifiedValues`. A value that this version does not know is pending too.
fn pending_beside_the_class(values: &PendingModifiedValues) -> Vec<String> {
    let known = [
        ("AllocatedStorage", values.allocated_storage.is_some()),
        ("MasterUserPassword", values.master_user_password.is_some()),
        ("Port", values.port.is_some()),
        ("BackupRetentionPeriod", values.backup_retention_period.is_some()),
        ("MultiAZ", values.multi_az.is_some()),
        ("EngineVersion", values.engine_version.is_some()),
        ("LicenseModel", values.license_model.is_some()),
        ("Iops", values.iops.is_some()),
        ("StorageThroughput", values.storage_throughput.is_some()),
        ("DBInstanceIdentifier", values.db_instance_identifier.is_some()),
        ("StorageType", values.storage_type.is_some()),
        ("CACertificateIdentifier", values.ca_certificate_identifier.is_some()),
        ("DBSubnetGroupName", values.db_subnet_group_name.is_some()),
        ("PendingCloudwatchLogsExports", values.pending_cloudwatch_logs_exports.is_some()),
        ("ProcessorFeatures", values.processor_features.is_some()),
        ("IAMDatabaseAuthenticationEnabled", values.iam_database_authentication_enabled.is_some()),
        ("DedicatedLogVolume", values.dedicated_log_volume.is_some()),
        ("Engine", values.engine.is_some()),
    ];
    let pending = known.into_iter().filter(|(_, is_pending)| *is_pending);
    let mut names: Vec<String> = pending.map(|(name, _)| name.to_owned()).collect();
    let mut rest = values.clone();
    rest.db_instance_class = None;
    if names.is_empty() && rest != PendingModifiedValues::builder().build() {
        names.push("a value of PendingModifiedValues".to_owned());
    }
    names
}
