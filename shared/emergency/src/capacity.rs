//! What AWS Fargate has for the tasks of a plan, read within a time of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tidegate_aws::Clients;
use tidegate_aws::targets::Tasks;
use tidegate_aws::targets::fargate::{self, FargateReadings};
use tidegate_evaluation::budget;
use tidegate_policy::emergency::delivery::FargateCapacity;
use tokio::time::Instant;

/// Reads what limits these tasks: quotas, usage and task definitions side by side. In its time 160 task definitions are read: a
/// call is made for each.
pub(crate) async fn read(clients: &Clients, tasks: Vec<Tasks>, now: Timestamp) -> FargateReadings {
    let kinds: BTreeSet<FargateCapacity> = tasks.iter().filter_map(|tasks| tasks.fargate).collect();
    let on_fargate = tasks.iter().filter(|tasks| tasks.fargate.is_some());
    let definitions: BTreeSet<&str> = on_fargate.map(|tasks| tasks.task_definition.as_str()).collect();
    let deadline = Instant::now().checked_add(budget::CAPACITY).unwrap_or_else(Instant::now);
    fargate::read(clients, &kinds, &definitions, now, deadline).await
}
