//! What operators are notified of.

use std::fmt;

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

impl NoticePhase {
    /// Its stable name in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::Ends => "ends",
            Self::Happened => "happened",
        }
    }
}

impl DatabaseNotice {
    /// How much its report matters: an end is information, whatever its beginning was.
    #[must_use]
    pub fn weight(&self) -> Severity {
        match self.phase {
            NoticePhase::Ends => Severity::Info,
            NoticePhase::Begins | NoticePhase::Happened => self.severity,
        }
    }

    /// The verdict, for a headline; `RESOLVED: …` of what ends.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.phase {
            NoticePhase::Ends if !self.verdict.starts_with("RESOLVED") => {
                format!("RESOLVED: {}", self.verdict)
            }
            NoticePhase::Begins | NoticePhase::Ends | NoticePhase::Happened => self.verdict.clone(),
        }
    }
}

/// What begins, ends or has happened, its cause, and what to do about it.
impl fmt::Display for DatabaseNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, ". {advice}")?;
        }
        Ok(())
    }
}
