//! `tidegate simulate`: a recorded load, replayed through the policy of one service.

use tidegate_simulator::oracle::oracle;
use tidegate_simulator::scaler::{Rival, rivals};
use tidegate_simulator::{Score, simulate};

use crate::outcome::Outcome;

mod options;
mod setting;
mod ground;
mod progress;
mod table;
mod answer;

pub(crate) use answer::{KEYS, add, assumed};
pub(crate) use ground::{Ground, failed};
pub(crate) use options::{ReplayOptions, SimulateOptions};
pub(crate) use progress::Progress;
pub(crate) use table::{COLUMNS, columns, head};

/// Everything that was found out.
struct Simulated<'a> {
    options: &'a SimulateOptions,
    ground: &'a Ground,
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
    let ground = Ground::prepare(&options.replay, progress)?;
    let Ground { load, setting, baseline, policy, .. } = &ground;
    let score = |run: &_| Score::of(run, load, setting, baseline);
    progress.tell(format_args!("replaying {}", options.replay.service));
    let score_of_ours = score(&simulate(load, setting, &mut ground.production(policy)));
    let about = "the fleet file's policy".to_owned();
    let mut rows = vec![Row { name: "tidegate", about, score: score_of_ours }];
    if options.rivals {
        for Rival { name, about, mut scaler } in rivals(setting) {
            progress.tell(format_args!("replaying {name}"));
            rows.push(Row { name, about, score: score(&simulate(load, setting, scaler.as_mut())) });
        }
        let about = "knows the future".to_owned();
        rows.push(Row { name: "oracle", about, score: score(&oracle(load, setting)) });
    }
    let found = Simulated { options, ground: &ground, rows };
    Ok(Outcome::done(if options.json { answer::json(&found) } else { table::table(&found) }))
}
