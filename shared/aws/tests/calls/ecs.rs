//! ECS services: what `DescribeServices` means.

use serde_json::{Value, json};
use tidegate_aws::targets::{self, TargetState};
use tidegate_fleet::{EcsService, TargetName};
use tidegate_policy::{Absence, AbsenceKind};

use crate::fake::{Aws, HttpAnswer, deadline};

pub(crate) fn name(cluster: &str, service: &str) -> TargetName {
    TargetName::Ecs(EcsService { cluster: cluster.to_owned(), service: service.to_owned() })
}

/// A service as `DescribeServices` shows it.
pub(crate) fn service(name: &str) -> Value {
    json!({"serviceName": name, "status": "ACTIVE", "schedulingStrategy": "REPLICA", "desiredCount": 4,
        "runningCount": 3, "pendingCount": 1,
        "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}]})
}

async fn seen(changed: Value) -> Result<TargetState, Absence> {
    let aws = Aws::new(move |action, _| {
        let mut api = service("api");
        for (key, value) in changed.as_object().expect("fields") {
            api[key] = value.clone();
        }
        match action {
            "DescribeServices" => Ok(json!({"services": [api], "failures": []})),
            _ => Ok(json!({"ScalableTargets": []})),
        }
    });
    let target = name("prod", "api");
    targets::describe(&aws.clients(), &[&target], deadline()).await.remove(&target).expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn a_service_is_read_with_its_counts() {
    let seen = seen(json!({})).await.expect("read");
    let service = &seen.service;
    assert_eq!((service.desired_count, service.running_count, service.pending_count), (4, 3, 1));
    assert!(service.active && !service.daemon && !service.rollout);
    assert_eq!(seen.target_groups, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_service_of_express_mode_is_known_by_who_manages_it() {
    for (managed_by, express) in [("ECS", true), ("CUSTOMER", false)] {
        let seen = seen(json!({"resourceManagementType": managed_by})).await.expect("read");
        assert_eq!(seen.service.constraints.express, express, "{managed_by}");
    }
    assert!(!seen(json!({})).await.expect("read").service.constraints.express);
}

#[tokio::test(start_paused = true)]
async fn target_groups_are_those_of_the_service_its_task_sets_and_both_colors() {
    let blue_green = json!([{"targetGroupArn": "arn:tg/blue",
        "advancedConfiguration": {"alternateTargetGroupArn": "arn:tg/green"}}, {"loadBalancerName": "classic"}]);
    let task_sets = json!([{"id": "ts", "loadBalancers": [{"targetGroupArn": "arn:tg/set"},
        {"targetGroupArn": "arn:tg/blue"}]}]);
    let seen = seen(json!({"loadBalancers": blue_green, "taskSets": task_sets})).await.expect("read");
    assert_eq!(seen.target_groups, ["arn:tg/blue", "arn:tg/green", "arn:tg/set"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ecs_does_not_know_is_not_found_and_others_are_read() {
    let aws = Aws::new(|action, _| match action {
        "DescribeServices" => Ok(json!({"services": [service("api")],
            "failures": [{"arn": "arn:aws:ecs:eu-central-1:1:service/prod/typo", "reason": "MISSING"}]})),
        _ => Ok(json!({"ScalableTargets": []})),
    });
    let (api, typo) = (name("prod", "api"), name("prod", "typo"));
    let mut seen = targets::describe(&aws.clients(), &[&api, &typo], deadline()).await;
    assert!(seen.remove(&api).expect("an answer").is_ok());
    let absence = seen.remove(&typo).expect("an answer").expect_err("unknown");
    assert_eq!((absence.kind, absence.detail.as_str()), (AbsenceKind::NotFound, "DescribeServices: MISSING"));
}

#[tokio::test(start_paused = true)]
async fn one_service_that_may_not_be_read_hides_no_other() {
    let aws = Aws::new(|action, body| -> HttpAnswer {
        let names = body["services"].as_array().cloned().unwrap_or_default();
        match action {
            "DescribeServices" if names.contains(&json!("secret")) => Err(("AccessDeniedException", "no")),
            "DescribeServices" => {
                let found: Vec<Value> = names.iter().filter_map(Value::as_str).map(service).collect();
                Ok(json!({"services": found, "failures": []}))
            }
            _ => Ok(json!({"ScalableTargets": []})),
        }
    });
    let (api, secret) = (name("prod", "api"), name("prod", "secret"));
    let mut seen = targets::describe(&aws.clients(), &[&api, &secret], deadline()).await;
    assert!(seen.remove(&api).expect("an answer").is_ok());
    assert_eq!(seen.remove(&secret).expect("an answer").expect_err("denied").kind, AbsenceKind::Denied);
}

/// A deployment in this state, `PRIMARY` where it is the newest.
fn deployment(status: &str, rollout_state: &str) -> Value {
    json!({"status": status, "rolloutState": rollout_state})
}

#[tokio::test(start_paused = true)]
async fn a_failed_deployment_is_over_where_it_is_alone() {
    let one = |state| json!([deployment("PRIMARY", state)]);
    let two = |state, other| json!([deployment("PRIMARY", state), deployment("ACTIVE", other)]);
    for (deployments, running, rollout, failed) in [
        (one("COMPLETED"), 3, false, false),
        (one("IN_PROGRESS"), 4, true, false),
        (one("FAILED"), 4, false, true),
        (one("FAILED"), 5, false, true),
        (one("FAILED"), 3, false, true),
        (two("FAILED", "COMPLETED"), 4, true, true),
        (two("IN_PROGRESS", "FAILED"), 4, true, true),
        (two("COMPLETED", "COMPLETED"), 4, true, false),
        (json!([{"status": "PRIMARY"}]), 3, false, false),
    ] {
        let seen = seen(json!({"deployments": deployments, "runningCount": running})).await.expect("read");
        let found = (seen.service.rollout, seen.service.constraints.deployment_failed);
        assert_eq!(found, (rollout, failed), "{running} of 4 run: {deployments}");
    }
}
