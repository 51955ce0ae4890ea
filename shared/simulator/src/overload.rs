//! A load that the maximum cannot serve in time, whichever autoscaler scales.

use serde::Serialize;

use crate::load::Load;
use crate::number::real;
use crate::step::STEP;
use crate::world::WorldSettings;

/// What a load needs that is more than the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overload {
    /// The least constant number of tasks with which no job waits longer than acceptable.
    pub tasks_needed: u32,
    /// When a job first waits longer at the maximum, in seconds since the load began.
    pub from_seconds: f64,
}

impl Overload {
    /// `None` if the maximum, always on, serves every job in time.
    #[must_use]
    pub fn of(load: &Load, setting: &WorldSettings) -> Option<Self> {
        let is_late = |tasks| late_from(load, setting, tasks).is_some();
        let mut few = setting.capacity.max();
        let from_seconds = late_from(load, setting, few)?;
        let mut enough = few.saturating_mul(2).max(1);
        while is_late(enough) {
            few = enough;
            enough = enough.checked_mul(2)?;
        }
        while enough - few > 1 {
            let middle = few + (enough - few) / 2;
            if is_late(middle) {
                few = middle;
            } else {
                enough = middle;
            }
        }
        Some(Self { tasks_needed: enough, from_seconds })
    }
}

/// When a job first waits longer than acceptable for so many tasks, always on.
fn late_from(load: &Load, setting: &WorldSettings, tasks: u32) -> Option<f64> {
    let per_second = f64::from(tasks) * setting.throughput;
    let patient = per_second * setting.acceptable_wait_seconds;
    let mut waiting = 0.0_f64;
    for (step, arrivals) in load.arrivals().iter().enumerate() {
        waiting = (waiting + arrivals - per_second * STEP).max(0.0);
        if waiting > patient {
            return Some(real(step) * STEP);
        }
    }
    None
}
