//! Manual snapshots of an instance: one is asked for, and looked at by its identifier. None is ever deleted.

use aws_sdk_rds::Config;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::types::DbSnapshot;
use tidegate_policy::upgrades::observation::SeenSnapshot;
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::{CallError, Step, absence};
use crate::rds::call_result::is_answered;
use crate::rds::tags::ReplicaTags;
use crate::targets::calls::{in_time, late};

/// The snapshot of this identifier as RDS shows it; `None` where it shows none.
///
/// # Errors
/// RDS did not answer, or not in time.
pub async fn snapshot(
    clients: &Clients,
    id: &str,
    instance: &str,
    tags: ReplicaTags<'_>,
    deadline: Instant,
) -> Result<Option<SeenSnapshot>, Absence> {
    let asked = async {
        clients.buckets.read_rds.take().await;
        let call = clients.rds().describe_db_snapshots().db_snapshot_identifier(id);
        call.send().await.map_err(|error| absence(&error))
    };
    let page = match Box::pin(in_time(deadline, asked)).await.ok_or_else(late)? {
        Err(absence) if absence.kind == AbsenceKind::NotFound => return Ok(None),
        answered => answered?,
    };
    let found = page.db_snapshots().iter().find(|snapshot| snapshot.db_snapshot_identifier() == Some(id));
    Ok(found.map(|snapshot| SeenSnapshot {
        status: snapshot.status().unwrap_or("no status").to_owned(),
        is_ours: is_ours(snapshot, instance, tags),
    }))
}

/// A manual one of this instance, which this fleet asked for.
fn is_ours(snapshot: &DbSnapshot, instance: &str, tags: ReplicaTags<'_>) -> bool {
    let is_of_instance = snapshot.db_instance_identifier() == Some(instance);
    let is_manual = snapshot.snapshot_type().is_none_or(|kind| kind == "manual");
    is_of_instance && is_manual && tags.are_among(snapshot.tag_list())
}

/// Asks for it. The name is that of the change: where one exists already, an earlier attempt was taken, or it is somebody else's,
/// which [`snapshot`] shows.
pub(super) async fn take(
    clients: &Clients,
    instance: &str,
    id: &str,
    tags: ReplicaTags<'_>,
) -> Result<(), CallError> {
    let step = Step::TakeSnapshot { snapshot: id.to_owned(), instance: instance.to_owned() };
    let call = clients
        .rds()
        .create_db_snapshot()
        .db_instance_identifier(instance)
        .db_snapshot_identifier(id)
        .set_tags(Some(tags.to_aws()));
    // Sent once: where the first attempt was taken and only its answer was lost, the instance is `backing-up`, and RDS would refuse
    // a second one as if there were no snapshot.
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let answer = Box::pin(call.customize().config_override(once).send()).await;
    let answer = answer.map(|_| ()).map_err(|error| CallError::aws(step, &error));
    answer.or_else(|error| {
        let is_there = is_answered(&error, |code, _| code.starts_with("DBSnapshotAlreadyExists"));
        if is_there { Ok(()) } else { Err(error) }
    })
}
