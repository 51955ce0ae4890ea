//! What a plan says of what AWS can run, and when; and what it says where that is not known.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::{FakeAccount, FakeFleet, Shared, lock};
use tokio::time::timeout;

use crate::stage::{ask, engage, send, sizes, story, target};

/// `worker` at nothing; it goes to 40 tasks of half a virtual CPU, of which a quota of 20 with 8 in use leaves room for 24.
fn tight() -> Shared {
    let world = FakeFleet::new(&[("api", 10, None), ("worker", 0, None)]);
    lock(&world).account =
        FakeAccount { cpu: Some("512"), quota: 20.0, used: Some(8.0), ..FakeAccount::default() };
    world
}

fn plan() -> Value {
    json!({"action": "plan", "profile": "max", "services": ["worker"]})
}

fn emergency(answer: &Value) -> &Value {
    &target(answer, "*")["emergency"]
}

fn full(answer: &Value) -> &str {
    emergency(answer)["full_capacity"].as_str().unwrap_or_default()
}

fn notes(answer: &Value) -> String {
    emergency(answer)["notes"].to_string()
}

const REACHED: &str = "at once; 24 of 40 tasks, then the vCPU quota of 20 is reached: request more of the Fargate vCPU quota (Service Quotas L-3032A538)";

#[test]
fn a_quota_of_20_cpus_with_8_in_use_starts_24_tasks_of_half_a_cpu_and_the_plan_says_so() {
    story(async {
        let world = tight();
        let answer = ask(&world, plan()).await;
        assert_eq!(full(&answer), REACHED, "{answer:#}");
        let worker = target(&answer, "worker");
        assert_eq!(worker["deliverable"], 24, "{worker:#}");
        assert_eq!(
            worker["limits"],
            json!([
                "the vCPU quota is reached: request more of the Fargate vCPU quota (Service Quotas L-3032A538)"
            ])
        );
        assert_eq!(sizes(&world), (10, 0), "a plan changes nothing");
    });
}

#[test]
fn the_answer_of_engage_says_the_same_and_a_status_reads_none_of_it() {
    story(async {
        let world = tight();
        let mut event = engage("max");
        event["services"] = json!(["worker"]);
        let answer = ask(&world, event).await;
        assert_eq!((full(&answer), sizes(&world)), (REACHED, (10, 40)), "{answer:#}");
        let published = lock(&world).published.join("\n");
        assert!(published.contains("L-3032A538"), "{published}");
        let calls = |world: &Shared| lock(world).account.calls.clone();
        let before = calls(&world);
        assert_eq!(
            (before["GetServiceQuota"], before["GetMetricData"], before["DescribeTaskDefinition"]),
            (1, 1, 1)
        );
        ask(&world, json!({"action": "status"})).await;
        assert_eq!(calls(&world)["GetServiceQuota"], 1);
    });
}

#[test]
fn five_hundred_services_with_eight_more_tasks_each_run_after_195_s_of_launches() {
    story(async {
        let mut fleet = "version: 1\nname: large\nmode: enforce\nservices:\n".to_owned();
        let names: Vec<String> = (0..500).map(|number| format!("s{number:03}")).collect();
        for name in &names {
            let _ = writeln!(
                fleet,
                "  - {{ name: {name}, ecs: {{ cluster: prod, service: {name} }}, capacity: {{ min: 2, max: 10 }}, \
                 hours: [{{ during: \"mon-fri 07:00-20:00 UTC\", min: 2 }}] }}"
            );
        }
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), 2, None)).collect();
        let world = FakeFleet::new(&services);
        lock(&world).account =
            FakeAccount { cpu: Some("256"), quota: 4_000.0, used: Some(250.0), ..FakeAccount::default() };
        let event = json!({"action": "plan", "profile": "max"});
        let answer = send(&fleet, &world, event, "plan").await.expect("nothing kills it");
        assert!(full(&answer).starts_with("about 3 min 15 s; 4000 tasks"), "{}", full(&answer));
        assert!(notes(&answer).contains("25 and 5: about 13 min 15 s there"), "{}", notes(&answer));
        assert!(notes(&answer).contains("the vCPUs of a task of"), "{}", notes(&answer));
        assert_eq!(target(&answer, "s499")["at_seconds"], 195.0);
        assert_eq!(lock(&world).throttled, 0);
    });
}

/// A plan in an account that refuses one call, or shows nothing.
async fn without(action: &'static str, code: &'static str) -> Value {
    let world = tight();
    lock(&world).account.refused.insert(action, code);
    ask(&world, plan()).await
}

#[test]
fn what_cannot_be_read_is_unknown_by_name_and_stops_nothing() {
    story(async {
        for (action, what) in [
            ("GetServiceQuota", "unknown: the vCPU quota L-3032A538 (access denied"),
            ("GetMetricData", "unknown: how much of the vCPU quota L-3032A538 is in use (access denied"),
            ("DescribeTaskDefinition", "unknown: the vCPUs of a task of worker (access denied"),
        ] {
            let answer = without(action, "AccessDeniedException").await;
            assert_eq!(
                full(&answer),
                "at once; 40 tasks, if the limits that could not be read allow them",
                "{action}"
            );
            assert!(notes(&answer).contains(what), "{action}: {}", notes(&answer));
            assert_eq!(target(&answer, "worker")["deliverable"], Value::Null, "{action}");
        }
    });
}

#[test]
fn a_throttled_quota_and_a_metric_without_datapoints_are_unknown_too() {
    story(async {
        let answer = without("GetServiceQuota", "TooManyRequestsException").await;
        assert!(notes(&answer).contains("the vCPU quota L-3032A538 (throttled"), "{}", notes(&answer));
        let world = tight();
        lock(&world).account.used = None;
        let answer = ask(&world, plan()).await;
        assert!(notes(&answer).contains("is in use (no datapoints"), "{}", notes(&answer));
    });
}

#[test]
fn spot_has_its_own_quota_and_of_a_mixture_and_of_instances_it_is_said_that_nothing_is_known() {
    story(async {
        let plan_on = async |providers: &[&'static str]| {
            let world = tight();
            lock(&world).account.providers = providers.to_vec();
            ask(&world, plan()).await
        };
        let answer = plan_on(&["FARGATE_SPOT"]).await;
        assert!(full(&answer).ends_with("(Service Quotas L-36FBB829)"), "{}", full(&answer));
        let answer = plan_on(&["FARGATE", "FARGATE_SPOT"]).await;
        assert!(notes(&answer).contains("divided between FARGATE and FARGATE_SPOT"), "{}", notes(&answer));
        let answer = plan_on(&["my-instances"]).await;
        assert!(notes(&answer).contains("room on the container instances of worker"), "{}", notes(&answer));
    });
}

#[test]
fn the_changes_are_made_before_what_limits_them_is_read() {
    story(async {
        let world = tight();
        lock(&world).account.silent =
            BTreeSet::from(["GetServiceQuota", "GetMetricData", "DescribeTaskDefinition"]);
        let mut answer = pin!(ask(&world, engage("max")));
        let waited = timeout(Duration::from_secs(1), &mut answer).await;
        assert!(waited.is_err(), "it still waits for what limits them: {waited:?}");
        assert_eq!(sizes(&world), (10, 40), "and has made every change");
        let answer = answer.await;
        assert_eq!(emergency(&answer)["phase"], "engaged");
        assert!(
            notes(&answer).contains("unknown: the vCPU quota L-3032A538 (timed out"),
            "{}",
            notes(&answer)
        );
    });
}
