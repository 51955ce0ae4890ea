//! No scaling at all.

use super::{Scaler, Sight};

/// Always the same number of tasks, from the beginning on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed(
    /// Tasks.
    pub u32,
);

impl Scaler for Fixed {
    fn begins_with(&self) -> Option<u32> {
        Some(self.0)
    }

    fn look(&mut self, _seen: &Sight<'_>) -> Option<u32> {
        Some(self.0)
    }
}
