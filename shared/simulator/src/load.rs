//! The work of a simulation: what arrives in each step, and the rate behind it.

use rand_distr::Poisson;

use crate::number::{place, real};
use crate::random::{Purpose, dice, draw};
use crate::step::STEP;
use crate::trace::Trace;

pub use crate::step::STEP_SECONDS;

/// What arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    rate: Vec<f64>,
    arrivals: Vec<f64>,
}

impl Load {
    /// The shape of a trace, scaled so that its 99th percentile needs that many workers; arrivals are Poisson around it.
    #[must_use]
    pub fn scaled(trace: &Trace, workers: f64, throughput: f64, seed: u64) -> Self {
        let values = trace.sampled(STEP);
        let busy = percentile(&values, 0.99);
        // A load that is silent more than 99 % of the time is measured by its peak.
        let busy = if busy > 0.0 { busy } else { values.iter().copied().fold(0.0, f64::max) };
        let factor = if busy > 0.0 { workers * throughput / busy } else { 0.0 };
        let rate: Vec<f64> = values.into_iter().map(|value| value * factor).collect();
        Self::drawn(&rate, seed)
    }

    /// A trace as it was recorded: a value is the jobs of one interval. Where steps have counts of their own, these arrive;
    /// of longer intervals arrivals are Poisson around what is counted.
    #[must_use]
    pub fn recorded(trace: &Trace, seed: u64) -> Self {
        let counted = trace.counted(STEP);
        let rate: Vec<f64> = counted.iter().map(|jobs| jobs / STEP).collect();
        if trace.is_counted(STEP) { Self::new(&rate, counted) } else { Self::drawn(&rate, seed) }
    }

    /// Poisson arrivals around a rate in jobs per second and step.
    #[must_use]
    pub fn drawn(rate: &[f64], seed: u64) -> Self {
        let mut dice = dice(seed, Purpose::Arrivals);
        let arrivals = rate.iter().map(|rate| draw(Poisson::new(rate * STEP), &mut dice)).collect();
        Self::new(rate, arrivals)
    }

    /// Arrivals as given, with the rate behind them in jobs per second; the shorter of the two decides how long it is.
    #[must_use]
    pub fn new(rate: &[f64], mut arrivals: Vec<f64>) -> Self {
        arrivals.truncate(rate.len());
        let mut rate = minute_means(rate);
        rate.truncate(arrivals.len());
        Self { rate, arrivals }
    }

    /// The same rate with other arrivals, for those drawn elsewhere.
    #[must_use]
    pub fn with_arrivals(mut self, mut arrivals: Vec<f64>) -> Self {
        arrivals.resize(self.rate.len(), 0.0);
        self.arrivals = arrivals;
        self
    }

    /// How many steps it lasts.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.arrivals.len()
    }

    /// How long it lasts.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        real(self.steps()) * STEP
    }

    /// The mean rate of the minute around each step, in jobs per second.
    #[must_use]
    pub fn rate(&self) -> &[f64] {
        &self.rate
    }

    /// The jobs that arrive in each step.
    #[must_use]
    pub fn arrivals(&self) -> &[f64] {
        &self.arrivals
    }

    /// All jobs.
    #[must_use]
    pub fn jobs(&self) -> f64 {
        self.arrivals.iter().sum()
    }
}

/// The mean over two steps before, the step and the one behind; the ends are level.
fn minute_means(rate: &[f64]) -> Vec<f64> {
    let at = |index: usize| rate.get(index.min(rate.len().saturating_sub(1))).copied().unwrap_or(0.0);
    (0..rate.len())
        .map(|step| (at(step.saturating_sub(2)) + at(step.saturating_sub(1)) + at(step) + at(step + 1)) / 4.0)
        .collect()
}

/// A percentile on straight lines between the sorted values.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let position = share * real(sorted.len().saturating_sub(1));
    let below = place(position);
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or(0.0);
    at(below) + (at(below + 1) - at(below)) * (position - real(below))
}
