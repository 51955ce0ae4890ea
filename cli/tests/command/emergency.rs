//! `tidegate emergency` in a pipe: plan, engage, restore and status, as a script sees them.

use serde_json::{Value, json};

use crate::fake_lambda::{FakeLambda, LambdaReply, answered, planned, target, whole};

/// What engaging `max` would do.
pub(crate) fn plan() -> Value {
    let quota =
        "the vCPU quota of 20 is reached: request more of the Fargate vCPU quota (Service Quotas L-3032A538)";
    answered(&json!([
        whole("max would raise 2 of 3 services: 24 → 45 tasks", "none", [0, 2, 0]),
        planned("api", [4, 10, 10], Some(40), &[]),
        planned("worker", [5, 20, 12], None, &[quota, "the budget `postgres` of 100 connections"]),
        planned("reports-of-the-last-quarter", [15, 15, 15], Some(0), &[]),
    ]))
}

/// What came of it.
pub(crate) fn engaged() -> Value {
    answered(&json!([
        whole("max engaged until 05:04 UTC: 2 of 2 services asked", "engaged", [2, 0, 0]),
        target("api", [4, 10, 10], "done", None),
        target(
            "worker",
            [5, 20, 12],
            "asked",
            Some(
                "the vCPU quota of 20 is reached: request more of the Fargate vCPU quota (Service Quotas L-3032A538)"
            )
        ),
    ]))
}

/// A function that does what it is asked to.
pub(crate) fn lambda(answer: Value) -> FakeLambda {
    FakeLambda::start(move |event, _| match event["action"].as_str() {
        Some("plan") => LambdaReply::Answer(plan()),
        _ => LambdaReply::Answer(answer.clone()),
    })
}

