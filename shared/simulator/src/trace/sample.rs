//! One sample on its way in.

/// What one timestamp, or one window of them, says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Milliseconds.
    pub(super) at: i64,
    pub(super) sum: f64,
    /// Of every row; `sum` forgets all but the mean of those that were repeated when windows begin.
    pub(super) total: f64,
    pub(super) rows: u32,
    pub(super) line: u32,
}
