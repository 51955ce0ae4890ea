//! `tidegate upgrade`: what `rds-upgrade` is asked, what is shown before a change at once, and what is said of the answer.

use serde_json::{Value, json};

use crate::command::run;
use crate::fake_lambda::{FakeLambda, LambdaReply, answered, said};
use crate::terminal::Terminal;

const PLAN: &str = "plan: shop-prod: db.t4g.large → db.m6g.xlarge, at once, about 2 to 15 minutes down";

/// The answer about `main`: `request` is when what is kept was asked for, `change` one that is under way.
fn class(sentence: &str, request: Option<&str>, change: bool) -> Value {
    let request = request.map(|at| json!({ "to": "db.m6g.xlarge", "now": false, "at": at, "who": "ana" }));
    answered(&json!([{
        "target": "main", "sentence": sentence, "outcome": "none", "state": "waiting-for-window", "request": request,
        "change": change.then(|| json!({ "instance": "shop-prod", "from": "db.t4g.large", "to": "db.m6g.xlarge" })),
        "wanted": { "instance": "shop-prod", "from": "db.t4g.large", "to": "db.m6g.xlarge" },
    }]))
}

/// When the answers are of.
const NOW: Option<&str> = Some("2026-11-21T03:04:05Z");

fn taken(sentence: &str) -> LambdaReply {
    LambdaReply::Answer(class(sentence, NOW, false))
}

#[track_caller]
fn check_event(arguments: &[&str], event: &Value) {
    let lambda = FakeLambda::always(taken("main: waits"));
    let (_, stderr, code) = lambda.run(arguments);
    assert_eq!((stderr.as_str(), code), ("", 0), "{arguments:?}");
    assert_eq!(lambda.events(), std::slice::from_ref(event), "{arguments:?}");
    assert_eq!(lambda.paths(), ["/2015-03-31/functions/shop-upgrade/invocations"]);
}

#[test]
fn the_function_is_asked_in_the_words_of_its_events() {
    check_event(
        &["upgrade", "main", "--to", "db.m6g.xlarge", "--why", "launch"],
        &json!({ "action": "upgrade", "database": "main", "to": "db.m6g.xlarge", "now": false,
                 "reason": "launch", "who": "ana" }),
    );
    check_event(
        &["upgrade", "main", "--to", "next", "--now", "--yes", "--who", "bea"],
        &json!({ "action": "upgrade", "database": "main", "to": "next", "now": true, "who": "bea" }),
    );
    check_event(
        &["upgrade", "main", "--plan", "--to", "next", "--now"],
        &json!({ "action": "plan", "database": "main", "to": "next", "now": true, "who": "ana" }),
    );
    check_event(
        &["upgrade", "main", "--to", "db.m6g.xlarge", "--snapshot"],
        &json!({ "action": "upgrade", "database": "main", "to": "db.m6g.xlarge", "now": false,
                 "snapshot": true, "who": "ana" }),
    );
    check_event(&["upgrade", "main", "--plan"], &json!({ "action": "plan", "databases": ["main"] }));
    check_event(
        &["upgrade", "main", "--withdraw", "--why", "not now"],
        &json!({ "action": "withdraw", "database": "main", "reason": "not now", "who": "ana" }),
    );
}

