//! The two calls that change anything in RDS: one replica is created, or one is deleted by its identifier.

use std::time::Duration;

use jiff::Timestamp;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};

use crate::bucket::in_turn;
use crate::clients::Clients;
use crate::error::CallError;
use crate::rds::account::AllInstances;
use crate::rds::call_result::{CallResult, is_answered};
use crate::rds::create;
use crate::rds::delete;
use crate::rds::tags::ReplicaTags;

/// Sends the call of a decision, if its turn comes before `not_after`. What was made before, by an attempt whose answer was lost,
/// counts as made. What may be deleted is decided by the policy and held by the role; a last look right before a deletion shows
/// whether it still is what was decided about.
pub async fn apply(
    clients: &Clients,
    call: &InstanceCall,
    seen: &AllInstances,
    tags: ReplicaTags<'_>,
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> CallResult {
    if !in_turn(&clients.buckets.change_rds, not_after, clock).await {
        return CallResult::not_sent(None);
    }
    match call {
        InstanceCall::Create(new) => CallResult::of(create(clients, new, seen, tags).await),
        InstanceCall::Delete { replica } => {
            let left = Duration::try_from(not_after.duration_since(clock())).unwrap_or_default();
            let in_time = || clock() <= not_after;
            delete::delete(clients, replica, seen, tags, left, &in_time).await
        }
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

/// The source of a new replica is in no answer of RDS.
#[derive(Debug, thiserror::Error)]
#[error("RDS does not show the instance `{0}`")]
struct NotShown(String);
