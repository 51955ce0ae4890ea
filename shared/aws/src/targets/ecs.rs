//! ECS services as `DescribeServices` shows them: ten per call, one cluster per call, calls in parallel.

pub(crate) mod scalable_targets;
pub(crate) mod scheduled_actions;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Deployment, DeploymentRolloutState, LaunchType, LoadBalancer,
    ResourceManagementType, SchedulingStrategy, TaskSet,
};
use futures_util::future::join_all;
use futures_util::{StreamExt, join, stream};
use tidegate_fleet::EcsService;
use tidegate_policy::emergency::delivery::FargateCapacity;
use tidegate_policy::{Absence, AbsenceKind, Constraints, OtherAutoscaler, ServiceState};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::{CallError, Failure, Step, absence};
use crate::place::{AccountAndRegion, aws_cli};
use crate::targets::calls::{in_time, late};
use crate::targets::state::{TargetState, Tasks};

/// `DescribeServices` takes at most ten names (Amazon ECS API reference).
const SERVICES_PER_CALL: usize = 10;

/// What was seen of each service asked for.
type ServiceStates = BTreeMap<EcsService, Result<TargetState, Absence>>;

/// Reads services, and beside them whether Application Auto Scaling scales them too. Each service has its own result, and
/// a call that fails or is late speaks only for its own ten.
pub(crate) async fn describe(clients: &Clients, names: &[&EcsService], deadline: Instant) -> ServiceStates {
    let (mut services, mut others) = join!(
        describe_services(clients, names, deadline),
        scalable_targets::describe(clients, names, deadline)
    );
    for (name, seen) in &mut services {
        if let Ok(seen) = seen {
            let (other, scalable) =
                others.remove(name).unwrap_or_else(|| (OtherAutoscaler::Unknown(late()), None));
            (seen.service.constraints.other_autoscaler, seen.scalable) = (other, scalable);
        }
    }
    services
}

/// Services in calls of ten.
async fn describe_services(clients: &Clients, names: &[&EcsService], deadline: Instant) -> ServiceStates {
    let mut by_cluster: BTreeMap<&str, Vec<&EcsService>> = BTreeMap::new();
    for name in names {
        by_cluster.entry(&name.cluster).or_default().push(name);
    }
    let chunks: Vec<(&str, Vec<&EcsService>)> = by_cluster
        .into_iter()
        .flat_map(|(cluster, mut names)| {
            names.sort_unstable();
            names.dedup();
            names.chunks(SERVICES_PER_CALL).map(|chunk| (cluster, chunk.to_vec())).collect::<Vec<_>>()
        })
        .collect();
    stream::iter(chunks)
        .map(|(cluster, names)| async move {
            let answer = in_time(deadline, describe_some(clients, cluster, &names)).await;
            let missing = || names.iter().map(|name| ((*name).clone(), Err(late()))).collect();
            answer.unwrap_or_else(missing)
        })
        .buffer_unordered(CALLS_AT_ONCE)
        .flat_map(stream::iter)
        .collect()
        .await
}

/// Up to ten services: with one call, or one by one where it is refused, since one service that the role may not read
/// refuses them all.
async fn describe_some(
    clients: &Clients,
    cluster: &str,
    names: &[&EcsService],
) -> Vec<(EcsService, Result<TargetState, Absence>)> {
    let together = describe_once(clients, cluster, names).await;
    let refused = |(_, seen): &(EcsService, Result<TargetState, Absence>)| matches!(seen, Err(absence) if absence.kind == AbsenceKind::Denied);
    if names.len() == 1 || !together.iter().any(refused) {
        return together;
    }
    let alone = names.chunks(1).map(|name| describe_once(clients, cluster, name));
    join_all(alone).await.into_iter().flatten().collect()
}

