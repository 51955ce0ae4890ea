//! What is scaled, whatever its kind: seen with [`describe`], changed by [`update`](crate::update). Each kind has its own
//! file; the compiler leads from a new [`TargetName`] to the few lines here.

pub(crate) mod calls;
mod state;
pub mod ecs;
pub mod group;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::join;
use serde_json::Value;
use tidegate_fleet::TargetName;
use tidegate_policy::Absence;
use tidegate_policy::emergency::target::Change;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::CallError;

pub use calls::late;
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

/// Sets the capacity of one target, absolutely; [`take_turn`] comes first.
pub(crate) async fn set_capacity(
    clients: &Clients,
    target: &TargetName,
    capacity: u32,
) -> Result<(), CallError> {
    match target {
        TargetName::Ecs(service) => ecs::set_desired_count(clients, service, capacity).await,
        TargetName::Group(group) => group::set_desired_capacity(clients, group, capacity).await,
    }
}

/// Makes one change of an emergency; of a kind that does not know it there is nothing to make.
pub(crate) async fn change(clients: &Clients, target: &TargetName, change: &Change) -> Result<(), CallError> {
    match (target, change) {
        (TargetName::Ecs(service), Change::Register(scalable)) => {
            ecs::scalable_targets::register(clients, service, *scalable).await
        }
        (TargetName::Group(group), Change::Suspend(processes)) => {
            group::suspend(clients, group, processes).await
        }
        (TargetName::Group(group), Change::Resume(processes)) => {
            group::resume(clients, group, processes).await
        }
        (target, Change::SetCapacity(capacity)) => set_capacity(clients, target, *capacity).await,
        (TargetName::Ecs(_), Change::Suspend(_) | Change::Resume(_))
        | (TargetName::Group(_), Change::Register(_)) => Ok(()),
    }
}

/// Waits until its kind may be changed once more.
pub(crate) async fn take_turn(clients: &Clients, target: &TargetName) {
    match target {
        TargetName::Ecs(_) => clients.buckets.update_service.take().await,
        TargetName::Group(_) => clients.buckets.set_desired_capacity.take().await,
    }
}

/// The same, where its turn comes that soon; otherwise the answer is false.
pub(crate) async fn take_turn_within(clients: &Clients, target: &TargetName, longest: Duration) -> bool {
    match target {
        TargetName::Ecs(_) => clients.buckets.update_service.take_within(longest).await,
        TargetName::Group(_) => clients.buckets.set_desired_capacity.take_within(longest).await,
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

/// The command that suspends AWS's own scaling of a target.
#[must_use]
pub fn hand_over(target: &TargetName) -> String {
    match target {
        TargetName::Ecs(service) => ecs::scalable_targets::hand_over(service),
        TargetName::Group(group) => group::hand_over(group),
    }
}

/// The command that sets a target's capacity without Tidegate.
#[must_use]
pub fn set_by_hand(target: &TargetName, capacity: u32) -> String {
    match target {
        TargetName::Ecs(service) => ecs::set_by_hand(service, capacity),
        TargetName::Group(group) => group::set_by_hand(group, capacity),
    }
}
