//! Holds and pins beside an emergency: which of them is in effect, what becomes of sizes, and what a release leaves.

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::{FakeFleet, Shared, lock};

use crate::stage::{FREE, minutes, reports, send, sizes, story, target};

/// Two services with rules.
const RULED: &str = r"
version: 1
name: shop
mode: enforce
services:
  - { name: api, ecs: { cluster: prod, service: api }, capacity: { min: 2, max: 10 }, rules: [{ when: cpu > 70% for 3m, add: 2 }] }
  - { name: worker, ecs: { cluster: prod, service: worker }, capacity: { min: 2, max: 50 }, rules: [{ when: cpu > 70% for 3m, add: 2 }] }
emergency:
  profiles:
    shed: { worker: 5 }
";

fn ruled() -> Shared {
    FakeFleet::new(&[("api", 10, None), ("worker", 5, None)])
}

async fn ask(world: &Shared, event: Value) -> Value {
    send(RULED, world, event, "by hand").await.expect("nothing kills it")
}

fn engage(services: &[&str]) -> Value {
    json!({"action": "engage", "profile": "max", "services": services, "reason": "sale", "who": "bob"})
}

fn pin(size: u32) -> Value {
    json!({"action": "pin", "target": "worker", "size": size, "for": "3h", "reason": "shed load", "who": "ana"})
}

fn hold(target: &str) -> Value {
    json!({"action": "hold", "target": target, "both": true, "for": "1h", "reason": "freeze", "who": "ana"})
}

fn restore() -> Value {
    json!({"action": "restore", "reason": "over", "who": "bob"})
}

/// What an answer says of a target: of a hold or a pin, or of its size.
fn said(answer: &Value, name: &str, of_row: bool) -> String {
    let entries = answer["targets"].as_array().expect("a list").iter();
    let mut found = entries.filter(|it| it["target"] == name && it["action"].is_string() == of_row);
    let sentence = found.next().map(|it| it["sentence"].as_str().unwrap_or_default().to_owned());
    sentence.unwrap_or_else(|| unreachable!("no `{name}` in {answer:#}"))
}

#[track_caller]
fn has(text: &str, words: &str) {
    assert!(text.contains(words), "{words}\n{text}");
}

#[test]
fn a_pin_beside_an_emergency_is_said_to_be_recorded_and_not_in_effect() {
    story(async {
        let world = ruled();
        ask(&world, engage(&[])).await;
        minutes(RULED, &world, 2).await;
        let answer = ask(&world, pin(3)).await;
        let words = "worker: recorded, not in effect before emergency max (50 tasks) ends 2026-11-18";
        has(&said(&answer, "worker", true), words);
        has(&said(&answer, "worker", true), ": pinned at 3 tasks until 2026-11-18");
        assert_eq!(target(&answer, "worker")["outranked_by"], "max");
        assert_eq!(target(&answer, "worker")["end"], json!(["tidegate emergency restore"]));
        let said_last = reports(&world).pop().expect("a report");
        has(&said_last, "  undo  tidegate release worker\n  end   tidegate emergency restore");
        let status = ask(&world, json!({"action": "status"})).await;
        has(&said(&status, "worker", true), "worker: not in effect before emergency max (50 tasks) ends");
        assert_eq!((sizes(&world).1, lock(&world).memory()["rows"][0]["pin"].as_u64()), (50, Some(3)));
        let mut short = pin(3);
        short["for"] = json!("5m");
        let answer = ask(&world, short).await;
        has(&said(&answer, "worker", true), "not in effect: emergency max (50 tasks) lasts longer, until");
    });
}

#[test]
fn a_pin_below_the_size_says_how_many_tasks_it_removes_at_once() {
    story(async {
        let world = ruled();
        let answer = ask(&world, pin(3)).await;
        let words = "; the next evaluation removes 2 tasks at once, with what they run: shed load (ana)";
        has(&said(&answer, "worker", true), words);
        for size in [5, 9] {
            let answer = ask(&world, pin(size)).await;
            assert!(!said(&answer, "worker", true).contains("removes"), "{answer:#}");
        }
        lock(&world).account.refused.insert("DescribeServices", "AccessDeniedException");
        let answer = ask(&world, pin(2)).await;
        has(&said(&answer, "worker", true), "worker: pinned at 2 tasks until 2026-11-18");
        assert!(!said(&answer, "worker", true).contains("removes"), "what is not seen is not said");
    });
}

#[test]
fn a_pin_of_what_another_autoscaler_manages_says_that_it_is_not_set() {
    story(async {
        let world = FakeFleet::new(&[("worker", 5, Some((1, 9, FREE)))]);
        let answer = ask(&world, pin(3)).await;
        has(&said(&answer, "worker", true), "; not set while Application Auto Scaling (min 1, max 9; ");
        has(
            &said(&answer, "worker", true),
            ") manages it too: suspend or remove that autoscaler: shed load (ana)",
        );
    });
}

