//! `tidegate check`.

use serde_json::Value;

use crate::command::run;

/// The file that the reader's own tests are about.
const TEN_MISTAKES: &str = "shared/fleet/tests/fleet/ten-mistakes.yaml";

#[test]
fn a_valid_fleet_is_read_back() {
    for fleet in ["roleferry", "cloudsync", "hyperverge", "mercenary", "green-matchers"] {
        let (stdout, stderr, code) = run(&["check", &format!("fleets/{fleet}.yaml")]);
        // Three guides remove two tasks at a time.
        let told = stderr.lines().filter(|line| line.starts_with("warning") || line.starts_with("error"));
        assert!(told.clone().all(|line| line.starts_with("warning[removes-one-at-a-time]")), "{stderr}");
        assert_eq!(code, 0);
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
    let fleet = [
        "alarms_would_save",
        "budgets",
        "dollars_per_month",
        "file",
        "fleet",
        "metrics_read_per_minute",
        "mode",
        "problems",
        "services",
        "valid",
        "warnings",
    ];
    check_keys(&valid, &fleet);
    let service = [
        "alarms",
        "asg",
        "capacity",
        "concurrency",
        "cooldown_seconds",
        "counts",
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
        "notify",
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
    check_keys(&explained["signals"][0], &["about", "absent", "signal", "unit"]);
}

/// 24 services with a metric each cost $10.37 a month, and 23 of them $9.94, of which nobody needs to be told.
#[test]
fn a_costly_fleet_is_told_what_alarms_would_save() {
    let folder = std::env::temp_dir().join(format!("tidegate-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("make a folder");
    let path = folder.join("fleet.yaml");
    let service = |n| {
        format!(
            "  - {{ name: s{n}, ecs: {{ cluster: c, service: s{n} }}, capacity: {{ min: 1, max: 2 }}, \
             rules: [{{ when: cpu > 70% for 5m, notify: critical }}] }}\n"
        )
    };
    let check = |services: usize| {
        let services: String = (0..services).map(service).collect();
        std::fs::write(&path, format!("version: 1\nname: shop\nmode: observe\nservices:\n{services}"))
            .expect("write");
        let (stdout, stderr, code) = run(&["check", &path.to_string_lossy()]);
        assert_eq!((stderr.as_str(), code), ("", 0));
        stdout
    };
    assert!(!check(23).contains("hint:"));
    let told = check(24);
    assert!(told.contains("reads 24 CloudWatch metrics a minute: about $10.37 a month"), "{told}");
    assert!(told.contains("hint: 24 of them are only compared with thresholds. 24 alarms"), "{told}");
    assert!(told.contains("would save about $7.97 a month"), "{told}");
    std::fs::remove_dir_all(&folder).expect("remove the folder");
}

#[test]
fn explain_adds_every_setting_with_its_reason_and_every_signal() {
    let (stdout, _, code) = run(&["check", "--explain", "fleets/roleferry.yaml"]);
    assert_eq!(code, 0);
    for row in tidegate_fleet::reference::rows() {
        assert!(stdout.contains(&format!("{}\n", row.path)), "{}", row.path);
        assert!(stdout.contains(row.reason), "{}", row.path);
    }
    for signal in tidegate_fleet::signals::SIGNALS {
        assert!(stdout.contains(&format!("{}\n  {}\n", signal.name, signal.about)), "{}", signal.name);
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
