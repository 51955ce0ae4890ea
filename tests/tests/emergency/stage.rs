//! What every test here needs: a fleet, a function in a process of its own, and a minute that passes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::Clients;
use tidegate_emergency::Emergencies;
use tidegate_evaluation::{Evaluator, Invocation};
use tidegate_tests::fake_fleet::{FakeFleet, FleetProcess, Scalable, Shared, lock};
use tidegate_tests::fake_ledger::settings;

/// Hyperverge's `api` and `worker`, and a profile that sheds.
pub(crate) const SHOP: &str = r#"
version: 1
name: shop
mode: enforce
services:
  - { name: api, ecs: { cluster: prod, service: api }, capacity: { min: 2, max: 10 }, hours: [{ during: "mon-fri 07:00-20:00 Europe/Berlin", min: 2 }] }
  - { name: worker, ecs: { cluster: prod, service: worker }, capacity: { min: 2, max: 40 }, hours: [{ during: "mon-fri 07:00-20:00 Europe/Berlin", min: 2 }] }
emergency:
  profiles:
    launch: { api: 10, worker: 20 }
    shed: { worker: 5 }
  runbook: ["Enable CloudFront caching"]
"#;

/// Nothing of it is suspended.
pub(crate) const FREE: [bool; 3] = [false; 3];

/// `api` at 2 under Application Auto Scaling, `worker` at 2.
pub(crate) fn shop() -> Shared {
    FakeFleet::new(&[("api", 2, Some((1, 4, FREE))), ("worker", 2, None)])
}

/// A function in a process of its own.
pub(crate) fn function(fleet: &str, world: &Shared) -> (Evaluator<Emergencies>, FleetProcess) {
    let fleet = tidegate_fleet::parse(fleet).expect("the fleet file is valid");
    let (process, clock) = (FleetProcess::new(world), world.clone());
    let clients = Clients::new(&process.config());
    let (name, concern) = (fleet.name().to_owned(), Emergencies::new(fleet, &clients));
    let now = Arc::new(move || lock(&clock).now());
    (Evaluator::new(concern, settings("emergency-max"), &name, clients, now), process)
}

/// One invocation, with the fifteen minutes that Lambda gives it.
pub(crate) fn invocation(world: &Shared, request: &str) -> Invocation {
    let deadline = lock(world).now().checked_add(jiff::SignedDuration::from_mins(15)).ok();
    Invocation { request: Some(request.to_owned()), deadline }
}

/// One event in a new process, until it is answered or the process is killed.
pub(crate) async fn send(fleet: &str, world: &Shared, event: Value, request: &str) -> Option<Value> {
    let (function, process) = function(fleet, world);
    let invocation = invocation(world, request);
    let killed = process.killed.clone();
    tokio::select! {
        answer = function.handle(event, &invocation) => Some(answer.expect("it answers")),
        () = killed.notified() => None,
    }
}

pub(crate) async fn ask(world: &Shared, event: Value) -> Value {
    send(SHOP, world, event, "by hand").await.expect("nothing kills it")
}

/// So many minutes pass, each with its scheduled evaluation.
pub(crate) async fn minutes(fleet: &str, world: &Shared, count: usize) {
    for minute in 0..count {
        tokio::time::sleep(Duration::from_mins(1)).await;
        let event = json!({"detail-type": "Scheduled Event"});
        send(fleet, world, event, &format!("minute {minute} of {:?}", lock(world).now())).await;
    }
}

pub(crate) fn engage(profile: &str) -> Value {
    json!({"action": "engage", "profile": profile, "reason": "launch day", "who": "alice"})
}

pub(crate) fn restore() -> Value {
    json!({"action": "restore", "who": "bob"})
}

/// The desired counts of `api` and `worker`.
pub(crate) fn sizes(world: &Shared) -> (i64, i64) {
    let world = lock(world);
    (world.services["api"].desired, world.services["worker"].desired)
}

pub(crate) fn scalable(world: &Shared, name: &str) -> Option<Scalable> {
    lock(world).services[name].scalable
}

/// What was published, as it is read.
pub(crate) fn reports(world: &Shared) -> Vec<String> {
    lock(world).published.iter().map(|body| decoded(body)).collect()
}

fn decoded(body: &str) -> String {
    let mut parts = body.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits follow a %"));
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).expect("it is text").replace("\\n", "\n")
}

/// One target of an answer.
pub(crate) fn target<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let found = answer["targets"].as_array().into_iter().flatten().find(|it| it["target"] == name);
    found.unwrap_or_else(|| unreachable!("no `{name}` in {answer:#}"))
}

/// A story in which time passes only by waiting.
pub(crate) fn story<T>(of: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without input or output").block_on(of)
}
