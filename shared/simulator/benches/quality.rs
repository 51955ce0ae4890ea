//! `make bench-quality`: how much everybody costs and how late they are, in the setting of `elasticity.md`.
//!
//! Traces come from the folder that `TIDEGATE_TRACES` names; without it only the synthetic loads are replayed, and that is
//! said. The speed is compared with the reference simulation where `TIDEGATE_REFSIM` names it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/simulator/stage.rs"]
mod stage;
#[path = "../tests/simulator/field.rs"]
mod field;
#[path = "quality/bout.rs"]
mod bout;
#[path = "quality/sheet.rs"]
mod sheet;
#[path = "quality/steady.rs"]
mod steady;
#[path = "quality/speed.rs"]
mod speed;

use bout::{Bout, Who};
use field::{Field, INTERRUPTIBLE, Named, PLAIN, conditions};
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
    everybody(&Field::new(folder.as_deref(), &setting()), out)?;
    rough(folder.as_deref(), out)?;
    steady::print(out)?;
    speed::print(out)
}

/// `wait` beside every rival and the oracle: means first, then load by load.
fn everybody(field: &Field, out: &mut impl Write) -> io::Result<()> {
    let setting = setting();
    let mut everybody = vec![
        Who::wait("wait, interruptible", &setting, INTERRUPTIBLE),
        Who::wait("wait, one task a look", &setting, PLAIN),
    ];
    everybody.extend(Who::rivals(&setting));
    everybody.push(Who::Oracle);
    let groups: [(&str, &[Named]); 6] = [
        ("development traces", &field.dev),
        ("stress trace", &field.stress),
        ("on/off bursts", &field.bursts),
        ("bursts by the clock", &field.crons),
        ("spiky minutes", &field.spiky),
        ("sessions", &field.sessions),
    ];
    let loads: Vec<&Named> = groups.iter().flat_map(|(_, loads)| loads.iter()).collect();
    let bout = Bout::replay("everybody", &loads, &setting, &everybody);
    for (group, loads) in groups {
        if !loads.is_empty() {
            let names: Vec<&str> = loads.iter().map(|(name, _)| name.as_str()).collect();
            Sheet::of(&format!("Means of {}, {group}", names.len())).rows(&bout, &names).print(out)?;
        }
    }
    for (name, _) in field.dev.iter().chain(&field.crons) {
        Sheet::of(name).rows(&bout, &[name]).print(out)?;
    }
    let families = SPIKY.iter().map(|it| it.name).chain(SESSIONS.iter().map(|it| it.name));
    for family in families {
        let drawn = field.spiky.iter().chain(&field.sessions).map(|(name, _)| name.as_str());
        let names: Vec<&str> = drawn.filter(|name| name.split(' ').next() == Some(family)).collect();
        Sheet::of(&format!("{family}, means of {}", names.len())).rows(&bout, &names).print(out)?;
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
        let Field { dev, stress, bursts, spiky, sessions, .. } = Field::new(folder, &condition.setting);
        let groups = [&dev, &stress, &bursts, &spiky, &sessions];
        let loads: Vec<&Named> = groups.into_iter().flatten().collect();
        let who = [Who::wait(&condition.what, &condition.setting, condition.more)];
        let bout = Bout::replay(&condition.what, &loads, &condition.setting, &who);
        for (sheet, loads) in sheets.iter_mut().zip(groups) {
            let names: Vec<&str> = loads.iter().map(|(name, _)| name.as_str()).collect();
            sheet.add(&bout, &names);
        }
    }
    sheets.iter().try_for_each(|sheet| sheet.print(out))
}