#[test]
fn a_plan_is_shown_and_nothing_is_changed() {
    let lambda = lambda(engaged());
    let (stdout, stderr, code) = lambda.run(&["emergency", "engage", "--plan"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    insta::assert_snapshot!("plan", stdout);
    assert_eq!(lambda.events(), [json!({ "action": "plan", "profile": "max", "ignore_budgets": false })]);
    assert_eq!(lambda.json(&["emergency", "engage", "--plan"]), (plan(), 0));
}

#[test]
fn engaged_with_yes_it_shows_the_plan_the_result_and_the_lines_that_keep_and_undo_it() {
    let lambda = lambda(engaged());
    let (stdout, stderr, code) = lambda.run(&["emergency", "engage", "--yes", "--why", "sale"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!("engaged", stdout);
    let engage = json!({ "action": "engage", "profile": "max", "ignore_budgets": false, "reason": "sale", "who": "ana" });
    assert_eq!(lambda.events()[1..], [engage]);
}

#[test]
fn what_is_typed_reaches_the_function_and_stands_in_the_line_that_keeps_it() {
    let lambda = lambda(engaged());
    let words = "emergency engage --yes --profile shed --services worker,batch --hold 45m --ignore-budgets";
    let (stdout, ..) = lambda.run(&words.split(' ').collect::<Vec<_>>());
    let services = json!(["worker", "batch"]);
    let plan = json!({ "action": "plan", "profile": "shed", "services": services, "ignore_budgets": true });
    let engage = json!({ "action": "engage", "profile": "shed", "services": services, "ignore_budgets": true,
                         "hold": "45m", "who": "ana" });
    assert_eq!(lambda.events(), [plan, engage]);
    let keep = "  keep  tidegate emergency engage --profile shed --services worker,batch --ignore-budgets --hold 45m\n";
    assert!(stdout.ends_with(&format!("{keep}  undo  tidegate emergency restore\n")), "{stdout}");
}

#[test]
fn for_machines_there_is_the_functions_answer_and_nothing_else() {
    let lambda = lambda(engaged());
    assert_eq!(lambda.json(&["emergency", "engage", "--yes"]), (engaged(), 0));
    assert_eq!(lambda.events().len(), 1, "no plan is asked for that is not shown");
    assert_eq!(lambda.json(&["emergency", "restore", "--yes"]), (engaged(), 0));
    assert_eq!(lambda.json(&["emergency", "status"]), (engaged(), 0));
}

#[test]
fn without_a_terminal_nothing_is_done() {
    let lambda = lambda(engaged());
    let (stdout, stderr, code) = lambda.run(&["emergency", "engage"]);
    let expected = "error: the standard input is no terminal, so the fleet's name cannot be typed: add --yes; --plan only shows what would be set\n";
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("", expected, 2));
    let (stdout, stderr, code) = lambda.run(&["emergency", "restore"]);
    let expected =
        "error: the standard input is no terminal, so the fleet's name cannot be typed: add --yes\n";
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("", expected, 2));
    let (answer, code) = lambda.json(&["emergency", "engage"]);
    assert!(answer["error"].as_str().is_some_and(|error| error.contains("--yes")) && code == 2, "{answer}");
    assert!(lambda.events().is_empty());
}

#[test]
fn a_plan_that_cannot_be_made_stops_no_engage() {
    let lambda = FakeLambda::start(|event, _| match event["action"].as_str() {
        Some("plan") => LambdaReply::Failed("Retryable", "read the quotas: timed out"),
        _ => LambdaReply::Answer(engaged()),
    });
    let (stdout, _, code) = lambda.run(&["emergency", "engage", "--yes"]);
    assert!(
        stdout.starts_with(
            "no plan: `shop-emergency` failed: Retryable: read the quotas: timed out\n\nmax engaged"
        ),
        "{stdout}"
    );
    assert_eq!(code, 0);
}

#[test]
fn a_target_that_failed_and_one_that_is_pending_are_no_success() {
    let of = |counts: [u32; 3], state: &str, blocked: Option<&str>| {
        let entries =
            json!([whole("max engaging", "engaging", counts), target("api", [4, 10, 4], state, blocked)]);
        lambda(answered(&entries))
    };
    for action in ["engage", "restore"] {
        let (stdout, _, code) =
            of([0, 0, 1], "failed", Some("ECS denied access")).run(&["emergency", action, "--yes"]);
        assert!(
            stdout.contains("\napi           4 → 10        4  failed  ECS denied access\n") && code == 1,
            "{stdout}"
        );
        let (stdout, _, code) = of([0, 1, 0], "pending", None).run(&["emergency", action, "--yes"]);
        let left =
            "\n1 pending: the function goes on within a minute\n  see   tidegate emergency status --watch\n";
        assert!(stdout.contains(left) && code == 1, "{stdout}");
    }
    assert_eq!(of([0, 0, 1], "failed", None).run(&["emergency", "status"]).2, 1);
    assert_eq!(
        of([0, 1, 0], "pending", None).run(&["emergency", "status"]).2,
        0,
        "it was asked what is, and showed it"
    );
}

#[test]
fn restore_shows_what_it_puts_back_then_does_it_and_prints_what_came_of_it() {
    let restored = answered(&json!([
        whole("emergency max ended: over (ana)", "none", [1, 0, 0]),
        target("api", [10, 4, 4], "done", None),
    ]));
    let lambda = FakeLambda::start(move |event, _| match event["action"].as_str() {
        Some("status") => LambdaReply::Answer(engaged()),
        _ => LambdaReply::Answer(restored.clone()),
    });
    let (stdout, stderr, code) = lambda.run(&["emergency", "restore", "--yes", "--why", "over"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let (before, after) = stdout.split_once("\n\nemergency max ended: over (ana)\n").expect("both are there");
    assert!(before.starts_with("max engaged until 05:04 UTC: 2 of 2 services asked\n"), "{stdout}");
    assert!(before.contains("4 → 10") && after.contains("10 → 4"), "{stdout}");
    let status = json!({ "action": "status" });
    assert_eq!(lambda.events(), [status, json!({ "action": "restore", "reason": "over", "who": "ana" })]);
}

#[test]
fn a_state_that_cannot_be_read_stops_no_restore() {
    let lambda = FakeLambda::start(|event, _| match event["action"].as_str() {
        Some("status") => LambdaReply::Failed("Retryable", "read the ledger: timed out"),
        _ => LambdaReply::Answer(engaged()),
    });
    let (stdout, _, code) = lambda.run(&["emergency", "restore", "--yes"]);
    let unread = "what is in force could not be read: `shop-emergency` failed: Retryable: read the ledger: timed out\n\nmax engaged";
    assert!(stdout.starts_with(unread), "{stdout}");
    assert_eq!(code, 0);
}

/// A pin that is in force again once the emergency is over.
fn pin() -> Value {
    json!({ "target": "batch", "sentence": "batch: pinned at 3 tasks until 05:00 UTC: launch (bea)", "outcome": "none",
            "action": "pin", "override": { "target": "batch", "pin": 3 } })
}

#[test]
fn plan_and_restore_show_what_operators_asked_for_and_restore_how_that_ends() {
    let with_pin = |mut answer: Value| {
        answer["targets"].as_array_mut().expect("a list").push(pin());
        answer
    };
    let listed = "\noverrides in force:\n  batch: pinned at 3 tasks until 05:00 UTC: launch (bea)\n";
    let lambda = FakeLambda::always(LambdaReply::Answer(with_pin(plan())));
    let (stdout, _, _) = lambda.run(&["emergency", "engage", "--plan"]);
    assert!(stdout.ends_with(listed), "{stdout}");
    let lambda = FakeLambda::always(LambdaReply::Answer(with_pin(engaged())));
    let (stdout, _, _) = lambda.run(&["emergency", "restore", "--yes"]);
    assert!(stdout.contains(listed) && stdout.ends_with("  end   tidegate release batch\n"), "{stdout}");
}

#[test]
fn the_line_that_undoes_an_emergency_says_what_it_does_not_put_back() {
    let mut answer = engaged();
    answer["targets"][0]["emergency"]["undo_note"] =
        json!("services with rules then scale in; at once: tidegate pin api 4");
    let (stdout, _, _) = lambda(answer).run(&["emergency", "engage", "--yes"]);
    let undo = "  undo  tidegate emergency restore  # services with rules then scale in; at once: tidegate pin api 4\n";
    assert!(stdout.ends_with(undo), "{stdout}");
}

/// A file of the temporary folder, for one test.
fn saved(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("tidegate-{name}-{}.json", std::process::id()));
    std::fs::write(&path, text).expect("write the file");
    path.to_string_lossy().into_owned()
}

#[test]
fn restore_takes_the_snapshots_of_a_saved_answer() {
    let lambda = lambda(engaged());
    let file = saved("from", &engaged().to_string());
    let (_, stderr, code) = lambda.run(&["emergency", "restore", "--yes", "--from", &file]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let snapshot = |name: &str, desired: u32| json!({ "target": name, "desired": desired, "min": 2, "max": 20, "suspended": [] });
    let from = json!([snapshot("api", 4), snapshot("worker", 5)]);
    let status = json!({ "action": "status" });
    assert_eq!(lambda.events(), [status, json!({ "action": "restore", "from": from, "who": "ana" })]);
    std::fs::remove_file(file).expect("remove it");
}

#[test]
fn a_file_that_is_no_answer_of_engage_or_of_another_fleet_restores_nothing() {
    let lambda = lambda(engaged());
    for (name, text, problem) in [
        ("broken", "{\n  \"fleet\": shop}".to_owned(), "not JSON: expected value at line 2 column 12"),
        ("status", answered(&json!([])).to_string(), "no target has a `snapshot`"),
        (
            "desired",
            engaged().to_string().replace("\"desired\":5", "\"desired\":null"),
            "`targets[2].snapshot.desired` is no size",
        ),
    ] {
        let file = saved(name, &text);
        let (stdout, stderr, code) = lambda.run(&["emergency", "restore", "--yes", "--from", &file]);
        let expected =
            format!("error: `{file}` is no answer of `tidegate emergency engage --json`: {problem}\n");
        assert_eq!((stdout.as_str(), stderr, code), ("", expected, 1));
        std::fs::remove_file(file).expect("remove it");
    }
    assert_eq!(lambda.run(&["emergency", "restore", "--yes", "--from", "no-such.json"]).2, 3);
    assert!(lambda.events().is_empty());

    let file = saved("other", &engaged().to_string().replace("\"shop\"", "\"bank\""));
    let (_, stderr, code) = lambda.run(&["emergency", "restore", "--yes", "--from", &file]);
    assert!(
        stderr.contains("is of fleet `bank`, and `shop-emergency` is of fleet `shop`: nothing was changed"),
        "{stderr}"
    );
    assert_eq!((code, lambda.events()), (1, vec![json!({ "action": "status" })]));
    std::fs::remove_file(file).expect("remove it");
}

#[test]
fn a_status_tells_what_is_in_force() {
    let mut answer = engaged();
    let pin = json!({ "target": "batch", "sentence": "batch: pinned at 3 tasks until 05:00 UTC by bea (launch)",
                      "outcome": "none", "action": "pin", "override": { "target": "batch", "pin": 3 } });
    answer["targets"].as_array_mut().expect("a list").push(pin);
    let (stdout, stderr, code) = lambda(answer).run(&["emergency", "status"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!("status", stdout);
    let nothing =
        json!([{ "target": "*", "sentence": "no emergency is in force", "emergency": { "phase": "none" } }]);
    let (stdout, _, code) = lambda(answered(&nothing)).run(&["emergency", "status"]);
    assert_eq!((stdout.as_str(), code), ("no emergency is in force\n", 0));
}

#[test]
fn in_a_pipe_a_watch_waits_and_tells_the_last_state_only() {
    let pending = answered(&json!([
        whole("max engaging", "engaging", [1, 1, 0]),
        target("api", [4, 10, 4], "pending", None)
    ]));
    let lambda = FakeLambda::start(move |_, before| match before {
        0 => LambdaReply::Answer(pending.clone()),
        1 => LambdaReply::Lost,
        _ => LambdaReply::Answer(engaged()),
    });
    let (stdout, _, code) = lambda.run(&["emergency", "status", "--watch"]);
    assert!(stdout.starts_with("max engaged until") && !stdout.contains('\x1b'), "{stdout}");
    assert_eq!((lambda.events().len(), code), (3, 0));
}

#[test]
fn of_a_database_the_plan_and_the_state_say_what_more_replicas_take() {
    let takes =
        "`replica-lag` begins within a minute and adds one at a time; RDS takes minutes to hours for each";
    let mut main = target("main", [1, 3, 1], "asked", None);
    main["note"] = json!(takes);
    let lambda = FakeLambda::start(move |_, _| {
        let all = json!([whole("emergency spike in force", "engaged", [0, 0, 0]), main.clone()]);
        LambdaReply::Answer(answered(&all))
    });
    for arguments in [&["emergency", "status"][..], &["emergency", "engage", "--plan"]] {
        let (stdout, stderr, code) = lambda.run(arguments);
        assert_eq!((stderr.as_str(), code), ("", 0));
        let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("main 1 → 3") && words.contains("one at a time; RDS takes"), "{stdout}");
        assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    }
}
