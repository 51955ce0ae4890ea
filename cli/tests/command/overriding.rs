//! `tidegate hold`, `pin` and `release`: what the function is asked, and what is said of its answer.

use serde_json::{Value, json};

use crate::command::run;
use crate::fake_lambda::{FakeLambda, LambdaReply, answered, said};

/// The answer to an override, with its sentence.
fn overridden(sentence: &str, action: &str, outcome: &str) -> LambdaReply {
    let row = json!({ "target": "worker", "pin": 12, "since": "2026-11-21T03:04:05Z",
                      "until": "2026-11-21T05:04:05Z", "who": "ana", "why": "launch", "request": "8fc06518" });
    LambdaReply::Answer(answered(&json!([{
        "target": "worker", "sentence": sentence, "outcome": outcome, "action": action, "override": row,
    }])))
}

#[track_caller]
fn check_event(arguments: &[&str], event: &Value) {
    let lambda = FakeLambda::always(overridden("worker: asked", "pin", "applied"));
    let (_, stderr, code) = lambda.run(arguments);
    assert_eq!((stderr.as_str(), code), ("", 0), "{arguments:?}");
    assert_eq!(lambda.events(), std::slice::from_ref(event), "{arguments:?}");
    assert_eq!(lambda.paths(), ["/2015-03-31/functions/shop-emergency/invocations"]);
}

#[test]
fn the_function_is_asked_in_the_words_of_the_contract() {
    check_event(
        &["pin", "worker", "12", "--for", "90m", "--why", "launch"],
        &json!({ "action": "pin", "target": "worker", "size": 12, "for": "90m", "reason": "launch", "who": "ana" }),
    );
    check_event(
        &["hold", "*"],
        &json!({ "action": "hold", "target": "*", "for": "2h", "both": false, "who": "ana" }),
    );
    check_event(
        &["hold", "api", "--both", "--for", "30m", "--who", "bea"],
        &json!({ "action": "hold", "target": "api", "for": "30m", "both": true, "who": "bea" }),
    );
    check_event(
        &["release", "*", "--why", "over"],
        &json!({ "action": "release", "target": "*", "reason": "over", "who": "ana" }),
    );
}

