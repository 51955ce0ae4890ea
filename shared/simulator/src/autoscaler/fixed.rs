//! No scaling at all.

use crate::evaluation::{Autoscaler, AutoscalerInput};

/// Always the same number of tasks, from the beginning on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed(
    /// Tasks.
    pub u32,
);

impl Autoscaler for Fixed {
    fn initial_tasks(&self) -> Option<u32> {
        Some(self.0)
    }

    fn evaluate(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        Some(self.0)
    }
}
