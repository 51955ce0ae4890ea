//! Against an independent simulation, written in Python by others.
//!
//! Runs when `TIDEGATE_TRACES` names a folder of traces and `TIDEGATE_REFSIM` the reference, `refsim.py`; its Python,
//! `TIDEGATE_PYTHON` (default `python3`), needs numpy. Otherwise it says that it did not run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tidegate_simulator::autoscaler::{Fixed, Keda, StepRules, TargetTracking};
use tidegate_simulator::world::Evaluations;
use tidegate_simulator::{Autoscaler, Baseline, Load, Run, Score, WorldSettings, oracle, simulate, trace};

use crate::stage::setting;

/// Cost may differ by so much of itself.
const COST: f64 = 0.01;
/// Late jobs may differ by so many points.
const LATE_POINTS: f64 = 0.3;

fn wanted() -> Option<(PathBuf, PathBuf)> {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    path("TIDEGATE_TRACES").zip(path("TIDEGATE_REFSIM"))
}

/// The numbers of a file of little-endian `f64`s.
fn numbers(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).expect("the reference wrote it");
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes"))).collect()
}

/// The reference's scores by trace and policy: worker-hours, late percent and so on, and its seconds.
fn reference(traces: &Path, refsim: &Path, out: &Path) -> BTreeMap<String, BTreeMap<String, Vec<f64>>> {
    let python = std::env::var_os("TIDEGATE_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulator/reference.py");
    let status = Command::new(python).arg(script).args([refsim, traces, out]).status();
    assert!(status.expect("Python starts").success(), "the reference failed: see above");
    let scores = fs::read_to_string(out.join("scores.csv")).expect("the reference wrote it");
    let mut found: BTreeMap<String, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for line in scores.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let values = fields[2..].iter().map(|field| field.parse().expect("a number")).collect();
        found.entry(fields[0].to_owned()).or_default().insert(fields[1].to_owned(), values);
    }
    found
}

fn ours(policy: &str, load: &Load, setting: &WorldSettings) -> Run {
    let mut autoscaler: Box<dyn Autoscaler> = match policy {
        "fixed-max" => Box::new(Fixed(50)),
        "oracle" => return oracle(load, setting),
        "steps-every-5m" => Box::new(StepRules::every_five_minutes()),
        "steps-with-cooldowns" => Box::new(StepRules::with_cooldowns()),
        // A wait of 30 s at 0.5 jobs a second.
        "target-tracking-backlog" => Box::new(TargetTracking::backlog(15.0)),
        "target-tracking-cpu" => Box::new(TargetTracking::utilization(0.7)),
        "keda-5" => Box::new(Keda::new(5.0)),
        "keda-1" => Box::new(Keda::new(1.0)),
        other => unreachable!("the reference has a policy `{other}` that we have not"),
    };
    simulate(load, setting, autoscaler.as_mut())
}

#[test]
fn the_rivals_cost_and_are_late_as_in_the_reference() {
    let Some((traces, refsim)) = wanted() else {
        println!("not run: TIDEGATE_TRACES and TIDEGATE_REFSIM name no traces and no reference");
        return;
    };
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("reference");
    fs::create_dir_all(&out).expect("a folder of our own");
    let reference = reference(&traces, &refsim, &out);
    assert!(!reference.is_empty(), "no traces in {}", traces.display());
    // In the reference no autoscaler acts before the first minute is published, at 120 s.
    let setting = WorldSettings {
        evaluations: Evaluations { act_from_seconds: 120, ..setting().evaluations },
        ..setting()
    };
    let (mut failures, mut their_seconds, mut our_seconds) = (Vec::new(), 0.0, 0.0);
    println!(
        "| trace | policy | worker-hours, theirs | ours | late %, theirs | ours |\n|---|---|---|---|---|---|"
    );
    for (name, policies) in &reference {
        let file = File::open(traces.join(format!("{name}.csv"))).expect("the reference read it");
        let trace = trace::read(BufReader::new(file)).expect("the trace can be read");
        let load = Load::scaled(&trace, 40.0, setting.throughput, setting.seed);
        let rate = numbers(&out.join(format!("{name}.rate")));
        assert_eq!(load.rate().len(), rate.len(), "{name}: steps");
        for (step, (one, other)) in load.rate().iter().zip(&rate).enumerate() {
            assert!(
                (one - other).abs() <= 1e-9 * other.max(1.0),
                "{name}: rate {one}, not {other}, in {step}"
            );
        }
        let load = load.with_arrivals(numbers(&out.join(format!("{name}.arrivals"))));
        let baseline = Baseline::of(&load, &setting);
        for (policy, theirs) in policies {
            let begun = Instant::now();
            let run = ours(policy, &load, &setting);
            our_seconds += begun.elapsed().as_secs_f64();
            their_seconds += theirs.last().copied().unwrap_or_default();
            let score = Score::of(&run, &load, &setting, &baseline);
            let (hours, late) = (theirs[0], theirs[1]);
            println!(
                "| {name} | {policy} | {hours:.2} | {:.2} | {late:.3} | {:.3} |",
                score.worker_hours, score.late_percent
            );
            let others = [
                score.worst_hour_late_percent,
                score.wait_p95_seconds,
                score.wait_p99_seconds,
                score.theta_u,
                score.theta_o,
                score.tau_u,
                score.tau_o,
                score.instability,
                score.scaling_actions_per_day,
            ];
            let far =
                others.iter().zip(&theirs[2..]).any(|(one, other)| (one - other).abs() > 0.01 * other + 0.3);
            let cost = (score.worker_hours / hours - 1.0).abs();
            if far || cost > COST || (score.late_percent - late).abs() > LATE_POINTS {
                failures.push(format!("{name}, {policy}: theirs {theirs:?}, ours {score:?}"));
            }
        }
    }
    println!(
        "the reference took {their_seconds:.1} s, ours {our_seconds:.3} s: {:.0} times",
        their_seconds / our_seconds
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
