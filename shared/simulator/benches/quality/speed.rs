//! A simulated year of `wait` beside the same year in the reference simulation, in one run.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::Timestamp;
use tidegate_simulator::autoscaler::{Keda, Production};
use tidegate_simulator::{Autoscaler, Load, simulate};

use crate::comparison::report;
use crate::loads::{INTERRUPTIBLE, policy};
use crate::stage::setting;

/// Steps of 15 s in a year.
const YEAR: u32 = 365 * 5_760;

/// The best of so many runs counts: what a shared machine adds is no property of the simulator.
const RUNS: u32 = 3;

pub(crate) fn print(out: &mut impl Write) -> io::Result<()> {
    let setting = setting();
    // Days that are quiet at night, with 20 jobs a second at their height; `reference_year.py` has the same.
    let rate = |step: u32| 10.0 + 10.0 * (f64::from(step) / 5_760.0 * std::f64::consts::TAU).sin();
    let rates: Vec<f64> = (0..YEAR).map(rate).collect();
    let load = Load::drawn(&rates, setting.seed);
    let policy = policy(&setting, INTERRUPTIBLE);
    let seconds = |what: &str, autoscaler: &dyn Fn() -> Box<dyn Autoscaler>| {
        report(&format!("a year of {what}"));
        let replay = |_| {
            let mut autoscaler = autoscaler();
            let begun = Instant::now();
            std::hint::black_box(simulate(&load, &setting, autoscaler.as_mut()));
            begun.elapsed().as_secs_f64()
        };
        (0..RUNS).map(replay).fold(f64::INFINITY, f64::min)
    };
    let keda = seconds("KEDA", &|| Box::new(Keda::new(1.0)));
    let wait = seconds("wait", &|| Box::new(Production::new(&policy, Timestamp::UNIX_EPOCH)));
    report("the same years in the reference simulation");
    let theirs = reference();
    report("");
    let evaluations = f64::from(YEAR) / wait;
    writeln!(out, "**Speed**, one core, best of {RUNS}: a simulated year of 15 s steps\n")?;
    writeln!(out, "| | seconds | reference in Python | ratio |\n|---|---|---|---|")?;
    let mut row = |what: &str, ours: f64, theirs: Option<f64>| match theirs {
        Some(theirs) => writeln!(out, "| {what} | {ours:.2} | {theirs:.1} | {:.0} |", theirs / ours),
        None => writeln!(out, "| {what} | {ours:.2} | - | - |"),
    };
    let (their_keda, their_drain) = theirs.as_ref().ok().copied().unzip();
    row("KEDA, queueLength 1", keda, their_keda)?;
    row(
        &format!("`wait`, {evaluations:.0} evaluations a second; there a plain drain policy"),
        wait,
        their_drain,
    )?;
    theirs.map_or_else(|why| writeln!(out, "\nThe reference was not asked: {why}."), |_| Ok(()))
}

/// The seconds of the reference, with KEDA and with its drain policy; or why there are none.
fn reference() -> Result<(f64, f64), String> {
    let refsim = std::env::var_os("TIDEGATE_REFSIM").ok_or("TIDEGATE_REFSIM names no refsim.py")?;
    let python = std::env::var_os("TIDEGATE_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/quality/reference_year.py");
    let output = Command::new(&python).arg(script).arg(refsim).output();
    let output = output.map_err(|error| format!("run {}: {error}", python.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut seconds = said.lines().map_while(|line| line.parse().ok());
    seconds.next().zip(seconds.next()).ok_or_else(|| {
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it failed").to_owned()
    })
}
