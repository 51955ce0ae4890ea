//! A new replica, with everything explicit: what the API takes where nothing is said differs from what the source has.

use aws_sdk_rds::types::{DbInstance, Endpoint};
use tidegate_policy::replicas::decision::NewReplica;

use crate::clients::Clients;
use crate::error::{CallError, Step};
use crate::rds::tags::ReplicaTags;

/// Below this size RDS for PostgreSQL, MySQL and MariaDB takes neither IOPS nor throughput of `gp3`, although it shows both
/// (`You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400`), in gibibytes.
const GP3_SETTABLE_FROM: i32 = 400;
/// Aurora promotes readers of the highest number last: one that was added for reads should not become the writer. Application
/// Auto Scaling gives its readers the same.
const LAST_TO_PROMOTE: i32 = 15;

/// The step of a new replica, for errors.
pub(super) fn step(new: &NewReplica) -> Step {
    Step::CreateReplica { replica: new.id.clone(), source_instance: new.source.clone() }
}

/// Creates a replica of RDS.
///
/// Three things are left out, because RDS then takes those of the source in the same Region, and refuses or needs more
/// permissions for the rest: the subnet group, the key of the encryption, and the parameter group (`CreateDBInstanceReadReplica`
/// takes one only of other engines). The domain of a source in a directory is not set: such a replica joins none.
pub(super) async fn replica(
    clients: &Clients,
    new: &NewReplica,
    source: &DbInstance,
    tags: ReplicaTags<'_>,
) -> Result<(), CallError> {
    let storage = Storage::of(source);
    let insights = source.performance_insights_enabled() == Some(true);
    let same_class = source.db_instance_class() == Some(&new.class);
    let processor = source.processor_features().iter().filter(|_| same_class);
    let logs = source.enabled_cloudwatch_logs_exports().to_vec();
    let call = clients
        .rds()
        .create_db_instance_read_replica()
        .db_instance_identifier(&new.id)
        .source_db_instance_identifier(&new.source)
        .db_instance_class(&new.class)
        .set_availability_zone(new.zone.clone())
        .set_port(source.endpoint().and_then(Endpoint::port))
        .multi_az(false)
        .auto_minor_version_upgrade(source.auto_minor_version_upgrade().unwrap_or(true))
        .set_storage_type(source.storage_type().map(str::to_owned))
        .set_allocated_storage(storage.size)
        .set_iops(storage.iops)
        .set_storage_throughput(storage.throughput)
        .set_max_allocated_storage(storage.max)
        .set_dedicated_log_volume(source.dedicated_log_volume())
        .set_option_group_name(option_group(source))
        .publicly_accessible(source.publicly_accessible().unwrap_or(false))
        .set_vpc_security_group_ids(some(security_groups(source)))
        .copy_tags_to_snapshot(source.copy_tags_to_snapshot().unwrap_or(false))
        .monitoring_interval(monitoring(source).0)
        .set_monitoring_role_arn(monitoring(source).1)
        .enable_iam_database_authentication(source.iam_database_authentication_enabled().unwrap_or(false))
        .enable_performance_insights(insights)
        .set_performance_insights_kms_key_id(
            source.performance_insights_kms_key_id().filter(|_| insights).map(str::to_owned),
        )
        .set_performance_insights_retention_period(
            source.performance_insights_retention_period().filter(|_| insights),
        )
        .set_enable_cloudwatch_logs_exports(some(logs))
        .set_processor_features(some(processor.cloned().collect()))
        .set_network_type(source.network_type().map(str::to_owned))
        .set_ca_certificate_identifier(source.ca_certificate_identifier().map(str::to_owned))
        .deletion_protection(false)
        .set_tags(Some(tags.to_aws()));
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(new), &error))
}

