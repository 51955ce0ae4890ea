//! `tidegate tune`: for a recorded load, what other settings of a service would have cost and who would have waited.
//!
//! Every setting is replayed through the policy that runs in production. All of them are judged by the same acceptable wait
//! and the same oracle, whatever they aim at themselves.

use crate::error::CommandError;
use crate::outcome::CommandOutput;
use crate::page as pages;
use crate::progress::ProgressLine;
use crate::replay::{Replay, overloaded};

mod options;
mod variation;
mod candidates;
mod search;
mod found;
mod lines;
mod table;
mod answer;
mod page;

pub(crate) use answer::KEYS;
pub(crate) use options::TuneOptions;

use found::Tuned;
use search::Tried;

/// A choice that rests on less has not seen a whole day's rhythm.
const DAY_SECONDS: f64 = 86_400.0;

/// Tunes, and says so in one of two ways.
pub(crate) fn run(options: &TuneOptions) -> CommandOutput {
    let progress = ProgressLine::new(options.json);
    let outcome = read_and_tune(options, &progress).unwrap_or_else(CommandOutput::from);
    progress.clear();
    outcome
}

fn read_and_tune(options: &TuneOptions, progress: &ProgressLine) -> Result<CommandOutput, CommandError> {
    if let Some(html) = &options.html {
        pages::probe(html)?;
    }
    let replay = Replay::prepare(&options.replay, progress)?;
    let tried = search::search(&replay, &options.replay.service, progress);
    let frontier = search::frontier(&tried);
    // The file's own setting is always tried, so neither is ever empty.
    let (Some(own), Some(least_late)) = (tried.first(), frontier.last().copied()) else {
        return Err(CommandError::NothingTried);
    };
    let chosen = frontier.iter().copied().find(|tried| tried.score.late_percent <= options.late);
    let warnings = warnings(&replay, chosen);
    let found = Tuned { options, replay: &replay, tried: tried.len(), own, frontier, chosen, warnings };
    if let Some(html) = &options.html {
        progress.show(format_args!("writing {}", html.display()));
        pages::write(html, &page::record(&found))?;
    }
    let answer = if options.json { answer::json(&found) } else { table::table(&found) };
    if chosen.is_some() {
        return Ok(CommandOutput::done(answer));
    }
    let overload =
        replay.overload.as_ref().map(|it| format!("\n{}", overloaded(it, &replay))).unwrap_or_default();
    let refused = CommandError::EverySettingLate {
        limit: options.late,
        least: least_late.score.late_percent,
        setting: least_late.variation.to_string(),
        overload,
    };
    Ok(CommandOutput { stdout: answer, ..refused.into() })
}

/// What the choice rests on.
fn warnings(replay: &Replay, chosen: Option<&Tried>) -> Vec<String> {
    let mut warnings = Vec::new();
    let acceptable = replay.setting.acceptable_wait_seconds;
    let patient = chosen.and_then(|chosen| chosen.variation.policy.wait);
    if patient.is_some_and(|wait| wait.as_secs_f64() > acceptable) {
        warnings.push(format!(
            "the chosen `wait` is longer than the acceptable {acceptable} s, because on this trace jobs wait less than `wait`; a \
             shorter `wait` is safer"
        ));
    }
    let (min, own_min) = (chosen.map(|it| it.variation.policy.capacity.min()), replay.policy.capacity.min());
    if let Some(min) = min.filter(|min| *min < own_min) {
        warnings.push(format!(
            "the chosen `min` of {min} is below the file's {own_min}: a trace does not show tasks that fail"
        ));
    }
    let hours = replay.load.seconds() / 3_600.0;
    if replay.load.seconds() < DAY_SECONDS {
        warnings
            .push(format!("the trace lasts {hours:.1} hours; the load at other hours of the day may differ"));
    }
    if replay.scaled_to.is_some() {
        let max = replay.policy.capacity.max();
        warnings.push(format!(
            "no other `max` was tried: without --throughput what a task serves is not known, and the load is scaled to the \
             file's max of {max}"
        ));
    }
    warnings.push(
        "the setting was chosen on this trace; before you deploy, replay another trace with it: \
         tidegate simulate --trace OTHER.csv"
            .to_owned(),
    );
    warnings
}
