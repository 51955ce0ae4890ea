//! The bounds of a service's desired count, in tasks.

use serde::Serialize;

/// Minimum and maximum capacity in tasks (Application Auto Scaling's `MinCapacity` and `MaxCapacity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capacity {
    min: u32,
    max: u32,
}

/// Why two numbers are no capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// The minimum lies above the maximum.
    #[error("`min` is {min}, above `max` {max}")]
    MinAboveMax {
        /// The minimum that was given.
        min: u32,
        /// The maximum that was given.
        max: u32,
    },
    /// A maximum of zero could never run anything.
    #[error("`max` is 0, must be at least 1")]
    MaxIsZero,
    /// More tasks than one ECS service can have.
    #[error("`max` is {max}, above {} (ECS: tasks per service)", Capacity::LIMIT)]
    MaxAboveLimit {
        /// The maximum that was given.
        max: u32,
    },
}

impl Capacity {
    /// ECS allows 5,000 tasks per service (service quota "Tasks per service").
    pub const LIMIT: u32 = 5_000;

    /// The bounds of a service that sleeps: no task at all. Only `hours` and AWS itself set them; a file's own maximum is at least 1.
    pub const ASLEEP: Self = Self { min: 0, max: 0 };

    /// Bounds with `min <= max`, `1 <= max <= 5000`.
    ///
    /// # Errors
    /// Says which of the two numbers is out of range.
    pub fn new(min: u32, max: u32) -> Result<Self, CapacityError> {
        if max == 0 {
            Err(CapacityError::MaxIsZero)
        } else if max > Self::LIMIT {
            Err(CapacityError::MaxAboveLimit { max })
        } else if min > max {
            Err(CapacityError::MinAboveMax { min, max })
        } else {
            Ok(Self { min, max })
        }
    }

    /// The nearest bounds within those that AWS itself sets; these need not be such as a file may have.
    pub(crate) fn narrowed(self, least: u32, most: u32) -> Self {
        let most = most.max(least);
        Self { min: self.min.clamp(least, most), max: self.max.clamp(least, most) }
    }

    /// The minimum, in tasks; 0 allows scaling to zero.
    #[must_use]
    pub fn min(self) -> u32 {
        self.min
    }

    /// The maximum, in tasks.
    #[must_use]
    pub fn max(self) -> u32 {
        self.max
    }

    /// The nearest size within the bounds.
    #[must_use]
    pub fn clamp(self, tasks: u32) -> u32 {
        tasks.clamp(self.min, self.max)
    }
}
