//! What a simulation found, for operators.

use std::fmt::Write;

use crate::counts::jobs;
use crate::replay::{COLUMNS, columns, head};
use crate::simulate::found::{ScoreRow, Simulated};

/// A head, the assumptions, one row a policy, the limits.
pub(super) fn table(found: &Simulated<'_>) -> String {
    let Simulated { options, replay, rows } = found;
    let mut shown = head(&options.replay, replay);
    let mut line = |text: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "{text}");
    };
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    line(format!("{:<width$}  {COLUMNS}", ""));
    for ScoreRow { name, score, .. } in rows {
        line(format!("{name:<width$}  {}", columns(score)));
    }
    line(String::new());
    for ScoreRow { name, about, .. } in rows {
        line(format!("{name:<width$}  {about}"));
    }
    let baseline = replay.baseline;
    line(format!(
        "\nThe oracle pays for {:.1} task-hours; no plan can pay for fewer than {:.1}. {:.2} % of the jobs are late even at the maximum.",
        baseline.oracle_worker_hours, baseline.least_worker_hours, baseline.unavoidable_late_percent
    ));
    if let Some(ScoreRow { score, .. }) = rows.first() {
        line(format!(
            "With Fargate's minimum of one minute per task: {:.1} billed task-hours, {:.3} times the oracle's; {:.1} task starts per day.",
            score.billed_hours, score.billed_vs_oracle, score.task_starts_per_day
        ));
    }
    if let Some(interrupted) = rows.first().and_then(|row| row.score.jobs_interrupted) {
        line(format!("Scale-in interrupted {}.", jobs(u32::try_from(interrupted).unwrap_or(u32::MAX))));
    }
    if let Some(html) = &options.html {
        line(format!("The page: {}", html.display()));
    }
    shown
}
