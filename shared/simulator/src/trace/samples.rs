//! Samples in bounded memory: sorted, repeated ones merged, gaps told from zeros.

use super::gaps::{self, BIN_MILLISECONDS, Gaps, RowMeaning, Values};
use super::options::Options;
use super::recorded::Point;
use super::refusal::TraceError;
use super::repair::{Repair, Repairs};
use super::repeats::{RepeatedRows, Taken};
use super::sample::Sample;
use crate::number::{place, real};

/// So many timestamps are kept apart: a year of 15 s intervals, and room. With more, windows of twice the width take
/// their place until they fit. Larger costs 24 bytes each; smaller would blur a year.
pub const TIMESTAMPS_MAX: usize = 2_500_000;

/// A load of more than two years is no guide to the next one, and one stamp of 1970 must not make fifty years of
/// silence: what lies further back than this before the last timestamp is left out.
pub const SPAN_MAX_SECONDS: i64 = 2 * 366 * 86_400;

/// So many rows are taken before they are sorted and merged.
const BUFFER_MAX: usize = TIMESTAMPS_MAX + 500_000;

/// A hole longer than this, and than three intervals, means closed: the rule of the reference simulation.
const CLOSED_FROM_SECONDS: f64 = 7_200.0;

/// What repeated timestamps mean must be said where so large a share of the jobs depends on it.
const UNCLEAR_FROM: f64 = 0.05;

/// Samples on their way in.
#[derive(Debug)]
pub(super) struct Samples {
    kept: Vec<Sample>,
    /// The window in milliseconds; 0 while every timestamp is kept.
    window: i64,
    values: Values,
    repeated: RepeatedRows,
}

/// Samples in order.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) first: i64,
    pub(super) step_seconds: f64,
    pub(super) end_seconds: f64,
    pub(super) points: Vec<Point>,
    pub(super) rows: RowMeaning,
    /// The sum of all values.
    pub(super) recorded: f64,
}

impl Default for Samples {
    fn default() -> Self {
        Self { kept: Vec::new(), window: 0, values: Values::NONE, repeated: RepeatedRows::default() }
    }
}

impl Samples {
    /// A row without a value.
    pub(super) fn push_missing(&mut self) {
        self.values.missing += 1;
    }

