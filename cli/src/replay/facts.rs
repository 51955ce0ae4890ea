//! What is replayed, and what was repaired, left out and assumed; for operators.

use std::fmt::{Display, Write};

use jiff::SignedDuration;
use tidegate_simulator::trace::{Repair, RowMeaning};
use tidegate_simulator::world::{Disruptions, Starts};
use tidegate_simulator::{Overload, Trace, WorldSettings};

use crate::counts::{grouped, jobs};
use crate::page::Fact;
use crate::replay::options::ReplayOptions;
use crate::replay::prepare::Replay;

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
        facts.push(fact("zone", "UTC, because the timestamps name no zone (to set one: --zone)".to_owned()));
    }
    facts.extend(trace.notes().iter().map(|note| fact("note", note.clone())));
    facts.push(fact("jobs", counted(trace)));
    facts.extend(coarse(trace, setting).map(|text| fact("note", text)));
    facts.extend(overload.as_ref().map(|overload| fact("overload", overloaded(overload, replay))));
    let rule = |what| fact("left out", format!("`{what}`: a trace does not contain this"));
    facts.extend(left_out.iter().map(rule));
    if let Some(tasks) = scaled_to {
        let scaled = format!(
            "the load is scaled so that its 99th percentile needs {tasks:.0} tasks;\n\
             with --throughput the trace's own numbers are used"
        );
        facts.push(fact("assumed", scaled));
    }
    let tasks = format!("{} to {} tasks", setting.capacity.min(), setting.capacity.max());
    let each = jobs(setting.concurrency.get());
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
    facts.push(fact("world", world(setting)));
    facts.push(fact("queue", queue.words(policy.wait.is_some())));
    facts
}

/// What goes wrong, or that nothing does.
fn world(setting: &WorldSettings) -> String {
    let WorldSettings { starts: Starts { seconds, spread, failing }, disruptions, .. } = setting;
    if *disruptions == Disruptions::NONE {
        return "nothing goes wrong, and every start takes the same time; for bad days: --disruptions"
            .to_owned();
    }
    let Disruptions {
        deployments_a_day, restarts_a_day, outages_a_day, stuck_a_day, lasting_seconds, ..
    } = disruptions;
    let (fastest, slowest) = (seconds * (1.0 - spread), seconds * (1.0 + spread));
    format!(
        "bad days (--disruptions): each day {deployments_a_day} deployments, {restarts_a_day} tasks that die, {outages_a_day} times nothing\n\
         can be read and {stuck_a_day} times no task starts, for {lasting_seconds} s each; a start takes {fastest:.0} to {slowest:.0} s,\n\
         and {:.0}% fail; the oracle knows nothing of this",
        failing * 100.0
    )
}

/// How many jobs the trace holds, before and after it was repaired, and what its gaps and repeated timestamps mean.
fn counted(trace: &Trace) -> String {
    let gaps = match trace.understood() {
        RowMeaning::Intervals => None,
        RowMeaning::IntervalsThatAreNotEmpty => Some(
            "an interval without a row had no job, because the trace has almost no zeros (otherwise: --gaps fill)",
        ),
        RowMeaning::IntervalsWithGaps => {
            Some("an interval without a row was not recorded and is filled (if no job came: --gaps zero)")
        }
        RowMeaning::Moments => {
            Some("each row is one or more jobs at one time, counted per interval (otherwise: --gaps fill)")
        }
    };
    let occurred = |repair| trace.repairs().count(repair) > 0;
    let repeats = if occurred(Repair::Added) {
        Some("the rows of one timestamp are parts of one count and are added (otherwise: --repeats mean)")
    } else if occurred(Repair::Duplicate) {
        Some(
            "the rows of one timestamp are one value recorded again (if they are parts of one count: --repeats sum)",
        )
    } else {
        None
    };
    let (recorded, repaired) = (grouped(trace.recorded()), grouped(trace.repaired()));
    let mut text = format!("{recorded} in the trace");
    if gaps.is_some() || recorded != repaired {
        let _ = write!(text, ", {repaired} after repairs");
    }
    let meanings: Vec<&str> = [gaps, repeats].into_iter().flatten().collect();
    if !meanings.is_empty() {
        let _ = write!(text, ";\n{}", meanings.join(";\n"));
    }
    text
}

/// A trace with intervals longer than a job may wait shows no burst that makes jobs late.
fn coarse(trace: &Trace, setting: &WorldSettings) -> Option<String> {
    let (interval, acceptable) = (trace.step_seconds(), setting.acceptable_wait_seconds);
    (interval > acceptable).then(|| {
        format!(
            "the trace has one value every {interval:.0} s, longer than the acceptable wait of {acceptable} s: bursts within\n\
             an interval are not visible, so more jobs will be late than reported here"
        )
    })
}

/// `max 30 cannot serve this load: it needs 41 tasks; from 2024-01-31 14:05 UTC on jobs are late even at the maximum …`.
pub(crate) fn overloaded(overload: &Overload, replay: &Replay) -> String {
    let Replay { trace, setting, baseline, .. } = replay;
    let passed = SignedDuration::try_from_secs_f64(overload.from_seconds).unwrap_or_default();
    let from = match trace.first().and_then(|first| first.checked_add(passed).ok()) {
        Some(at) => format!("from {}", at.strftime("%Y-%m-%d %H:%M UTC")),
        None => format!("from hour {:.1}", overload.from_seconds / 3_600.0),
    };
    format!(
        "max {} cannot serve this load, which needs {} tasks; {from}, jobs are late even\nat the maximum, {:.2} % of all",
        setting.capacity.max(),
        overload.tasks_needed,
        baseline.unavoidable_late_percent,
    )
}
