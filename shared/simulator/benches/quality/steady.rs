//! Constant loads: whether the number of tasks settles, for every kind of queue and length of jobs.

use std::io::{self, Write};
use std::thread;

use crate::comparison::report;
use crate::loads::{KINDS, LoadKind};
use crate::stage::setting;
use crate::steady_state::{SteadyState, settle};

/// Tasks that the load keeps busy.
const NEEDS: [f64; 4] = [0.4, 2.9, 11.6, 60.0];

/// How long a job takes, in seconds.
const JOBS: [f64; 4] = [0.2, 2.0, 20.0, 300.0];

/// Chance is large in one run of short jobs: these are run so often.
const RUNS: u64 = 24;
const SHORT_JOBS: [f64; 2] = [0.2, 2.0];
const FEW_AND_MORE: [f64; 2] = [2.9, 11.6];

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
                let runs = NEEDS.map(|need| scope.spawn(move || settle(kind, seconds, need, setting().seed)));
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
    writeln!(out)?;
    by_chance(out)
}

/// The mean and the worst of many runs, and how many of them ask once for more than twice the need and 8 tasks.
fn by_chance(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "**The same, {RUNS} runs each**: tasks by those needed, in the mean and at worst; runs that once ask for more than \
         twice the need and 8 tasks\n"
    )?;
    writeln!(out, "| queue | jobs of | load | mean | worst | runs |\n|---|---|---|---|---|---|")?;
    for kind in &KINDS {
        for seconds in SHORT_JOBS {
            report(&format!("{RUNS} runs: {}, jobs of {seconds} s", kind.name));
            for (need, runs) in FEW_AND_MORE.map(|need| (need, many(kind, seconds, need))) {
                let of_need = || runs.iter().map(|run| run.of_need);
                #[expect(clippy::cast_precision_loss, reason = "24 runs")]
                let mean = of_need().sum::<f64>() / RUNS as f64;
                let worst = of_need().fold(0.0, f64::max);
                let beyond = runs.iter().filter(|run| f64::from(run.most) > 2.0 * need + 8.0).count();
                writeln!(
                    out,
                    "| {} | {seconds} s | {need} | {mean:.2}x | {worst:.2}x | {beyond} |",
                    kind.name
                )?;
            }
        }
    }
    report("");
    writeln!(out)
}

fn many(kind: &LoadKind, seconds: f64, need: f64) -> Vec<SteadyState> {
    thread::scope(|scope| {
        let halves = [0, 1].map(|odd| {
            scope.spawn(move || {
                let seeds = (1..=RUNS).filter(|seed| seed % 2 == odd);
                seeds.map(|seed| settle(kind, seconds, need, seed)).collect::<Vec<_>>()
            })
        });
        halves.into_iter().flat_map(|half| half.join().expect("it does not panic")).collect()
    })
}
