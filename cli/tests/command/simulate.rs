//! `tidegate simulate`.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::run;

pub(crate) const FLEET: &str = "fleets/hyperverge.yaml";

/// A file of our own in this test's folder.
pub(crate) fn trace(name: &str, text: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).expect("a folder of our own");
    let path = folder.join(name);
    // Several tests write the same file at once, and none may read a half of it.
    let half = folder.join(format!("{name}.{:?}", std::thread::current().id()));
    fs::write(&half, text).expect("a file of our own");
    fs::rename(&half, &path).expect("a file of our own");
    path.display().to_string()
}

/// Six hours with a hill in the middle.
pub(crate) fn hill() -> String {
    let value = |minute: i32| 10 + (90 - (minute - 180).abs()).max(0);
    let rows: String = (0..360).fold("timestamp,value\n".to_owned(), |rows, minute| {
        rows + &format!("{},{}\n", minute * 60, value(minute))
    });
    trace("hill.csv", &rows)
}

/// The keys of an object, in order.
pub(crate) fn keys(value: &Value) -> Vec<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

pub(crate) fn simulate(trace: &str, more: &[&str]) -> (String, String, i32) {
    run(&[&["simulate", "--fleet", FLEET, "--service", "worker", "--trace", trace], more].concat())
}

#[test]
fn a_trace_is_replayed_beside_its_rivals() {
    let (stdout, stderr, code) = simulate(&hill(), &["--rivals"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let place = hill();
    insta::assert_snapshot!("simulate-rivals", stdout.replace(&place, "hill.csv"));
}

/// What goes wrong costs something, and the answer says which world it was.
#[test]
fn bad_days_are_simulated_where_they_are_asked_for() {
    let of = |more: &[&str]| {
        let (stdout, stderr, code) = simulate(&hill(), &[&["--json"], more].concat());
        assert_eq!((stderr.as_str(), code), ("", 0));
        serde_json::from_str::<Value>(&stdout).expect("JSON")
    };
    let (quiet, bad) = (of(&[]), of(&["--disruptions"]));
    assert_eq!(
        (&quiet["setting"]["disruptions"], &bad["setting"]["disruptions"]),
        (&false.into(), &true.into())
    );
    let starts = |answer: &Value| answer["task_starts_per_day"].as_f64().expect("a number");
    assert!(starts(&bad) > 2.0 * starts(&quiet), "{} and {}", starts(&bad), starts(&quiet));
    assert_ne!(quiet["worker_hours"], bad["worker_hours"]);
    assert_eq!(quiet["oracle_worker_hours"], bad["oracle_worker_hours"]);
    let (stdout, _, _) = simulate(&hill(), &["--disruptions"]);
    let said = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("world bad days (--disruptions): each day 6 deployments, 24 tasks that die"),
        "{stdout}"
    );
    assert!(said.contains("a start takes 63 to 117 s, and 2% fail"), "{stdout}");
}

#[test]
fn the_same_command_gives_the_same_bytes() {
    let once = || simulate(&hill(), &["--json", "--rivals", "--jobs", "exponential", "--seed", "3"]);
    assert_eq!(once(), once());
}

#[test]
fn the_keys_of_the_answer_stay() {
    let (stdout, _, code) = simulate(&hill(), &["--json", "--throughput", "0.1", "--rivals"]);
    assert_eq!(code, 0);
    let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    let scores = [
        "billed_hours",
        "billed_vs_oracle",
        "cost_vs_oracle",
        "direction_reversals_per_day",
        "excess_late_percent",
        "instability",
        "jobs_interrupted",
        "late_percent",
        "scaling_actions_per_day",
        "task_starts_per_day",
        "tau_o",
        "tau_u",
        "theta_o",
        "theta_u",
        "wait_p95_seconds",
        "wait_p99_seconds",
        "worker_hours",
        "worst_hour_late_percent",
    ];
    let others = [
        "fleet",
        "format",
        "least_worker_hours",
        "left_out",
        "oracle_billed_hours",
        "oracle_worker_hours",
        "overload",
        "rivals",
        "service",
        "setting",
        "trace",
        "unavoidable_late_percent",
    ];
    let mut expected = [&scores[..], &others[..]].concat();
    expected.sort_unstable();
    assert_eq!(keys(&answer), expected);
    let mut rival = [&scores[..], &["about", "name", "title"][..]].concat();
    rival.sort_unstable();
    assert_eq!(keys(&answer["rivals"][0]), rival);
    let names: Vec<&str> =
        answer["rivals"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    let all = [
        "fixed-max",
        "steps-every-5m",
        "steps-with-cooldowns",
        "target-tracking-backlog",
        "target-tracking-cpu",
        "keda-default",
        "keda-concurrency",
        "oracle",
    ];
    assert_eq!(names, all);
    assert_eq!(answer["left_out"], serde_json::json!(["memory > 80%", "floor by monitors"]));
    assert_eq!(answer["setting"]["scaled_to_tasks"], Value::Null);
}

#[test]
fn repairs_are_reported_with_their_lines() {
    let trace = trace("unsorted.csv", "timestamp,value\n60,5\n0,5\n120,\n180,5\n180,7\n240,5\n300,5\n");
    let (stdout, stderr, code) = simulate(&trace, &["--throughput", "0.1"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    for said in [
        "1 row without a value: a gap, not a zero (line 4)",
        "1 row out of order: sorted (line 3)",
        "1 repeated timestamp: the values are added (line 6)",
        "1 gap: filled by a straight line (line 5)",
    ] {
        assert!(stdout.contains(said), "{said} is not in\n{stdout}");
    }
}

/// Adds one to a number in decimal digits: formatting ten million of them would take longer than reading them.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}

/// Ten million seconds through a pipe into 300 MB of address space; as records they alone would take more.
#[test]
fn ten_million_rows_take_no_more_memory_than_three() {
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -v 307200; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_tidegate"), "simulate"]);
    limited.args([
        "--fleet",
        FLEET,
        "--service",
        "worker",
        "--trace",
        "/dev/stdin",
        "--throughput",
        "1",
        "--json",
    ]);
    limited.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let streams = limited.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn().expect("the command starts");
    let mut rows = BufWriter::with_capacity(1 << 20, child.stdin.take().expect("a pipe"));
    writeln!(rows, "timestamp,value").expect("the command reads");
    let mut row = *b"00000000,3\n";
    for _ in 0..10_000_000 {
        rows.write_all(&row).expect("the command reads");
        count_up(&mut row[..8]);
    }
    drop(rows);
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), ("", Some(0)));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
    assert_eq!(answer["trace"]["rows"], 10_000_000);
    assert_eq!(answer["trace"]["repairs"][0]["lines"], serde_json::json!([3_000_001, 5_250_000]));
}

#[test]
fn what_cannot_be_used_is_refused() {
    let bad = trace("bad.csv", "timestamp,value\n0,1\nnever,2\n120,-1\n");
    let (stdout, stderr, code) = simulate(&bad, &[]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert!(stderr.contains("line 3: the timestamp is `never`"), "{stderr}");
    assert!(stderr.contains("line 4: the value is `-1`, must not be negative"), "{stderr}");

    let hill = hill();
    let with = |fleet: &str, service: &str, trace: &str| {
        run(&["simulate", "--fleet", fleet, "--service", service, "--trace", trace])
    };
    let (_, stderr, code) = with(FLEET, "wroker", &hill);
    assert_eq!(code, 1);
    assert_eq!(
        stderr,
        "error: fleet `hyperverge-prod` has no service `wroker`; it has `worker`, `api`, `notifier`\n"
    );
    assert_eq!(with("Cargo.toml", "worker", &hill).2, 1);
    assert_eq!(with("no-such.yaml", "worker", &hill).2, 3);
    assert_eq!(with(FLEET, "worker", "no-such.csv").2, 3);
    assert_eq!(with(FLEET, "worker", "fleets").2, 3);
    for wrong in [
        ["--throughput", "0"],
        ["--startup", "-1s"],
        ["--interval", "20s"],
        ["--wait", "0s"],
        ["--seed", "x"],
    ] {
        assert_eq!(simulate(&hill, &wrong).2, 2, "{wrong:?}");
    }
}

/// A fleet of one service with these lines.
fn fleet(name: &str, lines: &str) -> String {
    let indented = lines.lines().fold(String::new(), |text, line| text + "    " + line + "\n");
    let head = "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n    \
                ecs: { cluster: shop, service: worker }\n    capacity: { min: 1, max: 20 }\n";
    trace(name, &format!("{head}{indented}"))
}

fn simulate_fleet(fleet: &str, more: &[&str]) -> (String, String, i32) {
    run(&[&["simulate", "--fleet", fleet, "--service", "worker", "--trace", &hill()], more].concat())
}

/// What each kind of queue shows of running jobs decides what the policy sees: Celery by default is not `acks_late`.
#[test]
fn a_service_is_simulated_with_what_its_queue_shows() {
    let celery =
        |more: &str| format!("queue: {{ celery: {{ url: \"redis://redis\", queue: q{more} }} }}\nwait: 60s");
    let metric =
        |name: &str| format!("{{ namespace: AWS/AmazonMQ, metric: {name}, dimensions: {{ Queue: q }} }}");
    let (ready, unacked) = (metric("MessageReadyCount"), metric("MessageUnacknowledgedCount"));
    let queues = [
        ("early", celery(""), "reserved", 4),
        ("late", celery(", acks_late: true"), "taken", 4),
        (
            "bullmq",
            "queue: { bullmq: { url: \"redis://redis\", queue: q } }\nwait: 60s".to_owned(),
            "taken",
            1,
        ),
        (
            "list",
            "queue: { list: { url: \"redis://redis\", key: q, proof: p } }\nwait: 60s".to_owned(),
            "nothing",
            1,
        ),
        (
            "sqs",
            "queue: { sqs: { url: \"https://sqs.eu-central-1.amazonaws.com/111122223333/q\" } }\nwait: 60s"
                .to_owned(),
            "taken",
            1,
        ),
        ("mq", format!("queue: {{ cloudwatch: {{ waiting: {ready} }} }}\nwait: 60s"), "nothing", 1),
        (
            "mq-unacked",
            format!("queue: {{ cloudwatch: {{ waiting: {ready}, in_flight: {unacked} }} }}\nwait: 60s"),
            "taken",
            1,
        ),
    ];
    let mut costs = Vec::new();
    for (name, lines, shows, prefetch) in queues {
        let fleet = fleet(&format!("shows-{name}.yaml"), &lines);
        let (stdout, stderr, code) = simulate_fleet(&fleet, &["--json", "--throughput", "0.1"]);
        assert_eq!((stderr.as_str(), code), ("", 0), "{name}");
        let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
        let setting = &answer["setting"];
        assert_eq!(setting["queue_shows"], shows, "{name}");
        assert_eq!(setting["prefetch"], prefetch, "{name}");
        let evaluations = if name.starts_with("mq") { 60 } else { 15 };
        assert_eq!(setting["interval_seconds"], evaluations, "{name}");
        costs.push((name, answer["worker_hours"].as_f64().expect("a number")));
    }
    let cost = |wanted: &str| costs.iter().find(|(name, _)| *name == wanted).expect("it was tried").1;
    assert!((cost("early") - cost("late")).abs() > 0.05, "{costs:?}");
    assert!((cost("list") - cost("bullmq")).abs() > 0.05, "{costs:?}");
}

#[test]
fn an_option_that_the_queue_does_not_have_is_refused() {
    let celery = fleet("options.yaml", "queue: { celery: { url: \"redis://redis\", queue: q } }\nwait: 60s");
    let (_, stderr, code) = simulate_fleet(&celery, &["--counts-done"]);
    assert_eq!(code, 1);
    assert_eq!(
        stderr,
        "error: `--counts-done` applies to `bullmq` queues, whose workers can keep `metrics`; the queue of `worker` is `celery`\n"
    );
    let (stdout, _, code) = simulate_fleet(&celery, &["--prefetch", "1"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("only the messages that workers reserve: 1 for each job"), "{stdout}");
    let bullmq =
        fleet("options-bullmq.yaml", "queue: { bullmq: { url: \"redis://redis\", queue: q } }\nwait: 60s");
    let (_, stderr, code) = simulate_fleet(&bullmq, &["--prefetch", "1"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("the queue of `worker` is `bullmq`"), "{stderr}");
}

/// A score of a policy without a rule would be that of no scaling at all.
#[test]
fn a_service_whose_every_rule_is_left_out_is_refused() {
    let left = fleet(
        "left-out.yaml",
        "rules:\n  - { when: memory > 80%, add: 1 }\n  - { when: memory < 30%, remove: 1 }",
    );
    for command in ["simulate", "tune"] {
        let (stdout, stderr, code) =
            run(&[command, "--fleet", &left, "--service", "worker", "--trace", &hill()]);
        assert_eq!((stdout.as_str(), code), ("", 1), "{command}");
        assert_eq!(
            stderr,
            "error: `worker` cannot be simulated: a trace contains the queue and `cpu`, but not \
             `memory > 80%`, `memory < 30%`\n",
            "{command}"
        );
    }
    let one =
        fleet("one-left.yaml", "rules:\n  - { when: memory > 80%, add: 1 }\n  - { when: cpu > 70%, add: 1 }");
    let (stdout, stderr, code) = simulate_fleet(&one, &[]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let answer = run(&["tune", "--fleet", &one, "--service", "worker", "--trace", &hill(), "--json"]).0;
    assert!(!answer.contains("\"name\": \"wait"), "a service without a queue has no `wait`: {answer}");
    assert!(
        stdout.contains("left out") && stdout.contains("scaled by its metrics, read once a minute"),
        "{stdout}"
    );
}
