//! EC2 Auto Scaling groups as `DescribeAutoScalingGroups` shows them: a hundred per call.

mod own_scaling;
mod refresh;

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{AutoScalingGroup as Found, Instance, LifecycleState};
use futures_util::{StreamExt, join, stream};
use jiff::SignedDuration;
use tidegate_fleet::AutoScalingGroup;
use tidegate_policy::emergency::target::Process;
use tidegate_policy::{Absence, AbsenceKind, Constraints, OtherAutoscaler, ServiceState};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::{CallError, Failure, Step, absence};
use crate::place::{AccountAndRegion, aws_cli};
use crate::targets::calls::{in_time, late};
use crate::targets::state::TargetState;

/// `DescribeAutoScalingGroups` takes 50 names, and 100 where `MaxRecords` says so (EC2 Auto Scaling API reference).
const GROUPS_PER_CALL: usize = 100;

/// Reads groups: the groups themselves and then what else scales them, beside both whether an instance refresh runs.
pub(crate) async fn describe(
    clients: &Clients,
    names: &[&AutoScalingGroup],
    deadline: Instant,
) -> BTreeMap<AutoScalingGroup, Result<TargetState, Absence>> {
    let mut plain: Vec<&str> = names.iter().map(|group| group.name.as_str()).collect();
    plain.sort_unstable();
    plain.dedup();
    let groups_then_others = async {
        let found = describe_groups(clients, &plain, deadline).await;
        let read = found.values().filter_map(|group| group.as_ref().ok());
        let others = own_scaling::describe(clients, read, deadline).await;
        (found, others)
    };
    let ((found, mut others), mut refreshes) =
        join!(groups_then_others, refresh::describe(clients, &plain, deadline));
    let mut seen: BTreeMap<&str, Result<TargetState, Absence>> = BTreeMap::new();
    for (name, group) in &found {
        let understood = group.as_ref().map_err(Clone::clone).and_then(|group| {
            let mut seen = understand(group)?;
            seen.service.constraints.other_autoscaler =
                others.remove(name).unwrap_or_else(|| OtherAutoscaler::Unknown(late()));
            refreshes.remove(name).unwrap_or_default().apply(&mut seen.service);
            Ok(seen)
        });
        seen.insert(name, understood);
    }
    let missing = || Err(Absence::new(AbsenceKind::NotFound, "DescribeAutoScalingGroups: not in the answer"));
    let result = |group: &&AutoScalingGroup| seen.get(group.name.as_str()).cloned().unwrap_or_else(missing);
    names.iter().map(|group| ((*group).clone(), result(group))).collect()
}

/// The groups in calls of a hundred; those that do not exist are left out.
async fn describe_groups(
    clients: &Clients,
    names: &[&str],
    deadline: Instant,
) -> BTreeMap<String, Result<Found, Absence>> {
    let calls = stream::iter(names.chunks(GROUPS_PER_CALL)).map(|chunk| async move {
        let answer = in_time(deadline, describe_once(clients, chunk)).await;
        match answer.unwrap_or_else(|| Err(late())) {
            Ok(groups) => groups
                .into_iter()
                .filter_map(|group| Some((group.auto_scaling_group_name()?.to_owned(), Ok(group))))
                .collect(),
            Err(absence) => {
                chunk.iter().map(|name| ((*name).to_owned(), Err(absence.clone()))).collect::<Vec<_>>()
            }
        }
    });
    calls.buffer_unordered(CALLS_AT_ONCE).flat_map(stream::iter).collect().await
}

/// One call.
async fn describe_once(clients: &Clients, names: &[&str]) -> Result<Vec<Found>, Absence> {
    clients.buckets.read_auto_scaling.take().await;
    let wanted = names.iter().map(|name| (*name).to_owned()).collect();
    let pages = clients
        .auto_scaling
        .describe_auto_scaling_groups()
        .set_auto_scaling_group_names(Some(wanted))
        .max_records(i32::try_from(GROUPS_PER_CALL).unwrap_or(i32::MAX))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await;
    pages.map_err(|error| absence(&error))
}

/// From AWS's type to ours. A number that is missing or negative cannot be understood, and is never zero.
fn understand(group: &Found) -> Result<TargetState, Absence> {
    let count = |name: &str, value: Option<i32>| {
        value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| {
            let found = value.map_or_else(|| "missing".to_owned(), |value| value.to_string());
            Absence::new(AbsenceKind::Unreadable, format!("{name} is {found}, must be at least 0"))
        })
    };
    let sum = |counts: fn(&Instance) -> bool| {
        let counted = group.instances().iter().filter(|instance| counts(instance));
        counted.map(weight).try_fold(0_u32, |sum, weight| Ok(sum.saturating_add(weight?)))
    };
    let suspended = |process: &str| {
        let mut names = group.suspended_processes().iter().filter_map(|process| process.process_name());
        names.any(|name| name == process).then(|| format!("the {process} process is suspended"))
    };
    let service = ServiceState {
        desired_count: count("DesiredCapacity", group.desired_capacity())?,
        running_count: sum(runs)?,
        pending_count: sum(starts)?,
        rollout: false,
        // Only a group that is being deleted has a status.
        active: group.status().is_none(),
        daemon: false,
        constraints: Constraints {
            min: Some(count("MinSize", group.min_size())?),
            max: Some(count("MaxSize", group.max_size())?),
            no_scale_out: suspended("Launch"),
            no_scale_in: suspended("Terminate"),
            protected: sum(|instance| runs(instance) && instance.protected_from_scale_in() == Some(true))?,
            // -1 takes a warm-up back that was set before.
            warmup: SignedDuration::from_secs(i64::from(group.default_instance_warmup().unwrap_or(0).max(0))),
            ..Constraints::default()
        },
    };
    let is_suspended = |process: &Process| suspended(process.code()).is_some();
    let suspended_processes = Process::ALL.into_iter().filter(is_suspended).collect();
    Ok(TargetState { suspended_processes, ..TargetState::new(service, target_groups(group)) })
}

