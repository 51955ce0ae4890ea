//! What a plan says of what AWS can run, and when; and what it says where that is not known.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::{FakeAccount, FakeFleet, Shared, lock};
use tokio::time::timeout;

use crate::stage::{ask, engage, function, invocation, send, sizes, story, target};

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

/// So many services at 2 of 10 tasks of a quarter of a virtual CPU each; the highest `priority` is that of the last one.
fn many(count: usize) -> (String, Shared) {
    let mut fleet = "version: 1\nname: large\nmode: enforce\nservices:\n".to_owned();
    let names: Vec<String> = (0..count).map(|number| format!("s{number:04}")).collect();
    for name in &names {
        let priority = if Some(name) == names.last() { "priority: 10, " } else { "" };
        let _ = writeln!(
            fleet,
            "  - {{ name: {name}, {priority}ecs: {{ cluster: prod, service: {name} }}, capacity: {{ min: 2, max: 10 }}, \
             hours: [{{ during: \"mon-fri 07:00-20:00 UTC\", min: 2 }}] }}"
        );
    }
    let services: Vec<_> = names.iter().map(|name| (name.as_str(), 2, None)).collect();
    let world = FakeFleet::new(&services);
    lock(&world).account =
        FakeAccount { cpu: Some("256"), quota: 4_000.0, used: Some(250.0), ..FakeAccount::default() };
    (fleet, world)
}

#[test]
fn five_hundred_services_with_eight_more_tasks_each_run_after_195_s_of_launches() {
    story(async {
        let (fleet, world) = many(500);
        let event = json!({"action": "plan", "profile": "max"});
        let answer = send(&fleet, &world, event, "plan").await.expect("nothing kills it");
        assert!(full(&answer).starts_with("about 3 min 15 s; 4000 tasks"), "{}", full(&answer));
        assert!(notes(&answer).contains("25 and 5: about 13 min 15 s there"), "{}", notes(&answer));
        assert!(notes(&answer).contains("the vCPUs of a task of"), "{}", notes(&answer));
        assert_eq!(target(&answer, "s0498")["at_seconds"], 195.0, "{answer:#}");
        assert!(
            target(&answer, "s0499")["at_seconds"].as_f64().is_some_and(|at| at < 1.0),
            "it is the first"
        );
        assert_eq!(lock(&world).throttled, 0);
    });
}

#[test]
fn the_answer_of_an_engage_of_five_hundred_says_when_all_of_it_runs() {
    story(async {
        let (fleet, world) = many(500);
        let answer = send(&fleet, &world, engage("max"), "engage").await.expect("nothing kills it");
        assert!(full(&answer).starts_with("about 3 min 15 s; 4000 tasks"), "{answer:#}");
        assert!(notes(&answer).contains("counted from 11:06:"), "{}", notes(&answer));
        assert!(
            notes(&answer).contains("the vCPUs of a task of"),
            "what was not read is counted: {}",
            notes(&answer)
        );
        assert_eq!(target(&answer, "s0498")["at_seconds"], 195.0);
        let first = lock(&world).updates[0].0.clone();
        assert_eq!(first, "s0499", "the highest priority is set first");
        assert_eq!(lock(&world).throttled, 0);
        let first_report = lock(&world).published[0].clone();
        assert!(first_report.contains("about%203%20min%2015%20s"), "{first_report}");
        assert!(answer.to_string().len() < 6_000_000, "Lambda answers with 6 MB at most");
        // The time is that of this emergency, and is not said of another question.
        let status = send(&fleet, &world, json!({"action": "status"}), "status").await;
        assert_eq!(emergency(&status.expect("it answers"))["full_capacity"], Value::Null);
    });
}

#[test]
fn a_thousand_services_are_described_beside_the_changes_and_what_is_not_is_counted() {
    story(async {
        let (fleet, world) = many(1_000);
        let answer = send(&fleet, &world, engage("max"), "engage").await.expect("nothing kills it");
        assert_eq!(emergency(&answer)["phase"], "engaged", "{}", emergency(&answer));
        let text = notes(&answer);
        assert!(full(&answer).contains("tasks") && text.contains("counted from"), "{text}");
        let size = answer.to_string().len();
        eprintln!("1,000 services: {}; {text}; an answer of {size} bytes", full(&answer));
        assert!(size < 6_000_000, "Lambda answers with 6 MB at most: {size}");
        let last = lock(&world).updates.last().map(|it| it.1.as_secs());
        assert!(last.is_some_and(|last| last <= 200), "(1000 - 50) / 5 s = 190 s: {last:?}");
        assert_eq!(lock(&world).throttled, 0);
    });
}

/// One process plans twice: a revision of a task definition never changes, so the second plan reads only what the first did not.
#[test]
fn another_plan_of_the_same_process_reads_the_rest_of_the_task_definitions() {
    story(async {
        let (fleet, world) = many(250);
        let (function, _process) = function(&fleet, &world);
        let plan = async || {
            let event = json!({"action": "plan", "profile": "max"});
            function.handle(event, &invocation(&world, "plan")).await.expect("it answers")
        };
        let first = plan().await;
        assert!(notes(&first).contains("the vCPUs of a task of"), "{}", notes(&first));
        let second = plan().await;
        assert!(!notes(&second).contains("unknown"), "{}", notes(&second));
        assert!(full(&second).ends_with("; all 2000 tasks"), "{}", full(&second));
        let read = lock(&world).account.calls["DescribeTaskDefinition"];
        assert!((250..280).contains(&read), "each once, but for those that were late: {read}");
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
