//! Seeded dice: one stream for each purpose, so that a change in one leaves the others as they were.

use rand_distr::Distribution;
use rand_distr::uniform::{UniformFloat, UniformSampler};
use rand_pcg::Pcg64;

/// What the dice are thrown for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// How many jobs arrive in a step.
    Arrivals = 1,
    /// When within a step, and how long each runs.
    Jobs = 2,
    /// How long a task takes to start, and whether it does.
    Starts = 3,
    /// Which task stops.
    Stops = 4,
    /// What a reading hides.
    Readings = 5,
    /// When a synthetic burst comes, and how large it is.
    Bursts = 6,
    /// Which task stops, where only their ages matter.
    Lives = 7,
    /// Spiky counts and sessions.
    Spikes = 8,
    /// What goes wrong.
    Disruptions = 9,
    /// How much of a young minute is published.
    Minutes = 10,
    /// How long RDS takes, and whether an instance fails.
    RdsTimes = 11,
    /// What an answer of RDS, Route 53 and CloudWatch hides.
    RdsReadings = 12,
    /// What becomes of a call that changes something.
    RdsCalls = 13,
    /// Which events of RDS arrive.
    RdsEvents = 14,
    /// How a modification goes.
    RdsChanges = 15,
}

/// The dice of one purpose.
pub(crate) fn dice(seed: u64, purpose: Purpose) -> Pcg64 {
    Pcg64::new(u128::from(seed), purpose as u128)
}

/// A number in `0..1`.
pub(crate) fn share(dice: &mut Pcg64) -> f64 {
    // The range is not empty, so there is always a sampler.
    UniformFloat::<f64>::new(0.0, 1.0).map_or(0.0, |uniform| uniform.sample(dice))
}

/// A draw from a distribution, or nothing where its parameters allow none (a mean of zero).
pub(crate) fn draw<D: Distribution<f64>, E>(distribution: Result<D, E>, dice: &mut Pcg64) -> f64 {
    distribution.map_or(0.0, |distribution| distribution.sample(dice))
}
