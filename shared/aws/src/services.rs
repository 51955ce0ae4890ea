//! ECS services as `DescribeServices` shows them: ten per call, one cluster per call, calls in parallel.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DeploymentRolloutState, SchedulingStrategy};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tidegate_policy::{Absence, AbsenceKind, Service};

use crate::error::absence;

/// `DescribeServices` takes at most ten names (Amazon ECS API reference).
const SERVICES_PER_CALL: usize = 10;
/// Calls at the same time. The API's bucket holds 100 and refills 20 a second; on a small share of a core more than
/// this many at once only wait for each other.
pub(crate) const CALLS_AT_ONCE: usize = 10;

/// An ECS service by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName {
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// What was seen of each service asked for.
pub type Seen = BTreeMap<ServiceName, Result<Service, Absence>>;

/// Reads services; each has its own result, and a call that fails speaks only for its own ten.
pub async fn describe(ecs: &aws_sdk_ecs::Client, names: &[ServiceName]) -> Seen {
    let mut by_cluster: BTreeMap<&str, Vec<&ServiceName>> = BTreeMap::new();
    for name in names {
        by_cluster.entry(&name.cluster).or_default().push(name);
    }
    let chunks: Vec<(&str, Vec<&ServiceName>)> = by_cluster
        .into_iter()
        .flat_map(|(cluster, mut names)| {
            names.sort_unstable();
            names.dedup();
            names.chunks(SERVICES_PER_CALL).map(|chunk| (cluster, chunk.to_vec())).collect::<Vec<_>>()
        })
        .collect();
    stream::iter(chunks)
        .map(|(cluster, names)| describe_some(ecs, cluster, names))
        .buffer_unordered(CALLS_AT_ONCE)
        .flat_map(stream::iter)
        .collect()
        .await
}

/// Up to ten services: with one call, or one by one where it is refused, since one service that the role may not read
/// refuses them all.
async fn describe_some(
    ecs: &aws_sdk_ecs::Client,
    cluster: &str,
    names: Vec<&ServiceName>,
) -> Vec<(ServiceName, Result<Service, Absence>)> {
    let together = describe_once(ecs, cluster, &names).await;
    let refused = |(_, seen): &(ServiceName, Result<Service, Absence>)| matches!(seen, Err(absence) if absence.kind == AbsenceKind::Denied);
    if names.len() == 1 || !together.iter().any(refused) {
        return together;
    }
    let alone = names.chunks(1).map(|name| describe_once(ecs, cluster, name));
    join_all(alone).await.into_iter().flatten().collect()
}

/// One call.
async fn describe_once(
    ecs: &aws_sdk_ecs::Client,
    cluster: &str,
    names: &[&ServiceName],
) -> Vec<(ServiceName, Result<Service, Absence>)> {
    let wanted = names.iter().map(|name| name.service.clone()).collect();
    let answer = ecs.describe_services().cluster(cluster).set_services(Some(wanted)).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let absence = absence(&error);
            return names.iter().map(|name| ((*name).clone(), Err(absence.clone()))).collect();
        }
    };
    let found: BTreeMap<&str, &aws_sdk_ecs::types::Service> =
        answer.services().iter().filter_map(|service| Some((service.service_name()?, service))).collect();
    let failed = |name: &str| {
        let failure = answer.failures().iter().find(|failure| {
            failure.arn().is_some_and(|arn| arn == name || arn.rsplit('/').next() == Some(name))
        });
        let reason = failure.and_then(|failure| failure.reason()).unwrap_or("not in the answer");
        Absence::new(AbsenceKind::NotFound, format!("DescribeServices: {reason}"))
    };
    names
        .iter()
        .map(|name| {
            let seen = found.get(name.service.as_str());
            ((*name).clone(), seen.map_or_else(|| Err(failed(&name.service)), |service| understand(service)))
        })
        .collect()
}

/// From AWS's type to ours. A count that is negative cannot be understood, and is never zero.
fn understand(service: &aws_sdk_ecs::types::Service) -> Result<Service, Absence> {
    let count = |name: &str, value: i32| {
        u32::try_from(value).map_err(|_| {
            Absence::new(AbsenceKind::Unreadable, format!("{name} is {value}, must be at least 0"))
        })
    };
    let deployments = service.deployments();
    let unfinished = |deployment: &aws_sdk_ecs::types::Deployment| {
        deployment.rollout_state().is_some_and(|state| *state != DeploymentRolloutState::Completed)
    };
    let primary = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    Ok(Service {
        desired_count: count("desiredCount", service.desired_count())?,
        running_count: count("runningCount", service.running_count())?,
        pending_count: count("pendingCount", service.pending_count())?,
        rollout: deployments.len() > 1 || service.task_sets().len() > 1 || primary.is_some_and(unfinished),
        active: service.status() == Some("ACTIVE"),
        daemon: service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
    })
}
