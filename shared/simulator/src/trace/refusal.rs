//! What cannot be repaired, with its line.

use std::fmt;
use std::io;

use super::repair::TraceUnit;
use super::stamp::StampKind;

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
    #[error("{count} {} with a value; at least 2 are needed", if *count == 1 { "timestamp" } else { "timestamps" })]
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
    /// Rows of one timestamp that may be single jobs, or one value that was recorded again.
    #[error(
        "{rows} rows have the timestamp of an earlier one (the first: lines {}) and nearly all of them its value: together \
         {added:.0} jobs if they are added, {once:.0} if each timestamp counts once",
        lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    )]
    UnclearRepeats {
        /// How many they are.
        rows: u64,
        /// The first lines of them.
        lines: Vec<u64>,
        /// All jobs if they are added.
        added: f64,
        /// All jobs if each timestamp counts once.
        once: f64,
    },
    /// Rows that come at any moment, where each must count an interval.
    #[error("the rows have no regular interval")]
    NoInterval,
    /// A file with several metrics, of which none or more than one was named.
    #[error("the file has several metrics: {}", names.join(", "))]
    SeveralMetrics {
        /// As the file names them.
        names: Vec<String>,
    },
    /// A metric that the file does not have.
    #[error("the file has no metric `{wanted}`; it has {}", if names.is_empty() { "none with a name".to_owned() } else { names.join(", ") })]
    NoSuchMetric {
        /// What was asked for.
        wanted: String,
        /// As the file names those it has.
        names: Vec<String>,
    },
    /// A zone for timestamps that need none.
    #[error("the timestamps have a zone, or are numbers")]
    NoClock,
    /// JSON that cannot be parsed.
    #[error("the file is not the JSON of `aws cloudwatch get-metric-data`: {0}")]
    Json(String),
    /// JSON too large for an answer of CloudWatch.
    #[error("the JSON is larger than 64 MiB; for so large a load use CSV with `timestamp,value`")]
    LargeJson,
    /// JSON without datapoints.
    #[error(
        "the JSON has neither `MetricDataResults` (get-metric-data) nor `Datapoints` (get-metric-statistics)"
    )]
    NoDatapoints,
    /// One page of an answer: what is missing would count as no load.
    #[error(
        "the file has only one page of the answer (`NextToken`); repeat the call without `--no-paginate` and `--max-items`"
    )]
    OnePage,
    /// A metric that CloudWatch did not answer whole: what is missing would count as no load.
    #[error(
        "`{id}` is {status}: CloudWatch did not return all of its datapoints; repeat the call, or request a shorter time range"
    )]
    Incomplete {
        /// Its id.
        id: String,
        /// CloudWatch's word for it.
        status: String,
    },
    /// Timestamps and values that do not belong together.
    #[error("`{id}` has {timestamps} `Timestamps` and {values} `Values`; the numbers must be equal")]
    Unpaired {
        /// The metric's id.
        id: String,
        /// How many timestamps there are.
        timestamps: usize,
        /// How many values there are.
        values: usize,
    },
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
    /// What is counted.
    pub unit: TraceUnit,
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
    #[error(
        "the timestamp is `{found}`, must be ISO-8601 (2024-01-31T10:00:00Z), 2024/01/31 10:00 or a number of seconds"
    )]
    Timestamp {
        /// As it stands.
        found: String,
    },
    /// Two kinds of timestamps in one trace: they cannot be put in order.
    #[error("the timestamp is {is}, but the rows above have {was}; all timestamps must be of one kind")]
    MixedTimestamps {
        /// The kind of the rows above.
        was: StampKind,
        /// The kind of this row.
        is: StampKind,
    },
    /// A time that did not exist.
    #[error("the timestamp is `{found}`, a time that did not exist in {zone}, because clocks went forward")]
    Skipped {
        /// As it stands.
        found: String,
        /// The zone's name.
        zone: String,
    },
    /// A time that comes twice, in rows without an order.
    #[error(
        "the timestamp is `{found}`, a time that occurred twice in {zone}, and the rows go back in time more than once; sort the rows, or write the UTC offset"
    )]
    Shuffled {
        /// As it stands.
        found: String,
        /// The zone's name.
        zone: String,
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
    /// A comma in a number.
    #[error("the value is `{found}`, must be a number without commas: 1234 or 1.234")]
    Commas {
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
    /// A quote without its end.
    #[error("the line is `{found}`, with a quote that is not closed")]
    OpenQuote {
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
#[derive(Debug)]
pub(super) struct Refusals {
    unit: TraceUnit,
    header: Option<Refusal>,
    listed: Vec<Refusal>,
    rows: u64,
}

impl Refusals {
    pub(super) fn of(unit: TraceUnit) -> Self {
        Self { unit, header: None, listed: Vec::new(), rows: 0 }
    }

    /// A row.
    pub(super) fn push(&mut self, line: u64, kind: RefusalKind) {
        if self.listed.len() < TraceError::LISTED_MAX {
            self.listed.push(Refusal { line, kind });
        }
        self.rows = self.rows.saturating_add(1);
    }

    pub(super) fn push_header(&mut self, line: u64, kind: RefusalKind) {
        self.header = Some(Refusal { line, kind });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.header.is_none() && self.rows == 0
    }

    /// Below a header that names other columns no row can be read: then nothing but the header is wrong.
    pub(super) fn into_error(self, rows: u64) -> Refused {
        let Self { unit, header, listed, rows: refused } = self;
        match header {
            Some(header) if refused == rows => Refused { listed: vec![header], count: 1, unit },
            header => {
                let count = refused.saturating_add(u64::from(header.is_some()));
                let listed = header.into_iter().chain(listed).take(TraceError::LISTED_MAX).collect();
                Refused { listed, count, unit }
            }
        }
    }
}

/// The start of a text, for a message of one line.
pub(super) fn excerpt(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown = String::new();
    for character in text.chars().take(SHOWN_MAX) {
        match character {
            '"' | '\'' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if text.chars().count() > SHOWN_MAX { shown + "…" } else { shown }
}

/// `line 3: the value is …`, one line each, then how many more.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Refusal { line, kind }) in self.listed.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{} {line}: {kind}", self.unit)?;
        }
        let listed = u64::try_from(self.listed.len()).unwrap_or(u64::MAX);
        match self.count.saturating_sub(listed) {
            0 => Ok(()),
            1 => write!(f, "\nand 1 more {}", self.unit),
            more => write!(f, "\nand {more} more {}s", self.unit),
        }
    }
}
