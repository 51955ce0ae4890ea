//! Read replicas from event to report: the real concern and the real SDK in virtual time against `fake_replicas`.

#[path = "replicas/meanwhile.rs"]
mod meanwhile;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::Clients;
use tidegate_evaluation::{Evaluator, Invocation, InvocationError};
use tidegate_replicas::Replicas;
use tidegate_tests::fake_ledger::settings;
use tidegate_tests::fake_replicas::{FakeReplicas, ReplicaProcess, SharedReplicas, look};

/// One database with at least one replica and at most three.
fn shop(mode: &str, replicas: &str) -> String {
    format!(
        "version: 1\nname: shop\nmode: {mode}\ndatabases:\n  - name: main\n    rds: shop-prod\n    \
         replicas: {{ lag: 15s, {replicas}, cooldown: 2m, drain: 2m, dns: {{ zone: Z0123456789ABC, record: read.db.internal }} }}\n"
    )
}

const ONE_TO_THREE: &str = "min: 1, max: 3, out: cpu > 70% for 3m, in: cpu < 30% for 5m";
const ONE: &str = "min: 1, max: 1";
/// More minutes than any change here takes.
const LONG: usize = 30;

fn function(fleet: &str, world: &SharedReplicas) -> (Evaluator<Replicas>, ReplicaProcess) {
    let fleet = tidegate_fleet::parse(fleet).expect("the fleet file is valid");
    let (process, clock) = (ReplicaProcess::new(world), world.clone());
    let clients = Clients::new(&process.config());
    let (name, concern) = (fleet.name().to_owned(), Replicas::new(fleet, &clients));
    let now = Arc::new(move || look(&clock).now());
    (Evaluator::new(concern, settings("replica-lag"), &name, clients, now), process)
}

/// One event in a new process, until it is answered or the process is killed.
async fn send(fleet: &str, world: &SharedReplicas, event: Value) -> Option<Result<Value, InvocationError>> {
    let (function, process) = function(fleet, world);
    let (killed, invocation) = (process.killed.clone(), Invocation::default());
    tokio::select! {
        answer = function.handle(event, &invocation) => Some(answer),
        () = killed.notified() => None,
    }
}

fn schedule() -> Value {
    json!({"detail-type": "Scheduled Event"})
}

/// A minute passes, with its scheduled evaluation.
async fn minute(fleet: &str, world: &SharedReplicas) -> Value {
    tokio::time::sleep(Duration::from_mins(1)).await;
    send(fleet, world, schedule()).await.expect("nothing kills it").expect("it answers")
}

/// So many minutes pass, whatever becomes of their evaluations. How many of them were killed.
async fn minutes(fleet: &str, world: &SharedReplicas, count: usize) -> usize {
    let mut killed = 0;
    for _ in 0..count {
        tokio::time::sleep(Duration::from_mins(1)).await;
        killed += usize::from(send(fleet, world, schedule()).await.is_none());
    }
    killed
}

fn main_of(answer: &Value) -> &Value {
    answer["targets"].get(0).unwrap_or_else(|| unreachable!("no target in {answer:#}"))
}

fn codes(answer: &Value) -> Vec<&str> {
    let reasons = main_of(answer)["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["code"].as_str()).collect()
}

/// The subscriber sees this text in so many reports.
fn reported(world: &SharedReplicas, text: &str) -> usize {
    let text = text.replace(' ', "%20");
    look(world).published.iter().filter(|message| message.contains(&text)).count()
}

/// A story in which time passes only by waiting.
fn story<T>(of: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without input or output").block_on(of)
}

#[test]
fn a_replica_is_created_catches_up_answers_reads_and_is_told_twice() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[]), shop("enforce", ONE_TO_THREE));
        minutes(&fleet, &world, LONG).await;
        let world = look(&world);
        assert_eq!(world.shown(), ["tidegate-shop-prod-1"]);
        assert_eq!(world.changes.len(), 1, "{:?}", world.changes);
        assert_eq!(world.replicas["tidegate-shop-prod-1"].fleet.as_deref(), Some("shop"));
        assert_eq!(world.records.keys().collect::<Vec<_>>(), ["tidegate:tidegate-shop-prod-1"]);
        assert!(world.memory()["enforce"]["main"]["change"].is_null(), "{}", world.memory());
        assert!(world.published.len() <= 3, "{:#?}", world.published);
    });
}

