//! Short jobs by chance, behind every kind of queue: no excursion of a constant load goes on for hours, and bursts are met.

use std::thread;

use tidegate_simulator::Load;
use tidegate_simulator::world::Shows;

use crate::loads::KINDS;
use crate::steady_state::{SteadyState, replay, settle, world};

/// Short jobs, of which a backlog by chance shows the least of how fast they are done.
const JOBS: [f64; 2] = [0.2, 2.0];
const NEEDS: [f64; 2] = [2.9, 11.6];
/// Without a revision of the load one of these runs pays 3.4 times the need, behind SQS.
const SEEDS: std::ops::RangeInclusive<u64> = 9..=16;

fn runs(half: u64) -> Vec<(String, bool, SteadyState)> {
    let mut runs = vec![];
    for kind in &KINDS {
        for (seconds, need) in JOBS.into_iter().flat_map(|seconds| NEEDS.map(|need| (seconds, need))) {
            for seed in SEEDS.filter(|seed| seed % 2 == half) {
                let what = format!("{}, jobs of {seconds} s, {need} tasks, seed {seed}", kind.name);
                let is_seen = matches!(kind.shows, Shows::Taken | Shows::TakenAndDone);
                runs.push((what, is_seen, settle(kind, seconds, need, seed)));
            }
        }
    }
    runs
}

/// Where nothing is counted, a backlog by chance may look like a load of any size. Two in five such runs ask once for more
/// than twice the need and 8 tasks; before the load was revised with the pace, one of 24 paid thirteen times the need.
#[test]
fn no_run_of_six_hours_costs_many_times_the_need() {
    let halves = thread::scope(|scope| {
        let odd = scope.spawn(|| runs(1));
        [runs(0), odd.join().expect("the other half has run")]
    });
    for (what, is_seen, state) in halves.into_iter().flatten() {
        let most = if is_seen { 2.5 } else { 5.0 };
        assert!(state.of_need < most && state.late_percent < 2.0, "{what}: {state}");
    }
}

/// 15 jobs a second for three minutes, every half hour of two days. Short jobs leave the queue empty between two evaluations
/// a minute apart: that a queue became empty must be enough to be ready for the next burst.
#[test]
fn bursts_of_short_jobs_are_met_where_nothing_is_counted() {
    let rates: Vec<f64> = (0..2 * 5_760).map(|step| if step % 120 < 12 { 15.0 } else { 0.0 }).collect();
    for kind in &KINDS[1..] {
        let mut setting = world(kind, 0.2, 1);
        setting.evaluations.every_seconds = 60;
        let late = replay(&Load::drawn(&rates, 1), &setting).waits.late_percent();
        assert!(late < 4.0, "{}: {late:.2} % late", kind.name);
    }
}
