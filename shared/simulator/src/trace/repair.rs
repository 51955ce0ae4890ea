//! What was repaired: counted by kind, with the first lines of each.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// So many lines of each kind are listed; all are counted.
const LISTED_MAX: usize = 5;

/// A kind of repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// A line above the header or, as CloudWatch's console writes them, above the first row.
    Above,
    /// The first line is a row: timestamp and value are taken by place.
    NoHeader,
    /// A line without anything.
    BlankLine,
    /// Timestamps without a zone are taken as UTC.
    NoZone,
    /// Numbers too large for seconds are taken as milliseconds.
    Milliseconds,
    /// A row without a value: a gap, not a zero.
    NoValue,
    /// A row earlier than the one above it: sorted.
    OutOfOrder,
    /// A timestamp that occurred before: the mean of its values is taken.
    Duplicate,
    /// A timestamp that occurred before: a part of its count, which is added.
    Added,
    /// Missing samples between two rows: a straight line. The line is that of the row behind the gap.
    GapFilled,
    /// A hole too long to be a gap: zero. The line is that of the row behind it.
    GapClosed,
    /// Intervals without a row in a count that leaves out its zeros. The line is that of the row behind them.
    GapEmpty,
    /// More timestamps than are kept apart: neighbors become their mean.
    Gathered,
    /// Rows more than two years before the last: left out.
    TooOld,
}

/// The repairs of one trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repairs {
    unit: TraceUnit,
    found: BTreeMap<Repair, RepairCount>,
}

/// What a trace is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TraceUnit {
    /// Lines of a text.
    #[default]
    Line,
    /// Datapoints of an answer of CloudWatch.
    Datapoint,
}

/// The repairs of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RepairCount {
    /// How many.
    pub count: u64,
    /// The first lines in the order of the file, at most 5.
    pub lines: Vec<u64>,
}

impl Repairs {
    pub(super) fn of(unit: TraceUnit) -> Self {
        Self { unit, found: BTreeMap::new() }
    }

    pub(super) fn unit(&self) -> TraceUnit {
        self.unit
    }

    /// Counts one repair.
    pub(super) fn push(&mut self, repair: Repair, line: u64) {
        let found = self.found.entry(repair).or_default();
        found.count = found.count.saturating_add(1);
        if found.lines.len() < LISTED_MAX || found.lines.last().is_some_and(|last| line < *last) {
            let place = found.lines.partition_point(|other| *other <= line);
            found.lines.insert(place, line);
            found.lines.truncate(LISTED_MAX);
        }
    }

    /// What was counted as a repair and is none.
    pub(super) fn forget(&mut self, repair: Repair) {
        self.found.remove(&repair);
    }

    /// What was counted as one repair and is another.
    pub(super) fn rename(&mut self, from: Repair, to: Repair) {
        if let Some(found) = self.found.remove(&from) {
            self.found.insert(to, found);
        }
    }

    /// Whether the trace was taken as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Each kind that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Repair, &RepairCount)> {
        self.found.iter().map(|(repair, found)| (*repair, found))
    }

    /// How many repairs of one kind there were.
    #[must_use]
    pub fn count(&self, repair: Repair) -> u64 {
        self.found.get(&repair).map_or(0, |found| found.count)
    }
}

impl Repair {
    /// What was found and what was done, for one or for several.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NoHeader => {
                ("line without a header above it", "", "the timestamp is assumed first, the value second")
            }
            Self::BlankLine => ("blank line", "blank lines", "ignored"),
            Self::Above => ("line above the rows", "lines above the rows", "ignored"),
            Self::NoZone => ("timestamp without a zone", "timestamps without a zone", "read as UTC"),
            Self::Milliseconds => (
                "timestamp too large for seconds",
                "timestamps too large for seconds",
                "read as milliseconds",
            ),
            Self::NoValue => ("row without a value", "rows without a value", "a gap, not a zero"),
            Self::OutOfOrder => ("row out of order", "rows out of order", "sorted"),
            Self::Duplicate => {
                ("repeated timestamp", "repeated timestamps", "replaced by the mean of the values")
            }
            Self::Added => ("repeated timestamp", "repeated timestamps", "the values are added"),
            Self::GapFilled => ("gap", "gaps", "filled by a straight line"),
            Self::GapClosed => ("long gap", "long gaps", "filled with zero, as if closed"),
            Self::GapEmpty => ("gap", "gaps", "filled with zero"),
            Self::Gathered => (
                "time more timestamps than the limit",
                "times more timestamps than the limit",
                "the interval was doubled, and neighboring values were averaged",
            ),
            Self::TooOld => (
                "timestamp more than two years old",
                "timestamps more than two years old",
                "left out (two years before the last one)",
            ),
        }
    }
}

impl fmt::Display for TraceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Datapoint => "datapoint",
        })
    }
}

/// `405 rows out of order: sorted (lines 3, 5, 9, 12, 14 and 400 more)`.
impl fmt::Display for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (repair, RepairCount { count, lines })) in self.iter().enumerate() {
            let (one, several, done) = repair.words();
            let what = if *count == 1 || several.is_empty() { one } else { several };
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{count} {what}: {done}")?;
            let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
            let more = count.saturating_sub(u64::try_from(lines.len()).unwrap_or(u64::MAX));
            let noun = if *count == 1 { self.unit.to_string() } else { format!("{}s", self.unit) };
            match more {
                0 => write!(f, " ({noun} {})", shown.join(", "))?,
                more => write!(f, " ({noun} {} and {more} more)", shown.join(", "))?,
            }
        }
        Ok(())
    }
}