/// It serves: `InService` and healthy. An unhealthy one is about to be replaced.
fn runs(instance: &Instance) -> bool {
    let healthy = instance.health_status().is_some_and(|status| status.eq_ignore_ascii_case("Healthy"));
    healthy && instance.lifecycle_state() == Some(&LifecycleState::InService)
}

/// It is on its way, or on its way back from getting a new root volume. Instances in standby, detached, in a warm pool
/// and on their way out are outside the desired capacity.
fn starts(instance: &Instance) -> bool {
    let state = instance.lifecycle_state().map_or("", LifecycleState::as_str);
    state.starts_with("Pending") || state.contains("RootVolume")
}

/// The capacity units of one instance: `WeightedCapacity` (1 to 999), or 1 in a group without weights.
fn weight(instance: &Instance) -> Result<u32, Absence> {
    let Some(text) = instance.weighted_capacity() else { return Ok(1) };
    text.parse().map_err(|_| {
        Absence::new(AbsenceKind::Unreadable, format!("WeightedCapacity is `{text}`, must be a whole number"))
    })
}

/// Its target groups, as AWS names them twice: by themselves and among the sources of traffic.
fn target_groups(group: &Found) -> Vec<String> {
    let is_target_group = |arn: &&str| arn.contains(":targetgroup/");
    let sources = group.traffic_sources().iter().filter_map(|source| source.identifier());
    let named = group.target_group_arns().iter().map(String::as_str);
    let mut arns: Vec<String> = named.chain(sources.filter(is_target_group)).map(str::to_owned).collect();
    arns.sort_unstable();
    arns.dedup();
    arns
}

/// The command that suspends a group's own policies and scheduled actions, or resumes them.
pub(crate) fn suspend_by_hand(
    group: &AutoScalingGroup,
    suspended: bool,
    place: Option<&AccountAndRegion>,
) -> String {
    let verb = if suspended { "suspend" } else { "resume" };
    let command = aws_cli(place, &format!("autoscaling {verb}-processes"));
    format!(
        "{command} --auto-scaling-group-name '{}' --scaling-processes AlarmNotification ScheduledActions",
        group.name
    )
}

/// The command that sets the desired capacity.
pub(crate) fn set_by_hand(
    group: &AutoScalingGroup,
    instances: u32,
    place: Option<&AccountAndRegion>,
) -> String {
    let command = aws_cli(place, "autoscaling set-desired-capacity");
    format!("{command} --auto-scaling-group-name '{}' --desired-capacity {instances}", group.name)
}

/// Sets the desired capacity at once: the cooldowns in force are Tidegate's, not the group's own.
pub(crate) async fn set_desired_capacity(
    clients: &Clients,
    group: &AutoScalingGroup,
    instances: u32,
) -> Result<(), CallError> {
    let name = &group.name;
    let step = || Step::SetDesiredCapacity { group: group.clone(), instances };
    let capacity = i32::try_from(instances)
        .map_err(|_| CallError::new(step(), Failure::AboveCount { max: i32::MAX }))?;
    let call = clients
        .auto_scaling
        .set_desired_capacity()
        .auto_scaling_group_name(name)
        .desired_capacity(capacity)
        .honor_cooldown(false);
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}

/// Suspends processes of a group.
pub(crate) async fn suspend(
    clients: &Clients,
    group: &AutoScalingGroup,
    processes: &[Process],
) -> Result<(), CallError> {
    let call = clients.auto_scaling.suspend_processes().auto_scaling_group_name(&group.name);
    let answer = call.set_scaling_processes(Some(codes(processes))).send().await;
    let step = || Step::SuspendProcesses { group: group.clone() };
    answer.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}

/// Resumes processes of a group.
pub(crate) async fn resume(
    clients: &Clients,
    group: &AutoScalingGroup,
    processes: &[Process],
) -> Result<(), CallError> {
    let call = clients.auto_scaling.resume_processes().auto_scaling_group_name(&group.name);
    let answer = call.set_scaling_processes(Some(codes(processes))).send().await;
    let step = || Step::ResumeProcesses { group: group.clone() };
    answer.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}

fn codes(processes: &[Process]) -> Vec<String> {
    processes.iter().map(|process| process.code().to_owned()).collect()
}
