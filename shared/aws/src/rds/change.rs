//! The two calls that change anything in RDS: one replica is created, or one is deleted by its identifier.

use jiff::Timestamp;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};

use crate::bucket::in_turn;
use crate::clients::Clients;
use crate::error::{AwsError, CallError, Failure, Step};
use crate::rds::account::AllInstances;
use crate::rds::create;
use crate::rds::tags::ReplicaTags;

/// The words of RDS about an instance that is on its way out (`InvalidDBInstanceState: Instance shop-1 is already being deleted.`).
const ALREADY_DELETED: &str = "already being deleted";

/// Sends the call of a decision, if its turn comes before `not_after`; `None` where it does not. What was made before, by an attempt
/// whose answer was lost, counts as made. Nothing is checked here: what may be deleted is decided by the policy, and held by
/// the role.
pub async fn apply(
    clients: &Clients,
    call: &InstanceCall,
    seen: &AllInstances,
    tags: ReplicaTags<'_>,
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Option<Result<(), CallError>> {
    if !in_turn(&clients.buckets.change_rds, not_after, clock).await {
        return None;
    }
    Some(match call {
        InstanceCall::Create(new) => create(clients, new, seen, tags).await,
        InstanceCall::Delete { replica } => delete(clients, replica, seen).await,
    })
}

/// What came of it, for the policy.
#[must_use]
pub fn outcome(answer: Option<&Result<(), CallError>>) -> CallOutcome {
    let error = match answer {
        None => return CallOutcome::NotSent,
        Some(Ok(())) => return CallOutcome::Taken,
        Some(Err(error)) => error,
    };
    let words = error.failure.to_string();
    if error.outcome_is_unknown() || error.is_retryable() {
        CallOutcome::Unknown(words)
    } else {
        CallOutcome::Refused(words)
    }
}

/// Creates a replica of an instance, or a reader of a cluster.
async fn create(
    clients: &Clients,
    new: &NewReplica,
    seen: &AllInstances,
    tags: ReplicaTags<'_>,
) -> Result<(), CallError> {
    let Some(source) = seen.instances.get(&new.source) else {
        return Err(CallError::unbuilt(create::step(new), NotShown(new.source.clone())));
    };
    let answer = if source.db_cluster_identifier().is_some() {
        create::reader(clients, new, source, tags).await
    } else {
        create::replica(clients, new, source, tags).await
    };
    answer.or_else(|error| {
        let is_there = is_answered(&error, |code, _| code.starts_with("DBInstanceAlreadyExists"));
        if is_there { Ok(()) } else { Err(error) }
    })
}

/// Deletes a replica. RDS makes no final snapshot of a replica, and `SkipFinalSnapshot` must say so; of a reader of Aurora too,
/// whose data are the cluster's. Backups of its own would stay and cost: they go with it. Aurora's belong to the cluster, so
/// nothing is said of them.
async fn delete(clients: &Clients, replica: &str, seen: &AllInstances) -> Result<(), CallError> {
    let found = seen.instances.get(replica);
    let is_aurora = found.is_some_and(|instance| instance.db_cluster_identifier().is_some());
    let call = clients
        .rds()
        .delete_db_instance()
        .db_instance_identifier(replica)
        .skip_final_snapshot(true)
        .set_delete_automated_backups((!is_aurora).then_some(true));
    let step = Step::DeleteReplica { replica: replica.to_owned() };
    let answer = call.send().await.map(|_| ()).map_err(|error| CallError::aws(step, &error));
    answer.or_else(|error| {
        let is_going = is_answered(&error, |code, message| {
            let going = code.starts_with("InvalidDBInstanceState") && message.contains(ALREADY_DELETED);
            going || code.starts_with("DBInstanceNotFound")
        });
        if is_going { Ok(()) } else { Err(error) }
    })
}

/// Whether RDS answered so.
pub(super) fn is_answered(error: &CallError, test: impl Fn(&str, &str) -> bool) -> bool {
    if let Failure::Aws(AwsError::Answered { code, message, .. }) = &error.failure {
        test(code, message)
    } else {
        false
    }
}

/// The source of a new replica is in no answer of RDS.
#[derive(Debug, thiserror::Error)]
#[error("RDS does not show the instance `{0}`")]
struct NotShown(String);
