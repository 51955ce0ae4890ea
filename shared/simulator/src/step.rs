//! The steps that simulated time is made of.

use jiff::{SignedDuration, Timestamp};

use crate::number::place;

/// A step of simulated time. A quarter of a minute: the distance of two delayed evaluations, and the grid of the reference
/// simulation.
pub const STEP_SECONDS: u32 = 15;

/// The same in microseconds, the simulator's smallest time.
pub(crate) const STEP_MICROS: u64 = STEP_SECONDS as u64 * 1_000_000;

/// Steps in a minute.
pub(crate) const STEPS_PER_MINUTE: usize = 4;

/// Steps in an hour.
pub(crate) const STEPS_PER_HOUR: usize = 240;

/// [`STEP_SECONDS`] as a quantity.
pub(crate) const STEP: f64 = STEP_SECONDS as f64;

/// The moment at which a step begins, in microseconds.
pub(crate) fn moment(step: usize) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX).saturating_mul(STEP_MICROS)
}

/// A moment that lies so many seconds after another.
pub(crate) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// A time in whole steps, rounded.
pub(crate) fn steps(seconds: u32) -> usize {
    place((f64::from(seconds) / STEP).round())
}
