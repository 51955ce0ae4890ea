//! `tidegate tune`.

use serde_json::Value;

use crate::command::run;
use crate::simulate::{hill, keys, trace};

const WAIT: &str = "capacity: { min: 2, max: 20 }\nwait: 60s";
const RULES: &str = "capacity: { min: 2, max: 20 }\nrules:\n  - { when: waiting > 1000, add: 5 }\n  - { when: \
                     waiting_per_task > 7, add: 25%, at_least: 2 }\n  - { when: waiting < 100, remove: 2 }\n  - { when: \
                     memory > 80% for 5m, add: 2 }\ncooldown: { out: 60s, in: 2m }";
const BOTH: &str = "capacity: { min: 2, max: 20 }\nwait: 90s\nrules:\n  - { when: waiting > 500, add: 1 }";

/// A fleet of one service with these lines.
fn fleet(name: &str, lines: &str) -> String {
    let indented = lines.lines().fold(String::new(), |text, line| text + "    " + line + "\n");
    trace(
        name,
        &format!(
            "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n    \
             ecs: {{ cluster: shop, service: worker }}\n    \
             queue: {{ bullmq: {{ url: \"redis://redis\", queue: q }} }}\n{indented}    interruptible: true\n\
             budgets:\n  - {{ name: connections, limit: 120, use: {{ worker: 4 }} }}\n"
        ),
    )
}

fn with(command: &str, fleet: &str, more: &[&str]) -> (String, String, i32) {
    let common = [command, "--fleet", fleet, "--service", "worker", "--trace", &hill()];
    run(&[&common, more].concat())
}

/// A load that the maximum can serve: 110 jobs a minute at its height, 0.1 a second and task.
const WORLD: [&str; 4] = ["--throughput", "0.1", "--wait", "60s"];

#[track_caller]
fn tuned(fleet: &str, more: &[&str]) -> Value {
    let (stdout, stderr, code) = with("tune", fleet, &[&WORLD[..], more, &["--json"]].concat());
    assert_eq!((stderr.as_str(), code), ("", 0));
    serde_json::from_str(&stdout).expect("the answer is JSON")
}

fn points(answer: &Value) -> &[Value] {
    answer["frontier"].as_array().expect("a list")
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().expect(key)
}