#[test]
fn the_answer_is_its_sentence_with_the_plan_and_the_lines_that_show_it_and_take_it_back() {
    let sentence = format!("main: shop-prod: db.t4g.large → db.m6g.xlarge waits\n  {PLAN}");
    let lambda = FakeLambda::always(taken(&sentence));
    let (stdout, stderr, code) = lambda.run(&["upgrade", "main", "--to", "next"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let lines = "  see   tidegate upgrade main --plan\n  undo  tidegate upgrade main --withdraw\n";
    assert_eq!(stdout, format!("{sentence}\n{lines}"));
    // A function that the environment does not name is named in the lines.
    let (stdout, ..) = lambda.run(&["upgrade", "main", "--to", "next", "--function", "other"]);
    assert!(stdout.ends_with("  undo  tidegate upgrade main --withdraw --function other\n"), "{stdout}");
    // What is under way is not taken back.
    let begun = FakeLambda::always(LambdaReply::Answer(class(&sentence, NOW, true)));
    let (stdout, _, code) = begun.run(&["upgrade", "main", "--to", "next", "--now", "--yes"]);
    assert_eq!((stdout, code), (format!("{sentence}\n  see   tidegate upgrade main --plan\n"), 0));
    assert_eq!(begun.run(&["upgrade", "main", "--withdraw"]), (format!("{sentence}\n"), String::new(), 1));
    assert_eq!(lambda.run(&["upgrade", "main", "--withdraw"]), (format!("{sentence}\n"), String::new(), 0));
}

#[test]
fn what_the_function_did_not_take_or_rds_refused_is_not_done() {
    let sentence = "main: shop-prod: db.t4g.large → db.m6g.xlarge refused: ana holds it";
    for (request, change) in [(None, false), (Some("2026-11-20T03:04:05Z"), true)] {
        let lambda = FakeLambda::always(LambdaReply::Answer(class(sentence, request, change)));
        let (stdout, stderr, code) = lambda.run(&["upgrade", "main", "--to", "next"]);
        assert_eq!((stdout, stderr, code), (format!("{sentence}\n"), String::new(), 1));
        // A plan is an answer, whatever it says.
        assert_eq!(lambda.run(&["upgrade", "main", "--to", "next", "--plan"]).2, 0);
    }
    let mut failed = class(sentence, NOW, true);
    failed["targets"][0]["outcome"] = json!("failed");
    let lambda = FakeLambda::always(LambdaReply::Answer(failed.clone()));
    assert_eq!(lambda.run(&["upgrade", "main", "--to", "next"]).2, 1);
    assert_eq!(lambda.json(&["upgrade", "main", "--to", "next"]), (failed, 1));
}

#[test]
fn what_is_kept_ends_with_0_though_its_call_is_not_answered_or_not_sent() {
    for outcome in ["unknown", "too-late", "withheld"] {
        let mut kept = class("main: shop-prod: db.t4g.large → db.m6g.xlarge", NOW, true);
        kept["targets"][0]["outcome"] = json!(outcome);
        let lambda = FakeLambda::always(LambdaReply::Answer(kept.clone()));
        assert_eq!(lambda.run(&["upgrade", "main", "--to", "next"]).2, 0, "{outcome}");
        assert_eq!(lambda.json(&["upgrade", "main", "--to", "next"]), (kept, 0));
    }
    // The limit of the storage is another call.
    let mut kept = class("main: waits", NOW, false);
    kept["targets"][0]["outcome"] = json!("failed");
    kept["targets"][0]["verdict"] = json!("raise-max-storage");
    let lambda = FakeLambda::always(LambdaReply::Answer(kept));
    assert_eq!(lambda.run(&["upgrade", "main", "--to", "next"]).2, 0);
    assert_eq!(lambda.run(&["upgrade", "main", "--withdraw"]).2, 0);
}

#[test]
fn at_once_shows_the_downtime_and_asks_for_the_databases_name() {
    let sentence = format!("main: change shop-prod\n  {PLAN}");
    let (planned, begun) = (class(&sentence, NOW, true), class("main: changing shop-prod", NOW, true));
    let lambda = FakeLambda::start(move |event, _| {
        LambdaReply::Answer(if event["action"] == "plan" { planned.clone() } else { begun.clone() })
    });
    let mut terminal = Terminal::start(lambda.command(&["upgrade", "main", "--to", "next", "--now"]));
    terminal.until("at once, about 2 to 15 minutes down");
    terminal.until("Type the database's name, main, to change it to db.m6g.xlarge now: ");
    assert_eq!(lambda.events().len(), 1, "nothing is changed before it is typed");
    terminal.types("main");
    let (shown, code) = terminal.ends();
    assert!(shown.contains("main: changing shop-prod") && code == 0, "{shown}");
    // What was shown is what is asked for.
    let plan = json!({ "action": "plan", "database": "main", "to": "next", "now": true, "who": "ana" });
    let upgrade =
        json!({ "action": "upgrade", "database": "main", "to": "db.m6g.xlarge", "now": true, "who": "ana" });
    assert_eq!(lambda.events(), [plan, upgrade]);
}

#[test]
fn another_word_changes_nothing_and_neither_does_a_plan_that_would_not_begin() {
    for (request, types) in [(NOW, true), (None, false)] {
        let planned = class(&format!("main: refused\n  {PLAN}"), request, false);
        let lambda = FakeLambda::always(LambdaReply::Answer(planned));
        let mut terminal = Terminal::start(lambda.command(&["upgrade", "main", "--to", "next", "--now"]));
        if types {
            for _ in 0..3 {
                terminal.types("yes");
            }
        }
        let (shown, code) = terminal.ends();
        let said = if types {
            "error: the database's name `main` was not typed: nothing was changed"
        } else {
            "error: `main` would get no other class now: nothing was asked for"
        };
        assert!(shown.contains(said) && code == 1, "{shown}");
        assert!(lambda.events().iter().all(|event| event["action"] == "plan"), "{:?}", lambda.events());
    }
}

#[test]
fn without_a_terminal_at_once_needs_yes_and_without_a_function_nothing_is_asked() {
    let lambda = FakeLambda::always(taken("main: waits"));
    let (_, stderr, code) = lambda.run(&["upgrade", "main", "--to", "next", "--now"]);
    let expected = "error: the standard input is no terminal, so the database's name cannot be typed: add --yes; \
                --plan only shows what would be done";
    assert_eq!((stderr.replace('\n', " ").trim(), code), (expected, 2));
    for name in [None, Some("")] {
        let mut command = lambda.command(&["upgrade", "main", "--to", "next"]);
        command.env_remove("TIDEGATE_UPGRADE_FUNCTION");
        command.envs(name.map(|name| ("TIDEGATE_UPGRADE_FUNCTION", name)));
        let (_, stderr, code) = said(&mut command);
        assert!(stderr.contains("TIDEGATE_UPGRADE_FUNCTION") && stderr.contains("`RdsUpgradeFunctionName`"));
        assert_eq!(code, 2, "{stderr}");
    }
    assert!(lambda.events().is_empty());
}

#[test]
fn wrong_usage_is_refused_before_anything_is_asked() {
    for arguments in [
        &["upgrade"][..],
        &["upgrade", "main"],
        &["upgrade", "main", "--now"],
        &["upgrade", "main", "--plan", "--now"],
        &["upgrade", "main", "--plan", "--snapshot"],
        &["upgrade", "main", "--withdraw", "--to", "next"],
        &["upgrade", "main", "--withdraw", "--plan"],
    ] {
        assert_eq!(run(arguments).2, 2, "{arguments:?}");
    }
}

#[test]
fn failures_say_what_to_do_and_where_to_look() {
    let fails = |reply: LambdaReply, arguments: &[&str]| {
        let (_, stderr, code) = FakeLambda::always(reply).run(&[&["upgrade", "main"], arguments].concat());
        (stderr.split_whitespace().collect::<Vec<_>>().join(" "), code)
    };
    let no = "`to` is `db.x`; allowed for `main`: `next`, `db.t4g.large`";
    let answer = fails(LambdaReply::Failed("NonRetryable", no), &["--to", "db.x"]);
    assert_eq!(answer, (format!("error: {no}"), 1));
    let (lost, code) = fails(LambdaReply::Lost, &["--to", "db.m6g.xlarge"]);
    assert!(
        lost.ends_with("see `tidegate upgrade main --plan`; the same command again does no harm"),
        "{lost}"
    );
    assert_eq!(code, 3);
    // Once the next class is there, the next one is another.
    let (lost, _) = fails(LambdaReply::Lost, &["--to", "next"]);
    assert!(lost.ends_with("see `tidegate upgrade main --plan`"), "{lost}");
    let (unknown, _) = fails(LambdaReply::Refused(404, "ResourceNotFoundException", "no"), &["--plan"]);
    assert!(unknown.contains("the stack's output `RdsUpgradeFunctionName` names it"), "{unknown}");
    let mut dropped = class("", None, false);
    dropped["dropped"] = json!(true);
    let (dropped, code) = fails(LambdaReply::Answer(dropped), &["--to", "next"]);
    assert!(dropped.contains("nothing was changed: type the command again") && code == 1, "{dropped}");
}
