//! How `wait` settles at a constant load by chance: 1 to 100 tasks, for eight hours, tasks that start and stop at any second.

use jiff::Timestamp;
use tidegate_policy::Capacity;
use tidegate_simulator::autoscaler::Production;
use tidegate_simulator::synthetic::constant;
use tidegate_simulator::world::{JobTime, Moments, ScaleIn, ServiceModel};
use tidegate_simulator::{Load, Run, WorldSettings, simulate};

use crate::loads::{INTERRUPTIBLE, LoadKind, policy};
use crate::stage::setting;

/// It has so long to settle, and is measured for the rest of the time.
const SETTLING_STEPS: usize = 2 * 240;
const SECONDS: f64 = 8.0 * 3_600.0;

/// How one run settled.
pub(crate) struct SteadyState {
    /// Tasks paid, in the mean, by those that the load needs.
    pub(crate) of_need: f64,
    /// The fewest and the most that were asked for.
    pub(crate) fewest: u32,
    pub(crate) most: u32,
    pub(crate) late_percent: f64,
    pub(crate) changes_per_day: f64,
    pub(crate) starts_per_day: f64,
}

impl std::fmt::Display for SteadyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { of_need, fewest, most, late_percent, changes_per_day, starts_per_day } = self;
        write!(f, "{of_need:.2}x, {fewest} to {most} tasks, {late_percent:.2} % late, ")?;
        write!(f, "{changes_per_day:.0} changes and {starts_per_day:.0} starts a day")
    }
}

/// A load that keeps so many tasks busy, with jobs of so many seconds.
pub(crate) fn settle(kind: &LoadKind, seconds: f64, need: f64, seed: u64) -> SteadyState {
    let load = constant(need / seconds, SECONDS, seed);
    settled(&replay(&load, &world(kind, seconds, seed)), need.max(1.0))
}

/// Jobs of so many seconds by chance, and 1 to 100 tasks.
pub(crate) fn world(kind: &LoadKind, seconds: f64, seed: u64) -> WorldSettings {
    let service = ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };
    kind.within(&WorldSettings {
        seed,
        capacity: Capacity::new(1, 100).expect("1 is below 100"),
        throughput: 1.0 / seconds,
        service,
        moments: Moments::AnySecond,
        ..setting()
    })
}

/// What `wait` makes of a load.
pub(crate) fn replay(load: &Load, setting: &WorldSettings) -> Run {
    let mut production = Production::new(&policy(setting, INTERRUPTIBLE), Timestamp::UNIX_EPOCH);
    simulate(load, setting, &mut production)
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
