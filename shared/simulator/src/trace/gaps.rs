//! What an interval without a row means: nothing happened, or nothing was recorded.

use super::sample::Sample;
use crate::number::{jobs, place, real};
use crate::step::STEP_SECONDS;

/// What an interval without a row means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gaps {
    /// What the file looks like: rows that are moments are counted, and a count without zeros has left them out.
    /// Otherwise a gap is filled.
    #[default]
    ByTheFile,
    /// Nothing happened: zero.
    Zero,
    /// It was not recorded: a straight line between its neighbors. Of more than two hours (or three intervals, if that is
    /// longer) it counts as closed: zero.
    Fill,
    /// A trace with a gap is refused.
    Refuse,
}

/// How the rows of a trace were understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowMeaning {
    /// Each counts an interval, and no interval is without a row.
    Intervals,
    /// Each counts an interval; one without a row was empty.
    IntervalsThatAreNotEmpty,
    /// Each counts an interval; those without a row were not recorded, and are filled.
    IntervalsWithGaps,
    /// Each is a job, or several, at a moment.
    Moments,
}

/// What the values look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    pub(super) whole: bool,
    pub(super) zeros: u64,
    pub(super) ones: u64,
    pub(super) rows: u64,
    /// Rows without a value: the file says itself what was not recorded.
    pub(super) missing: u64,
}

/// Distances that are not whole intervals are taken for chance or a change of clocks up to this share of them.
const OFF_THE_GRID: f64 = 0.05;
/// The interval is the distance that this share of all distances does not exceed: the least but for chance.
const SHORTEST: f64 = 0.05;
/// From this share of intervals without a row on, so many cannot have been missed: they were empty.
const MANY_MISSING: f64 = 0.05;
/// A count that leaves out its zeros has some all the same, where a restart or an operator wrote one.
const FEW_ZEROS: f64 = 0.05;
/// A count that leaves out its zeros has ones nearly as often; spiky ones seldom less than a quarter as often.
const ONES_FOR_EACH_ZERO: f64 = 0.25;

/// Of rows of which each is a job, now and then one is two.
const NEARLY_ALL: f64 = 0.9;

/// Moments are counted in steps of the simulation, in milliseconds.
pub(super) const BIN_MILLISECONDS: i64 = STEP_SECONDS as i64 * 1_000;

impl Values {
    pub(super) const NONE: Self = Self { whole: true, zeros: 0, ones: 0, rows: 0, missing: 0 };

    pub(super) fn add(&mut self, value: f64) {
        let is = |number: f64| u64::from((value - number).abs() < f64::EPSILON);
        self.whole &= value.fract() == 0.0;
        self.zeros += is(0.0);
        self.ones += is(1.0);
        self.rows += 1;
    }

    /// Every row says 1: each is a job.
    pub(super) fn are_ones(self) -> bool {
        self.rows > 0 && self.ones == self.rows
    }

    /// Nearly every row says 1, and none says 0.
    pub(super) fn are_nearly_ones(self) -> bool {
        let all_are_jobs = self.whole && self.zeros == 0 && self.missing == 0;
        self.rows > 0 && all_are_jobs && count(self.ones) >= NEARLY_ALL * count(self.rows)
    }

    /// A count whose empty intervals have no row.
    pub(super) fn leave_out_zeros(self, missing: u64, intervals: u64) -> bool {
        let (missing, intervals) = (count(missing), count(intervals));
        let many = missing >= MANY_MISSING * intervals || count(self.ones) >= ONES_FOR_EACH_ZERO * missing;
        self.whole && count(self.zeros) <= FEW_ZEROS * missing && self.missing == 0 && many
    }
}

/// The interval of rows that come at one, in seconds; `None` where they come at any moment.
pub(super) fn interval(distances: &[f64]) -> Option<f64> {
    let mut sorted = distances.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let shortest = place(SHORTEST * real(sorted.len()));
    let interval = *sorted.get(shortest)?;
    let off = distances.iter().filter(|distance| {
        let intervals = (**distance / interval).round();
        intervals < 1.0 || (**distance / interval - intervals).abs() > 0.01 * intervals.min(10.0)
    });
    let few = real(off.count()) <= OFF_THE_GRID * real(distances.len());
    few.then_some(interval)
}

/// The intervals without a row, and the line behind the first of them.
pub(super) fn missing(samples: &[Sample], distances: &[f64], interval: f64) -> (u64, Option<u32>) {
    let mut missing = 0;
    let mut first = None;
    for (distance, sample) in distances.iter().zip(samples.iter().skip(1)) {
        let without = jobs((distance / interval).round()).saturating_sub(1);
        if without > 0 {
            first = first.or(Some(sample.line));
        }
        missing += without;
    }
    (missing, first)
}

#[expect(clippy::cast_precision_loss, reason = "no trace has 2^53 rows")]
fn count(number: u64) -> f64 {
    number as f64
}
