//! `tidegate simulate`: a recorded load, replayed through the policy of one service.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::Path;

use jiff::Timestamp;
use tidegate_fleet::Fleet;
use tidegate_simulator::oracle::oracle;
use tidegate_simulator::scaler::{Production, Rival, rivals};
use tidegate_simulator::trace::{self, TraceError};
use tidegate_simulator::{Baseline, Load, Run, Score, Setting, Trace, simulate};

use crate::outcome::{FAILED, Outcome, REFUSED};
use crate::{check, page as pages};

mod options;
mod setting;
mod table;
mod answer;
mod page;

pub(crate) use answer::KEYS;
pub(crate) use options::SimulateOptions;

use page::Lines;

/// Everything that was found out.
struct Simulated<'a> {
    options: &'a SimulateOptions,
    fleet: &'a Fleet,
    trace: &'a Trace,
    load: &'a Load,
    setting: &'a Setting,
    /// The size that the 99th percentile of a scaled trace needs.
    scaled_to: Option<f64>,
    /// Conditions of rules that a trace does not tell.
    left_out: Vec<String>,
    baseline: Baseline,
    rows: Vec<Row>,
}

/// One policy and its scores; the first row is the fleet file's own.
struct Row {
    name: &'static str,
    about: String,
    score: Score,
}

/// Simulates, and says so in one of two ways.
pub(crate) fn run(options: &SimulateOptions) -> Outcome {
    let progress = Progress::new(options.json);
    let outcome = read_and_simulate(options, &progress).unwrap_or_else(|refusal| refusal);
    progress.clear();
    outcome
}

fn read_and_simulate(options: &SimulateOptions, progress: &Progress) -> Result<Outcome, Outcome> {
    if let Some(html) = &options.html {
        pages::probe(html).map_err(|error| unwritten(html, &error))?;
    }
    let fleet = fleet(&options.fleet)?;
    let service = fleet.service(&options.service).ok_or_else(|| unknown_service(&fleet, &options.service))?;
    progress.tell(format_args!("reading {}", options.trace.display()));
    let trace = trace(&options.trace)?;
    let (load, setting, scaled_to) = setting::of(options, service.policy(), &trace);

    progress.tell(format_args!("asking the oracle"));
    let baseline = Baseline::of(&load, &setting);
    let begin = trace.first().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut lines = options.html.is_some().then(|| Lines::new(&load, &setting));
    let mut production = Production::new(service.policy(), begin);
    if lines.is_some() {
        production = production.logged(page::DECISIONS_MAX);
    }
    let left_out = production.left_out().to_vec();
    let score = |run: &_| Score::of(run, &load, &setting, &baseline);
    progress.tell(format_args!("replaying {}", service.name()));
    let run = simulate(&load, &setting, &mut production);
    if let Some(lines) = &mut lines {
        lines.ours(&run);
    }
    let about = "the fleet file's policy".to_owned();
    let mut rows = vec![Row { name: "tidegate", about, score: score(&run) }];
    // A run of a year is 50 MB: one at a time.
    drop(run);
    let mut beside = |name, about: String, run: &Run| {
        if let Some(lines) = &mut lines {
            lines.rival(name, &about, run);
        }
        rows.push(Row { name, about, score: score(run) });
    };
    if options.rivals {
        for Rival { name, about, mut scaler } in rivals(&setting) {
            progress.tell(format_args!("replaying {name}"));
            beside(name, about, &simulate(&load, &setting, scaler.as_mut()));
        }
        beside("oracle", "knows the future".to_owned(), &oracle(&load, &setting));
    }
    let found = Simulated {
        options,
        fleet: &fleet,
        trace: &trace,
        load: &load,
        setting: &setting,
        scaled_to,
        left_out,
        baseline,
        rows,
    };
    if let (Some(html), Some(lines)) = (&options.html, lines) {
        progress.tell(format_args!("writing {}", html.display()));
        pages::write(html, &lines.record(&found, production.log()))
            .map_err(|error| unwritten(html, &error))?;
    }
    Ok(Outcome::done(if options.json { answer::json(&found) } else { table::table(&found) }))
}

fn fleet(path: &Path) -> Result<Fleet, Outcome> {
    let name = path.display().to_string();
    let bytes = check::read(path).map_err(|error| failed(FAILED, format_args!("read `{name}`: {error}")))?;
    tidegate_fleet::parse_bytes(&name, &bytes).map_err(|problems| {
        let stderr = check::refusal(&name, &String::from_utf8_lossy(&bytes), &problems);
        Outcome { stderr, code: REFUSED, ..Outcome::default() }
    })
}

fn unknown_service(fleet: &Fleet, name: &str) -> Outcome {
    let known: Vec<String> = fleet.services().iter().map(|service| format!("`{}`", service.name())).collect();
    let known = known.join(", ");
    failed(REFUSED, format_args!("fleet `{}` has no service `{name}`; it has {known}", fleet.name()))
}

fn trace(path: &Path) -> Result<Trace, Outcome> {
    let name = path.display();
    let file = File::open(path).map_err(|error| failed(FAILED, format_args!("read `{name}`: {error}")))?;
    trace::read(BufReader::with_capacity(1 << 20, file)).map_err(|error| match error {
        TraceError::Unreadable(error) => failed(FAILED, format_args!("read `{name}`: {error}")),
        TraceError::Refused(lines) => failed(REFUSED, format_args!("`{name}` is no trace\n{lines}")),
        TraceError::TooShort { .. } => failed(REFUSED, format_args!("`{name}` is no trace: {error}")),
    })
}

fn unwritten(page: &Path, error: &io::Error) -> Outcome {
    failed(FAILED, format_args!("write the page `{}`: {error}", page.display()))
}

fn failed(code: u8, message: impl Display) -> Outcome {
    Outcome { stderr: format!("error: {message}\n"), code, ..Outcome::default() }
}

/// One line on a terminal that says what is being done, and goes away; nothing in a pipe.
struct Progress {
    shown: bool,
}

impl Progress {
    fn new(for_machines: bool) -> Self {
        Self { shown: !for_machines && io::stderr().is_terminal() }
    }

    fn tell(&self, doing: impl Display) {
        if self.shown {
            // A terminal that cannot be written to is no reason to stop.
            let _ = write!(io::stderr(), "\r\x1b[K{doing} …").and_then(|()| io::stderr().flush());
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
