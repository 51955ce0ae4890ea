//! What is scaled, whatever its kind: seen with [`describe`], changed by [`update`](crate::update). Each kind has its own
//! file; the compiler leads from a new [`TargetName`] to the few lines here.

pub(crate) mod calls;
mod state;
pub mod ecs;
pub mod fargate;
pub mod group;

use std::collections::BTreeMap;

use futures_util::join;
use serde_json::Value;
use tidegate_fleet::TargetName;
use tidegate_policy::Absence;
use tidegate_policy::emergency::schedule::ScheduledAction;
use tidegate_policy::emergency::target::Change;
use tokio::time::Instant;

use crate::bucket::Bucket;
use crate::clients::Clients;
use crate::error::CallError;
use crate::place::AccountAndRegion;

pub use calls::{OTHER_AUTOSCALERS_WITHIN, late};
pub use state::{TargetState, Tasks};

/// What was seen of each target asked for.
pub type Targets = BTreeMap<TargetName, Result<TargetState, Absence>>;

/// Reads targets until the deadline, all kinds side by side. Each has its own result, a call that fails speaks only for
/// its own, and a kind that is late takes no other with it.
pub async fn describe(clients: &Clients, names: &[&TargetName], deadline: Instant) -> Targets {
    let (mut services, mut groups) = (Vec::new(), Vec::new());
    for name in names {
        match name {
            TargetName::Ecs(service) => services.push(service),
            TargetName::Group(group) => groups.push(group),
        }
    }
    let (services, groups) =
        join!(ecs::describe(clients, &services, deadline), group::describe(clients, &groups, deadline));
    let services = services.into_iter().map(|(name, seen)| (TargetName::Ecs(name), seen));
    let groups = groups.into_iter().map(|(name, seen)| (TargetName::Group(name), seen));
    let mut targets: Targets = names.iter().map(|name| ((*name).clone(), Err(late()))).collect();
    targets.extend(services.chain(groups));
    targets
}

/// What is known of the scheduled actions of each ECS service among these targets; groups have none in Application Auto Scaling.
pub type ScheduledActions = BTreeMap<TargetName, Result<Vec<ScheduledAction>, Absence>>;

/// Reads the scheduled actions of Application Auto Scaling until the deadline.
pub async fn scheduled_actions(
    clients: &Clients,
    names: &[&TargetName],
    deadline: Instant,
) -> ScheduledActions {
    let services: Vec<_> = names
        .iter()
        .filter_map(|name| match name {
            TargetName::Ecs(service) => Some(service),
            TargetName::Group(_) => None,
        })
        .collect();
    let found = ecs::scheduled_actions::describe(clients, &services, deadline).await;
    found.into_iter().map(|(name, actions)| (TargetName::Ecs(name), actions)).collect()
}

/// The bucket that a change takes its turn in; `None` where its kind of target does not know the change, and there is nothing to
/// make.
pub(crate) fn bucket<'a>(clients: &'a Clients, target: &TargetName, change: &Change) -> Option<&'a Bucket> {
    let buckets = &clients.buckets;
    match (target, change) {
        (TargetName::Ecs(_), Change::SetCapacity(_)) => Some(&buckets.update_service),
        (TargetName::Ecs(_), Change::Register(_)) => Some(&buckets.register_scalable_target),
        (TargetName::Group(_), Change::SetCapacity(_)) => Some(&buckets.set_desired_capacity),
        (TargetName::Group(_), Change::Suspend(_) | Change::Resume(_)) => Some(&buckets.change_processes),
        (TargetName::Ecs(_), Change::Suspend(_) | Change::Resume(_))
        | (TargetName::Group(_), Change::Register(_)) => None,
    }
}

/// Makes one change, absolutely; its turn in its [`bucket`] comes first.
pub(crate) async fn change(clients: &Clients, target: &TargetName, change: &Change) -> Result<(), CallError> {
    match (target, change) {
        (TargetName::Ecs(service), Change::SetCapacity(tasks)) => {
            ecs::set_desired_count(clients, service, *tasks).await
        }
        (TargetName::Ecs(service), Change::Register(scalable)) => {
            ecs::scalable_targets::register(clients, service, *scalable).await
        }
        (TargetName::Group(group), Change::SetCapacity(instances)) => {
            group::set_desired_capacity(clients, group, *instances).await
        }
        (TargetName::Group(group), Change::Suspend(processes)) => {
            group::suspend(clients, group, processes).await
        }
        (TargetName::Group(group), Change::Resume(processes)) => {
            group::resume(clients, group, processes).await
        }
        (TargetName::Ecs(_), Change::Suspend(_) | Change::Resume(_))
        | (TargetName::Group(_), Change::Register(_)) => Ok(()),
    }
}

/// Its names in AWS, as the keys of a JSON report.
#[must_use]
pub fn names_in_json(target: &TargetName) -> Vec<(&'static str, Value)> {
    match target {
        TargetName::Ecs(service) => {
            vec![("cluster", service.cluster.clone().into()), ("service", service.service.clone().into())]
        }
        TargetName::Group(group) => vec![("group", group.name.clone().into())],
    }
}

/// Its name in AWS in one word, for lists of resources.
#[must_use]
pub fn resource(target: &TargetName) -> String {
    match target {
        TargetName::Ecs(service) => format!("{}/{}", service.cluster, service.service),
        TargetName::Group(group) => group.name.clone(),
    }
}

/// The command that suspends AWS's own scaling of a target, or resumes it.
#[must_use]
pub fn suspend_by_hand(target: &TargetName, suspended: bool, place: Option<&AccountAndRegion>) -> String {
    match target {
        TargetName::Ecs(service) => ecs::scalable_targets::suspend_by_hand(service, suspended, place),
        TargetName::Group(group) => group::suspend_by_hand(group, suspended, place),
    }
}

/// The command that sets a target's capacity without Tidegate.
#[must_use]
pub fn set_by_hand(target: &TargetName, capacity: u32, place: Option<&AccountAndRegion>) -> String {
    match target {
        TargetName::Ecs(service) => ecs::set_by_hand(service, capacity, place),
        TargetName::Group(group) => group::set_by_hand(group, capacity, place),
    }
}