#[test]
fn an_account_of_many_instances_is_one_paged_call_and_one_batch_of_metrics_a_minute() {
    story(async {
        let (world, fleet) =
            (FakeReplicas::new(&[("one", None), ("two", None)]), shop("enforce", ONE_TO_THREE));
        look(&world).others = 350;
        minutes(&fleet, &world, 3).await;
        look(&world).calls.clear();
        minute(&fleet, &world).await;
        let mut calls = look(&world).calls.clone();
        calls.sort();
        let expected = [
            "BatchGetItem",
            "DescribeDBInstances",
            "DescribeDBInstances",
            "DescribeDBInstances",
            "DescribeDBInstances",
            "GetMetricData",
            "ListResourceRecordSets",
            "PutItem",
        ];
        assert_eq!(calls, expected);
        look(&world).calls.clear();
        let event = json!({"detail-type": "RDS DB Instance Event", "source": "aws.rds", "detail": {}});
        let answer =
            send(&fleet, &world, event.clone()).await.expect("nothing kills it").expect("it answers");
        assert_eq!(answer["targets"], json!([]), "AWS was read a moment ago");
        assert_eq!(look(&world).calls, ["BatchGetItem"]);
        tokio::time::sleep(Duration::from_mins(1)).await;
        let answer = send(&fleet, &world, event).await.expect("nothing kills it").expect("it answers");
        assert_eq!(
            (&answer["trigger"], main_of(&answer)["target"].as_str()),
            (&json!("rds-event"), Some("main"))
        );
    });
}

#[test]
fn killed_at_any_write_of_a_creation_one_replica_is_created_and_told() {
    let fleet = shop("enforce", ONE_TO_THREE);
    let last = story(async {
        let world = FakeReplicas::new(&[]);
        minutes(&fleet, &world, 16).await;
        assert_eq!(reported(&world, "tidegate-shop-prod-1 added"), 1, "it is over by then");
        look(&world).writes
    });
    assert!(last > 15, "an intent, a call, outcomes and records: {last}");
    for at in 1..=last {
        for before in [true, false] {
            story(async {
                let world = FakeReplicas::new(&[]);
                look(&world).kill = Some((at, before));
                let tale = format!("killed at write {at} of {last}, before it: {before}");
                assert_eq!(minutes(&fleet, &world, LONG).await, 1, "{tale}: one is killed");
                let told = reported(&world, "tidegate-shop-prod-1 added");
                let world = look(&world);
                assert_eq!(world.shown(), ["tidegate-shop-prod-1"], "{tale}: {:?}", world.changes);
                assert_eq!(world.records.len(), 1, "{tale}: {:?}", world.records);
                assert!(world.memory()["enforce"]["main"]["change"].is_null(), "{tale}: {}", world.memory());
                assert!(!world.was_empty && told >= 1, "{tale}: {:#?}", world.published);
            });
        }
    }
}

#[test]
fn killed_at_any_write_of_a_removal_one_of_ours_goes_after_its_record_and_nothing_else() {
    let fleet = shop("enforce", ONE);
    let there = [("reporting", None), ("tidegate-shop-prod-1", Some("shop"))];
    let last = story(async {
        let world = FakeReplicas::new(&there);
        minutes(&fleet, &world, 16).await;
        assert_eq!(reported(&world, "tidegate-shop-prod-1 removed"), 1, "it is over by then");
        look(&world).writes
    });
    for at in 1..=last {
        for before in [true, false] {
            story(async {
                let world = FakeReplicas::new(&there);
                look(&world).kill = Some((at, before));
                let tale = format!("killed at write {at} of {last}, before it: {before}");
                assert_eq!(minutes(&fleet, &world, LONG).await, 1, "{tale}: one is killed");
                let told = reported(&world, "tidegate-shop-prod-1 removed");
                let world = look(&world);
                assert_eq!(world.shown(), ["reporting"], "{tale}: {:?}", world.changes);
                assert_eq!(world.records.keys().collect::<Vec<_>>(), ["tidegate:reporting"], "{tale}");
                assert!(!world.was_empty && told >= 1, "{tale}: {:#?}", world.published);
            });
        }
    }
}

