//! What several rows of one timestamp mean: parts of one count, or one value several times.

use super::gaps::Values;
use super::sample::Sample;

/// What several rows of one timestamp mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repeats {
    /// What the file looks like: whole numbers that differ are parts of one count, from several queues or producers, and are
    /// added, as single jobs are. Other rows are one value that was recorded several times. A file that may be either, and
    /// whose jobs would be more than a little fewer or more, is refused.
    #[default]
    ByTheFile,
    /// Parts of one count: their sum.
    Sum,
    /// One value, recorded several times: its mean.
    Mean,
}

/// What the rows of one timestamp are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Parts of one count.
    Added,
    /// One value, recorded several times.
    Again,
    /// One or the other: two rows are equal so often that nothing shows which.
    Unclear,
}

/// Rows whose timestamp another row has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RepeatedRows {
    pub(super) rows: u64,
    /// Those of another value.
    differ: u64,
    /// Pairs of timestamps that follow each other, and those of the same value: so often two rows are equal anyway.
    neighbors: u64,
    equal_neighbors: u64,
    /// A timestamp has three rows or more.
    three: bool,
}

/// If one in so many has another value, rows of one timestamp are parts of a count: of two small counts many are equal by chance. Of a
/// file that holds a part of itself twice, at most the last value differs.
const MANY_DIFFER: u64 = 10;
/// Where one in so many neighbors is equal, rows of one timestamp that are equal prove nothing.
const EQUAL_ANYWAY: u64 = 2;

impl RepeatedRows {
    pub(super) fn add(&mut self, same_value: bool) {
        self.rows += 1;
        self.differ += u64::from(!same_value);
    }

    /// Looks at timestamps in order, each with the mean of its rows.
    pub(super) fn compare(&mut self, merged: &[Sample]) {
        let mean = |sample: &Sample| sample.sum / f64::from(sample.rows);
        let pairs = merged.iter().zip(merged.iter().skip(1));
        let equal = pairs.filter(|(one, next)| (mean(one) - mean(next)).abs() < f64::EPSILON);
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.equal_neighbors = count(equal.count());
        self.neighbors = count(merged.len().saturating_sub(1));
        self.three = merged.iter().any(|sample| sample.rows >= 3);
    }

    /// Whether each row is a job, or a few: all say 1, or nearly all do and some timestamps have several of them.
    pub(super) fn are_jobs(self, wanted: Repeats, values: Values) -> bool {
        wanted != Repeats::Mean && (values.are_ones() || self.three && values.are_nearly_ones())
    }

    /// What the rows of one timestamp are taken for.
    pub(super) fn taken(self, wanted: Repeats, values: Values) -> Taken {
        let differ = self.differ > 0 && self.differ * MANY_DIFFER >= self.rows;
        let by_chance = self.equal_neighbors * EQUAL_ANYWAY >= self.neighbors;
        match wanted {
            Repeats::Sum if self.rows > 0 => Taken::Added,
            Repeats::ByTheFile if self.are_jobs(wanted, values) || values.whole && differ => Taken::Added,
            Repeats::ByTheFile if self.rows > 0 && values.whole && by_chance => Taken::Unclear,
            Repeats::Sum | Repeats::Mean | Repeats::ByTheFile => Taken::Again,
        }
    }
}
