//! Whether AWS's own autoscaling scales the same thing.

use serde_json::{Value, json};
use tidegate_aws::targets;
use tidegate_fleet::TargetName;
use tidegate_policy::{AbsenceKind, OtherAutoscaler};

use crate::fake::{Aws, HttpAnswer, deadline};
use crate::{ecs, group};

async fn other_autoscaler(aws: &Aws, target: &TargetName) -> OtherAutoscaler {
    let seen =
        targets::describe(&aws.clients(), &[target], deadline()).await.remove(target).expect("an answer");
    seen.expect("read").service.constraints.other_autoscaler
}

/// An ECS service of which Application Auto Scaling says this.
fn service_with(scalable_targets: HttpAnswer) -> Aws {
    Aws::new(move |action, _| match action {
        "DescribeServices" => Ok(json!({"services": [ecs::service("api")], "failures": []})),
        _ => scalable_targets.clone(),
    })
}

fn scalable(suspended: &Value) -> Value {
    json!({"ScalableTargets": [{"ServiceNamespace": "ecs", "ResourceId": "service/prod/api",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10, "RoleARN": "arn:role",
        "CreationTime": 1_795_250_000, "SuspendedState": suspended}]})
}

#[tokio::test(start_paused = true)]
async fn a_scalable_target_is_another_autoscaler_until_everything_of_it_is_suspended() {
    let state = |scale_in: bool, scale_out: bool, scheduled: bool| {
        json!({"DynamicScalingInSuspended": scale_in, "DynamicScalingOutSuspended": scale_out,
            "ScheduledScalingSuspended": scheduled})
    };
    let active =
        |what: &str| OtherAutoscaler::Active(format!("Application Auto Scaling (min 2, max 10; {what})"));
    for (suspended, expected) in [
        (state(true, true, true), OtherAutoscaler::Suspended),
        (state(false, false, false), active("none of its scaling is suspended")),
        (json!({}), active("none of its scaling is suspended")),
        (state(false, true, true), active("dynamic scale-in is not suspended")),
        (state(true, false, true), active("dynamic scale-out is not suspended")),
        (state(true, true, false), active("scheduled scaling is not suspended")),
        (state(false, true, false), active("dynamic scale-in and scheduled scaling are not suspended")),
    ] {
        let aws = service_with(Ok(scalable(&suspended)));
        assert_eq!(other_autoscaler(&aws, &ecs::name("prod", "api")).await, expected, "{suspended}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_may_be_named_by_its_arn() {
    let aws = service_with(Ok(scalable(&json!({}))));
    let target = ecs::name("arn:aws:ecs:eu-central-1:1:cluster/prod", "api");
    assert!(matches!(other_autoscaler(&aws, &target).await, OtherAutoscaler::Active(_)));
    let asked = &aws.calls("DescribeScalableTargets")[0].body;
    assert_eq!(asked["ResourceIds"], json!(["service/prod/api"]));
    assert_eq!(asked["ServiceNamespace"], "ecs");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_registered_has_no_other_autoscaler_and_one_that_was_not_asked_for_is_unknown()
{
    let target = ecs::name("prod", "api");
    let aws = service_with(Ok(json!({"ScalableTargets": []})));
    assert_eq!(other_autoscaler(&aws, &target).await, OtherAutoscaler::Absent);
    let aws = service_with(Err(("AccessDeniedException", "no")));
    let OtherAutoscaler::Unknown(absence) = other_autoscaler(&aws, &target).await else {
        unreachable!("a refusal is no answer")
    };
    assert_eq!(absence.kind, AbsenceKind::Denied);
}

/// A group with these processes suspended, these policies and these scheduled actions.
fn group_with(suspended: &[&str], policies: HttpAnswer, actions: HttpAnswer) -> Aws {
    let processes: Vec<Value> = suspended.iter().map(|name| json!({ "ProcessName": name })).collect();
    Aws::new(move |action, _| match action {
        "DescribeAutoScalingGroups" => {
            let mut web = group::group("web");
            web["SuspendedProcesses"] = json!(processes);
            Ok(json!({"AutoScalingGroups": [web]}))
        }
        "DescribeInstanceRefreshes" => Ok(json!({"InstanceRefreshes": []})),
        "DescribePolicies" => policies.clone(),
        _ => actions.clone(),
    })
}

fn policies(policy: &Value) -> Value {
    let mut mine =
        json!({"AutoScalingGroupName": "web", "PolicyName": "cpu50", "PolicyType": "TargetTrackingScaling"});
    for (key, value) in policy.as_object().expect("fields") {
        mine[key] = value.clone();
    }
    json!({"ScalingPolicies": [mine, {"AutoScalingGroupName": "other", "PolicyName": "not-ours"}]})
}

fn no_policies() -> Value {
    json!({"ScalingPolicies": []})
}

fn actions(names: &[&str]) -> Value {
    let actions: Vec<Value> = names
        .iter()
        .map(|name| json!({"AutoScalingGroupName": "web", "ScheduledActionName": name}))
        .collect();
    json!({ "ScheduledUpdateGroupActions": actions })
}

#[tokio::test(start_paused = true)]
async fn policies_and_scheduled_actions_of_a_group_are_another_autoscaler_while_their_process_runs() {
    const BOTH: [&str; 2] = ["AlarmNotification", "ScheduledActions"];
    let active = |what: &str| OtherAutoscaler::Active(format!("EC2 Auto Scaling ({what})"));
    let predictive = |mode: &str| {
        policies(
            &json!({"PolicyType": "PredictiveScaling", "PredictiveScalingConfiguration": {"Mode": mode}}),
        )
    };
    let plain = || policies(&json!({}));
    for (suspended, policies, actions, expected) in [
        (&[][..], no_policies(), actions(&[]), OtherAutoscaler::Absent),
        (&[], plain(), actions(&[]), active("the policy `cpu50`")),
        (&[], plain(), actions(&["night"]), active("the policy `cpu50`, the scheduled action `night`")),
        (&[], policies(&json!({"Enabled": false})), actions(&[]), OtherAutoscaler::Absent),
        (&["AlarmNotification"], plain(), actions(&[]), OtherAutoscaler::Absent),
        (&["AlarmNotification"], plain(), actions(&["night"]), active("the scheduled action `night`")),
        (&["ScheduledActions"], plain(), actions(&["night"]), active("the policy `cpu50`")),
        (&["AlarmNotification"], predictive("ForecastAndScale"), actions(&[]), active("the policy `cpu50`")),
        (&[], predictive("ForecastOnly"), actions(&[]), OtherAutoscaler::Absent),
        (&BOTH, plain(), actions(&["night"]), OtherAutoscaler::Suspended),
    ] {
        let aws = group_with(suspended, Ok(policies), Ok(actions));
        assert_eq!(other_autoscaler(&aws, &group::name("web")).await, expected, "{suspended:?} suspended");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_unknown_and_what_is_suspended_is_not_asked() {
    let denied = || Err(("AccessDenied", "no"));
    for (policies, actions) in [(denied(), Ok(actions(&[]))), (Ok(no_policies()), denied())] {
        let aws = group_with(&[], policies, actions);
        assert!(matches!(other_autoscaler(&aws, &group::name("web")).await, OtherAutoscaler::Unknown(_)));
    }
    let aws = group_with(&["AlarmNotification", "ScheduledActions"], denied(), denied());
    assert_eq!(other_autoscaler(&aws, &group::name("web")).await, OtherAutoscaler::Suspended);
    assert!(aws.calls("DescribePolicies").is_empty() && aws.calls("DescribeScheduledActions").is_empty());
}

/// An account with so many policies, and as many scheduled actions, of groups that are not ours. Each of ours has one policy, but
/// `g00` has none and `g01` is denied.
fn account(records: usize) -> Aws {
    let page = move |list: &str, name: &str, body: &Value| {
        let first = body["NextToken"].as_str().map_or(0, |token| token.parse().expect("a number"));
        let last = records.min(first + 100);
        let other = |number| json!({"AutoScalingGroupName": "other", name: format!("n{number}")});
        let next = (last < records).then(|| last.to_string());
        json!({list: (first..last).map(other).collect::<Vec<_>>(), "NextToken": next})
    };
    Aws::new(move |action, body| match (action, body["AutoScalingGroupName"].as_str()) {
        ("DescribeAutoScalingGroups", _) => {
            let names = body["AutoScalingGroupNames"].as_array().expect("names").iter();
            let groups = names.map(|name| group::group(name.as_str().expect("a name")));
            Ok(json!({"AutoScalingGroups": groups.collect::<Vec<_>>()}))
        }
        ("DescribeInstanceRefreshes", _) => Ok(json!({"InstanceRefreshes": []})),
        ("DescribePolicies", None) => Ok(page("ScalingPolicies", "PolicyName", body)),
        ("DescribePolicies", Some("g00")) => Ok(no_policies()),
        ("DescribePolicies", Some("g01")) => Err(("AccessDenied", "no")),
        ("DescribePolicies", Some(name)) => {
            Ok(json!({"ScalingPolicies": [{"AutoScalingGroupName": name, "PolicyName": "cpu"}]}))
        }
        (_, None) => Ok(page("ScheduledUpdateGroupActions", "ScheduledActionName", body)),
        (_, Some(_)) => Ok(actions(&[])),
    })
}

/// What else scales groups `g00`, `g01` and so on.
async fn of_groups(aws: &Aws, count: usize) -> Vec<OtherAutoscaler> {
    let names: Vec<TargetName> = (0..count).map(|number| group::name(&format!("g{number:02}"))).collect();
    let mut seen = targets::describe(&aws.clients(), &names.iter().collect::<Vec<_>>(), deadline()).await;
    let other = |name| seen.remove(name)?.ok().map(|seen| seen.service.constraints.other_autoscaler);
    names.iter().map(other).collect::<Option<Vec<_>>>().expect("read")
}

#[tokio::test(start_paused = true)]
async fn up_to_twenty_groups_are_asked_for_one_by_one_however_many_policies_the_account_has() {
    for count in [3, 20] {
        let aws = account(1_000_000);
        let others = of_groups(&aws, count).await;
        let denied = |other: &OtherAutoscaler| matches!(other, OtherAutoscaler::Unknown(absence) if absence.kind == AbsenceKind::Denied);
        assert!(others[0] == OtherAutoscaler::Absent && denied(&others[1]), "{others:?}");
        let active = OtherAutoscaler::Active("EC2 Auto Scaling (the policy `cpu`)".to_owned());
        assert!(
            others[2..].iter().all(|other| *other == active),
            "one that is denied hides no other: {others:?}"
        );
        assert_eq!(aws.calls("DescribePolicies").len(), count);
        assert_eq!(aws.calls("DescribeScheduledActions").len(), count);
    }
}

#[tokio::test(start_paused = true)]
async fn of_more_groups_all_that_the_account_has_is_read_page_by_page_and_each_page_takes_a_token() {
    // In three seconds there are 100 tokens: 40 at once, and 20 a second.
    for (count, records, calls) in [(21, 3000, 60), (120, 3000, 60), (21, 1_000_000, 100)] {
        let aws = account(records);
        let others = of_groups(&aws, count).await;
        let made = aws.calls("DescribePolicies").len() + aws.calls("DescribeScheduledActions").len();
        assert!(made.abs_diff(calls) <= 2, "{count} groups, {records} policies: {made} calls");
        let is_known = |other: &OtherAutoscaler| *other == OtherAutoscaler::Absent;
        assert!(others.iter().all(|other| is_known(other) == (records == 3000)), "{count}, {records}");
    }
}
