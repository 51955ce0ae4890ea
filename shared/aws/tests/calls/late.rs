//! What is late: it is not known, and takes nothing else with it.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::targets::{self, Targets};
use tidegate_fleet::TargetName;
use tidegate_policy::{AbsenceKind, OtherAutoscaler};
use tokio::time::Instant;

use crate::fake::Aws;
use crate::{ecs, group};

/// The time of an evaluation.
const EVALUATION: Duration = Duration::from_secs(8);

/// An AWS in which every service and every group exists, and nothing else scales them.
pub(crate) fn aws() -> Aws {
    let all = |names: &Value, one: fn(&str) -> Value| -> Vec<Value> {
        let names = names.as_array().expect("names").iter();
        names.map(|name| one(name.as_str().expect("a name"))).collect()
    };
    Aws::new(move |action, body| match action {
        "DescribeServices" => Ok(json!({"services": all(&body["services"], ecs::service), "failures": []})),
        "DescribeAutoScalingGroups" => {
            Ok(json!({"AutoScalingGroups": all(&body["AutoScalingGroupNames"], group::group)}))
        }
        "DescribeInstanceRefreshes" => Ok(json!({"InstanceRefreshes": []})),
        "DescribePolicies" => Ok(json!({"ScalingPolicies": []})),
        "DescribeScheduledActions" => Ok(json!({"ScheduledUpdateGroupActions": []})),
        _ => Ok(json!({"ScalableTargets": []})),
    })
}

fn api() -> TargetName {
    ecs::name("prod", "api")
}

fn web() -> TargetName {
    group::name("web")
}

/// An evaluation of a service and a group while one action is late, and how long it took.
async fn evaluate(late: &'static str, time: Duration) -> (Targets, Duration) {
    let (clients, began) = (aws().slow(late).clients(), Instant::now());
    let seen = targets::describe(&clients, &[&api(), &web()], began + time).await;
    (seen, began.elapsed())
}

fn other_autoscaler(seen: &Targets, target: &TargetName) -> OtherAutoscaler {
    seen[target].as_ref().expect("read").service.constraints.other_autoscaler.clone()
}

fn is_late(other: &OtherAutoscaler) -> bool {
    matches!(other, OtherAutoscaler::Unknown(absence) if absence.kind == AbsenceKind::TimedOut)
}

fn near(took: Duration, expected: u64) -> bool {
    took.abs_diff(Duration::from_secs(expected)) <= Duration::from_millis(100)
}

#[tokio::test(start_paused = true)]
async fn another_autoscaler_that_is_late_is_unknown_and_never_absent() {
    for (late, target, prompt) in [
        ("DescribeScalableTargets", api(), web()),
        ("DescribePolicies", web(), api()),
        ("DescribeScheduledActions", web(), api()),
    ] {
        let (seen, took) = evaluate(late, EVALUATION).await;
        assert!(is_late(&other_autoscaler(&seen, &target)), "{late}");
        assert_eq!(other_autoscaler(&seen, &prompt), OtherAutoscaler::Absent, "{late}");
        assert!(near(took, 3), "{late}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_evaluation_with_less_time_than_its_parts_keeps_what_it_read() {
    for (late, target) in [("DescribeScalableTargets", api()), ("DescribePolicies", web())] {
        let (seen, took) = evaluate(late, Duration::from_secs(2)).await;
        assert!(is_late(&other_autoscaler(&seen, &target)), "{late}");
        assert!(near(took, 2), "{late}: {took:?}");
    }
    let (seen, took) = evaluate("DescribeInstanceRefreshes", Duration::from_secs(2)).await;
    let service = &seen[&web()].as_ref().expect("read").service;
    assert!(service.constraints.no_scale_in.is_some() && near(took, 2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_late_takes_no_other_with_it() {
    for (late, lost, kept) in
        [("DescribeAutoScalingGroups", web(), api()), ("DescribeServices", api(), web())]
    {
        let (seen, took) = evaluate(late, Duration::from_secs(3)).await;
        assert_eq!(seen[&lost].as_ref().expect_err("late").kind, AbsenceKind::TimedOut, "{late}");
        assert_eq!(other_autoscaler(&seen, &kept), OtherAutoscaler::Absent, "{late}");
        assert!(near(took, 3), "{late}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_no_time_left_nothing_is_asked_and_everything_is_late() {
    let aws = aws();
    let seen = targets::describe(&aws.clients(), &[&api(), &web()], Instant::now()).await;
    let late = seen.values().filter(|seen| seen.as_ref().is_err_and(|it| it.kind == AbsenceKind::TimedOut));
    assert_eq!((late.count(), aws.count()), (2, 0));
}