#[test]
fn what_an_emergency_does_not_contradict_is_in_effect() {
    story(async {
        let world = ruled();
        ask(&world, engage(&["api"])).await;
        let answer = ask(&world, pin(3)).await;
        has(&said(&answer, "worker", true), "worker: pinned at 3 tasks until 2026-11-18");
        assert_eq!(target(&answer, "worker")["outranked_by"], Value::Null);
        let answer = ask(&world, json!({"action": "hold", "target": "api"})).await;
        has(&said(&answer, "api", true), "api: nothing scales in until 2026-11-18");
        let answer = ask(&world, hold("*")).await;
        has(&said(&answer, "*", true), "nothing changes until 2026-11-18");
        has(&said(&answer, "*", true), ", except api: emergency max sets the size until 2026-11-18");
    });
}

#[test]
fn plan_answer_and_report_of_engage_name_the_holds_and_pins_that_it_outranks() {
    story(async {
        let world = ruled();
        ask(&world, hold("*")).await;
        ask(&world, pin(3)).await;
        let mut plan = engage(&[]);
        plan.as_object_mut().expect("an event").retain(|key, _| !matches!(key.as_str(), "reason" | "who"));
        plan["action"] = json!("plan");
        let planned = ask(&world, plan).await;
        let engaged = ask(&world, engage(&[])).await;
        assert_eq!(sizes(&world), (10, 50));
        for answer in [planned, engaged] {
            has(&said(&answer, "*", true), "except api, worker: emergency max sets the size until");
            has(&said(&answer, "worker", true), "not in effect before emergency max (50 tasks) ends");
        }
        let report = reports(&world).pop().expect("a report");
        has(&report, "  note  not in effect before it ends: all targets: nothing changes until 2026-11-18");
        has(
            &report,
            "(ana: freeze)\n  note  not in effect before it ends: worker: pinned at 3 tasks until 2026-11-18",
        );
        has(&report, "(ana: shed load)");
    });
}

#[test]
fn a_restore_says_which_sizes_are_not_back_and_how_they_come_back() {
    story(async {
        let world = ruled();
        let answer = ask(&world, engage(&[])).await;
        let note =
            "services with rules then scale in at their own pace; at once: tidegate pin worker 5 --for 2h";
        assert_eq!(target(&answer, "*")["emergency"]["undo_note"], note);
        has(&reports(&world)[0], &format!("  undo  tidegate emergency restore  # {note}"));
        let answer = ask(&world, restore()).await;
        has(&said(&answer, "*", false), "emergency max ended; 1 size not back yet: over (bob)");
        let worker = target(&answer, "worker");
        let note = "5 before: rules or AWS's autoscaling change it at their own pace; at once: tidegate pin worker 5 --for 2h";
        assert_eq!((&worker["state"], &worker["note"]), (&json!("done"), &json!(note)), "{worker:#}");
        let report = reports(&world).pop().expect("a report");
        has(&report, "2 targets: 1 put back, 1 put back but for the size");
        has(&report, "worker: stays at 50 until rules or AWS's autoscaling change it, 5 before");
    });
}

#[test]
fn a_restore_names_what_operators_asked_for_and_what_that_does_to_the_size() {
    for (event, becomes) in [
        (pin(3), "worker: 50 now, 5 before; 3 with the next evaluation: pinned at 3 tasks until 2026-11-18"),
        (hold("worker"), "worker: 50 now, 5 before; nothing changes until 2026-11-18"),
    ] {
        story(async {
            let world = ruled();
            ask(&world, engage(&[])).await;
            ask(&world, event).await;
            let answer = ask(&world, restore()).await;
            has(&said(&answer, "worker", false), becomes);
            has(&said(&answer, "*", false), "1 size not back yet");
            let report = reports(&world).pop().expect("a report");
            has(&report, becomes);
            has(&report, "  note  in effect again: worker: ");
            has(&report, "  end   tidegate release worker");
        });
    }
}

#[test]
fn a_release_says_what_it_ended_and_each_of_what_remains_with_its_own_reason() {
    story(async {
        let world = ruled();
        let release =
            |target: &str| json!({"action": "release", "target": target, "reason": "over", "who": "bob"});
        ask(&world, pin(3)).await;
        ask(&world, hold("*")).await;
        let answer = ask(&world, release("worker")).await;
        let sentence = said(&answer, "worker", true);
        has(&sentence, "worker: released by bob (over): pinned at 3 tasks until 2026-11-18");
        has(
            &sentence,
            "UTC (ana: shed load); still in force: for all targets nothing changes until 2026-11-18",
        );
        assert!(sentence.ends_with("UTC (ana: freeze)"), "{sentence}");
        assert_eq!(target(&answer, "worker")["end"], json!(["tidegate release '*'"]));
        let answer = ask(&world, release("worker")).await;
        has(&said(&answer, "worker", true), "no hold or pin of its own was in force; still in force:");
        let answer = ask(&world, release("*")).await;
        has(
            &said(&answer, "*", true),
            "all targets: released by bob (over): all targets: nothing changes until",
        );
        has(&said(&answer, "*", true), "(ana: freeze); rules decide again");
    });
}
