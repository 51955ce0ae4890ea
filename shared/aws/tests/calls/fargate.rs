//! What AWS Fargate has for the tasks of a service, and which scheduled actions its scalable target has.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::targets::{self, fargate};
use tidegate_policy::AbsenceKind;
use tidegate_policy::emergency::delivery::FargateCapacity;

use crate::ecs;
use crate::fake::{Aws, deadline};

/// The capacity that a service of these fields runs on; `None` on container instances.
async fn capacity(changed: Value) -> Option<FargateCapacity> {
    let aws = Aws::new(move |action, _| {
        let mut api = ecs::service("api");
        api["taskDefinition"] = json!("arn:aws:ecs:::task-definition/api:1");
        for (key, value) in changed.as_object().expect("fields") {
            api[key] = value.clone();
        }
        match action {
            "DescribeServices" => Ok(json!({"services": [api], "failures": []})),
            _ => Ok(json!({"ScalableTargets": []})),
        }
    });
    let name = ecs::name("prod", "api");
    let seen = targets::describe(&aws.clients(), &[&name], deadline()).await.remove(&name);
    seen.expect("an answer").expect("read").tasks.expect("a task definition").fargate
}

fn providers(names: &[&str]) -> Value {
    let item = |name: &&str| json!({"capacityProvider": name, "weight": 1, "base": 0});
    json!({"capacityProviderStrategy": names.iter().map(item).collect::<Vec<_>>()})
}

#[tokio::test(start_paused = true)]
async fn on_demand_spot_both_and_instances_are_distinguished() {
    use FargateCapacity::{Mixed, OnDemand, Spot};
    assert_eq!(capacity(json!({"launchType": "FARGATE"})).await, Some(OnDemand));
    assert_eq!(capacity(json!({"launchType": "EC2"})).await, None);
    assert_eq!(capacity(providers(&["FARGATE"])).await, Some(OnDemand));
    assert_eq!(capacity(providers(&["FARGATE_SPOT"])).await, Some(Spot));
    assert_eq!(capacity(providers(&["FARGATE", "FARGATE_SPOT"])).await, Some(Mixed));
    assert_eq!(capacity(providers(&["instances"])).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_quota_and_a_task_are_read_in_virtual_cpus_with_one_call_for_each() {
    let aws = Aws::new(|action, body| match action {
        "GetServiceQuota" => Ok(json!({"Quota": {"QuotaCode": body["QuotaCode"], "Value": 20.0}})),
        "DescribeTaskDefinition" if body["taskDefinition"] == "half" => {
            Ok(json!({"taskDefinition": {"cpu": "512"}}))
        }
        "DescribeTaskDefinition" => Ok(json!({"taskDefinition": {}})),
        _ => Ok(json!({"MetricDataResults": []})),
    });
    let kinds = BTreeSet::from([FargateCapacity::OnDemand, FargateCapacity::Mixed]);
    let definitions = ["half", "none"];
    let now = Timestamp::from_second(1_795_250_000).expect("a moment");
    let read = fargate::read(&aws.clients(), &kinds, &definitions, now, deadline()).await;
    assert_eq!(read.quotas, [(FargateCapacity::OnDemand, Ok(20.0))].into(), "of both there is no quota");
    assert_eq!(read.vcpus["half"], Ok(0.5));
    let none = read.vcpus["none"].as_ref().expect_err("it has no cpu");
    assert_eq!(none.kind, AbsenceKind::Unreadable);
    assert!(read.used[&FargateCapacity::OnDemand].is_err(), "missing is not zero");
    let asked = &aws.calls("GetServiceQuota")[0].body;
    assert_eq!(asked, &json!({"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}));
    let dimensions = &aws.calls("GetMetricData")[0].body["MetricDataQueries"][0]["MetricStat"]["Metric"];
    let has = |name: &str, value: &str| {
        let of_metric = dimensions["Dimensions"].as_array().into_iter().flatten();
        of_metric.into_iter().any(|it| it["Name"] == name && it["Value"] == value)
    };
    assert_eq!(
        (&dimensions["Namespace"], &dimensions["MetricName"]),
        (&json!("AWS/Usage"), &json!("ResourceCount"))
    );
    assert!(has("Service", "Fargate") && has("Resource", "vCPU") && has("Type", "Resource"), "{dimensions}");
    assert!(has("Class", "Standard/OnDemand"), "{dimensions}");
}

#[tokio::test(start_paused = true)]
async fn what_is_slow_is_unknown_and_keeps_nothing_else_waiting() {
    let aws = Aws::new(|action, _| match action {
        "GetServiceQuota" => Ok(json!({"Quota": {"Value": 20.0}})),
        _ => Ok(json!({"taskDefinition": {"cpu": "1024"}})),
    })
    .slow("GetServiceQuota");
    let (kinds, definitions) = (BTreeSet::from([FargateCapacity::OnDemand]), ["api"]);
    let now = Timestamp::from_second(1_795_250_000).expect("a moment");
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
    let read = fargate::read(&aws.clients(), &kinds, &definitions, now, end).await;
    let quota = read.quotas[&FargateCapacity::OnDemand].as_ref().expect_err("it is slow");
    assert_eq!((quota.kind, &read.vcpus["api"]), (AbsenceKind::TimedOut, &Ok(1.0)));
}

#[tokio::test(start_paused = true)]
async fn scheduled_actions_are_those_of_the_service_and_in_their_zone() {
    let action = |resource: &str, name: &str, zone: &str| {
        json!({"ScheduledActionName": name, "ScheduledActionARN": "arn:x", "ServiceNamespace": "ecs",
            "Schedule": "cron(0 8 * * ? *)", "Timezone": zone, "ResourceId": resource,
            "ScalableDimension": "ecs:service:DesiredCount", "CreationTime": 1_790_000_000,
            "ScalableTargetAction": {"MinCapacity": 3}})
    };
    let all = json!({"ScheduledActions": [action("service/prod/api", "morning", "Europe/Berlin"),
        action("service/prod/api", "lunar", "Moon/Base"), action("service/prod/other", "other", "UTC")]});
    let aws = Aws::new(move |_, _| Ok(all.clone()));
    let (api, worker) = (ecs::name("prod", "api"), ecs::name("prod", "worker"));
    let found = targets::scheduled_actions(&aws.clients(), &[&api, &worker], deadline()).await;
    assert_eq!(found[&worker], Ok(vec![]));
    let actions = found[&api].as_ref().expect("read");
    assert_eq!(
        actions.iter().map(|it| (it.name.as_str(), it.min, it.max)).collect::<Vec<_>>(),
        [("morning", Some(3), None), ("lunar", Some(3), None)]
    );
    assert_eq!(actions[1].schedule, Err("cron(0 8 * * ? *)".to_owned()), "no zone of that name");
    let until: Timestamp = "2026-11-18T09:00:00Z".parse().expect("a moment");
    let due = actions[0].schedule.as_ref().expect("understood").last_due(Timestamp::UNIX_EPOCH, until);
    assert_eq!(due, Some("2026-11-18T07:00:00Z".parse().expect("a moment")));
    assert_eq!(aws.calls("DescribeScheduledActions")[0].body.get("ResourceId"), None, "one call for several");
}
