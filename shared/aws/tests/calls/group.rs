//! Auto Scaling groups: what `DescribeAutoScalingGroups` and `DescribeInstanceRefreshes` mean.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::targets::{self, TargetState};
use tidegate_fleet::{AutoScalingGroup, TargetName};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::fake::{Aws, HttpAnswer, deadline};
use crate::late;

pub(crate) fn name(group: &str) -> TargetName {
    TargetName::Group(AutoScalingGroup { name: group.to_owned(), detailed_monitoring: true })
}

/// A group as `DescribeAutoScalingGroups` shows it.
pub(crate) fn group(name: &str) -> Value {
    json!({"AutoScalingGroupName": name, "MinSize": 2, "MaxSize": 10, "DesiredCapacity": 4, "Instances": []})
}

pub(crate) fn instance(state: &str, health: &str) -> Value {
    json!({"LifecycleState": state, "HealthStatus": health, "ProtectedFromScaleIn": false})
}

/// What was seen of a group with these fields, and refreshes answered so.
async fn seen_with(changed: Value, refreshes: HttpAnswer) -> Result<TargetState, Absence> {
    let aws = Aws::new(move |action, _| match action {
        "DescribeAutoScalingGroups" => {
            let mut web = group("web");
            for (key, value) in changed.as_object().expect("fields") {
                web[key] = value.clone();
            }
            Ok(json!({"AutoScalingGroups": [web]}))
        }
        "DescribeInstanceRefreshes" => refreshes.clone(),
        "DescribePolicies" => Ok(json!({"ScalingPolicies": []})),
        _ => Ok(json!({"ScheduledUpdateGroupActions": []})),
    });
    let target = name("web");
    targets::describe(&aws.clients(), &[&target], deadline()).await.remove(&target).expect("an answer")
}

async fn seen(changed: Value) -> Result<TargetState, Absence> {
    seen_with(changed, Ok(json!({"InstanceRefreshes": []}))).await
}