    pub(super) fn push(&mut self, at: i64, value: f64, line: u64, repairs: &mut Repairs) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.values.add(value);
        self.kept.push(Sample { at, sum: value, total: value, rows: 1, line });
        if self.kept.len() >= BUFFER_MAX {
            self.compact(repairs);
        }
    }

    /// Sorts and merges; widens the windows until what is left fits.
    fn compact(&mut self, repairs: &mut Repairs) {
        self.merge(repairs);
        while self.kept.len() > TIMESTAMPS_MAX {
            if self.window == 0 {
                self.window = milliseconds(median(distances(&self.kept))).max(1);
                for sample in &mut self.kept {
                    *sample = Sample { sum: mean(sample), rows: 1, ..*sample };
                }
            }
            self.window = self.window.saturating_mul(2);
            let line = self.kept.iter().map(|sample| sample.line).max().unwrap_or(0);
            repairs.push(Repair::Gathered, line.into());
            self.merge(repairs);
        }
    }

    /// Sorts, and merges what falls on one timestamp or into one window. Sorted by value too, so that sums do not depend
    /// on the order of the rows.
    fn merge(&mut self, repairs: &mut Repairs) {
        let window = self.window;
        let key = |at: i64| if window == 0 { at } else { at.div_euclid(window).saturating_mul(window) };
        self.kept.sort_unstable_by(|one, other| {
            key(one.at)
                .cmp(&key(other.at))
                .then(one.sum.total_cmp(&other.sum))
                .then(one.line.cmp(&other.line))
        });
        let repeated = &mut self.repeated;
        self.kept.dedup_by(|next, kept| {
            let same = key(next.at) == key(kept.at);
            if same {
                if window == 0 {
                    repeated.add((mean(next) - mean(kept)).abs() < f64::EPSILON);
                }
                kept.sum += next.sum;
                kept.total += next.total;
                kept.rows = kept.rows.saturating_add(next.rows);
                if window == 0 {
                    repairs.push(Repair::Duplicate, kept.line.max(next.line).into());
                }
                kept.line = kept.line.min(next.line);
            }
            same
        });
        for sample in &mut self.kept {
            sample.at = key(sample.at);
        }
        if window == 0 {
            self.repeated.compare(&self.kept);
        }
    }

    /// The samples in order; or why they are no load.
    pub(super) fn finish(mut self, options: &Options, repairs: &mut Repairs) -> Result<Gathered, TraceError> {
        self.compact(repairs);
        self.leave_out_the_old(repairs);
        let (Some(first), Some(last)) = (self.kept.first().copied(), self.kept.last().copied()) else {
            return Err(TraceError::TooShort { count: 0 });
        };
        if self.kept.len() < 2 {
            return Err(TraceError::TooShort { count: 1 });
        }
        let recorded = self.kept.iter().map(|sample| sample.total).sum();
        let taken = self.repeated.taken(options.repeats, self.values);
        if taken == Taken::Unclear {
            self.refuse_unclear(recorded, repairs)?;
        }
        let are_added = taken == Taken::Added && self.repeated.rows > 0;
        if are_added {
            repairs.rename(Repair::Duplicate, Repair::Added);
            for sample in self.kept.iter_mut().filter(|_| self.window == 0) {
                (sample.sum, sample.rows) = (sample.total, 1);
            }
        }
        let (rows, distance) = self.understand(options, are_added && self.window > 0, repairs)?;
        let (step, width) = if self.window == 0 || rows == RowMeaning::Moments {
            (distance, distance)
        } else {
            let rows: f64 = self.kept.iter().map(|sample| f64::from(sample.rows)).sum();
            let window = seconds(self.window);
            (window * real(self.kept.len()) / rows, window)
        };
        let empty = matches!(rows, RowMeaning::IntervalsThatAreNotEmpty | RowMeaning::Moments);
        let points = self.points(first.at, distance, width, empty, repairs);
        let end = last.at.max(self.kept.last().map_or(last.at, |last| last.at));
        let end_seconds = seconds(end - first.at) + width;
        Ok(Gathered { first: first.at, step_seconds: step, end_seconds, points, rows, recorded })
    }

    /// Refuses rows of one timestamp that may be single jobs or one value again, where it matters which.
    fn refuse_unclear(&self, added: f64, repairs: &Repairs) -> Result<(), TraceError> {
        let of = |sample: &Sample| if self.window == 0 { mean(sample) } else { sample.sum };
        let once: f64 = self.kept.iter().map(of).sum();
        if added - once <= UNCLEAR_FROM * added {
            return Ok(());
        }
        let mut found = repairs.iter().filter(|(repair, _)| *repair == Repair::Duplicate);
        let lines = found.next().map_or_else(Vec::new, |(_, found)| found.lines.clone());
        Err(TraceError::UnclearRepeats { rows: self.repeated.rows, lines, added, once })
    }

    /// What the rows are, and their interval in seconds. Rows that are moments become counts of steps, and parts of counts in windows
    /// counts of windows: a window does not know how many intervals it has.
    fn understand(
        &mut self,
        options: &Options,
        are_parts: bool,
        repairs: &mut Repairs,
    ) -> Result<(RowMeaning, f64), TraceError> {
        let gaps = options.gaps;
        let distances = distances(&self.kept);
        let median = median(distances.clone());
        // Windows are intervals whatever their rows were.
        let interval = if self.window > 0 { Some(median) } else { gaps::interval(&distances) };
        let (missing, first) = gaps::missing(&self.kept, &distances, interval.unwrap_or(median));
        let counted = matches!(gaps, Gaps::ByTheFile | Gaps::Zero);
        let are_jobs = self.repeated.are_jobs(options.repeats, self.values);
        Ok(match (gaps, interval) {
            (Gaps::Refuse, None) => return Err(TraceError::NoInterval),
            (Gaps::Refuse, Some(_)) if missing > 0 => {
                return Err(TraceError::Gaps { count: missing, line: first.unwrap_or(0).into() });
            }
            _ if are_parts || counted && (interval.is_none() || are_jobs) => {
                let bin = self.window.max(BIN_MILLISECONDS);
                self.count_moments(bin, repairs);
                (RowMeaning::Moments, seconds(bin))
            }
            (_, interval) if missing == 0 => (RowMeaning::Intervals, interval.unwrap_or(median)),
            (Gaps::Zero, interval) => (RowMeaning::IntervalsThatAreNotEmpty, interval.unwrap_or(median)),
            (Gaps::ByTheFile, Some(interval)) => {
                let rows = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
                let empty = self.values.leave_out_zeros(missing, rows.saturating_add(missing));
                let rows =
                    if empty { RowMeaning::IntervalsThatAreNotEmpty } else { RowMeaning::IntervalsWithGaps };
                (rows, interval)
            }
            (Gaps::Fill | Gaps::ByTheFile | Gaps::Refuse, _) => (RowMeaning::IntervalsWithGaps, median),
        })
    }

    /// Rows that are moments become counts of so many milliseconds, repeated ones added up.
    fn count_moments(&mut self, bin: i64, repairs: &mut Repairs) {
        let Some(first) = self.kept.first().copied() else { return };
        // Jobs of one moment are several jobs, and of windows the sums are taken, not the means.
        repairs.forget(Repair::Duplicate);
        repairs.forget(Repair::Added);
        repairs.forget(Repair::Gathered);
        for sample in &mut self.kept {
            let bins = sample.at.saturating_sub(first.at).div_euclid(bin);
            sample.at = first.at.saturating_add(bins.saturating_mul(bin));
            (sample.sum, sample.rows) = (sample.total, 1);
        }
        self.kept.dedup_by(|next, kept| {
            let same = next.at == kept.at;
            if same {
                kept.sum += next.sum;
            }
            same
        });
    }

    fn leave_out_the_old(&mut self, repairs: &mut Repairs) {
        let Some(last) = self.kept.last() else { return };
        let oldest = last.at.saturating_sub(SPAN_MAX_SECONDS.saturating_mul(1_000));
        self.kept.retain(|sample| {
            let old = sample.at < oldest;
            if old {
                repairs.push(Repair::TooOld, sample.line.into());
            }
            !old
        });
    }

    /// One point in the middle of each interval, and zeros at both ends of what was closed, or of every gap where
    /// intervals without a row were empty.
    fn points(
        &self,
        first: i64,
        distance: f64,
        width: f64,
        empty: bool,
        repairs: &mut Repairs,
    ) -> Vec<Point> {
        let half = width / 2.0;
        let (closed_from, how) = if empty {
            (1.5 * distance, Repair::GapEmpty)
        } else {
            (CLOSED_FROM_SECONDS.max(3.0 * distance), Repair::GapClosed)
        };
        let mut points: Vec<Point> = Vec::with_capacity(self.kept.len());
        let mut before: Option<f64> = None;
        for sample in &self.kept {
            let at = seconds(sample.at - first);
            let hole = before.map_or(0.0, |before| at - before);
            if hole > closed_from {
                repairs.push(how, sample.line.into());
                let (left, right) = (before.unwrap_or(at) + distance, at - distance);
                points.push(Point { seconds: left + half, value: 0.0 });
                if right > left {
                    points.push(Point { seconds: right + half, value: 0.0 });
                }
            } else if hole > 1.5 * distance {
                repairs.push(Repair::GapFilled, sample.line.into());
            }
            points.push(Point { seconds: at + half, value: mean(sample) });
            before = Some(at);
        }
        points
    }
}

fn mean(sample: &Sample) -> f64 {
    sample.sum / f64::from(sample.rows)
}

/// The distances of neighbors, in seconds.
fn distances(samples: &[Sample]) -> Vec<f64> {
    samples.iter().zip(samples.iter().skip(1)).map(|(one, next)| seconds(next.at - one.at)).collect()
}

fn median(mut distances: Vec<f64>) -> f64 {
    distances.sort_unstable_by(f64::total_cmp);
    let upper = distances.len() / 2;
    let at = |index: usize| distances.get(index).copied().unwrap_or(0.0);
    if distances.len() % 2 == 1 { at(upper) } else { f64::midpoint(at(upper.saturating_sub(1)), at(upper)) }
}

fn milliseconds(seconds: f64) -> i64 {
    i64::try_from(place(seconds * 1e3)).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "timestamps are below 2.5e14 ms, exact in an f64")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1e3
}
