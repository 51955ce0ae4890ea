//! How long jobs waited, in flat memory.

use crate::number::{place, real};
use crate::step::{STEP, STEPS_PER_HOUR};

/// Waits are told apart to this many seconds up to [`FINE_MAX`]; acceptable waits are tens of seconds.
const FINE: f64 = 0.05;
/// Beyond ten minutes, waits are told apart to a thousandth of themselves.
const FINE_MAX: f64 = 600.0;
const COARSE: f64 = 0.001;

/// The waits of a run: the time from a job's arrival to its start, weighted by jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Waits {
    acceptable_seconds: f64,
    jobs: f64,
    late: f64,
    hours: Vec<Hour>,
    histogram: Vec<f64>,
    of_arrivals: Vec<f64>,
}

/// The jobs that arrived in one hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Hour {
    jobs: f64,
    late: f64,
}

impl Waits {
    pub(super) fn new(acceptable_seconds: f64) -> Self {
        Self {
            acceptable_seconds,
            jobs: 0.0,
            late: 0.0,
            hours: Vec::new(),
            histogram: Vec::new(),
            of_arrivals: Vec::new(),
        }
    }

    /// Jobs that arrived in a step began after this wait.
    pub(super) fn add(&mut self, step: usize, seconds: f64, jobs: f64) {
        let late = if seconds > self.acceptable_seconds { jobs } else { 0.0 };
        self.jobs += jobs;
        self.late += late;
        let hour = step / STEPS_PER_HOUR;
        if hour >= self.hours.len() {
            self.hours.resize(hour + 1, Hour::default());
        }
        if let Some(hour) = self.hours.get_mut(hour) {
            hour.jobs += jobs;
            hour.late += late;
        }
        let bin = bin(seconds);
        if bin >= self.histogram.len() {
            self.histogram.resize(bin + 1, 0.0);
        }
        if let Some(bin) = self.histogram.get_mut(bin) {
            *bin += jobs;
        }
        if step >= self.of_arrivals.len() {
            self.of_arrivals.resize(step + 1, 0.0);
        }
        if let Some(longest) = self.of_arrivals.get_mut(step) {
            *longest = longest.max(seconds);
        }
    }

    /// How long the jobs waited that arrived in each step, in seconds; 0 where none arrived, and nothing behind the last
    /// step in which one did. Job by job it is the longest wait among them; where work flows it is the wait of the middle
    /// one, which stands for all of its step.
    #[must_use]
    pub fn of_arrivals_seconds(&self) -> &[f64] {
        &self.of_arrivals
    }

    /// All jobs that began.
    #[must_use]
    pub fn jobs(&self) -> f64 {
        self.jobs
    }

    /// The share of jobs that waited longer than acceptable, in percent.
    #[must_use]
    pub fn late_percent(&self) -> f64 {
        percent(self.late, self.jobs)
    }

    /// The same in the worst hour of arrival; hours with less than a tenth of the mean are left out.
    #[must_use]
    pub fn worst_hour_late_percent(&self) -> f64 {
        let mean = self.jobs / real(self.hours.len().max(1));
        let busy = self.hours.iter().filter(|hour| hour.jobs > 0.1 * mean);
        busy.map(|hour| percent(hour.late, hour.jobs)).fold(0.0, f64::max)
    }

    /// The wait that this share of the jobs did not exceed, in seconds.
    #[must_use]
    pub fn percentile_seconds(&self, share: f64) -> f64 {
        let mut left = self.jobs * share * (1.0 - 1e-12);
        for (bin, jobs) in self.histogram.iter().enumerate() {
            left -= jobs;
            if left <= 0.0 && *jobs > 0.0 {
                return middle(bin);
            }
        }
        0.0
    }
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

/// The place of a wait: none, then fine, then coarse.
fn bin(seconds: f64) -> usize {
    if seconds <= 0.0 {
        0
    } else if seconds < FINE_MAX {
        1 + place(seconds / FINE)
    } else {
        1 + place(FINE_MAX / FINE) + place((seconds / FINE_MAX).ln() / COARSE)
    }
}

fn middle(bin: usize) -> f64 {
    let coarse_from = 1 + place(FINE_MAX / FINE);
    if bin == 0 {
        0.0
    } else if bin < coarse_from {
        (real(bin - 1) + 0.5) * FINE
    } else {
        FINE_MAX * ((real(bin - coarse_from) + 0.5) * COARSE).exp()
    }
}

/// The middle of a step, in seconds.
pub(super) fn middle_of_step(step: usize) -> f64 {
    (real(step) + 0.5) * STEP
}