#[tokio::test(start_paused = true)]
async fn instances_are_counted_by_their_state() {
    let states = [
        ("InService", "Healthy", (1, 0)),
        ("InService", "Unhealthy", (0, 0)),
        ("Pending", "Healthy", (0, 1)),
        ("Pending:Wait", "Healthy", (0, 1)),
        ("Pending:Proceed", "Healthy", (0, 1)),
        ("ReplacingRootVolume", "Healthy", (0, 1)),
        ("Standby", "Healthy", (0, 0)),
        ("EnteringStandby", "Healthy", (0, 0)),
        ("Terminating", "Healthy", (0, 0)),
        ("Terminating:Wait", "Unhealthy", (0, 0)),
        ("Terminated", "Unhealthy", (0, 0)),
        ("Detaching", "Healthy", (0, 0)),
        ("Quarantined", "Healthy", (0, 0)),
        ("Warmed:Stopped", "Healthy", (0, 0)),
        ("Warmed:Pending:Wait", "Healthy", (0, 0)),
    ];
    for (state, health, expected) in states {
        let seen = seen(json!({"Instances": [instance(state, health)]})).await.expect("read").service;
        assert_eq!((seen.running_count, seen.pending_count), expected, "{state} {health}");
        assert_eq!(seen.desired_count, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn weights_and_protection_are_counted_in_capacity() {
    let with = |weight: &str, protected: bool| {
        json!({"LifecycleState": "InService", "HealthStatus": "Healthy",
        "WeightedCapacity": weight, "ProtectedFromScaleIn": protected})
    };
    let service =
        seen(json!({"Instances": [with("4", true), with("2", false), instance("InService", "Healthy")]}))
            .await
            .expect("read")
            .service;
    assert_eq!((service.running_count, service.constraints.protected), (7, 4));
    let standby =
        json!({"LifecycleState": "Standby", "HealthStatus": "Healthy", "ProtectedFromScaleIn": true});
    assert_eq!(seen(json!({"Instances": [standby]})).await.expect("read").service.constraints.protected, 0);
    let absence = seen(json!({"Instances": [with("a", false)]})).await.expect_err("no number");
    assert_eq!(absence.detail, "WeightedCapacity is `a`, must be a whole number");
}

#[tokio::test(start_paused = true)]
async fn the_groups_own_bounds_warmup_and_suspended_processes_are_constraints() {
    let suspended =
        |name: &str| json!({"SuspendedProcesses": [{"ProcessName": "AZRebalance"}, {"ProcessName": name}]});
    let plain = seen(json!({})).await.expect("read").service;
    assert_eq!((plain.constraints.min, plain.constraints.max), (Some(2), Some(10)));
    assert_eq!((plain.constraints.no_scale_out, plain.constraints.no_scale_in), (None, None));
    assert_eq!(plain.constraints.warmup, SignedDuration::ZERO);
    assert!(plain.active && !plain.rollout);

    let launch = seen(suspended("Launch")).await.expect("read").service.constraints;
    assert_eq!(launch.no_scale_out.as_deref(), Some("the Launch process is suspended"));
    assert_eq!(launch.no_scale_in, None);
    let terminate = seen(suspended("Terminate")).await.expect("read").service.constraints;
    assert_eq!(terminate.no_scale_in.as_deref(), Some("the Terminate process is suspended"));
    assert_eq!(terminate.no_scale_out, None);

    let warmup = |seconds: i32| json!({ "DefaultInstanceWarmup": seconds });
    let warm = seen(warmup(120)).await.expect("read").service.constraints.warmup;
    assert_eq!(warm, SignedDuration::from_secs(120));
    assert_eq!(seen(warmup(-1)).await.expect("read").service.constraints.warmup, SignedDuration::ZERO);
    assert!(!seen(json!({"Status": "Delete in progress"})).await.expect("read").service.active);
}

#[tokio::test(start_paused = true)]
async fn target_groups_are_found_under_both_names() {
    let (first, second) = (
        "arn:aws:elasticloadbalancing:r:1:targetgroup/a/1",
        "arn:aws:elasticloadbalancing:r:1:targetgroup/b/2",
    );
    let sources = json!([{"Identifier": first, "Type": "elbv2"}, {"Identifier": second, "Type": "elbv2"},
        {"Identifier": "classic", "Type": "elb"}]);
    let seen = seen(json!({"TargetGroupARNs": [first], "TrafficSources": sources})).await.expect("read");
    assert_eq!(seen.target_groups, [first, second]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_refresh_is_a_rollout_until_it_ends() {
    for (status, rollout) in [
        ("Pending", true),
        ("InProgress", true),
        ("Cancelling", true),
        ("RollbackInProgress", true),
        ("Baking", true),
        ("SomethingNew", true),
        ("Successful", false),
        ("Failed", false),
        ("Cancelled", false),
        ("RollbackFailed", false),
        ("RollbackSuccessful", false),
    ] {
        let answer = Ok(json!({"InstanceRefreshes": [{"Status": status}]}));
        let service = seen_with(json!({}), answer).await.expect("read").service;
        assert_eq!((service.rollout, service.constraints.no_scale_in), (rollout, None), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_progress_is_seen_wherever_it_stands_in_the_answer() {
    let history = |statuses: &[&str]| {
        let refreshes: Vec<Value> = statuses.iter().map(|status| json!({"Status": status})).collect();
        Ok(json!({"InstanceRefreshes": refreshes}))
    };
    for (statuses, rollout) in [
        (["Successful", "Failed", "InProgress"], true),
        (["InProgress", "Successful", "Failed"], true),
        (["Successful", "Failed", "Cancelled"], false),
    ] {
        let service = seen_with(json!({}), history(&statuses)).await.expect("read").service;
        assert_eq!(service.rollout, rollout, "{statuses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_not_known_holds_scale_in_and_nothing_else() {
    let refused = Err(("AccessDenied", "no"));
    let service = seen_with(json!({}), refused).await.expect("the group itself is read").service;
    assert!(!service.rollout);
    assert_eq!(service.constraints.no_scale_out, None);
    assert_eq!(
        service.constraints.no_scale_in.as_deref(),
        Some("whether an instance refresh is in progress is not known (access denied: AccessDenied: no)")
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refreshes_are_asked_at_once_and_the_slow_rest_holds_its_scale_in() {
    let aws = Aws::new(|action, body| match action {
        "DescribeAutoScalingGroups" => {
            let names = body["AutoScalingGroupNames"].as_array().expect("names").iter();
            let groups: Vec<Value> = names.map(|name| group(name.as_str().expect("a name"))).collect();
            Ok(json!({ "AutoScalingGroups": groups }))
        }
        "DescribeInstanceRefreshes" => Ok(json!({"InstanceRefreshes": []})),
        "DescribePolicies" => Ok(json!({"ScalingPolicies": []})),
        _ => Ok(json!({"ScheduledUpdateGroupActions": []})),
    });
    let names: Vec<TargetName> = (0..250).map(|number| name(&format!("g{number:03}"))).collect();
    let seen = targets::describe(&aws.clients(), &names.iter().collect::<Vec<_>>(), deadline()).await;
    assert_eq!(aws.calls("DescribeAutoScalingGroups").len(), 3);
    let services: Vec<_> = seen.values().map(|seen| &seen.as_ref().expect("read").service).collect();
    let held = services.iter().filter(|service| service.constraints.no_scale_in.is_some()).count();
    assert_eq!(services.len(), 250);
    assert!((1..=150).contains(&held), "{held} groups are held");
    assert_eq!(aws.calls("DescribePolicies").len(), 1, "asked for all groups at once");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_whose_turn_comes_too_late_takes_no_token_and_no_time_of_the_next_evaluation() {
    let aws = late::aws();
    let clients = aws.clients();
    let names: Vec<TargetName> = (0..500).map(|number| name(&format!("g{number:03}"))).collect();
    let began = Instant::now();
    targets::describe(&clients, &names.iter().collect::<Vec<_>>(), deadline()).await;
    assert!(began.elapsed() <= Duration::from_millis(4_050), "{:?}", began.elapsed());
    let asked = aws.calls("DescribeInstanceRefreshes").len();
    assert!((80..=120).contains(&asked), "40 at once and 20 a second, but {asked} were asked");
    let again = Instant::now();
    targets::describe(&clients, &[&names[0]], deadline()).await;
    assert!(again.elapsed() <= Duration::from_secs(1), "{:?}", again.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_group_that_does_not_exist_is_not_found() {
    let aws = Aws::new(|action, _| match action {
        "DescribeAutoScalingGroups" => Ok(json!({"AutoScalingGroups": []})),
        _ => Err(("ValidationError", "AutoScalingGroup name not found")),
    });
    let target = name("typo");
    let seen =
        targets::describe(&aws.clients(), &[&target], deadline()).await.remove(&target).expect("an answer");
    assert_eq!(seen.expect_err("unknown").kind, AbsenceKind::NotFound);
}
