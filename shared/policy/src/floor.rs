//! A floor: the least capacity for so much business, as a guide's table has it: 1,000 monitors need 5 workers.

use std::fmt;

use jiff::SignedDuration;

use crate::reading::number;
use crate::signal::MetricName;

/// A floor that is not read any more is kept in silence for this long after its last datapoint would have been too old.
/// Business grows slowly, so an hour changes no row; a publisher is deployed, or fails for a moment, within it. After
/// that operators are notified, and nothing scales in; the floor itself stays where it was last known.
pub const FLOOR_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// The least capacity by a metric of the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    by: MetricName,
    rows: Vec<(u64, u32)>,
}

/// Why rows are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FloorError {
    /// There is no row.
    #[error("the table has no row")]
    Empty,
    /// More business with fewer tasks.
    #[error("`{level}: {tasks}` has fewer tasks than `{lower}: {lower_tasks}`")]
    Falls {
        /// The row that asks for fewer tasks.
        level: u64,
        /// Its tasks.
        tasks: u32,
        /// The row below it.
        lower: u64,
        /// Its tasks.
        lower_tasks: u32,
    },
}

impl Floor {
    /// Rows of "at least this many" and "so many tasks", in any order.
    ///
    /// # Errors
    /// More of the metric must never need fewer tasks.
    pub fn new(by: MetricName, mut rows: Vec<(u64, u32)>) -> Result<Self, FloorError> {
        rows.sort_unstable();
        if rows.is_empty() {
            return Err(FloorError::Empty);
        }
        for ((lower, lower_tasks), (level, tasks)) in rows.iter().copied().zip(rows.iter().copied().skip(1)) {
            if tasks < lower_tasks {
                return Err(FloorError::Falls { level, tasks, lower, lower_tasks });
            }
        }
        Ok(Self { by, rows })
    }

    /// The metric.
    #[must_use]
    pub fn by(&self) -> &MetricName {
        &self.by
    }

    /// The rows, smallest first.
    #[must_use]
    pub fn rows(&self) -> &[(u64, u32)] {
        &self.rows
    }

    /// The least capacity at a value, in tasks: that of the last row it reaches. Below the first row there is no floor.
    #[must_use]
    pub fn least(&self, value: f64) -> u32 {
        let reached = self.rows.iter().take_while(|(level, _)| value >= number(*level));
        reached.last().map_or(0, |(_, tasks)| *tasks)
    }
}

/// `by monitors: 2 from 100, 5 from 1000`.
impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<String> =
            self.rows.iter().map(|(level, tasks)| format!("{tasks} from {level}")).collect();
        write!(f, "by {}: {}", self.by.as_str(), rows.join(", "))
    }
}
