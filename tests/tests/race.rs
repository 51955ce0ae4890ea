//! Two evaluations at once, with lost responses, SDK retries, kills at every call and a freeze of 60 seconds: exactly one
//! acts, nothing is added twice, no memory is lost.
//!
//! The real function and the real SDK run in virtual time against `fake_aws`; the local AWS can do none of this.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::Clients;
use tidegate_evaluation::{Evaluator, Invocation};
use tidegate_scaling::Services;
use tidegate_tests::cloudformation::template;
use tidegate_tests::fake_aws::{FakeAws, FunctionProcess};
use tidegate_tests::fake_ledger::settings;

const FLEET: &str = r#"
version: 1
name: race
mode: enforce
services:
  - name: worker
    ecs: { cluster: prod, service: worker }
    capacity: { min: 2, max: 50 }
    concurrency: 1
    queue: { sqs: { url: "https://sqs.eu-central-1.amazonaws.com/111122223333/jobs" } }
    rules:
      - { when: waiting > 500, add: 5 }
    cooldown: { out: 1h, in: 1h }
"#;

/// How many stories are reported; each takes a few milliseconds.
const SEEDS: u64 = 400;

/// How many alarms go off, each 5 ms later in the other evaluation.
const ALARMS: u64 = 40;

fn function(process: &FunctionProcess, world: &Arc<Mutex<FakeAws>>) -> Evaluator<Services> {
    let fleet = tidegate_fleet::parse(FLEET).expect("the fleet file is valid");
    let clock = world.clone();
    let now = move || clock.lock().unwrap_or_else(PoisonError::into_inner).now();
    let clients = Clients::new(&process.config());
    let (name, concern) = (fleet.name().to_owned(), queue_depth::concern(fleet, &clients));
    Evaluator::new(concern, settings("queue-depth"), &name, clients, Arc::new(now))
}

/// One evaluation in a process of its own, until it ends or is killed.
async fn evaluate(name: &str, world: &Arc<Mutex<FakeAws>>, seed: u64, unlucky: bool) -> Option<Value> {
    let process = FunctionProcess::new(name, world, seed, unlucky);
    let killed = process.killed.clone();
    let function = function(&process, world);
    let invocation = Invocation::default();
    tokio::select! {
        answer = function.handle(json!({}), &invocation) => answer.ok(),
        () = killed.notified() => None,
    }
}

/// The same for an event, in the time that a function has.
async fn sent(world: &Arc<Mutex<FakeAws>>, seed: u64, event: Value) -> Value {
    let timeout = template()["Resources"]["QueueDepthFunction"]["Properties"]["Timeout"].as_i64();
    let timeout = SignedDuration::from_secs(timeout.expect("a time-out"));
    let now = world.lock().unwrap_or_else(PoisonError::into_inner).now();
    let invocation = Invocation { request: None, deadline: now.checked_add(timeout).ok() };
    let function = function(&FunctionProcess::new("sent", world, seed, false), world);
    function.handle(event, &invocation).await.expect("an answer")
}

/// A runtime in which time passes only by waiting.
fn virtual_time() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input or output")
}

/// One story: two evaluations at once, then the quiet evaluations of the next five minutes.
fn story(seed: u64) -> Arc<Mutex<FakeAws>> {
    virtual_time().block_on(async {
        let world = FakeAws::new(10, 900);
        let first = evaluate("first", &world, seed, true);
        let second = async {
            tokio::time::sleep(Duration::from_millis(seed % 7 * 15)).await;
            evaluate("second", &world, seed.wrapping_add(1_000_003), true).await
        };
        tokio::join!(first, second);
        let later = function(&FunctionProcess::new("later", &world, seed, false), &world);
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_secs(50)).await;
            later.handle(json!({}), &Invocation::default()).await.expect("a quiet evaluation answers");
        }
        world
    })
}

#[test]
fn two_evaluations_at_once_add_once_whatever_happens() {
    let mut unlucky = 0;
    for seed in 0..SEEDS {
        let world = story(seed);
        let world = world.lock().unwrap_or_else(PoisonError::into_inner);
        let tale = || {
            format!(
                "seed {seed}: {:#?}\nupdates {:?}\nversions {:?}",
                world.story, world.updates, world.versions
            )
        };
        unlucky += usize::from(!world.story.is_empty());

        assert_eq!(world.desired, 15, "+5 is added exactly once. {}", tale());
        assert!(world.updates.iter().all(|(_, _, to)| *to == 15), "no other size is ever set. {}", tale());

        // A retry of the SDK is the same evaluation; a second evaluation acts only where the first one was killed or
        // frozen.
        let mut actors: Vec<&str> = world.updates.iter().map(|(who, _, _)| who.as_str()).collect();
        actors.dedup();
        let broken = world.story.iter().any(|line| line.contains("Killed") || line.contains("Frozen"));
        assert!(actors.len() == 1 || broken, "exactly one evaluation acts. {}", tale());

        let versions: Vec<u64> = world.versions.iter().map(|(_, version)| *version).collect();
        let expected: Vec<u64> = (1..).take(versions.len()).collect();
        assert_eq!(
            versions,
            expected,
            "every version is written once and follows the one before. {}",
            tale()
        );

        let memory = world.items["memory#queue-depth"]["memory"]["S"].as_str().expect("a memory");
        let memory: Value = serde_json::from_str(memory).expect("a memory in JSON");
        let worker = &memory["enforce"]["worker"];
        assert!(worker["in"].is_null(), "every intent is settled. {worker} {}", tale());
        assert!(
            worker["ch"].is_number() && worker["so"].is_object(),
            "the cooldown is remembered. {worker} {}",
            tale()
        );
    }
    assert!(unlucky > 200, "the seeds cause failures, only {unlucky} did");
}

