//! `tidegate simulate`: a recorded load, replayed through the policy of one service.

use tidegate_simulator::autoscaler::{Rival, rivals};
use tidegate_simulator::oracle::oracle;
use tidegate_simulator::world::Sensing;
use tidegate_simulator::{Run, Score, WorldSettings, simulate};

use crate::error::CommandError;
use crate::outcome::CommandOutput;
use crate::page as pages;
use crate::progress::ProgressLine;
use crate::replay::{ChartLines, DECISIONS_MAX, Replay};

mod options;
mod found;
mod table;
mod answer;
mod page;

pub(crate) use answer::KEYS;
pub(crate) use options::SimulateOptions;

use found::{ScoreRow, Simulated};

/// Simulates, and says so in one of two ways.
pub(crate) fn run(options: &SimulateOptions) -> CommandOutput {
    let progress = ProgressLine::new(options.json);
    let outcome = read_and_simulate(options, &progress).unwrap_or_else(CommandOutput::from);
    progress.clear();
    outcome
}

fn read_and_simulate(
    options: &SimulateOptions,
    progress: &ProgressLine,
) -> Result<CommandOutput, CommandError> {
    if let Some(html) = &options.html {
        pages::probe(html)?;
    }
    let replay = Replay::prepare(&options.replay, progress)?;
    let Replay { load, setting, baseline, policy, .. } = &replay;
    let mut lines = options.html.is_some().then(|| ChartLines::new(load, setting, setting.capacity));
    let mut production = replay.production(policy);
    if lines.is_some() {
        production = production.logged(DECISIONS_MAX);
    }
    let score = |run: &_| Score::of(run, load, setting, baseline);
    progress.show(format_args!("replaying {}", options.replay.service));
    let run = simulate(load, setting, &mut production);
    if let Some(lines) = &mut lines {
        lines.ours(&run);
    }
    let about = "the fleet file's policy".to_owned();
    let title = "Tidegate with this fleet file".to_owned();
    let mut rows = vec![ScoreRow { name: "tidegate", title, about, score: score(&run) }];
    // A run of a year is 50 MB: one at a time.
    drop(run);
    let mut beside = |name, title: String, about: String, run: &Run| {
        if let Some(lines) = &mut lines {
            lines.rival(name, &title, &about, run);
        }
        rows.push(ScoreRow { name, title, about, score: score(run) });
    };
    if options.rivals {
        // How AWS's own alarms treat minutes that still grow is not documented, so rivals see whole ones.
        let sensing = Sensing { metric_settles_seconds: 0, ..setting.sensing };
        let whole = WorldSettings { sensing, ..setting.clone() };
        for Rival { name, title, about, mut autoscaler } in rivals(&whole) {
            progress.show(format_args!("replaying {name}"));
            beside(name, title, about, &simulate(load, &whole, autoscaler.as_mut()));
        }
        let title = "oracle, the best there can be".to_owned();
        beside("oracle", title, "knows the future".to_owned(), &oracle(load, setting));
    }
    let found = Simulated { options, replay: &replay, rows };
    if let (Some(html), Some(lines)) = (&options.html, lines) {
        progress.show(format_args!("writing {}", html.display()));
        pages::write(html, &page::record(&found, lines, production.log()))?;
    }
    Ok(CommandOutput::done(if options.json { answer::json(&found) } else { table::table(&found) }))
}
