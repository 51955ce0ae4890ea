//! A replica is deleted after a last look: what was decided about may have been promoted since, and then is a primary.

use std::time::Duration;

use aws_sdk_rds::Config;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::types::{DbCluster, DbInstance};
use futures_util::join;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::Status;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::{CallError, Step};
use crate::rds::account::AllInstances;
use crate::rds::call_result::{CallResult, is_answered};
use crate::rds::last_look;
use crate::rds::tags::ReplicaTags;
use crate::rds::understand::{is_being_promoted, status};

/// The words of RDS about an instance that is on its way out (`InvalidDBInstanceState: Instance shop-1 is already being deleted.`).
const ALREADY_DELETED: &str = "already being deleted";

/// Deletes a replica, if a last look shows it as it was when that was decided. What happens between the look and the call nobody
/// can see: the API has no condition. One that is on its way out, or gone, is as wanted.
///
/// RDS makes no final snapshot of a replica, and `SkipFinalSnapshot` must say so; of a reader of Aurora too, whose data are the
/// cluster's. Backups of its own would stay and cost: they go with it, as they do where nothing is said (Amazon RDS API reference,
/// `DeleteDBInstance`). Aurora's belong to the cluster, so nothing is said of them.
pub(super) async fn delete(
    clients: &Clients,
    replica: &str,
    seen: &AllInstances,
    tags: ReplicaTags<'_>,
    left: Duration,
    in_time: &(dyn Fn() -> bool + Send + Sync),
) -> CallResult {
    let step = || Step::DeleteReplica { replica: replica.to_owned() };
    let Some(decided) = seen.instances.get(replica) else {
        return CallResult::withheld(step(), format!("RDS shows no instance `{replica}`"));
    };
    let until = Instant::now().checked_add(left).unwrap_or_else(Instant::now);
    let shown = match look(clients, replica, decided, until).await {
        Ok(shown) => shown,
        Err(not_looked) => return not_looked,
    };
    if status(shown.instance.db_instance_status()) == Status::Deleting {
        return CallResult::of(Ok(()));
    }
    if let Some(words) = against(&shown, decided, tags) {
        return CallResult::withheld(step(), format!("just before the call {words}"));
    }
    if Instant::now() >= until || !in_time() {
        return CallResult::not_sent(None);
    }
    let is_aurora = decided.db_cluster_identifier().is_some();
    let call = clients
        .rds()
        .delete_db_instance()
        .db_instance_identifier(replica)
        .skip_final_snapshot(true)
        .set_delete_automated_backups((!is_aurora).then_some(true));
    // Sent once: a second attempt of the SDK would come without a last look.
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let answer = Box::pin(call.customize().config_override(once).send()).await;
    let answer = answer.map(|_| ()).map_err(|error| CallError::aws(step(), &error));
    CallResult::of(answer.or_else(|error| if is_going(&error) { Ok(()) } else { Err(error) }))
}

/// RDS answered that it is on its way out, or gone.
fn is_going(error: &CallError) -> bool {
    is_answered(error, |code, message| {
        let going = code.starts_with("InvalidDBInstanceState") && message.contains(ALREADY_DELETED);
        going || code.starts_with("DBInstanceNotFound")
    })
}

/// A replica as a last look shows it; of a reader of Aurora its cluster too.
struct Shown {
    instance: DbInstance,
    cluster: Option<DbCluster>,
}

/// Both are asked for at once. An instance that is gone was deleted.
async fn look(
    clients: &Clients,
    replica: &str,
    decided: &DbInstance,
    until: Instant,
) -> Result<Shown, CallResult> {
    let step = || Step::DeleteReplica { replica: replica.to_owned() };
    let cluster = async {
        match decided.db_cluster_identifier() {
            Some(id) => last_look::cluster(clients, id, until, step()).await.map(Some),
            None => Ok(None),
        }
    };
    let (instance, cluster) = join!(last_look::instance(clients, replica, until, step()), cluster);
    match instance {
        Err(CallResult { outcome: CallOutcome::Refused(_), .. }) => Err(CallResult::of(Ok(()))),
        instance => Ok(Shown { instance: instance?, cluster: cluster? }),
    }
}

/// What stands against deleting it, as the last look shows it.
fn against(shown: &Shown, decided: &DbInstance, tags: ReplicaTags<'_>) -> Option<String> {
    let Shown { instance, cluster } = shown;
    let id = instance.db_instance_identifier().unwrap_or_default();
    let source = |it: &DbInstance| it.read_replica_source_db_instance_identifier().map(str::to_owned);
    if source(instance) != source(decided) {
        let of = source(instance).map_or("no instance".to_owned(), |of| of);
        return Some(format!("{id} was a replica of {of}: it was promoted or moved"));
    }
    if instance.db_cluster_identifier() != decided.db_cluster_identifier() {
        return Some(format!("{id} was no member of its cluster"));
    }
    let members = cluster.iter().flat_map(DbCluster::db_cluster_members);
    let mut writers = members.filter(|it| it.is_cluster_writer() == Some(true));
    if writers.any(|it| it.db_instance_identifier() == Some(id)) {
        return Some(format!("{id} was the writer of its cluster"));
    }
    if let Some(cluster) = cluster.as_ref().filter(|it| status(it.status()) != Status::Available) {
        let name = cluster.db_cluster_identifier().unwrap_or_default();
        return Some(format!("the cluster {name} was {}", cluster.status().unwrap_or("without a status")));
    }
    // A failed one is deleted where that was decided about a failed one, and nothing else that is not `available`.
    let (before, now) = (status(decided.db_instance_status()), status(instance.db_instance_status()));
    let is_as_before = matches!(
        (before, now),
        (Status::Available, Status::Available) | (Status::Failed(_), Status::Failed(_))
    );
    if !is_as_before {
        return Some(format!("{id} was {}", instance.db_instance_status().unwrap_or("without a status")));
    }
    if is_being_promoted(instance) {
        return Some(format!("BackupRetentionPeriod was pending for {id}, as in a promotion"));
    }
    if !tags.are_on(instance) {
        return Some(format!("{id} had not the tags of this fleet and database"));
    }
    if instance.deletion_protection() == Some(true) {
        return Some(format!("{id} had deletion protection"));
    }
    let is_source = !instance.read_replica_db_instance_identifiers().is_empty()
        || !instance.read_replica_db_cluster_identifiers().is_empty();
    is_source.then(|| format!("{id} had replicas of its own"))
}
