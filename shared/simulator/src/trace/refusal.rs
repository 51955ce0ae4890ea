//! What cannot be repaired, with its line.

use std::fmt;
use std::io;

use super::row::StampKind;

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The input itself cannot be read.
    #[error("read the trace")]
    Unreadable(#[source] io::Error),
    /// Lines that cannot be repaired.
    #[error("{0}")]
    Refused(Refused),
    /// A load needs an interval, and one timestamp has none.
    #[error("{count} {} with a value, at least 2 are needed", if *count == 1 { "timestamp" } else { "timestamps" })]
    TooShort {
        /// How many there are.
        count: usize,
    },
    /// Intervals without a row, where a trace must have none.
    #[error("{count} {} no row, the first before line {line}", if *count == 1 { "interval has" } else { "intervals have" })]
    Gaps {
        /// How many there are.
        count: u64,
        /// The line of the row behind the first of them.
        line: u64,
    },
    /// Rows that come at any moment, where each must count an interval.
    #[error("the rows do not come at one interval")]
    NoInterval,
}

impl TraceError {
    /// So many refused lines are listed; the others are counted.
    pub const LISTED_MAX: usize = 20;
}

/// The lines that cannot be repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The first of them, in the order of the file.
    pub listed: Vec<Refusal>,
    /// How many there are in all.
    pub count: u64,
}

/// One line that cannot be repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub kind: RefusalKind,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusalKind {
    /// The header names other columns.
    #[error("the header is `{found}`, must name the columns `timestamp` and `value`")]
    Header {
        /// As it stands.
        found: String,
    },
    /// A row of one column.
    #[error("the row is `{found}`, must have a timestamp and a value with a comma between them")]
    FewColumns {
        /// As it stands.
        found: String,
    },
    /// No timestamp that can be read.
    #[error("the timestamp is `{found}`, must be ISO-8601 (2024-01-31T10:00:00Z) or a number of seconds")]
    Timestamp {
        /// As it stands.
        found: String,
    },
    /// Two kinds of timestamps in one trace: they cannot be put in order.
    #[error("the timestamp is {is}, the rows above have {was}; one trace has one kind")]
    MixedTimestamps {
        /// The kind of the rows above.
        was: StampKind,
        /// The kind of this row.
        is: StampKind,
    },
    /// No number.
    #[error("the value is `{found}`, must be a number")]
    Value {
        /// As it stands.
        found: String,
    },
    /// A number and something behind it: with units mixed in, the numbers beside it mean nothing certain.
    #[error("the value is `{found}`, must be a plain number without a unit")]
    Unit {
        /// As it stands.
        found: String,
    },
    /// A load is never negative.
    #[error("the value is `{found}`, must not be negative")]
    Negative {
        /// As it stands.
        found: String,
    },
    /// A number that no load has.
    #[error("the value is `{found}`, must be at most 1e15")]
    TooLarge {
        /// As it stands.
        found: String,
    },
    /// A line too long to be a row.
    #[error("the line is longer than 4096 bytes")]
    LongLine,
    /// No UTF-8.
    #[error("the line is not UTF-8")]
    NotText,
}

/// The refused lines so far, bounded.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    listed: Vec<Refusal>,
    count: u64,
}

impl Refusals {
    pub(super) fn push(&mut self, line: u64, kind: RefusalKind) {
        if self.listed.len() < TraceError::LISTED_MAX {
            self.listed.push(Refusal { line, kind });
        }
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(super) fn into_error(self) -> Refused {
        Refused { listed: self.listed, count: self.count }
    }
}

/// The start of a text, for a message of one line.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let shown: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().count() > SHOWN_MAX { shown + "…" } else { shown }
}

/// `line 3: the value is …`, one line each, then how many more.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Refusal { line, kind }) in self.listed.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}line {line}: {kind}")?;
        }
        let listed = u64::try_from(self.listed.len()).unwrap_or(u64::MAX);
        match self.count.saturating_sub(listed) {
            0 => Ok(()),
            1 => f.write_str("\nand 1 more line"),
            more => write!(f, "\nand {more} more lines"),
        }
    }
}
