//! `tidegate check`.

use serde_json::Value;

use crate::command::run;

/// The file that the reader's own tests are about.
const TEN_MISTAKES: &str = "shared/fleet/tests/fleet/ten-mistakes.yaml";

#[test]
fn a_valid_fleet_is_read_back() {
    for fleet in ["roleferry", "cloudsync", "hyperverge"] {
        let (stdout, stderr, code) = run(&["check", &format!("fleets/{fleet}.yaml")]);
        assert_eq!((stderr.as_str(), code), ("", 0));
        insta::assert_snapshot!(fleet, stdout);
    }
}

#[test]
fn ten_mistakes_are_told_at_once_and_nothing_is_changed() {
    let (stdout, stderr, code) = run(&["check", TEN_MISTAKES]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert_eq!(stderr.matches("error[").count(), 10);
    assert!(stderr.ends_with("\n10 problems; nothing was changed\n"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "a password travelled");
}

fn json(arguments: &[&str], expected_code: i32) -> Value {
    let (stdout, _, code) = run(arguments);
    assert_eq!(code, expected_code, "{arguments:?}");
    serde_json::from_str(&stdout).expect("the answer is JSON")
}

#[track_caller]
fn check_keys(value: &Value, expected: &[&str]) {
    let keys: Vec<&str> = value.as_object().expect("it is an object").keys().map(String::as_str).collect();
    assert_eq!(keys, expected);
}

#[test]
fn the_keys_of_the_json_answer_stay() {
    let valid = json(&["check", "--json", "fleets/hyperverge.yaml"], 0);
    check_keys(&valid, &["budgets", "file", "fleet", "mode", "problems", "services", "valid", "warnings"]);
    let service = [
        "capacity",
        "concurrency",
        "cooldown_seconds",
        "dollars_per_month",
        "ecs",
        "floor",
        "hours",
        "idle_seconds",
        "interruptible",
        "largest_step",
        "metrics",
        "metrics_read_per_minute",
        "mode",
        "name",
        "queue",
        "rules",
        "stabilization_seconds",
        "startup_seconds",
        "track",
        "wait_seconds",
    ];
    check_keys(&valid["services"][0], &service);

    let invalid = json(&["check", "--json", TEN_MISTAKES], 1);
    check_keys(&invalid, &["file", "problems", "valid", "warnings"]);
    assert_eq!(invalid["problems"].as_array().map(Vec::len), Some(10));
    check_keys(&invalid["problems"][0], &["code", "column", "file", "help", "line", "message", "severity"]);

    let unreadable = json(&["check", "--json", "no-such-file.yaml"], 3);
    check_keys(&unreadable, &["error", "file", "problems", "valid", "warnings"]);

    let explained = json(&["check", "--json", "--explain", "fleets/roleferry.yaml"], 0);
    check_keys(&explained["settings"][0], &["about", "default", "reason", "setting", "value"]);
}

#[test]
fn explain_adds_every_setting_with_its_reason() {
    let (stdout, _, code) = run(&["check", "--explain", "fleets/roleferry.yaml"]);
    assert_eq!(code, 0);
    for row in tidegate_fleet::reference::rows() {
        assert!(stdout.contains(&format!("{}\n", row.path)), "{}", row.path);
        assert!(stdout.contains(row.reason), "{}", row.path);
    }
}

#[test]
fn warnings_are_told_and_refuse_nothing() {
    let folder = std::env::temp_dir().join(format!("tidegate-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("make a folder");
    let path = folder.join("fleet.yaml");
    let text = include_str!("../../../fleets/roleferry.yaml").replace("min: 5, max: 50", "min: 0, max: 50");
    std::fs::write(&path, text).expect("write the file");
    let (stdout, stderr, code) = run(&["check", &path.to_string_lossy()]);
    std::fs::remove_dir_all(&folder).expect("remove the folder");
    assert_eq!(code, 0);
    assert!(stdout.contains("idle           5m empty before the last task goes"), "{stdout}");
    assert!(stderr.starts_with("warning[zero-unseen-in-flight]: `min` is 0, and Celery"), "{stderr}");
}
