//! What is scaled, whatever its kind: seen with [`describe`], changed by [`update`](crate::update). Each kind has its own
//! file; the compiler leads from a new [`TargetName`] to the few lines here.

pub mod ecs;
pub mod group;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use futures_util::join;
use serde_json::Value;
use tidegate_fleet::TargetName;
use tidegate_policy::{Absence, AbsenceKind, ServiceState};
use tokio::time::{Instant, timeout_at};

use crate::clients::Clients;
use crate::error::CallError;

/// Calls of one kind at the same time; on a small share of a core more than this many only wait for each other.
pub(crate) const CALLS_AT_ONCE: usize = 10;
/// All other autoscalers are asked for within this time, which leaves the rest of an evaluation to the metrics. One
/// whose answer is late is unknown, and never absent.
pub(crate) const OTHER_AUTOSCALERS_WITHIN: Duration = Duration::from_secs(3);

/// What was seen of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Its counts, and what AWS itself sets around it.
    pub service: ServiceState,
    /// The ARNs of the target groups through which load balancers reach it, each once.
    pub target_groups: Vec<String>,
}

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

/// Not answered in time.
pub(crate) fn late() -> Absence {
    Absence::new(AbsenceKind::TimedOut, "not read within the time of an evaluation")
}

/// A part's own time from now on, as far as the deadline of the whole lets it.
pub(crate) fn until(deadline: Instant, within: Duration) -> Instant {
    Instant::now().checked_add(within).map_or(deadline, |end| end.min(deadline))
}

/// What a call answers in time. With no time left it is not begun: even a single poll would take a token of its bucket.
pub(crate) async fn in_time<T>(deadline: Instant, call: impl Future<Output = T>) -> Option<T> {
    if Instant::now() >= deadline { None } else { timeout_at(deadline, call).await.ok() }
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

/// Waits until its kind may be changed once more.
pub(crate) async fn take_turn(clients: &Clients, target: &TargetName) {
    match target {
        TargetName::Ecs(_) => clients.buckets.update_service.take().await,
        TargetName::Group(_) => clients.buckets.set_desired_capacity.take().await,
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
