//! What operators are notified of.

use crate::severity::Severity;

/// Something that begins, ends or has happened.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseNotice {
    /// What it is about, the same at its beginning and its end: `lag`, `broken shop-2`, `slot disk`. No two notices of one
    /// decision have the same.
    pub about: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it begins, ends, or has just happened.
    pub phase: NoticePhase,
    /// In a few words, without the name of the database: `replication of shop-2 is broken`.
    pub verdict: String,
    /// The one cause: `Last_Errno 1062, error`.
    pub cause: Option<String>,
    /// What to do about it, one sentence; none where nothing is to be done.
    pub advice: Option<String>,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticePhase {
    /// It begins, and lasts.
    Begins,
    /// What began is over.
    Ends,
    /// It has happened, and is over.
    Happened,
}
