//! How good a run was, in the words that reports and JSON keep.

use serde::Serialize;

use crate::autoscaler::Fixed;
use crate::load::Load;
use crate::number::{real, real_jobs};
use crate::oracle::{oracle, worker_hours_least};
use crate::step::{STEP, STEPS_PER_MINUTE};
use crate::world::{Run, ServiceModel, SizeChange, WorldSettings, demand, simulate};

/// The scores of one run. The names are the keys of `--json`, and stay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Task-hours paid, from the order on.
    pub worker_hours: f64,
    /// `worker_hours` divided by the oracle's.
    pub cost_vs_oracle: f64,
    /// Task-hours as Fargate bills them: a minute of every started task at least.
    pub billed_hours: f64,
    /// `billed_hours` divided by the oracle's.
    pub billed_vs_oracle: f64,
    /// Jobs that waited longer than acceptable, in percent of all.
    pub late_percent: f64,
    /// The same without those that even the maximum, always on, would have served late.
    pub excess_late_percent: f64,
    /// `late_percent` of the worst hour of arrival; hours with less than a tenth of the mean are left out.
    pub worst_hour_late_percent: f64,
    /// 95 % of the jobs waited no longer, in seconds.
    pub wait_p95_seconds: f64,
    /// 99 % of the jobs waited no longer, in seconds.
    pub wait_p99_seconds: f64,
    /// Under-provisioning accuracy: tasks missing, in percent of those needed, in the mean over time.
    pub theta_u: f64,
    /// Over-provisioning accuracy: tasks too many, in percent of those needed, in the mean over time.
    pub theta_o: f64,
    /// Percent of the time with too few tasks.
    pub tau_u: f64,
    /// Percent of the time with too many.
    pub tau_o: f64,
    /// Percent of the minutes in which supply and demand do not move the same way.
    pub instability: f64,
    /// Changes of the number of tasks, a day.
    pub scaling_actions_per_day: f64,
    /// Changes against the direction of the one before, a day.
    pub direction_reversals_per_day: f64,
    /// Tasks started, a day. Each pays its start-up before it does a job.
    pub task_starts_per_day: f64,
    /// Jobs interrupted by scale-in; `null` where single jobs are not simulated.
    pub jobs_interrupted: Option<u64>,
}

/// What runs of one load in one setting are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// The oracle's worker-hours.
    pub oracle_worker_hours: f64,
    /// The oracle's hours as Fargate bills them.
    pub oracle_billed_hours: f64,
    /// Worker-hours that no plan can go below who does all the work in time.
    pub least_worker_hours: f64,
    /// Jobs that even the maximum, always on, serves late, in percent.
    pub unavoidable_late_percent: f64,
}

impl Baseline {
    /// Asks the oracle and the maximum.
    #[must_use]
    pub fn of(load: &Load, setting: &WorldSettings) -> Self {
        let fluid = WorldSettings { service: ServiceModel::Fluid, ..setting.clone() };
        let most = simulate(load, setting, &mut Fixed(setting.capacity.max()));
        let oracle = oracle(load, &fluid);
        Self {
            oracle_worker_hours: worker_hours(&oracle),
            oracle_billed_hours: billed_hours(&oracle),
            least_worker_hours: worker_hours_least(load, setting),
            unavoidable_late_percent: most.waits.late_percent(),
        }
    }
}

impl Score {
    /// Measures a run.
    #[must_use]
    pub fn of(run: &Run, load: &Load, setting: &WorldSettings, baseline: &Baseline) -> Self {
        let hours = worker_hours(run);
        let days = load.seconds() / 86_400.0;
        let per_day = |count: f64| ratio(count, days);
        let Elasticity { theta_u, theta_o, tau_u, tau_o, instability } =
            Elasticity::of(&run.ready, &demand(load, setting));
        let late_percent = run.waits.late_percent();
        Self {
            worker_hours: hours,
            cost_vs_oracle: ratio(hours, baseline.oracle_worker_hours),
            billed_hours: billed_hours(run),
            billed_vs_oracle: ratio(billed_hours(run), baseline.oracle_billed_hours),
            late_percent,
            excess_late_percent: late_percent - baseline.unavoidable_late_percent,
            worst_hour_late_percent: run.waits.worst_hour_late_percent(),
            wait_p95_seconds: run.waits.percentile_seconds(0.95),
            wait_p99_seconds: run.waits.percentile_seconds(0.99),
            theta_u,
            theta_o,
            tau_u,
            tau_o,
            instability,
            scaling_actions_per_day: per_day(real(run.changes.len())),
            direction_reversals_per_day: per_day(real(reversals(&run.changes))),
            task_starts_per_day: per_day(real_jobs(run.starts)),
            jobs_interrupted: run.jobs_interrupted,
        }
    }
}

/// The metrics of the elasticity literature, in percent: supply against demand.
#[derive(Debug, Clone, Copy)]
struct Elasticity {
    theta_u: f64,
    theta_o: f64,
    tau_u: f64,
    tau_o: f64,
    instability: f64,
}

impl Elasticity {
    fn of(supply: &[u32], demand: &[u32]) -> Self {
        let (mut missing, mut surplus, mut under, mut over) = (0.0, 0.0, 0_usize, 0_usize);
        for (&supply, &demand) in supply.iter().zip(demand) {
            // Where nothing is needed, one task is what surplus is measured by.
            let needed = f64::from(demand.max(1));
            missing += f64::from(demand.saturating_sub(supply)) / needed;
            surplus += f64::from(supply.saturating_sub(demand)) / needed;
            under += usize::from(supply < demand);
            over += usize::from(supply > demand);
        }
        let percent = |sum: f64| 100.0 * ratio(sum, real(supply.len()));
        let moves = |series: &[u32]| -> Vec<i32> {
            let minutes: Vec<u32> = series.iter().copied().step_by(STEPS_PER_MINUTE).collect();
            minutes.iter().zip(minutes.iter().skip(1)).map(|(one, next)| next.cmp(one) as i32).collect()
        };
        let (supplied, demanded) = (moves(supply), moves(demand));
        let apart = supplied.iter().zip(&demanded).filter(|(one, other)| one != other).count();
        Self {
            theta_u: percent(missing),
            theta_o: percent(surplus),
            tau_u: percent(real(under)),
            tau_o: percent(real(over)),
            instability: 100.0 * ratio(real(apart), real(supplied.len())),
        }
    }
}

/// Task-hours paid.
fn worker_hours(run: &Run) -> f64 {
    run.billed.iter().sum::<f64>() * STEP / 3_600.0
}

/// Task-hours that Fargate bills.
fn billed_hours(run: &Run) -> f64 {
    worker_hours(run) + run.unlived_seconds / 3_600.0
}

/// How often the direction changed.
fn reversals(changes: &[SizeChange]) -> usize {
    let directions = changes.iter().map(|change| change.to > change.from);
    directions.clone().zip(directions.skip(1)).filter(|(one, next)| one != next).count()
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
