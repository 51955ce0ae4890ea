//! One table of figures.

use std::io::{self, Write};

use tidegate_simulator::Score;

use crate::comparison::LoadComparison;

/// A title and rows.
pub(crate) struct Sheet {
    title: String,
    rows: Vec<(String, Vec<Score>)>,
}

const HEAD: &str =
    "x oracle | billed x | excess late % | worst | p95 s | p99 s | actions/day | reversals/day | starts/day";

impl Sheet {
    pub(crate) fn of(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    /// Adds everybody's means on these loads.
    pub(crate) fn add(&mut self, comparison: &LoadComparison, loads: &[&str]) {
        let rows = comparison.on(loads).filter(|(_, scores)| !scores.is_empty());
        self.rows.extend(rows.map(|(name, scores)| (name.to_owned(), scores)));
    }

    /// The same, to be chained.
    pub(crate) fn rows(mut self, comparison: &LoadComparison, loads: &[&str]) -> Self {
        self.add(comparison, loads);
        self
    }

    /// As Markdown; a sheet without rows is not worth a title.
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        writeln!(
            out,
            "**{}**\n\n| {:width$} | {HEAD} |\n|---|---|---|---|---|---|---|---|---|---|",
            self.title, ""
        )?;
        for (name, scores) in &self.rows {
            writeln!(out, "| {name:width$} | {} |", figures(scores))?;
        }
        writeln!(out)
    }
}

/// Means, and the largest excess.
#[expect(clippy::cast_precision_loss, reason = "a handful of loads")]
fn figures(scores: &[Score]) -> String {
    let mean = |value: fn(&Score) -> f64| scores.iter().map(value).sum::<f64>() / scores.len() as f64;
    let worst = scores.iter().map(|score| score.excess_late_percent).fold(f64::MIN, f64::max);
    format!(
        "{:.3} | {:.3} | {:.2} | {worst:.2} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0}",
        mean(|score| score.cost_vs_oracle),
        mean(|score| score.billed_vs_oracle),
        mean(|score| score.excess_late_percent),
        mean(|score| score.wait_p95_seconds),
        mean(|score| score.wait_p99_seconds),
        mean(|score| score.scaling_actions_per_day),
        mean(|score| score.direction_reversals_per_day),
        mean(|score| score.task_starts_per_day),
    )
}
