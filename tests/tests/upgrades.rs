//! Class upgrades from event to report: the real concern and the real SDK in virtual time against `fake_upgrades`.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::Clients;
use tidegate_evaluation::{Evaluator, Invocation, InvocationError};
use tidegate_tests::cloudformation::template;
use tidegate_tests::fake_ledger::settings;
use tidegate_tests::fake_upgrades::{ClassProcess, FakeUpgrades, SharedUpgrades, look};
use tidegate_upgrades::Upgrades;

#[path = "upgrades/snapshots.rs"]
mod snapshots;

const SMALL: &str = "db.m6g.large";
const LARGE: &str = "db.m6g.xlarge";
/// A day after the beginning the window opens after 23 minutes, for an hour: from the beginning to its end in evaluations of five minutes.
const THROUGH_THE_WINDOW: usize = 17;

/// One database whose CPU asks for the larger class.
fn shop(mode: &str) -> String {
    format!(
        "version: 1\nname: shop\nmode: {mode}\ndatabases:\n  - name: main\n    rds: shop-prod\n    \
         classes: [{SMALL}, {LARGE}]\n    upgrade: {{ when: cpu > 80% for 1h }}\n"
    )
}

fn function(fleet: &str, world: &SharedUpgrades) -> (Evaluator<Upgrades>, ClassProcess) {
    let fleet = tidegate_fleet::parse(fleet).expect("the fleet file is valid");
    let (process, clock) = (ClassProcess::new(world), world.clone());
    let clients = Clients::new(&process.config());
    let (name, concern) = (fleet.name().to_owned(), Upgrades::new(fleet, &clients));
    let now = Arc::new(move || look(&clock).now());
    (Evaluator::new(concern, settings("rds-upgrade"), &name, clients, now), process)
}

/// One event in a new process, until it is answered or the process is killed.
async fn send(fleet: &str, world: &SharedUpgrades, event: Value) -> Option<Result<Value, InvocationError>> {
    invoke(fleet, world, event, Invocation::default()).await
}

/// The same in an invocation that Lambda stops after so many seconds.
async fn send_within(seconds: i64, world: &SharedUpgrades, event: Value) -> Result<Value, InvocationError> {
    let deadline = look(world).now().checked_add(SignedDuration::from_secs(seconds)).ok();
    let invocation = Invocation { deadline, ..Invocation::default() };
    invoke(&shop("enforce"), world, event, invocation).await.expect("nothing kills it")
}

async fn invoke(
    fleet: &str,
    world: &SharedUpgrades,
    event: Value,
    invocation: Invocation,
) -> Option<Result<Value, InvocationError>> {
    let (function, process) = function(fleet, world);
    let killed = process.killed.clone();
    tokio::select! {
        answer = function.handle(event, &invocation) => Some(answer),
        () = killed.notified() => None,
    }
}

fn schedule() -> Value {
    json!({"detail-type": "Scheduled Event"})
}

/// So many evaluations, five minutes apart, whatever becomes of them.
/// Returns how many were killed.
async fn evaluations(fleet: &str, world: &SharedUpgrades, count: usize) -> usize {
    let mut killed = 0;
    for _ in 0..count {
        tokio::time::sleep(Duration::from_mins(5)).await;
        killed += usize::from(send(fleet, world, schedule()).await.is_none());
    }
    killed
}

/// The change is planned and told, and a day passes: what is told later than that before a window waits for the next one.
async fn planned(fleet: &str, world: &SharedUpgrades) {
    evaluations(fleet, world, 1).await;
    tokio::time::sleep(Duration::from_mins(24 * 60 - 5)).await;
}

/// The subscriber sees this text in so many reports.
fn reported(world: &SharedUpgrades, text: &str) -> usize {
    let text = text.replace(' ', "%20");
    look(world).published.iter().filter(|message| message.contains(&text)).count()
}

/// A story in which time passes only by waiting.
fn story<T>(of: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without input or output").block_on(of)
}

/// What is told of a change: that it began, and that it is done.
fn told(world: &SharedUpgrades) -> (usize, usize) {
    let begun = reported(world, "has begun") + reported(world, "RDS accepted ModifyDBInstance");
    (begun, reported(world, "shop-prod is db.m6g.xlarge now"))
}

#[test]
fn a_change_is_planned_begins_in_the_window_and_is_told_when_rds_shows_it() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        evaluations(&fleet, &world, 4).await;
        assert_eq!(look(&world).changes, [], "the window is not open");
        assert_eq!(reported(&world, "planned for"), 1);
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        assert_eq!(look(&world).shown(), (LARGE.to_owned(), "available", None));
        assert_eq!(look(&world).changes.len(), 1);
        assert_eq!(told(&world), (1, 1));
        let memory = look(&world).memory();
        assert!(memory["enforce"]["main"]["change"].is_null(), "{memory}");
    });
}

