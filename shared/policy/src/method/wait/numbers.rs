//! Between durations, counts and the numbers that `wait` calculates with.

use jiff::SignedDuration;

use crate::capacity::Capacity;

/// Seconds, as a number to calculate with.
pub(crate) fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

/// A duration in whole seconds, rounded; for sentences.
pub(crate) fn span(seconds: f64) -> SignedDuration {
    SignedDuration::from_secs(i64::from(whole_seconds(seconds)))
}

/// As many tasks as this takes. A hundredth of a task is none: a load that fades never quite reaches zero.
pub(crate) fn whole_tasks(tasks: f64) -> u32 {
    const NO_TASK: f64 = 0.01;
    whole((tasks - NO_TASK).ceil().clamp(0.0, f64::from(Capacity::LIMIT)))
}

/// A count of jobs, rounded; for sentences.
pub(crate) fn whole_jobs(jobs: f64) -> u64 {
    u64::from(whole(jobs.round().clamp(0.0, f64::from(u32::MAX))))
}

/// At most a day, rounded.
pub(crate) fn whole_seconds(seconds: f64) -> u32 {
    whole(seconds.round().clamp(0.0, 86_400.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and clamped by every caller"
)]
pub(crate) fn whole(number: f64) -> u32 {
    number as u32
}