/// The chosen lines, pasted into the file, simulate to the very score that was promised for them.
#[track_caller]
fn check_paste(name: &str, lines: &str, late: &str) {
    let answer = tuned(&fleet(&format!("{name}.yaml"), lines), &["--late", late]);
    let chosen = &answer["chosen"];
    assert_ne!(chosen["name"], answer["own"]["name"], "{name}: nothing was tuned");
    let pasted: Vec<&str> =
        answer["lines"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let pasted = fleet(&format!("{name}-tuned.yaml"), &pasted.join("\n"));
    let (stdout, stderr, code) = with("simulate", &pasted, &[&WORLD[..], &["--json"]].concat());
    assert_eq!((stderr.as_str(), code), ("", 0), "{name}");
    let simulated: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    for key in
        ["worker_hours", "late_percent", "wait_p95_seconds", "wait_p99_seconds", "scaling_actions_per_day"]
    {
        assert_eq!(simulated[key], chosen[key], "{name}: {key} of `{}`", chosen["name"]);
    }
    assert_eq!(simulated["setting"]["max"], chosen["max"], "{name}");
    assert_eq!(simulated["left_out"], answer["left_out"], "{name}");
}

#[test]
fn the_lines_pasted_in_simulate_to_the_same_score() {
    check_paste("wait", WAIT, "0.5");
    check_paste("rules", RULES, "1");
    check_paste("rules-late", RULES, "40");
    check_paste("both", BOTH, "20");
}

#[test]
fn the_choice_is_the_cheapest_within_the_limit() {
    let answer = tuned(&fleet("choice.yaml", RULES), &["--late", "5"]);
    let points = points(&answer);
    assert!(points.len() > 2, "{points:?}");
    for (cheaper, dearer) in points.iter().zip(&points[1..]) {
        assert!(number(cheaper, "worker_hours") < number(dearer, "worker_hours"));
        assert!(number(cheaper, "late_percent") > number(dearer, "late_percent"));
    }
    let within = points.iter().find(|point| number(point, "late_percent") <= 5.0).expect("one is within");
    assert_eq!(answer["chosen"], *within);
    let chosen: Vec<&Value> = points.iter().filter(|point| point["chosen"] == true).collect();
    assert_eq!(chosen, [within]);
    let own = &answer["own"];
    assert!(points.iter().any(|point| {
        number(point, "worker_hours") <= number(own, "worker_hours")
            && number(point, "late_percent") <= number(own, "late_percent")
    }));
}

#[test]
fn all_points_are_measured_alike() {
    let answer = tuned(&fleet("alike.yaml", WAIT), &["--late", "100"]);
    let oracle = |point: &Value| number(point, "worker_hours") / number(point, "cost_vs_oracle");
    let own = oracle(&answer["own"]);
    let bounds: Vec<&Value> = points(&answer).iter().map(|point| &point["max"]).collect();
    assert!(bounds.iter().any(|max| **max != answer["own"]["max"]), "no bounds were tried: {bounds:?}");
    for point in points(&answer) {
        assert!((oracle(point) / own - 1.0).abs() < 1e-9, "{point}");
        // 120 connections at 4 a task: a larger maximum would be refused.
        assert!(number(point, "max") <= 30.0, "{point}");
    }
}

/// Without a throughput the load is made from the file's maximum: a smaller one would be proposed for every load.
#[test]
fn without_a_throughput_no_other_maximum_is_proposed_and_the_reason_is_said() {
    for lines in [WAIT, RULES] {
        let fleet = fleet("unknown.yaml", lines);
        let (stdout, _, _) = with("tune", &fleet, &["--late", "100", "--json"]);
        let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
        assert!(points(&answer).iter().all(|point| point["max"] == 20), "{answer}");
        let why = "no other `max` was tried: without --throughput what a task serves is not known, and the load is \
                   scaled to the file's max of 20";
        let warnings = answer["warnings"].as_array().expect("a list");
        assert!(warnings.iter().any(|warning| warning == why), "{warnings:?}");
    }
    let known = tuned(&fleet("known.yaml", RULES), &[]);
    assert!(!known["warnings"].to_string().contains("was tried"), "{known}");
}

#[test]
fn a_limit_that_nothing_keeps_is_refused_with_what_comes_nearest() {
    let slow = ["--throughput", "0.005", "--late", "0"];
    let fleet = fleet("slow.yaml", WAIT);
    let (stdout, stderr, code) = with("tune", &fleet, &slow);
    assert_eq!(code, 1);
    assert!(stdout.contains("the fleet file's own:"), "{stdout}");
    assert!(
        stderr.starts_with("error: no setting keeps late jobs at or below 0 %; the best is "),
        "{stderr}"
    );
    let (stdout, _, code) = with("tune", &fleet, &[&slow[..], &["--json"]].concat());
    let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    assert_eq!((code, &answer["chosen"], &answer["lines"]), (1, &Value::Null, &serde_json::json!([])));
    for wrong in ["-1", "101", "NaN", "few"] {
        assert_eq!(with("tune", &fleet, &["--late", wrong]).2, 2, "{wrong}");
    }
}

#[test]
fn the_keys_of_the_answer_stay() {
    let answer = tuned(&fleet("keys.yaml", RULES), &[]);
    let expected = [
        "chosen",
        "fleet",
        "format",
        "frontier",
        "late_limit_percent",
        "left_out",
        "lines",
        "overload",
        "own",
        "replaces",
        "service",
        "setting",
        "trace",
        "tried",
        "warnings",
    ];
    assert_eq!(keys(&answer), expected);
    let (stdout, _, _) = with("simulate", &fleet("keys.yaml", RULES), &["--json", "--rivals"]);
    let rival: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    let mut expected = keys(&rival["rivals"][0]);
    expected.retain(|key| key != "about" && key != "title");
    expected.extend(["chosen", "max", "min", "steps", "thresholds", "wait_seconds"].map(str::to_owned));
    expected.sort_unstable();
    for point in points(&answer).iter().chain([&answer["own"], &answer["chosen"]]) {
        assert_eq!(keys(point), expected);
    }
    assert_eq!(answer["own"]["steps"], 1.0);
    assert_eq!(answer["own"]["wait_seconds"], Value::Null);
}

#[test]
fn the_same_command_gives_the_same_bytes_whatever_thread_replays_what() {
    let fleet = fleet("same.yaml", BOTH);
    let once = || with("tune", &fleet, &["--jobs", "exponential", "--seed", "3", "--json"]);
    assert_eq!(once(), once());
}

#[test]
fn the_page_shows_the_frontier_the_lines_and_what_they_rest_on() {
    let (stdout, stderr, code) = with("tune", &fleet("people.yaml", RULES), &WORLD);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!("tune", stdout.replace(&hill(), "hill.csv"));
}

#[test]
fn late_is_what_the_service_promises_unless_asked_otherwise() {
    let seconds = |lines, more: &[&str]| {
        let (stdout, _, _) = with("simulate", &fleet("promise.yaml", lines), &[&["--json"], more].concat());
        let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
        answer["setting"]["wait_seconds"].to_string()
    };
    assert_eq!(seconds(BOTH, &[]), "90.0");
    assert_eq!(seconds(BOTH, &["--wait", "45s"]), "45.0");
    assert_eq!(seconds(RULES, &[]), "60.0");
}