#[test]
fn killed_at_any_write_a_change_is_made_once_and_told() {
    let writes = story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        let before = look(&world).writes;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        before + 1..=look(&world).writes
    });
    assert!(writes.clone().count() > 10, "{writes:?}");
    for kill in writes.flat_map(|write| [(write, true), (write, false)]) {
        story(async {
            let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
            planned(&fleet, &world).await;
            look(&world).kill = Some(kill);
            assert_eq!(evaluations(&fleet, &world, THROUGH_THE_WINDOW).await, 1, "{kill:?}: one is killed");
            assert_eq!(look(&world).shown(), (LARGE.to_owned(), "available", None), "{kill:?}");
            assert_eq!(look(&world).changes.len(), 1, "{kill:?}");
            let (begun, done) = told(&world);
            // A process that is killed after SNS took a report tells it again.
            assert!((1..=2).contains(&begun) && (1..=2).contains(&done), "{kill:?}: {begun} {done}");
            let memory = look(&world).memory();
            assert!(memory["enforce"]["main"]["change"].is_null(), "{kill:?}: {memory}");
        });
    }
}

#[test]
fn two_evaluations_at_once_ask_for_a_class_once() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        evaluations(&fleet, &world, 4).await;
        tokio::time::sleep(Duration::from_mins(5)).await;
        let (one, other) = tokio::join!(send(&fleet, &world, schedule()), send(&fleet, &world, schedule()));
        let answers = [one, other].into_iter().flatten().flatten();
        let dropped: Vec<Value> = answers.map(|answer| answer["dropped"].clone()).collect();
        assert!(dropped.contains(&json!(true)) && dropped.contains(&json!(false)), "{dropped:?}");
        let sent = look(&world).calls.iter().filter(|call| *call == "ModifyDBInstance").count();
        assert_eq!(sent, 1);
        assert_eq!(look(&world).changes.len(), 1);
    });
}

#[test]
fn what_somebody_queues_before_the_call_is_not_applied_by_it() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        evaluations(&fleet, &world, 4).await;
        // The reading of the next evaluation does not show it yet, the look before the call does.
        let readings = look(&world).calls.iter().filter(|call| *call == "DescribeDBInstances").count();
        look(&world).queued_after = Some(readings + 1);
        evaluations(&fleet, &world, 2).await;
        assert!(!look(&world).calls.contains(&"ModifyDBInstance".to_owned()));
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        assert_eq!(look(&world).changes, []);
        assert_eq!((reported(&world, "would not begin on"), reported(&world, "passed without")), (1, 1));
    });
}

#[test]
fn what_sns_did_not_take_is_told_later_and_once() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        // The plan was told a day ahead; the rest is told later.
        let published = look(&world).published.len();
        look(&world).sns_is_down = true;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        assert_eq!(look(&world).published.len(), published);
        assert_eq!(look(&world).changes.len(), 1);
        look(&world).sns_is_down = false;
        evaluations(&fleet, &world, 3).await;
        assert_eq!((reported(&world, "has begun"), reported(&world, "is db.m6g.xlarge now")), (1, 1));
    });
}

#[test]
fn an_operator_gets_a_class_at_once_also_in_a_race_with_the_schedule() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        look(&world).cpu = 40.0;
        let asked = json!({"action": "upgrade", "database": "main", "to": "next", "now": true, "who": "ana"});
        let (by_hand, _) = tokio::join!(send(&fleet, &world, asked), send(&fleet, &world, schedule()));
        let answer = by_hand.expect("nothing kills it").expect("it answers");
        assert_eq!(answer["targets"][0]["outcome"], "applied", "{answer:#}");
        assert_eq!(look(&world).changes.len(), 1);
    });
}

/// An operator and the schedule at once, in invocations of so many seconds: what the operator gets, and the changes.
fn raced(seconds: i64) -> (Result<Value, InvocationError>, usize) {
    story(async {
        let world = FakeUpgrades::new(SMALL);
        look(&world).cpu = 40.0;
        let asked = json!({"action": "upgrade", "database": "main", "to": "next", "now": true, "who": "ana"});
        let (other, by_hand) =
            tokio::join!(send_within(seconds, &world, schedule()), send_within(seconds, &world, asked));
        assert_eq!(other.expect("it answers")["dropped"], json!(false), "the schedule wrote first");
        (by_hand, look(&world).changes.len())
    })
}