#[test]
fn killed_at_any_write_a_zone_without_capacity_leads_to_another_one() {
    let fleet = shop("enforce", ONE_TO_THREE);
    let full = || {
        let world = FakeReplicas::new(&[]);
        look(&world).full_zones = vec!["eu-central-1b"];
        world
    };
    let last = story(async {
        let world = full();
        minutes(&fleet, &world, 16).await;
        assert_eq!(reported(&world, "tidegate-shop-prod-1 added"), 1, "it is over by then");
        let asked = |name: &str| look(&world).calls.iter().filter(|call| *call == name).count();
        assert_eq!(asked("CreateDBInstanceReadReplica"), 2, "one zone after the other");
        assert_eq!(asked("DescribeOrderableDBInstanceOptions"), 1, "once a zone had none, and no more");
        look(&world).writes
    });
    for at in 1..=last {
        for before in [true, false] {
            story(async {
                let world = full();
                look(&world).kill = Some((at, before));
                let tale = format!("killed at write {at} of {last}, before it: {before}");
                assert_eq!(minutes(&fleet, &world, LONG).await, 1, "{tale}: one is killed");
                let world = look(&world);
                assert_eq!(world.shown(), ["tidegate-shop-prod-1"], "{tale}: {:?}", world.changes);
                assert_eq!(world.replicas["tidegate-shop-prod-1"].zone, "eu-central-1a", "{tale}");
                assert!(world.memory()["enforce"]["main"]["change"].is_null(), "{tale}: {}", world.memory());
            });
        }
    }
}

#[test]
fn that_no_zone_has_capacity_is_reported_once_and_tried_again() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[]), shop("enforce", ONE_TO_THREE));
        look(&world).full_zones = vec!["eu-central-1a", "eu-central-1b"];
        minutes(&fleet, &world, 40).await;
        let refused = look(&world).calls.iter().filter(|call| *call == "CreateDBInstanceReadReplica").count();
        assert_eq!(refused, 6, "two zones, and both again after 10 and 20 minutes more");
        assert_eq!(reported(&world, "RDS has no capacity for it"), 1, "{:#?}", look(&world).published);
        assert_eq!(reported(&world, "it offers that class in eu-central-1a"), 1);
        look(&world).full_zones.clear();
        minutes(&fleet, &world, 60).await;
        assert_eq!(look(&world).shown(), ["tidegate-shop-prod-1"]);
        assert_eq!(
            reported(&world, "capacity holds no replica back any more"),
            1,
            "{:#?}",
            look(&world).published
        );
    });
}

#[test]
fn of_two_evaluations_at_once_one_creates() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[]), shop("enforce", ONE_TO_THREE));
        let (one, other) = tokio::join!(send(&fleet, &world, schedule()), send(&fleet, &world, schedule()));
        let dropped = [one, other].into_iter().flatten().flatten();
        let dropped: Vec<Value> = dropped.map(|answer| answer["dropped"].clone()).collect();
        assert!(dropped.contains(&json!(true)) && dropped.contains(&json!(false)), "{dropped:?}");
        assert_eq!(look(&world).changes.len(), 1);
    });
}

#[test]
fn what_somebody_else_created_is_never_deleted() {
    story(async {
        // One has our prefix and no tags, one has the tags of another fleet.
        let there =
            [("tidegate-shop-prod-7", None), ("tidegate-shop-prod-8", Some("other")), ("reporting", None)];
        let (world, fleet) = (FakeReplicas::new(&there), shop("enforce", ONE));
        minutes(&fleet, &world, LONG).await;
        assert_eq!(look(&world).changes, []);
        assert_eq!(look(&world).shown().len(), 3);
    });
}

