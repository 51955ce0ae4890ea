//! Between counts and quantities. The simulator reckons in quantities (`f64`); tasks, steps and jobs are counts.

/// A count as a quantity; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no simulated count comes near 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// The same for a count of jobs.
#[expect(clippy::cast_precision_loss, reason = "no simulated count comes near 2^53")]
pub(crate) fn real_jobs(count: u64) -> f64 {
    count as f64
}

/// A moment in milliseconds as a quantity.
#[expect(clippy::cast_precision_loss, reason = "the year 9999 is far below 2^53 milliseconds")]
pub(crate) fn real_milliseconds(moment: i64) -> f64 {
    moment as f64
}

/// The least number of tasks that is not below a quantity; nothing and less is none. A billionth of a task is the
/// dirt of floating-point sums, not a task.
pub(crate) fn tasks(quantity: f64) -> u32 {
    whole_tasks((quantity - 1e-9).ceil())
}

/// A quantity without its fraction, as tasks.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: what is negative or not a number is none"
)]
pub(crate) fn whole_tasks(quantity: f64) -> u32 {
    quantity as u32
}

/// A quantity as whole jobs, rounded to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: what is negative or not a number is none"
)]
pub(crate) fn jobs(quantity: f64) -> u64 {
    quantity.round() as u64
}

/// A quantity as a place in a table, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: what is negative or not a number is the first place"
)]
pub(crate) fn place(quantity: f64) -> usize {
    quantity as usize
}
