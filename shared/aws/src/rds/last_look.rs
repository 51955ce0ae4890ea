//! One instance as RDS shows it right before a call: what an evaluation saw is seconds old, and was late then.

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::types::{DbCluster, DbInstance};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::{CallError, Step};
use crate::rds::call_result::CallResult;

/// The instance as RDS shows it now. Without an answer nothing is sent, and the next evaluation decides again.
pub(super) async fn instance(
    clients: &Clients,
    id: &str,
    until: Instant,
    step: Step,
) -> Result<DbInstance, CallResult> {
    let call = clients.rds().describe_db_instances().db_instance_identifier(id);
    let page = answered(clients, until, step.clone(), Box::pin(call.send())).await?;
    let is_it = |it: &DbInstance| it.db_instance_identifier().is_some_and(|name| name == id);
    let found = page.db_instances.unwrap_or_default().into_iter().find(is_it);
    found.ok_or_else(|| CallResult::withheld(step, format!("RDS shows no instance `{id}`")))
}

/// The cluster as RDS shows it now.
pub(super) async fn cluster(
    clients: &Clients,
    id: &str,
    until: Instant,
    step: Step,
) -> Result<DbCluster, CallResult> {
    let call = clients.rds().describe_db_clusters().db_cluster_identifier(id);
    let page = answered(clients, until, step.clone(), Box::pin(call.send())).await?;
    let is_it = |it: &DbCluster| it.db_cluster_identifier().is_some_and(|name| name == id);
    let found = page.db_clusters.unwrap_or_default().into_iter().find(is_it);
    found.ok_or_else(|| CallResult::withheld(step, format!("RDS shows no cluster `{id}`")))
}

/// The answer of one look in its turn. What certainly is not there is refused.
async fn answered<T, E, R>(
    clients: &Clients,
    until: Instant,
    step: Step,
    look: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, CallResult>
where
    E: ProvideErrorMetadata,
{
    let left = until.saturating_duration_since(Instant::now());
    if !clients.buckets.read_rds.take_within(left).await {
        return Err(CallResult::not_sent(None));
    }
    let answer = tokio::time::timeout_at(until, look).await.map_err(|_| CallResult::not_sent(None))?;
    answer.map_err(|error| {
        let error = CallError::aws(step, &error);
        if error.is_not_found() { CallResult::of(Err(error)) } else { CallResult::not_sent(Some(error)) }
    })
}
