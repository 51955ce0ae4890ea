//! What operators asked for, and what Tidegate called, as far as the rules need it.

use jiff::Timestamp;

/// What an operator asked for, and when.
#[derive(Debug, Clone)]
pub(crate) struct AskedOnce {
    pub(crate) at: Timestamp,
    /// None for the next one.
    pub(crate) to: Option<String>,
    pub(crate) now: bool,
    /// With a snapshot before it.
    pub(crate) snapshot: bool,
}

/// A call that changes a class, whatever became of it.
#[derive(Debug, Clone)]
pub(crate) struct ClassCallMade {
    pub(crate) at: Timestamp,
    pub(crate) instance: String,
    pub(crate) to: String,
    /// When its change began.
    pub(crate) began: Timestamp,
    /// It began in a window, and was not asked for at once.
    pub(crate) is_of_window: bool,
}

/// A snapshot that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotMade {
    pub(crate) name: String,
    /// When the operator asked for the class.
    pub(crate) asked: Option<Timestamp>,
    /// The window of its change; none at once.
    pub(crate) window: Option<Timestamp>,
}
