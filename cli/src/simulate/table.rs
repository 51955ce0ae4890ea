//! What a simulation found, for operators.

use std::fmt::{Display, Write};

use jiff::SignedDuration;
use tidegate_simulator::trace::{Repair, RowMeaning};
use tidegate_simulator::{Overload, Score, Trace, WorldSettings};

use super::{Replay, ReplayOptions, ScoreRow, Simulated};
use crate::page::Fact;
use crate::summary;

/// What [`columns`] holds.
pub(crate) const COLUMNS: &str =
    "task-hours  x oracle  late %  worst h %  p95 wait  p99 wait  changes/day  reversals/day";

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
        "\nThe oracle pays {:.1} task-hours, no plan can pay less than {:.1}; {:.2} % of the jobs are late even at the maximum.",
        baseline.oracle_worker_hours, baseline.least_worker_hours, baseline.unavoidable_late_percent
    ));
    if let Some(ScoreRow { score, .. }) = rows.first() {
        line(format!(
            "Fargate bills every task for a minute at least: {:.1} task-hours, {:.3} times the oracle's; {:.1} tasks start a day.",
            score.billed_hours, score.billed_vs_oracle, score.task_starts_per_day
        ));
    }
    if let Some(interrupted) = rows.first().and_then(|row| row.score.jobs_interrupted) {
        line(format!(
            "Scale-in interrupted {}.",
            summary::jobs(u32::try_from(interrupted).unwrap_or(u32::MAX))
        ));
    }
    if let Some(html) = &options.html {
        line(format!("The page: {}", html.display()));
    }
    shown
}

/// What is replayed, and what was assumed.
pub(crate) fn head(options: &ReplayOptions, replay: &Replay) -> String {
    let mut shown = format!("{}\n\n", title(options, replay, options.trace.display()));
    for Fact { name, text } in facts(options, replay) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {name:<10} {}", text.replace('\n', "\n             "));
    }
    shown.push('\n');
    shown
}

/// What is replayed, in a line; the trace by this name.
pub(crate) fn title(options: &ReplayOptions, replay: &Replay, trace: impl Display) -> String {
    format!(
        "`{}` of fleet `{}` on {trace}: {:.1} days, {} jobs",
        options.service,
        replay.fleet.name(),
        replay.load.seconds() / 86_400.0,
        grouped(replay.load.jobs()),
    )
}

/// What was repaired, left out and assumed.
pub(crate) fn facts(options: &ReplayOptions, replay: &Replay) -> Vec<Fact> {
    let Replay { policy, queue, trace, setting, scaled_to, left_out, overload, .. } = replay;
    let fact = |name, text: String| Fact { name, text };
    let repairs = trace.repairs().to_string();
    let mut facts: Vec<Fact> = repairs.lines().map(|repair| fact("repaired", repair.to_owned())).collect();
    if trace.repairs().count(Repair::NoZone) > 0 {
        facts.push(fact("zone", "UTC, since no timestamp names another (else: --zone)".to_owned()));
    }
    facts.extend(trace.notes().iter().map(|note| fact("note", note.clone())));
    facts.push(fact("jobs", counted(trace)));
    facts.extend(coarse(trace, setting).map(|text| fact("note", text)));
    facts.extend(overload.as_ref().map(|overload| fact("overload", overloaded(overload, replay))));
    let rule = |condition| fact("left out", format!("the rule on `{condition}`: a trace does not tell it"));
    facts.extend(left_out.iter().map(rule));
    if let Some(tasks) = scaled_to {
        let scaled = format!(
            "the trace's shape only, scaled so that its 99th percentile needs {tasks:.0} tasks;\n\
             with --throughput its numbers count"
        );
        facts.push(fact("assumed", scaled));
    }
    let tasks = format!("{} to {} tasks", setting.capacity.min(), setting.capacity.max());
    let each = summary::jobs(setting.concurrency.get());
    facts.push(fact("tasks", format!("{tasks}, {} jobs/s each, {each} at a time", setting.throughput)));
    facts.push(fact(
        "time",
        format!(
            "{} s to start, an evaluation every {} s, a job is late after {} s; jobs: {}, seed {}",
            setting.starts.seconds,
            setting.evaluations.every_seconds,
            setting.acceptable_wait_seconds,
            options.jobs.name(),
            setting.seed,
        ),
    ));
    facts.push(fact("queue", queue.words(policy.wait.is_some())));
    facts
}