#[test]
fn what_an_operator_asks_for_is_repeated_within_the_time_of_the_function_or_fails() {
    let timeout = template()["Resources"]["RdsUpgradeFunction"]["Properties"]["Timeout"].as_i64();
    let (answer, changes) = raced(timeout.expect("a time-out"));
    let answer = answer.expect("there is time for another evaluation");
    assert_eq!((&answer["dropped"], &answer["targets"][0]["outcome"]), (&json!(false), &json!("applied")));
    assert_eq!(changes, 1);

    let (answer, changes) = raced(30);
    let error = answer.expect_err("there is no time for another evaluation");
    assert_eq!((error.error_type(), changes), ("Retryable", 0));
    assert!(error.to_string().contains("another evaluation wrote first"), "{error}");
}

#[test]
fn without_the_ledger_no_class_is_changed_and_operators_are_notified_also_of_its_end() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        look(&world).ledger_is_gone = true;
        let (function, _process) = function(&fleet, &world);
        for _ in 0..THROUGH_THE_WINDOW {
            tokio::time::sleep(Duration::from_mins(5)).await;
            let answer = function.handle(schedule(), &Invocation::default()).await;
            assert_eq!(answer.expect_err("it cannot remember").error_type(), "Retryable");
        }
        assert_eq!(look(&world).changes, []);
        assert!(reported(&world, "class changes paused") >= 1);
        let unchanged = "no class is changed; a change under way goes on in RDS and is not followed";
        assert!(reported(&world, &unchanged.replace(';', "%3B")) >= 1);
        look(&world).ledger_is_gone = false;
        let answer = function.handle(schedule(), &Invocation::default()).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(reported(&world, "class changes resumed"), 1);
        assert_eq!((reported(&world, "scaling"), reported(&world, "desired counts")), (0, 0));
    });
}

#[test]
fn a_change_is_followed_to_its_end_whatever_the_mode_becomes_meanwhile() {
    let (enforce, observe) = (shop("enforce"), shop("observe"));
    for modes in [[&observe, &observe], [&observe, &enforce], [&enforce, &enforce]] {
        for is_quiet in [false, true] {
            story(async {
                let world = FakeUpgrades::new(SMALL);
                planned(&enforce, &world).await;
                look(&world).sns_is_down = is_quiet;
                // It begins with the fifth.
                evaluations(&enforce, &world, 5).await;
                assert_eq!(look(&world).changes.len(), 1);
                evaluations(modes[0], &world, 1).await;
                assert_ne!(look(&world).shown().1, "available", "it is under way");
                look(&world).sns_is_down = false;
                evaluations(modes[1], &world, THROUGH_THE_WINDOW).await;
                assert_eq!(told(&world), (1, 1), "{modes:?}");
                assert_eq!(look(&world).changes.len(), 1);
                let memory = look(&world).memory();
                let (here, there) =
                    if modes[1] == &observe { ("observe", "enforce") } else { ("enforce", "observe") };
                assert!(memory[here]["main"].is_object() && memory[there].is_null(), "{memory}");
                assert!(memory[here]["main"]["change"].is_null(), "{memory}");
            });
        }
    }
}

#[test]
fn a_call_that_was_not_sent_is_not_sent_in_observe_mode_and_its_end_is_told() {
    story(async {
        let (world, enforce, observe) = (FakeUpgrades::new(SMALL), shop("enforce"), shop("observe"));
        planned(&enforce, &world).await;
        evaluations(&enforce, &world, 4).await;
        // After the intent and before the call.
        let call = look(&world).writes + 2;
        look(&world).kill = Some((call, true));
        evaluations(&enforce, &world, 1).await;
        assert!(look(&world).memory()["enforce"]["main"]["change"].is_object());
        evaluations(&observe, &world, THROUGH_THE_WINDOW).await;
        assert_eq!(look(&world).changes, []);
        assert_eq!(reported(&world, "whether RDS accepted it is not known"), 1);
        assert!(look(&world).memory()["observe"]["main"]["change"].is_null());
    });
}

#[test]
fn observe_mode_and_a_plan_change_nothing() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("observe"));
        planned(&fleet, &world).await;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        assert_eq!(look(&world).changes, []);
        assert_eq!(reported(&world, "would begin"), 1);

        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        planned(&fleet, &world).await;
        let writes = look(&world).writes;
        let published = look(&world).published.len();
        let plan = json!({"action": "plan", "database": "main", "to": "next"});
        let answer = send(&fleet, &world, plan).await.expect("nothing kills it").expect("it answers");
        assert_eq!(answer["targets"][0]["wanted"]["to"], LARGE);
        assert_eq!(look(&world).writes, writes);
        assert_eq!(look(&world).published.len(), published);
    });
}
