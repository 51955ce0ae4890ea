//! Whether EC2 Auto Scaling itself scales a group: its policies and scheduled actions, and whether they are suspended.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::AutoScalingGroup as Found;
use futures_util::join;
use tidegate_policy::{Absence, OtherAutoscaler};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::targets::calls::{OTHER_AUTOSCALERS_WITHIN, in_time, late, until};

/// The process without which no alarm of a policy does anything.
const ALARM_NOTIFICATION: &str = "AlarmNotification";
/// The process without which no scheduled action and no forecast of a predictive policy does anything.
const SCHEDULED_ACTIONS: &str = "ScheduledActions";
/// `DescribePolicies` and `DescribeScheduledActions` answer with at most this many (EC2 Auto Scaling API reference).
const RECORDS_PER_PAGE: i32 = 100;

/// Something that scales a group by itself.
struct OwnScaling {
    group: String,
    /// ``the policy `cpu` ``.
    name: String,
    /// The process that runs it.
    process: &'static str,
}

/// Whether each group is scaled by something else. Where both processes are suspended nothing is asked. The two APIs take
/// one group or none, so several groups are asked for at once, with whatever else the account has. What is not answered
/// in time is not known.
pub(super) async fn describe<'a>(
    clients: &Clients,
    groups: impl Iterator<Item = &'a Found>,
    deadline: Instant,
) -> BTreeMap<String, OtherAutoscaler> {
    let suspended: BTreeMap<&str, BTreeSet<&str>> = groups
        .filter_map(|group| {
            let processes = group.suspended_processes().iter().filter_map(|process| process.process_name());
            Some((group.auto_scaling_group_name()?, processes.collect()))
        })
        .collect();
    let is_live =
        |group: &str, process: &str| !suspended.get(group).is_some_and(|them| them.contains(process));
    let live = |processes: &[&str]| -> Vec<&str> {
        let any = |group: &&str| processes.iter().any(|process| is_live(group, process));
        suspended.keys().copied().filter(any).collect()
    };
    // A predictive policy is a policy that the process of the scheduled actions runs.
    let (on_alarms, on_time) = (live(&[ALARM_NOTIFICATION, SCHEDULED_ACTIONS]), live(&[SCHEDULED_ACTIONS]));
    let end = until(deadline, OTHER_AUTOSCALERS_WITHIN);
    let (policies, actions) = join!(
        in_time(end, policies(clients, &on_alarms)),
        in_time(end, scheduled_actions(clients, &on_time))
    );
    let (policies, actions) =
        (policies.unwrap_or_else(|| Err(late())), actions.unwrap_or_else(|| Err(late())));
    let of_group = |group: &str| match (&policies, &actions) {
        (Err(absence), _) | (_, Err(absence)) => OtherAutoscaler::Unknown(absence.clone()),
        (Ok(policies), Ok(actions)) => {
            let mine = policies.iter().chain(actions).filter(|autoscaler| autoscaler.group == group);
            let live = mine.filter(|autoscaler| is_live(group, autoscaler.process));
            let names: Vec<&str> = live.map(|autoscaler| autoscaler.name.as_str()).collect();
            if names.is_empty() {
                OtherAutoscaler::Absent
            } else {
                OtherAutoscaler::Active(format!("EC2 Auto Scaling ({})", names.join(", ")))
            }
        }
    };
    let result = |group: &str| {
        let asleep = !is_live(group, ALARM_NOTIFICATION) && !is_live(group, SCHEDULED_ACTIONS);
        if asleep { OtherAutoscaler::Suspended } else { of_group(group) }
    };
    suspended.keys().map(|group| ((*group).to_owned(), result(group))).collect()
}

/// The scaling policies that are switched on.
async fn policies(clients: &Clients, groups: &[&str]) -> Result<Vec<OwnScaling>, Absence> {
    let Some(only) = only_or_all(groups) else { return Ok(Vec::new()) };
    clients.buckets.read_auto_scaling.take().await;
    let found = clients
        .auto_scaling
        .describe_policies()
        .set_auto_scaling_group_name(only)
        .max_records(RECORDS_PER_PAGE)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| absence(&error))?;
    let is_predictive = |policy: &aws_sdk_autoscaling::types::ScalingPolicy| {
        policy.policy_type() == Some("PredictiveScaling")
    };
    let works = |policy: &aws_sdk_autoscaling::types::ScalingPolicy| {
        let mode = policy.predictive_scaling_configuration().and_then(|forecasts| forecasts.mode());
        let acts = mode.is_some_and(|mode| mode.as_str() == "ForecastAndScale");
        (acts || !is_predictive(policy)) && policy.enabled() != Some(false)
    };
    let autoscaler = |policy: &aws_sdk_autoscaling::types::ScalingPolicy| {
        let predictive = is_predictive(policy);
        Some(OwnScaling {
            group: policy.auto_scaling_group_name()?.to_owned(),
            name: format!("the policy `{}`", policy.policy_name().unwrap_or_default()),
            process: if predictive { SCHEDULED_ACTIONS } else { ALARM_NOTIFICATION },
        })
    };
    Ok(found.iter().filter(|policy| works(policy)).filter_map(autoscaler).collect())
}

/// The scheduled actions that are still to come.
async fn scheduled_actions(clients: &Clients, groups: &[&str]) -> Result<Vec<OwnScaling>, Absence> {
    let Some(only) = only_or_all(groups) else { return Ok(Vec::new()) };
    clients.buckets.read_auto_scaling.take().await;
    let found = clients
        .auto_scaling
        .describe_scheduled_actions()
        .set_auto_scaling_group_name(only)
        .max_records(RECORDS_PER_PAGE)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| absence(&error))?;
    let autoscaler = |action: &aws_sdk_autoscaling::types::ScheduledUpdateGroupAction| {
        Some(OwnScaling {
            group: action.auto_scaling_group_name()?.to_owned(),
            name: format!("the scheduled action `{}`", action.scheduled_action_name().unwrap_or_default()),
            process: SCHEDULED_ACTIONS,
        })
    };
    Ok(found.iter().filter_map(autoscaler).collect())
}

/// The one group to ask for, or all; nothing where there is no group.
#[expect(
    clippy::option_option,
    reason = "whether to ask, and for which: the SDK takes the inner one as it is"
)]
fn only_or_all(groups: &[&str]) -> Option<Option<String>> {
    match groups {
        [] => None,
        [one] => Some(Some((*one).to_owned())),
        [_, _, ..] => Some(None),
    }
}
