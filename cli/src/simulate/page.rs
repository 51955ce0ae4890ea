//! What a simulation found, as a page.

use tidegate_simulator::autoscaler::Log;

use crate::page::Record;
use crate::replay::{ChartLines, facts, title};
use crate::simulate::answer;
use crate::simulate::found::{ScoreRow, Simulated};

/// The page of everything that was found.
pub(super) fn record(found: &Simulated<'_>, lines: ChartLines, log: Option<&Log>) -> Record {
    let Simulated { options, replay, rows } = found;
    // The page is sent to others: they need no path of this machine.
    let file = options.replay.trace.file_name().unwrap_or_default().to_string_lossy();
    Record {
        brand: "Tidegate simulate".to_owned(),
        about: vec![title(&options.replay, replay, file), summary(found)],
        facts: facts(&options.replay, replay),
        scores: rows.iter().map(answer::row).collect(),
        ..lines.record(&options.replay, replay, log)
    }
}

fn summary(found: &Simulated<'_>) -> String {
    let Some(ScoreRow { score, .. }) = found.rows.first() else { return String::new() };
    format!(
        "The policy pays for {:.1} task-hours, {:.2} times as many as the oracle, which knows the future. {:.2} % of the jobs \
         wait longer than {} s; at the maximum it would still be {:.2} %. The number of tasks changes {:.1} times a day.",
        score.worker_hours,
        score.cost_vs_oracle,
        score.late_percent,
        found.replay.setting.acceptable_wait_seconds,
        found.replay.baseline.unavoidable_late_percent,
        score.scaling_actions_per_day,
    )
}