#[test]
fn a_hold_keeps_the_count_and_a_pin_sets_it() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[("one", None)]), shop("enforce", ONE_TO_THREE));
        let row = |kind: Value| {
            let now = look(&world).now();
            let mut row = json!({"target": "main", "since": now, "until": "2099-01-01T00:00:00Z", "who": "ana", "why": "x"});
            row.as_object_mut().expect("a row").extend(kind.as_object().cloned().unwrap_or_default());
            let memory = json!({"rows": [row]}).to_string();
            let item = json!({"pk": {"S": "shop"}, "sk": {"S": "overrides"}, "memory": {"S": memory}});
            look(&world).items.insert("overrides".to_owned(), item);
        };
        look(&world).cpu = 95.0;
        row(json!({"hold": "both"}));
        minutes(&fleet, &world, 12).await;
        assert_eq!(look(&world).changes, [], "it is held");
        look(&world).cpu = 50.0;
        row(json!({"pin": 3}));
        minutes(&fleet, &world, LONG).await;
        assert_eq!(look(&world).shown(), ["one", "tidegate-shop-prod-1", "tidegate-shop-prod-2"]);
    });
}

#[test]
fn observe_mode_and_a_plan_change_nothing() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[]), shop("observe", ONE_TO_THREE));
        minutes(&fleet, &world, 10).await;
        assert_eq!(look(&world).changes, []);
        assert!(look(&world).records.is_empty());
        assert_eq!(reported(&world, "would add a replica"), 1);

        let (world, fleet) = (FakeReplicas::new(&[]), shop("enforce", ONE_TO_THREE));
        let plan = json!({"action": "plan"});
        let answer = send(&fleet, &world, plan).await.expect("nothing kills it").expect("it answers");
        assert_eq!(main_of(&answer)["verdict"], "add-replica");
        assert_eq!(look(&world).writes, 0);
        assert!(look(&world).published.is_empty());
    });
}

#[test]
fn without_the_ledger_nothing_is_changed_and_operators_are_notified() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[]), shop("enforce", ONE_TO_THREE));
        look(&world).ledger_is_gone = true;
        let (function, _process) = function(&fleet, &world);
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_mins(1)).await;
            let answer = function.handle(schedule(), &Invocation::default()).await;
            assert_eq!(answer.expect_err("it cannot remember").error_type(), "Retryable");
        }
        assert_eq!(look(&world).changes, []);
        assert_eq!(reported(&world, "replica changes paused %28replica-lag%29"), 1);
        assert_eq!(reported(&world, "replicas and records unchanged"), 1);
        assert_eq!(reported(&world, "desired counts"), 0);
    });
}

#[test]
fn what_sns_did_not_take_is_reported_later_and_once() {
    story(async {
        let (world, fleet) =
            (FakeReplicas::new(&[("one", None), ("two", None)]), shop("enforce", ONE_TO_THREE));
        minutes(&fleet, &world, 3).await;
        let lag = |lag: f64| look(&world).replicas.get_mut("one").expect("it is there").lag = lag;
        look(&world).sns_is_down = true;
        lag(42.0);
        minutes(&fleet, &world, 5).await;
        assert_eq!(look(&world).published.len(), 0);
        assert_eq!(look(&world).records.len(), 1, "it answers no reads all the same");
        look(&world).sns_is_down = false;
        minutes(&fleet, &world, 5).await;
        assert_eq!(reported(&world, "one lags by 42s"), 1);
        lag(0.0);
        minutes(&fleet, &world, 5).await;
        assert_eq!(reported(&world, "RESOLVED"), 1, "{:#?}", look(&world).published);
        assert_eq!(look(&world).records.len(), 2);
    });
}

#[test]
fn instances_that_cannot_be_read_change_nothing() {
    story(async {
        let (world, fleet) = (FakeReplicas::new(&[("one", None)]), shop("enforce", ONE_TO_THREE));
        minutes(&fleet, &world, 3).await;
        look(&world).rds_is_throttled = true;
        let answer = minute(&fleet, &world).await;
        assert_eq!(codes(&answer), ["unreadable"]);
        minutes(&fleet, &world, 10).await;
        assert_eq!(look(&world).changes, []);
        assert_eq!(look(&world).records.len(), 1);
        assert_eq!(reported(&world, "replicas not readable"), 1);
    });
}
