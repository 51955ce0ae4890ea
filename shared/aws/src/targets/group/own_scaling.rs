//! Whether EC2 Auto Scaling itself scales a group: its policies and scheduled actions, and whether they are suspended.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_autoscaling::operation::describe_policies::DescribePoliciesOutput;
use aws_sdk_autoscaling::operation::describe_scheduled_actions::DescribeScheduledActionsOutput;
use aws_sdk_autoscaling::types::AutoScalingGroup as Found;
use aws_sdk_autoscaling::types::{ScalingPolicy, ScheduledUpdateGroupAction};
use futures_util::{StreamExt, join, stream};
use tidegate_policy::{Absence, OtherAutoscaler};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;
use crate::targets::calls::{OTHER_AUTOSCALERS_WITHIN, in_time, late, until};

/// The process without which no alarm of a policy does anything.
const ALARM_NOTIFICATION: &str = "AlarmNotification";
/// The process without which no scheduled action and no forecast of a predictive policy does anything.
const SCHEDULED_ACTIONS: &str = "ScheduledActions";
/// `DescribePolicies` and `DescribeScheduledActions` answer with at most this many (EC2 Auto Scaling API reference).
const RECORDS_PER_PAGE: i32 = 100;
/// Up to so many groups are asked for one by one. The two APIs take one group, or answer with whatever the account has; 20 groups
/// are 40 calls, which is what the bucket gives at once.
const ASKED_ONE_BY_ONE: usize = 20;

/// Something that scales a group by itself.
struct OwnScaling {
    group: String,
    /// ``the policy `cpu` ``.
    name: String,
    /// The process that runs it.
    process: &'static str,
}

/// What one API says of each group that it was asked about.
type OfGroups<'a> = BTreeMap<&'a str, Result<Vec<OwnScaling>, Absence>>;

/// Whether each group is scaled by something else. Where both processes are suspended nothing is asked. What is not answered
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
        ask(&on_alarms, end, |only| policies(clients, only)),
        ask(&on_time, end, |only| scheduled_actions(clients, only))
    );
    let of_group = |group: &str| {
        let answers = policies.get(group).into_iter().chain(actions.get(group));
        let own: Vec<&Vec<OwnScaling>> = match answers.map(Result::as_ref).collect() {
            Ok(own) => own,
            Err(absence) => return OtherAutoscaler::Unknown(Absence::clone(absence)),
        };
        let mine = own.into_iter().flatten().filter(|autoscaler| autoscaler.group == group);
        let live = mine.filter(|autoscaler| is_live(group, autoscaler.process));
        let names: Vec<&str> = live.map(|autoscaler| autoscaler.name.as_str()).collect();
        if names.is_empty() {
            OtherAutoscaler::Absent
        } else {
            OtherAutoscaler::Active(format!("EC2 Auto Scaling ({})", names.join(", ")))
        }
    };
    let result = |group: &str| {
        let asleep = !is_live(group, ALARM_NOTIFICATION) && !is_live(group, SCHEDULED_ACTIONS);
        if asleep { OtherAutoscaler::Suspended } else { of_group(group) }
    };
    suspended.keys().map(|group| ((*group).to_owned(), result(group))).collect()
}

/// Asks one API about groups: about few of them one by one, side by side; about many with all that the account has, page after
/// page, which is slow where the account is large.
async fn ask<'a, A: Future<Output = Result<Vec<OwnScaling>, Absence>>>(
    groups: &[&'a str],
    end: Instant,
    api: impl Fn(Option<String>) -> A,
) -> OfGroups<'a> {
    let answer = async |only| in_time(end, api(only)).await.unwrap_or_else(|| Err(late()));
    if groups.len() <= ASKED_ONE_BY_ONE {
        let calls =
            stream::iter(groups).map(|group| async { (*group, answer(Some((*group).to_owned())).await) });
        return calls.buffer_unordered(CALLS_AT_ONCE).collect().await;
    }
    let all = answer(None).await;
    let none = || all.as_ref().map(|_| Vec::new()).map_err(Clone::clone);
    let mut of_groups: OfGroups<'a> = groups.iter().map(|group| (*group, none())).collect();
    for own in all.into_iter().flatten() {
        if let Some(Ok(mine)) = of_groups.get_mut(own.group.as_str()) {
            mine.push(own);
        }
    }
    of_groups
}

/// What every page of one API has. Each page takes a token.
async fn of_pages<P, E: ProvideErrorMetadata, R>(
    clients: &Clients,
    mut next: impl AsyncFnMut() -> Option<Result<P, SdkError<E, R>>>,
    own: impl Fn(&P) -> Vec<OwnScaling>,
    next_token: impl Fn(&P) -> Option<&str>,
) -> Result<Vec<OwnScaling>, Absence> {
    let mut found = Vec::new();
    loop {
        clients.buckets.read_own_scaling.take().await;
        let Some(page) = next().await else { return Ok(found) };
        let page = page.map_err(|error| absence(&error))?;
        found.extend(own(&page));
        if next_token(&page).is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
}

/// The scaling policies that are switched on, of one group or of all.
async fn policies(clients: &Clients, only: Option<String>) -> Result<Vec<OwnScaling>, Absence> {
    let call = clients.auto_scaling.describe_policies().set_auto_scaling_group_name(only);
    let mut pages = call.max_records(RECORDS_PER_PAGE).into_paginator().send();
    of_pages(
        clients,
        async || pages.next().await,
        |page| page.scaling_policies().iter().filter_map(policy).collect(),
        DescribePoliciesOutput::next_token,
    )
    .await
}

/// A policy that scales: one that is switched on, and of those that forecast one that acts.
fn policy(policy: &ScalingPolicy) -> Option<OwnScaling> {
    let predictive = policy.policy_type() == Some("PredictiveScaling");
    let mode = policy.predictive_scaling_configuration().and_then(|forecasts| forecasts.mode());
    let acts = !predictive || mode.is_some_and(|mode| mode.as_str() == "ForecastAndScale");
    let own = OwnScaling {
        group: policy.auto_scaling_group_name()?.to_owned(),
        name: format!("the policy `{}`", policy.policy_name().unwrap_or_default()),
        process: if predictive { SCHEDULED_ACTIONS } else { ALARM_NOTIFICATION },
    };
    (acts && policy.enabled() != Some(false)).then_some(own)
}

/// The scheduled actions that are still to come, of one group or of all.
async fn scheduled_actions(clients: &Clients, only: Option<String>) -> Result<Vec<OwnScaling>, Absence> {
    let call = clients.auto_scaling.describe_scheduled_actions().set_auto_scaling_group_name(only);
    let mut pages = call.max_records(RECORDS_PER_PAGE).into_paginator().send();
    of_pages(
        clients,
        async || pages.next().await,
        |page| page.scheduled_update_group_actions().iter().filter_map(scheduled_action).collect(),
        DescribeScheduledActionsOutput::next_token,
    )
    .await
}

fn scheduled_action(action: &ScheduledUpdateGroupAction) -> Option<OwnScaling> {
    Some(OwnScaling {
        group: action.auto_scaling_group_name()?.to_owned(),
        name: format!("the scheduled action `{}`", action.scheduled_action_name().unwrap_or_default()),
        process: SCHEDULED_ACTIONS,
    })
}