/// One call.
async fn describe_once(
    clients: &Clients,
    cluster: &str,
    names: &[&EcsService],
) -> Vec<(EcsService, Result<TargetState, Absence>)> {
    clients.buckets.describe_services.take().await;
    let wanted = names.iter().map(|name| name.service.clone()).collect();
    let answer = clients.ecs.describe_services().cluster(cluster).set_services(Some(wanted)).send().await;
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
fn understand(service: &aws_sdk_ecs::types::Service) -> Result<TargetState, Absence> {
    let count = |name: &str, value: i32| {
        u32::try_from(value).map_err(|_| {
            Absence::new(AbsenceKind::Unreadable, format!("{name} is {value}, must be at least 0"))
        })
    };
    let (desired, running) =
        (count("desiredCount", service.desired_count())?, count("runningCount", service.running_count())?);
    let deployments = service.deployments();
    let is_failed =
        |deployment: &Deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
    // ECS goes on with a failed deployment no more: alone it is what the service is, and what does not run by now will not.
    let is_over = |deployment: &Deployment| match deployment.rollout_state() {
        None | Some(DeploymentRolloutState::Completed) => true,
        Some(_) => is_failed(deployment),
    };
    let primary = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let is_alone = deployments.len() <= 1 && service.task_sets().len() <= 1;
    let seen = ServiceState {
        desired_count: desired,
        running_count: running,
        pending_count: count("pendingCount", service.pending_count())?,
        rollout: !is_alone || !primary.is_none_or(is_over),
        active: service.status() == Some("ACTIVE"),
        daemon: service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
        constraints: Constraints {
            // Whoever else manages it, it is not the customer.
            express: !matches!(
                service.resource_management_type(),
                None | Some(ResourceManagementType::Customer)
            ),
            deployment_failed: deployments.iter().any(is_failed),
            ..Constraints::default()
        },
    };
    let seen = TargetState::new(seen, target_groups(service));
    Ok(TargetState { tasks: tasks(service), trouble: trouble(service), ..seen })
}

/// Whether the tasks run on AWS Fargate, and on which capacity: as the capacity providers say, or else the launch type.
fn tasks(service: &aws_sdk_ecs::types::Service) -> Option<Tasks> {
    let mut providers =
        service.capacity_provider_strategy().iter().map(CapacityProviderStrategyItem::capacity_provider);
    let (on_demand, spot) = providers.clone().fold((false, false), |(on_demand, spot), provider| {
        (on_demand || provider == "FARGATE", spot || provider == "FARGATE_SPOT")
    });
    let fargate = match (on_demand, spot) {
        (true, true) => Some(FargateCapacity::Mixed),
        (true, false) => Some(FargateCapacity::OnDemand),
        (false, true) => Some(FargateCapacity::Spot),
        (false, false) => (providers.next().is_none() && service.launch_type() == Some(&LaunchType::Fargate))
            .then_some(FargateCapacity::OnDemand),
    };
    Some(Tasks { task_definition: service.task_definition()?.to_owned(), fargate })
}

/// The newest event, where it says that tasks cannot be placed or started. ECS gives the newest first.
fn trouble(service: &aws_sdk_ecs::types::Service) -> Option<String> {
    let newest = service.events().first()?.message()?;
    newest.contains("unable to").then(|| newest.to_owned())
}

/// The target groups of the service and, where a deployment controller keeps them apart, of its task sets. A service
/// deployed blue/green has two, and its requests go to either: `DescribeServices` does not show to which one.
fn target_groups(service: &aws_sdk_ecs::types::Service) -> Vec<String> {
    let of_task_sets = service.task_sets().iter().flat_map(TaskSet::load_balancers);
    let both = |balancer: &LoadBalancer| {
        let alternate = balancer.advanced_configuration().and_then(|more| more.alternate_target_group_arn());
        [balancer.target_group_arn(), alternate].map(|arn| arn.map(str::to_owned))
    };
    let balancers = service.load_balancers().iter().chain(of_task_sets);
    let mut arns: Vec<String> = balancers.flat_map(both).flatten().collect();
    arns.sort_unstable();
    arns.dedup();
    arns
}

/// The command that sets the desired count.
pub(crate) fn set_by_hand(
    EcsService { cluster, service }: &EcsService,
    tasks: u32,
    place: Option<&AccountAndRegion>,
) -> String {
    let command = aws_cli(place, "ecs update-service");
    format!("{command} --cluster {cluster} --service {service} --desired-count {tasks}")
}

/// Sets the desired count. Sending nothing else starts no deployment.
pub(crate) async fn set_desired_count(
    clients: &Clients,
    name: &EcsService,
    tasks: u32,
) -> Result<(), CallError> {
    let EcsService { cluster, service } = name;
    let step = || Step::SetDesiredCount { service: name.clone(), tasks };
    let count =
        i32::try_from(tasks).map_err(|_| CallError::new(step(), Failure::AboveCount { max: i32::MAX }))?;
    let call = clients.ecs.update_service().cluster(cluster).service(service).desired_count(count);
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}