/// Creates a reader of Aurora: what belongs to the cluster (storage, network, backups, authentication, logs, deletion
/// protection) is the cluster's, and the API takes none of it for an instance.
pub(super) async fn reader(
    clients: &Clients,
    new: &NewReplica,
    writer: &DbInstance,
    tags: ReplicaTags<'_>,
) -> Result<(), CallError> {
    let insights = writer.performance_insights_enabled() == Some(true);
    let mut groups = writer.db_parameter_groups().iter();
    let parameter_group = groups.find_map(|group| group.db_parameter_group_name());
    let call = clients
        .rds()
        .create_db_instance()
        .db_instance_identifier(&new.id)
        .set_db_cluster_identifier(writer.db_cluster_identifier().map(str::to_owned))
        .set_engine(writer.engine().map(str::to_owned))
        .db_instance_class(&new.class)
        .set_availability_zone(new.zone.clone())
        .promotion_tier(LAST_TO_PROMOTE)
        .set_db_parameter_group_name(parameter_group.map(str::to_owned))
        .auto_minor_version_upgrade(writer.auto_minor_version_upgrade().unwrap_or(true))
        .publicly_accessible(writer.publicly_accessible().unwrap_or(false))
        .monitoring_interval(monitoring(writer).0)
        .set_monitoring_role_arn(monitoring(writer).1)
        .enable_performance_insights(insights)
        .set_performance_insights_kms_key_id(
            writer.performance_insights_kms_key_id().filter(|_| insights).map(str::to_owned),
        )
        .set_performance_insights_retention_period(
            writer.performance_insights_retention_period().filter(|_| insights),
        )
        .set_ca_certificate_identifier(writer.ca_certificate_identifier().map(str::to_owned))
        .set_tags(Some(tags.to_aws()));
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(new), &error))
}

/// What is said of the storage; everything in gibibytes, IOPS and MiB/s.
struct Storage {
    size: Option<i32>,
    iops: Option<i32>,
    throughput: Option<i32>,
    max: Option<i32>,
}

impl Storage {
    /// IOPS go with a size. Without them the size is left out, and RDS takes that of the source at the moment of the copy.
    fn of(source: &DbInstance) -> Self {
        let size = source.allocated_storage().unwrap_or(0);
        let is_settable = match source.storage_type() {
            Some("io1" | "io2") => true,
            Some("gp3") => size >= GP3_SETTABLE_FROM,
            Some(_) | None => false,
        };
        let iops = source.iops().filter(|iops| is_settable && *iops > 0);
        // Of io2 and io1 RDS shows none, or one that follows from the IOPS and is not taken back.
        let is_gp3 = source.storage_type() == Some("gp3");
        let throughput = source.storage_throughput().filter(|it| is_settable && is_gp3 && *it > 0);
        // A replica does not get its source's autoscaling by itself, and would be full while the source grows. RDS takes no limit
        // that is less than 10 % above the size.
        let room = i64::from(size).saturating_mul(11);
        let max = source.max_allocated_storage().filter(|max| i64::from(*max).saturating_mul(10) >= room);
        Self { size: iops.map(|_| size), iops, throughput, max }
    }
}

/// The interval, and the role where there is an interval; without a role RDS takes no interval but 0.
fn monitoring(source: &DbInstance) -> (i32, Option<String>) {
    match (source.monitoring_interval(), source.monitoring_role_arn()) {
        (Some(seconds), Some(role)) if seconds > 0 => (seconds, Some(role.to_owned())),
        _ => (0, None),
    }
}

/// Only MySQL and MariaDB have options; of PostgreSQL there are only RDS's own groups.
fn option_group(source: &DbInstance) -> Option<String> {
    let has_options = matches!(source.engine(), Some("mysql" | "mariadb"));
    let mut groups = source.option_group_memberships().iter().filter(|_| has_options);
    groups.find_map(|group| group.option_group_name()).map(str::to_owned)
}

/// Those in force; one that is being removed is not taken along.
fn security_groups(source: &DbInstance) -> Vec<String> {
    let groups = source.vpc_security_groups().iter();
    let kept = groups.filter(|group| group.status() != Some("removing"));
    kept.filter_map(|group| group.vpc_security_group_id()).map(str::to_owned).collect()
}

/// An empty list is not sent: it would say "none" where nothing is known.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}
