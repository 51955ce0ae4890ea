//! `make bench-quality`: how much everybody costs and how late they are, in the setting of `elasticity.md`.
//!
//! Traces come from the folder that `TIDEGATE_TRACES` names; without it only the synthetic loads are replayed, and that is
//! said. The speed is compared with the reference simulation where `TIDEGATE_REFSIM` names it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/simulator/stage.rs"]
mod stage;
#[path = "../tests/simulator/loads.rs"]
mod loads;
#[path = "../tests/simulator/steady_state.rs"]
mod steady_state;
#[path = "quality/comparison.rs"]
mod comparison;
#[path = "quality/sheet.rs"]
mod sheet;
#[path = "quality/steady.rs"]
mod steady;
#[path = "quality/speed.rs"]
mod speed;

use comparison::{LoadComparison, Who};
use loads::{INTERRUPTIBLE, Loads, Named, PLAIN, conditions};
use sheet::Sheet;
use stage::setting;
use tidegate_simulator::synthetic::{SESSIONS, SPIKY};

fn main() -> ExitCode {
    // `cargo bench` passes its own options on; none of them means anything here.
    match run(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(out: &mut impl Write) -> io::Result<()> {
    let folder = std::env::var_os("TIDEGATE_TRACES").filter(|name| !name.is_empty()).map(PathBuf::from);
    match &folder {
        Some(folder) => writeln!(out, "Traces of {}.\n", folder.display())?,
        None => writeln!(
            out,
            "No traces: name their folder, `make bench-quality TRACES=FOLDER`. Only synthetic loads are replayed.\n"
        )?,
    }
    everybody(&Loads::new(folder.as_deref(), &setting()), out)?;
    rough(folder.as_deref(), out)?;
    steady::print(out)?;
    speed::print(out)
}

/// `wait` beside every rival and the oracle: means first, then load by load.
fn everybody(sources: &Loads, out: &mut impl Write) -> io::Result<()> {
    let setting = setting();
    let mut everybody = vec![
        Who::wait("wait, interruptible", &setting, INTERRUPTIBLE),
        Who::wait("wait, one task an evaluation", &setting, PLAIN),
    ];
    everybody.extend(Who::rivals(&setting));
    everybody.push(Who::Oracle);
    let groups: [(&str, &[Named]); 6] = [
        ("development traces", &sources.dev),
        ("stress trace", &sources.stress),
        ("on/off bursts", &sources.bursts),
        ("bursts by the clock", &sources.crons),
        ("spiky minutes", &sources.spiky),
        ("sessions", &sources.sessions),
    ];
    let loads: Vec<&Named> = groups.iter().flat_map(|(_, loads)| loads.iter()).collect();
    let comparison = LoadComparison::replay("everybody", &loads, &setting, &everybody);
    for (group, loads) in groups {
        if !loads.is_empty() {
            let names: Vec<&str> = loads.iter().map(|(name, _)| name.as_str()).collect();
            Sheet::of(&format!("Means of {}, {group}", names.len())).rows(&comparison, &names).print(out)?;
        }
    }
    for (name, _) in sources.dev.iter().chain(&sources.crons) {
        Sheet::of(name).rows(&comparison, &[name]).print(out)?;
    }
    let families = SPIKY.iter().map(|it| it.name).chain(SESSIONS.iter().map(|it| it.name));
    for family in families {
        let drawn = sources.spiky.iter().chain(&sources.sessions).map(|(name, _)| name.as_str());
        let names: Vec<&str> = drawn.filter(|name| name.split(' ').next() == Some(family)).collect();
        Sheet::of(&format!("{family}, means of {}", names.len())).rows(&comparison, &names).print(out)?;
    }
    Ok(())
}

/// `wait` where something is not as it should be.
fn rough(folder: Option<&std::path::Path>, out: &mut impl Write) -> io::Result<()> {
    let mut sheets = [
        Sheet::of("Conditions, development traces"),
        Sheet::of("Conditions, stress trace"),
        Sheet::of("Conditions, on/off bursts"),
        Sheet::of("Conditions, spiky minutes"),
        Sheet::of("Conditions, sessions"),
    ];
    for condition in conditions() {
        let Loads { dev, stress, bursts, spiky, sessions, .. } = Loads::new(folder, &condition.setting);
        let groups = [&dev, &stress, &bursts, &spiky, &sessions];
        let loads: Vec<&Named> = groups.into_iter().flatten().collect();
        let who = [Who::wait(&condition.what, &condition.setting, condition.more)];
        let comparison = LoadComparison::replay(&condition.what, &loads, &condition.setting, &who);
        for (sheet, loads) in sheets.iter_mut().zip(groups) {
            let names: Vec<&str> = loads.iter().map(|(name, _)| name.as_str()).collect();
            sheet.add(&comparison, &names);
        }
    }
    sheets.iter().try_for_each(|sheet| sheet.print(out))
}
