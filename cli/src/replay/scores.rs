//! The scores of a run, side by side.

use tidegate_simulator::Score;

/// What [`columns`] holds.
pub(crate) const COLUMNS: &str =
    "task-hours  x oracle  late %  worst h %  p95 wait  p99 wait  changes/day  reversals/day";

/// The scores that people compare.
pub(crate) fn columns(score: &Score) -> String {
    format!(
        "{:>10.1}  {:>8.3}  {:>6.2}  {:>9.1}  {}  {}  {:>11.1}  {:>13.1}",
        score.worker_hours,
        score.cost_vs_oracle,
        score.late_percent,
        score.worst_hour_late_percent,
        wait(score.wait_p95_seconds),
        wait(score.wait_p99_seconds),
        score.scaling_actions_per_day,
        score.direction_reversals_per_day,
    )
}

/// A wait in seconds; of hours, in hours: such a wait shows how long an overload lasted.
fn wait(seconds: f64) -> String {
    if seconds < 10_000.0 { format!("{seconds:>6.1} s") } else { format!("{:>6.1} h", seconds / 3_600.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_days_is_reported_in_hours() {
        assert_eq!(wait(42.84), "  42.8 s");
        assert_eq!(wait(9_999.9), "9999.9 s");
        assert_eq!(wait(1_022_161.1), " 283.9 h");
    }
}