/// The queue fills and an alarm goes off while the schedule's evaluation, which has read the queue or not, is about to write.
#[test]
fn an_alarm_that_goes_off_during_an_evaluation_acts_at_once() {
    let (mut overtaken, mut repeated) = (0, 0);
    for seed in 0..ALARMS {
        virtual_time().block_on(async {
            let world = FakeAws::new(10, 100);
            let alarm = include_str!("../../events/queue-depth.alarm-direct.json");
            let alarm = async {
                tokio::time::sleep(Duration::from_millis(20 + 5 * seed)).await;
                world.lock().unwrap_or_else(PoisonError::into_inner).waiting = 900;
                sent(&world, seed, serde_json::from_str(alarm).expect("an event in JSON")).await
            };
            let schedule = include_str!("../../events/queue-depth.schedule.json");
            let schedule = serde_json::from_str(schedule).expect("an event in JSON");
            let (schedule, alarm) = tokio::join!(sent(&world, seed.wrapping_add(1_000_003), schedule), alarm);
            let world = world.lock().unwrap_or_else(PoisonError::into_inner);
            assert_eq!(world.desired, 15, "seed {seed}: {schedule:#}\n{alarm:#}");
            overtaken += usize::from(schedule["dropped"] == true);
            repeated += usize::from(world.versions.len() > 2);
        });
    }
    assert!(overtaken > 0 && repeated > 8, "{overtaken} and {repeated} of {ALARMS} do so");
}

#[test]
fn an_event_delivered_twice_changes_nothing_the_second_time() {
    virtual_time().block_on(async {
        let world = FakeAws::new(10, 900);
        let first = evaluate("first", &world, 1, false).await.expect("an answer");
        let second = evaluate("second", &world, 2, false).await.expect("an answer");
        assert_eq!(first["targets"][0]["outcome"], "applied");
        assert_eq!(second["targets"][0]["verdict"], "hold", "{second}");
        assert_eq!(world.lock().unwrap_or_else(PoisonError::into_inner).updates.len(), 1);
    });
}

/// What stands in the ledger, as any principal that may write the table could put it there.
fn write_by_hand(world: &Arc<Mutex<FakeAws>>, memory: &Value, overrides: &Value) {
    let item = |key: &str, name: &str, text: &Value| json!({"pk": {"S": "race"}, "sk": {"S": key}, "version": {"N": "7"}, name: {"S": text.to_string()}});
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    world.items.insert("memory#queue-depth".to_owned(), item("memory#queue-depth", "memory", memory));
    world.items.insert("overrides".to_owned(), item("overrides", "memory", &json!({"rows": overrides})));
}

#[test]
fn what_is_written_into_the_ledger_by_hand_stops_no_scaling_and_sets_no_size_beyond_the_file() {
    const YEAR_9999: i64 = 253_370_764_800_000;
    let never = json!({"from": 1, "to": u32::MAX, "at": YEAR_9999, "evaluation": "none"});
    let failed = json!({"a": YEAR_9999, "c": 9});
    let memory = json!({"enforce": {"worker": {"in": never, "fa": failed, "ch": YEAR_9999}}});
    let pin = |until: &str| json!([{"target": "*", "pin": u32::MAX, "since": "2026-11-10T00:00:00Z", "until": until, "who": "x", "why": "y"}]);
    for until in ["9999-01-01T00:00:00Z", "2026-11-20T00:00:00Z"] {
        virtual_time().block_on(async {
            let world = FakeAws::new(10, 900);
            write_by_hand(&world, &memory, &pin(until));
            let function = function(&FunctionProcess::new("only", &world, 1, false), &world);
            // A change that failed nine times is tried again after a quarter of an hour.
            for _ in 0..20 {
                function.handle(json!({}), &Invocation::default()).await.expect("an answer");
                tokio::time::sleep(Duration::from_mins(1)).await;
            }
            let world = world.lock().unwrap_or_else(PoisonError::into_inner);
            assert_eq!(world.desired, 50, "a pin until {until}: {:?}", world.updates);
        });
    }
}
