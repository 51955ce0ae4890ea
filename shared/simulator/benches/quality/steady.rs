//! Constant loads: whether the number of tasks settles, for every kind of queue and length of jobs.

use std::io::{self, Write};
use std::thread;

use jiff::Timestamp;
use tidegate_policy::Capacity;
use tidegate_simulator::autoscaler::Production;
use tidegate_simulator::synthetic::constant;
use tidegate_simulator::world::{JobTime, Moments, ScaleIn, ServiceModel};
use tidegate_simulator::{Run, WorldSettings, simulate};

use crate::comparison::report;
use crate::loads::{INTERRUPTIBLE, KINDS, LoadKind, policy};
use crate::stage::setting;

/// Tasks that the load keeps busy.
const NEEDS: [f64; 4] = [0.4, 2.9, 11.6, 60.0];

/// How long a job takes, in seconds.
const JOBS: [f64; 4] = [0.2, 2.0, 20.0, 300.0];

/// It has so long to settle, and is measured for the rest of the time.
const SETTLING_STEPS: usize = 2 * 240;
const SECONDS: f64 = 8.0 * 3_600.0;

/// How one run settled.
struct SteadyState {
    /// Tasks paid, in the mean, by those that the load needs.
    of_need: f64,
    /// The fewest and the most that were asked for.
    fewest: u32,
    most: u32,
    late_percent: f64,
    changes_per_day: f64,
    starts_per_day: f64,
}

pub(crate) fn print(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "**Constant loads**, 1 to 100 tasks, after 2 of 8 hours: tasks by those needed for loads of {NEEDS:?} tasks, \
         and the fewest and the most asked for\n"
    )?;
    writeln!(
        out,
        "| queue | jobs of | {} | late % | changes/day | starts/day |",
        NEEDS.map(|need| need.to_string()).join(" | ")
    )?;
    writeln!(out, "|---|---|{}---|---|---|", "---|".repeat(NEEDS.len()))?;
    for kind in &KINDS {
        for seconds in JOBS {
            report(&format!("constant loads: {}, jobs of {seconds} s", kind.name));
            let settled: Vec<SteadyState> = thread::scope(|scope| {
                let runs = NEEDS.map(|need| scope.spawn(move || settle(kind, seconds, need)));
                runs.map(|run| run.join().expect("it does not panic")).into()
            });
            let cells: Vec<String> = settled
                .iter()
                .map(|it| format!("{:.2}x, {} to {}", it.of_need, it.fewest, it.most))
                .collect();
            #[expect(clippy::cast_precision_loss, reason = "a handful of loads")]
            let mean = |value: fn(&SteadyState) -> f64| {
                settled.iter().map(value).sum::<f64>() / settled.len() as f64
            };
            writeln!(
                out,
                "| {} | {seconds} s | {} | {:.2} | {:.0} | {:.0} |",
                kind.name,
                cells.join(" | "),
                mean(|it| it.late_percent),
                mean(|it| it.changes_per_day),
                mean(|it| it.starts_per_day),
            )?;
        }
    }
    report("");
    writeln!(out)
}

fn settle(kind: &LoadKind, seconds: f64, need: f64) -> SteadyState {
    let service = ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };
    let setting = kind.within(&WorldSettings {
        capacity: Capacity::new(1, 100).expect("1 is below 100"),
        throughput: 1.0 / seconds,
        service,
        moments: Moments::AnySecond,
        ..setting()
    });
    let load = constant(need / seconds, SECONDS, setting.seed);
    let mut production = Production::new(&policy(&setting, INTERRUPTIBLE), Timestamp::UNIX_EPOCH);
    let run = simulate(&load, &setting, &mut production);
    settled(&run, need.max(1.0))
}

#[expect(clippy::cast_precision_loss, reason = "some thousand steps")]
fn settled(run: &Run, need: f64) -> SteadyState {
    let paid = &run.billed[SETTLING_STEPS..];
    let late = run.changes.iter().filter(|change| change.step >= SETTLING_STEPS);
    let before = run.changes.iter().rev().find(|change| change.step < SETTLING_STEPS);
    let start = before.map_or(run.ready[0], |change| change.to);
    let sizes: Vec<u32> = std::iter::once(start).chain(late.clone().map(|change| change.to)).collect();
    let days = paid.len() as f64 / 5_760.0;
    let started: u32 = late.clone().map(|change| change.to.saturating_sub(change.from)).sum();
    SteadyState {
        of_need: paid.iter().sum::<f64>() / paid.len() as f64 / need,
        fewest: sizes.iter().copied().min().unwrap_or(start),
        most: sizes.iter().copied().max().unwrap_or(start),
        late_percent: run.waits.late_percent(),
        changes_per_day: late.count() as f64 / days,
        starts_per_day: f64::from(started) / days,
    }
}
