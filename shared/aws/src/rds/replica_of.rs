//! Which instances replicate another one, and which of them is the green side of a blue/green deployment. RDS shows that as a replica
//! of its source, with a name that it makes itself.

use aws_sdk_rds::types::DbInstance;

/// `DBInstanceIdentifier` has at most 63 characters.
const LONGEST_ID: usize = 63;

/// After the name of its source: six random small letters and digits (Amazon RDS user guide, "Overview of Amazon RDS Blue/Green
/// Deployments").
const MARK: &str = "-green-";
const RANDOM: usize = 6;

/// An instance names another one of this Region as its source. An ARN names its Region: a replica here may be one of an instance that
/// has the same name elsewhere.
pub(super) fn is_replica_of(instance: &DbInstance, of: &DbInstance) -> bool {
    let source = instance.read_replica_source_db_instance_identifier();
    source.is_some_and(|source| {
        Some(source) == of.db_instance_identifier() || Some(source) == of.db_instance_arn()
    })
}

/// Whether an instance is the green side of `blue`: a replica of it, called after it. RDS names the copies of its replicas in the
/// same way, and those have the green instance as their source. After the switchover the name is gone. Where MySQL goes on
/// replicating after the deployment was deleted, name and source stay, and nothing that RDS shows of the instance tells it apart.
pub(super) fn is_green_of(instance: &DbInstance, blue: &DbInstance) -> bool {
    let (Some(id), Some(of)) = (instance.db_instance_identifier(), blue.db_instance_identifier()) else {
        return false;
    };
    let is_random = |end: &str| {
        end.len() == RANDOM && end.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let Some((stem, _)) = id.rsplit_once(MARK).filter(|(_, end)| is_random(end)) else { return false };
    // A name of which not all has room may be cut.
    let is_cut = id.len() == LONGEST_ID && !stem.is_empty() && of.starts_with(stem);
    (stem == of || is_cut) && is_replica_of(instance, blue)
}
