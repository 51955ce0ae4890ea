//! `tidegate check`.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::command::{run, tidegate};

/// The file that the reader's own tests are about.
const TEN_MISTAKES: &str = "shared/fleet/tests/fleet/ten-mistakes.yaml";

#[test]
fn a_valid_fleet_is_read_back() {
    for fleet in ["roleferry", "cloudsync", "hyperverge", "mercenary", "green-matchers"] {
        let (stdout, stderr, code) = run(&["check", &format!("fleets/{fleet}.yaml")]);
        // Three guides remove two tasks at a time.
        let shown = stderr.lines().filter(|line| line.starts_with("warning") || line.starts_with("error"));
        assert!(shown.clone().all(|line| line.starts_with("warning[removes-one-at-a-time]")), "{stderr}");
        assert_eq!(code, 0);
        insta::assert_snapshot!(fleet, stdout);
    }
}

#[test]
fn ten_mistakes_are_reported_at_once_and_nothing_is_changed() {
    let (stdout, stderr, code) = run(&["check", TEN_MISTAKES]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert_eq!(stderr.matches("error[").count(), 10);
    assert!(stderr.ends_with("\n10 problems\n"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "a password travelled");
}

pub(crate) fn json(arguments: &[&str], expected_code: i32) -> Value {
    let (stdout, _, code) = run(arguments);
    assert_eq!(code, expected_code, "{arguments:?}");
    serde_json::from_str(&stdout).expect("the answer is JSON")
}

#[track_caller]
pub(crate) fn check_keys(value: &Value, expected: &[&str]) {
    let keys: Vec<&str> = value.as_object().expect("it is an object").keys().map(String::as_str).collect();
    assert_eq!(keys, expected);
}

#[test]
fn the_keys_of_the_json_answer_stay() {
    let valid = json(&["check", "--json", "fleets/hyperverge.yaml"], 0);
    let fleet = [
        "alarms_would_save",
        "budgets",
        "databases",
        "dollars_per_month",
        "emergency",
        "file",
        "fleet",
        "format",
        "metrics_read_per_5_minutes",
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
        "capacity_unit",
        "concurrency",
        "cooldown_seconds",
        "dollars_per_month",
        "ecs",
        "floor",
        "guard",
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
    check_keys(&invalid, &["file", "format", "problems", "valid", "warnings"]);
    assert_eq!(invalid["problems"].as_array().map(Vec::len), Some(10));
    check_keys(&invalid["problems"][0], &["code", "column", "file", "help", "line", "message", "severity"]);

    let unreadable = json(&["check", "--json", "no-such-file.yaml"], 3);
    check_keys(&unreadable, &["error", "file", "format", "problems", "valid", "warnings"]);

    let explained = json(&["check", "--json", "--explain", "fleets/roleferry.yaml"], 0);
    check_keys(&explained["effective"][0], &["because", "from", "line", "setting", "value"]);
    assert!(explained["zone_rules"].as_str().is_some_and(|rules| rules.starts_with("20")), "{explained}");

    let several = json(&["check", "--json", "fleets/roleferry.yaml", TEN_MISTAKES], 1);
    check_keys(&several, &["files", "format", "valid", "warnings"]);
    assert_eq!((&valid["format"], &several["format"]), (&1.into(), &1.into()));
    check_keys(&several["files"][1], &["file", "problems", "valid", "warnings"]);
}

#[test]
fn the_keys_of_the_reference_stay() {
    let reference = json(&["reference", "--json"], 0);
    check_keys(&reference, &["format", "settings", "signals"]);
    check_keys(&reference["settings"][0], &["about", "default", "reason", "setting", "value"]);
    check_keys(&reference["signals"][0], &["about", "absent", "signal", "unit"]);
}

#[test]
fn the_keys_of_an_emergency_stay() {
    let emergency = &json(&["check", "--json", "fleets/mercenary.yaml"], 0)["emergency"];
    check_keys(emergency, &["hold_seconds", "profiles", "runbook"]);
    check_keys(&emergency["profiles"][0], &["name", "replicas", "sizes"]);
    check_keys(&emergency["profiles"][0]["sizes"][0], &["service", "size"]);
    let nothing_written = &json(&["check", "--json", "fleets/roleferry.yaml"], 0)["emergency"];
    assert_eq!(nothing_written, &serde_json::json!({ "hold_seconds": 7200, "profiles": [], "runbook": [] }));
}

/// 24 services with a metric each cost $10.37 a month, and 23 of them $9.94, of which no value is reported.
#[test]
fn a_costly_fleet_is_reported_what_alarms_would_save() {
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
    let shown = check(24);
    assert!(shown.contains("reads 24 CloudWatch metrics per minute: about $10.37 a month"), "{shown}");
    assert!(shown.contains("hint: 24 of them are only compared with thresholds. 24 alarms"), "{shown}");
    assert!(shown.contains("would save about $7.97 a month"), "{shown}");
    std::fs::remove_dir_all(&folder).expect("remove the folder");
}

#[test]
fn explain_tells_what_holds_for_this_file_and_where_it_comes_from() {
    let (stdout, _, code) = run(&["check", "--explain", "fleets/roleferry.yaml"]);
    assert_eq!(code, 0);
    let says = |lines: &str| assert!(stdout.contains(lines), "{lines} is not in {stdout}");
    says("  services[workers].capacity.max = 50\n    line 16\n");
    says("  services[workers].startup = 3m\n    default: a Fargate task");
    says("  services[workers].mode = enforce\n    derived: the fleet's `mode`\n");
    says("\ntime zone rules: tzdata 20");
    assert!(!stdout.contains("bullmq.prefix"), "it shows what is not in the file");
}

#[test]
fn the_reference_has_every_setting_with_its_reason_and_every_signal() {
    let (stdout, stderr, code) = run(&["reference"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    for row in tidegate_fleet::reference::rows() {
        assert!(stdout.contains(&format!("{}\n", row.path)), "{}", row.path);
        assert!(stdout.contains(row.reason), "{}", row.path);
    }
    for signal in tidegate_fleet::signals::SIGNALS {
        assert!(stdout.contains(&format!("{}\n  {}\n", signal.name, signal.about)), "{}", signal.name);
    }
}

#[test]
fn several_files_are_checked_at_once_and_the_worst_decides() {
    let (stdout, stderr, code) =
        run(&["check", "fleets/roleferry.yaml", TEN_MISTAKES, "fleets/cloudsync.yaml"]);
    assert_eq!(code, 1);
    assert!(
        stdout.contains("fleets/roleferry.yaml is valid")
            && stdout.contains("fleets/cloudsync.yaml is valid")
    );
    assert_eq!(stderr.matches("error[").count(), 10);
    let (_, stderr, code) = run(&["check", "fleets/roleferry.yaml", "no-such-file.yaml", TEN_MISTAKES]);
    assert_eq!(code, 3);
    assert!(stderr.contains("read `no-such-file.yaml`") && stderr.contains("10 problems"), "{stderr}");
}

/// Two stacks with one service undo each other, and neither file shows it alone.
#[test]
fn a_service_that_two_files_scale_is_warned_about() {
    let folder = std::env::temp_dir().join(format!("tidegate-twice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("make a folder");
    let check = |modes: [&str; 2]| {
        let paths =
            ["one", "two"].map(|name| folder.join(format!("{name}.yaml")).to_string_lossy().into_owned());
        for (path, mode) in paths.iter().zip(modes) {
            let text = include_str!("../../../fleets/roleferry.yaml")
                .replace("mode: enforce", &format!("mode: {mode}"));
            std::fs::write(path, text).expect("write");
        }
        run(&["check", &paths[0], &paths[1]])
    };
    let (_, stderr, code) = check(["enforce", "enforce"]);
    assert_eq!(code, 0, "the files may be of two accounts: {stderr}");
    assert!(
        stderr.contains("warning[duplicate-target]: `workers` in ") && stderr.contains("one.yaml"),
        "{stderr}"
    );
    assert!(
        stderr.contains("`api` in ") && !stderr.contains("change the replicas of"),
        "replicas that are only watched are changed by neither: {stderr}"
    );
    assert!(
        !check(["enforce", "observe"]).1.contains("duplicate-target"),
        "only one of them changes anything"
    );
    std::fs::remove_dir_all(&folder).expect("remove the folder");
}

#[test]
fn a_dash_is_the_standard_input() {
    let read = |text: &str| {
        let mut command = tidegate(&["check", "-"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("it reads");
        child.wait_with_output().expect("the command ends")
    };
    let good = read(include_str!("../../../fleets/roleferry.yaml"));
    assert!(String::from_utf8_lossy(&good.stdout).starts_with("<stdin> is valid"), "{good:?}");
    let bad = read("version: 2\n");
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("--> <stdin>:1:10"), "{bad:?}");
}

#[test]
fn lines_end_at_the_width_of_the_terminal_and_stay_whole_in_a_pipe() {
    let long = |columns: Option<&str>| {
        let mut command = tidegate(&["check", "--explain", "fleets/hyperverge.yaml", TEN_MISTAKES]);
        command.env_remove("COLUMNS").envs(columns.map(|columns| ("COLUMNS", columns)));
        let output = command.output().expect("the command starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).expect("UTF-8");
        let is_long =
            |line: &&str| line.chars().count() > 72 && !line.contains(" | ") && line.trim().contains(' ');
        text.lines().filter(is_long).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(!long(None).is_empty(), "in a pipe nothing is broken");
    assert_eq!(long(Some("72")), [""; 0]);
}

#[test]
fn warnings_are_reported_and_refuse_nothing() {
    let folder = std::env::temp_dir().join(format!("tidegate-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("make a folder");
    let path = folder.join("fleet.yaml");
    let text = include_str!("../../../fleets/roleferry.yaml").replace("min: 5, max: 50", "min: 0, max: 50");
    std::fs::write(&path, text).expect("write the file");
    let (stdout, stderr, code) = run(&["check", &path.to_string_lossy()]);
    std::fs::remove_dir_all(&folder).expect("remove the folder");
    assert_eq!(code, 0);
    assert!(
        stdout.contains("idle           the last task is removed after the queue was empty for 5m"),
        "{stdout}"
    );
    assert!(stderr.starts_with("warning[zero-unseen-in-flight]: `min` is 0, and Celery"), "{stderr}");
}