/// The README shows a report as it is printed; the line for the AWS CLI is not ours.
#[test]
fn the_commands_of_a_report_run_as_they_are_printed() {
    let readme = include_str!("../../../README.md");
    let of_report = |line: &str| {
        let (word, command) = line.trim().split_once("  ")?;
        // A shell takes no comment.
        let command = command.split("  # ").next().unwrap_or_default();
        let words = command.trim().strip_prefix("tidegate ")?;
        ["keep", "undo"].contains(&word).then(|| words.split(' ').map(str::to_owned).collect::<Vec<_>>())
    };
    let commands: Vec<Vec<String>> = readme.lines().filter_map(of_report).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    for words in commands {
        let lambda = FakeLambda::always(overridden("workers: pinned", "pin", "applied"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(lambda.run(&words).2, 0, "{words:?}");
        assert_eq!(lambda.events()[0]["action"], "pin");
    }
}

#[test]
fn the_answer_is_its_sentence_and_the_line_that_undoes_it() {
    let sentence = "worker: pinned at 12 tasks until 2026-11-21 05:04:05 UTC by ana (launch)";
    let lambda = FakeLambda::always(overridden(sentence, "pin", "applied"));
    let undo = "  undo  tidegate release worker";
    assert_eq!(lambda.run(&["pin", "worker", "12"]), (format!("{sentence}\n{undo}\n"), String::new(), 0));
    assert_eq!(lambda.run(&["hold", "*"]).0, format!("{sentence}\n  undo  tidegate release '*'\n"));
    assert_eq!(lambda.run(&["release", "worker"]).0, format!("{sentence}\n"));
    // A function that the environment does not name is named in the line.
    let named = lambda.run(&["pin", "worker", "12", "--function", "other"]).0;
    assert_eq!(named, format!("{sentence}\n{undo} --function other\n"));
}

#[test]
fn the_answer_has_the_lines_that_end_what_outranks_an_override_or_is_left_by_a_release() {
    let sentence =
        "worker: recorded, not in effect before emergency max (50 tasks) ends 05:04 UTC: pinned at 12 tasks";
    let LambdaReply::Answer(mut answer) = overridden(sentence, "pin", "applied") else { panic!("an answer") };
    answer["targets"][0]["end"] = json!(["tidegate emergency restore", "tidegate release '*'"]);
    let lambda = FakeLambda::always(LambdaReply::Answer(answer));
    let ends = "  end   tidegate emergency restore\n  end   tidegate release '*'\n";
    let undo = "  undo  tidegate release worker\n";
    assert_eq!(lambda.run(&["pin", "worker", "12"]).0, format!("{sentence}\n{undo}{ends}"));
    assert_eq!(lambda.run(&["release", "worker"]).0, format!("{sentence}\n{ends}"));
    let named = lambda.run(&["release", "worker", "--function", "other"]).0;
    assert!(named.contains("  end   tidegate emergency restore --function other\n"), "{named}");
}

#[test]
fn the_answer_for_machines_is_the_functions_own() {
    let lambda = FakeLambda::always(overridden("worker: pinned", "pin", "applied"));
    let LambdaReply::Answer(expected) = overridden("worker: pinned", "pin", "applied") else {
        panic!("an answer")
    };
    assert_eq!(lambda.json(&["pin", "worker", "12"]), (expected, 0));
}

#[test]
fn a_change_that_failed_is_not_done() {
    for outcome in ["failed", "unknown", "too-late"] {
        let lambda = FakeLambda::always(overridden("worker: not pinned", "pin", outcome));
        assert_eq!(
            lambda.run(&["pin", "worker", "12"]),
            ("worker: not pinned\n".to_owned(), String::new(), 1),
            "{outcome}"
        );
    }
}

#[test]
fn errors_beside_the_change_are_told_and_do_not_undo_it() {
    let mut answer =
        answered(&json!([{ "target": "worker", "sentence": "worker: pinned", "outcome": "applied" }]));
    answer["errors"] = json!(["publish to the topic: timed out"]);
    let (stdout, stderr, code) =
        FakeLambda::always(LambdaReply::Answer(answer)).run(&["pin", "worker", "12"]);
    assert!(stdout.starts_with("worker: pinned\n"), "{stdout}");
    assert_eq!((stderr.as_str(), code), ("error: publish to the topic: timed out\n", 0));
}

#[test]
fn one_that_another_invocation_was_faster_than_did_nothing() {
    let mut answer = answered(&json!([]));
    answer["dropped"] = json!(true);
    let (stdout, stderr, code) =
        FakeLambda::always(LambdaReply::Answer(answer)).run(&["pin", "worker", "12"]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert!(stderr.contains("nothing was changed: type the command again"), "{stderr}");
}

#[test]
fn without_a_function_it_says_where_the_name_is_found() {
    let lambda = FakeLambda::always(LambdaReply::Lost);
    for arguments in [
        &["pin", "worker", "5"][..],
        &["hold", "*"],
        &["release", "worker"],
        &["emergency", "status"],
        &["emergency", "engage", "--yes"],
        &["emergency", "restore", "--yes"],
    ] {
        for name in [None, Some("")] {
            let mut command = lambda.command(arguments);
            command.env_remove("TIDEGATE_EMERGENCY_FUNCTION");
            command.envs(name.map(|name| ("TIDEGATE_EMERGENCY_FUNCTION", name)));
            let (stdout, stderr, code) = said(&mut command);
            assert_eq!((stdout.as_str(), code), ("", 2), "{arguments:?}");
            assert!(
                stderr.contains("TIDEGATE_EMERGENCY_FUNCTION")
                    && stderr.contains("`EmergencyMaxFunctionName`")
            );
        }
    }
    assert!(lambda.events().is_empty());
}

#[test]
fn wrong_usage_is_refused_before_anything_is_asked() {
    for arguments in [
        &["pin", "worker"][..],
        &["pin", "worker", "-1"],
        &["pin", "worker", "5001"],
        &["pin", "worker", "3", "--for", "2"],
        &["hold"],
        &["hold", "api", "--for", "59s"],
        &["emergency"],
        &["emergency", "engage", "--hold", "31d"],
        &["emergency", "stop"],
    ] {
        assert_eq!(run(arguments).2, 2, "{arguments:?}");
    }
}

#[test]
fn every_help_has_an_example_that_is_understood() {
    for command in [
        &["hold"][..],
        &["pin"],
        &["release"],
        &["upgrade"],
        &["emergency", "engage"],
        &["emergency", "restore"],
        &["emergency", "status"],
    ] {
        let (stdout, _, code) = run(&[command, &["--help"]].concat());
        assert_eq!(code, 0);
        let example = stdout.lines().find_map(|line| line.strip_prefix("Example: tidegate "));
        let example = example.unwrap_or_else(|| panic!("{command:?} has no example: {stdout}"));
        assert!(example.starts_with(&command.join(" ")), "{example}");
        assert!(stdout.contains("Exit codes: 0 done"), "{stdout}");
        // As a shell takes it apart.
        let mut words: Vec<String> = Vec::new();
        for (index, part) in example.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (_, stderr, code) = FakeLambda::always(LambdaReply::Failed("NonRetryable", "no")).run(&words);
        assert!(code == 1 || stderr.contains("no terminal"), "{words:?}: {stderr}");
    }
}
