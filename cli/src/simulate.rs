//! `tidegate simulate`: a recorded load, replayed through the policy of one service.

use std::io;
use std::path::Path;

use tidegate_simulator::oracle::oracle;
use tidegate_simulator::scaler::{Rival, rivals};
use tidegate_simulator::world::Sensing;
use tidegate_simulator::{Run, Score, Setting, simulate};

use crate::outcome::{FAILED, Outcome};
use crate::page as pages;

mod options;
mod queue;
mod setting;
mod ground;
mod progress;
mod table;
mod answer;
mod page;

pub(crate) use answer::{KEYS, add, assumed};
pub(crate) use ground::{Ground, failed};
pub(crate) use options::{ReplayOptions, SimulateOptions};
pub(crate) use page::{DECISIONS_MAX, Lines};
pub(crate) use progress::Progress;
pub(crate) use table::{COLUMNS, columns, facts, head, overloaded, title};

/// Everything that was found out.
struct Simulated<'a> {
    options: &'a SimulateOptions,
    ground: &'a Ground,
    rows: Vec<Row>,
}

/// One policy and its scores; the first row is the fleet file's own.
struct Row {
    name: &'static str,
    title: String,
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
    let ground = Ground::prepare(&options.replay, progress)?;
    let Ground { load, setting, baseline, policy, .. } = &ground;
    let mut lines = options.html.is_some().then(|| Lines::new(load, setting, setting.capacity));
    let mut production = ground.production(policy);
    if lines.is_some() {
        production = production.logged(DECISIONS_MAX);
    }
    let score = |run: &_| Score::of(run, load, setting, baseline);
    progress.tell(format_args!("replaying {}", options.replay.service));
    let run = simulate(load, setting, &mut production);
    if let Some(lines) = &mut lines {
        lines.ours(&run);
    }
    let about = "the fleet file's policy".to_owned();
    let title = "Tidegate with this fleet file".to_owned();
    let mut rows = vec![Row { name: "tidegate", title, about, score: score(&run) }];
    // A run of a year is 50 MB: one at a time.
    drop(run);
    let mut beside = |name, title: String, about: String, run: &Run| {
        if let Some(lines) = &mut lines {
            lines.rival(name, &title, &about, run);
        }
        rows.push(Row { name, title, about, score: score(run) });
    };
    if options.rivals {
        // How AWS's own alarms treat minutes that still grow is not documented, so rivals see whole ones.
        let sensing = Sensing { metric_settles_seconds: 0, ..setting.sensing };
        let whole = Setting { sensing, ..setting.clone() };
        for Rival { name, title, about, mut scaler } in rivals(&whole) {
            progress.tell(format_args!("replaying {name}"));
            beside(name, title, about, &simulate(load, &whole, scaler.as_mut()));
        }
        let title = "oracle, the best there can be".to_owned();
        beside("oracle", title, "knows the future".to_owned(), &oracle(load, setting));
    }
    let found = Simulated { options, ground: &ground, rows };
    if let (Some(html), Some(lines)) = (&options.html, lines) {
        progress.tell(format_args!("writing {}", html.display()));
        pages::write(html, &page::record(&found, lines, production.log()))
            .map_err(|error| unwritten(html, &error))?;
    }
    Ok(Outcome::done(if options.json { answer::json(&found) } else { table::table(&found) }))
}

pub(crate) fn unwritten(page: &Path, error: &io::Error) -> Outcome {
    failed(FAILED, format_args!("write the page `{}`: {error}", page.display()))
}
