//! `track`: what is taken, and what cannot be tracked.

use jiff::SignedDuration;
use tidegate_policy::Track;

use crate::taken::{PLACE, WORK, fleet};

const METRICS: &str = "metrics: { latency: { namespace: Shop, metric: Latency, dimensions: { Env: prod }, unit: milliseconds } }\n";

fn text(track: &str) -> String {
    let queue = WORK.lines().next().expect("the queue comes first");
    fleet(&format!("{PLACE}{queue}\n{METRICS}track: {track}"))
}

#[track_caller]
fn taken(text: &str) -> tidegate_fleet::Service {
    tidegate_fleet::parse(text).unwrap_or_else(|problems| panic!("{problems}")).services()[0].clone()
}

#[track_caller]
fn check(track: &str, expected: &[&str]) -> Vec<Track> {
    let service = taken(&text(track));
    let shown: Vec<String> = service.policy().track.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected);
    service.policy().track.clone()
}

#[test]
fn one_tracker_or_a_list_of_them() {
    check("{ signal: cpu, target: 70% }", &["cpu at 70%"]);
    let two = check(
        "[{ signal: waiting_per_task, target: 20 }, { signal: latency, target: 1.5s, scale_in: false }]",
        &["waiting_per_task at 20", "latency at 1500ms"],
    );
    assert_eq!(two.iter().map(|track| track.scale_in).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn its_metric_is_read_and_its_cooldowns_are_those_of_aws() {
    let service = taken(&text("{ signal: cpu, target: 70% }"));
    assert_eq!(service.metrics().iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["cpu"]);
    assert_eq!(service.policy().cooldown.scale_in, SignedDuration::from_mins(5));
    let beside_wait = taken(&format!("{}    wait: 60s\n", text("{ signal: cpu, target: 70% }")));
    assert_eq!(beside_wait.policy().cooldown.scale_in, SignedDuration::from_mins(5));
}

#[track_caller]
fn refused(track: &str, expected: &[&str], words: &str) {
    let problems = tidegate_fleet::parse(&text(track)).expect_err("it cannot be tracked");
    assert_eq!(problems.iter().map(|it| it.code().as_str()).collect::<Vec<_>>(), expected, "{problems}");
    assert!(problems.to_string().contains(words), "{problems}");
}

#[test]
fn what_cannot_be_tracked_is_refused() {
    for total in ["waiting", "in_flight", "depth", "due", "delayed", "stalled_for"] {
        refused(&format!("{{ signal: {total}, target: 5 }}"), &["tracked-total"], "`waiting_per_task`");
    }
    refused("{ signal: cpuu, target: 70% }", &["unknown-signal"], "did you mean `cpu`?");
    refused("{ signal: cpu, target: 70 }", &["wrong-unit"], "write `70%`");
    refused("{ signal: cpu, target: 0% }", &["out-of-range"], "above zero");
    refused("{ signal: cpu, target: much }", &["bad-condition"], "write it like `70%`");
    refused("{ signal: cpu }", &["missing-key"], "`target`");
    refused("{ target: 70% }", &["missing-key"], "`signal`");
    refused("[]", &["wrong-length"], "1 to 10");
    refused("cpu", &["wrong-shape"], "a tracker must be a mapping");
    refused(
        "[{ signal: cpu, target: 70% }, { signal: cpu, target: 50% }]",
        &["duplicate-name"],
        "the lower target",
    );
    let without = text("{ signal: waiting_per_task, target: 20 }").replace("queue: {", "# {");
    let problems = tidegate_fleet::parse(&without).expect_err("there is no queue");
    assert!(problems.to_string().contains("the service has no `queue`"), "{problems}");
}