/// How many jobs the trace holds, before and after it was repaired, and what a gap in it means.
fn counted(trace: &Trace) -> String {
    let meaning = match trace.understood() {
        RowMeaning::Intervals => return format!("{} in the trace", grouped(trace.recorded())),
        RowMeaning::IntervalsThatAreNotEmpty => {
            "an interval without a row had no job, as a count that leaves out its zeros (else: --gaps fill)"
        }
        RowMeaning::IntervalsWithGaps => {
            "an interval without a row was not recorded, and is filled (if no job came: --gaps zero)"
        }
        RowMeaning::Moments => {
            "each row is a job, or several, at a moment: counted in steps (else: --gaps fill)"
        }
    };
    format!(
        "{} in the trace, {} after repairs;\n{meaning}",
        grouped(trace.recorded()),
        grouped(trace.repaired())
    )
}

/// A trace with intervals longer than a job may wait shows no burst that makes jobs late.
fn coarse(trace: &Trace, setting: &WorldSettings) -> Option<String> {
    let (interval, acceptable) = (trace.step_seconds(), setting.acceptable_wait_seconds);
    (interval > acceptable).then(|| {
        format!(
            "the trace has one value every {interval:.0} s, and a job may wait {acceptable} s: bursts within an\n\
             interval are not in it, so more jobs will be late than are reported here"
        )
    })
}

/// `max 30 cannot serve this load: it needs 41 tasks; from 2024-01-31 14:05 UTC on jobs are late even at the maximum …`.
pub(crate) fn overloaded(overload: &Overload, replay: &Replay) -> String {
    let Replay { trace, setting, baseline, .. } = replay;
    let passed = SignedDuration::try_from_secs_f64(overload.from_seconds).unwrap_or_default();
    let from = match trace.first().and_then(|first| first.checked_add(passed).ok()) {
        Some(at) => format!("from {} on", at.strftime("%Y-%m-%d %H:%M UTC")),
        None => format!("from hour {:.1} on", overload.from_seconds / 3_600.0),
    };
    format!(
        "max {} cannot serve this load: it needs {} tasks; {from} jobs are late even at\nthe maximum, {:.2} % of all",
        setting.capacity.max(),
        overload.tasks_needed,
        baseline.unavoidable_late_percent,
    )
}

/// A wait in seconds; of hours, in hours: such a one tells how long an overload lasted.
fn wait(seconds: f64) -> String {
    if seconds < 10_000.0 { format!("{seconds:>6.1} s") } else { format!("{:>6.1} h", seconds / 3_600.0) }
}

/// The scores that people compare.
pub(crate) fn columns(score: &Score) -> String {
    format!(
        "{:>10.1}  {:>8.3}  {:>6.2}  {:>9.1}  {}  {}  {:>11.1}  {:>13.1}",
        score.worker_hours,
        score.cost_vs_oracle,
        score.late_percent,
        score.worst_hour_late_percent,
        wait(score.wait_p95_seconds),
        wait(score.wait_p99_seconds),
        score.scaling_actions_per_day,
        score.direction_reversals_per_day,
    )
}

/// A whole number with commas: 5,805,717.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_days_is_reported_in_hours() {
        assert_eq!(wait(42.84), "  42.8 s");
        assert_eq!(wait(9_999.9), "9999.9 s");
        assert_eq!(wait(1_022_161.1), " 283.9 h");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0.0), "0");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(5_805_717.0), "5,805,717");
    }
}
