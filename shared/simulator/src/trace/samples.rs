//! Samples in bounded memory: sorted, repeated ones merged, gaps told from zeros.

use super::Point;
use super::repair::{Repair, Repairs};
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

/// What one timestamp, or one window of them, says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    /// Milliseconds.
    at: i64,
    sum: f64,
    rows: u32,
    line: u32,
}

/// Samples on their way in.
#[derive(Debug, Default)]
pub(super) struct Samples {
    samples: Vec<Sample>,
    /// The window in milliseconds; 0 while every timestamp is kept.
    window: i64,
}

/// Samples in order.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) first: i64,
    pub(super) step_seconds: f64,
    pub(super) end_seconds: f64,
    pub(super) points: Vec<Point>,
}

impl Samples {
    pub(super) fn push(&mut self, at: i64, value: f64, line: u64, repairs: &mut Repairs) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.samples.push(Sample { at, sum: value, rows: 1, line });
        if self.samples.len() >= BUFFER_MAX {
            self.compact(repairs);
        }
    }

    /// Sorts and merges; widens the windows until what is left fits.
    fn compact(&mut self, repairs: &mut Repairs) {
        self.merge(repairs);
        while self.samples.len() > TIMESTAMPS_MAX {
            if self.window == 0 {
                self.window = milliseconds(median_distance(&self.samples)).max(1);
                for sample in &mut self.samples {
                    *sample = Sample { sum: mean(sample), rows: 1, ..*sample };
                }
            }
            self.window = self.window.saturating_mul(2);
            let line = self.samples.iter().map(|sample| sample.line).max().unwrap_or(0);
            repairs.push(Repair::Gathered, line.into());
            self.merge(repairs);
        }
    }

    /// Sorts, and merges what falls on one timestamp or into one window. Sorted by value too, so that sums do not depend
    /// on the order of the rows.
    fn merge(&mut self, repairs: &mut Repairs) {
        let window = self.window;
        let key = |at: i64| if window == 0 { at } else { at.div_euclid(window).saturating_mul(window) };
        self.samples.sort_unstable_by(|one, other| {
            key(one.at)
                .cmp(&key(other.at))
                .then(one.sum.total_cmp(&other.sum))
                .then(one.line.cmp(&other.line))
        });
        self.samples.dedup_by(|next, kept| {
            let same = key(next.at) == key(kept.at);
            if same {
                kept.sum += next.sum;
                kept.rows = kept.rows.saturating_add(next.rows);
                if window == 0 {
                    repairs.push(Repair::Duplicate, kept.line.max(next.line).into());
                }
                kept.line = kept.line.min(next.line);
            }
            same
        });
        for sample in &mut self.samples {
            sample.at = key(sample.at);
        }
    }

    /// The samples in order; or how many timestamps there are, if one cannot tell an interval from them.
    pub(super) fn finish(mut self, repairs: &mut Repairs) -> Result<Gathered, usize> {
        self.compact(repairs);
        self.leave_out_the_old(repairs);
        let (Some(first), Some(last)) = (self.samples.first().copied(), self.samples.last().copied()) else {
            return Err(0);
        };
        if self.samples.len() < 2 {
            return Err(1);
        }
        let distance = median_distance(&self.samples);
        let (step, width) = if self.window == 0 {
            (distance, distance)
        } else {
            let rows: f64 = self.samples.iter().map(|sample| f64::from(sample.rows)).sum();
            let window = seconds(self.window);
            (window * real(self.samples.len()) / rows, window)
        };
        let points = self.points(first.at, distance, width, repairs);
        Ok(Gathered {
            first: first.at,
            step_seconds: step,
            end_seconds: seconds(last.at - first.at) + width,
            points,
        })
    }

    fn leave_out_the_old(&mut self, repairs: &mut Repairs) {
        let Some(last) = self.samples.last() else { return };
        let oldest = last.at.saturating_sub(SPAN_MAX_SECONDS.saturating_mul(1_000));
        self.samples.retain(|sample| {
            let old = sample.at < oldest;
            if old {
                repairs.push(Repair::TooOld, sample.line.into());
            }
            !old
        });
    }

    /// One point in the middle of each interval, and zeros at both ends of what was closed.
    fn points(&self, first: i64, distance: f64, width: f64, repairs: &mut Repairs) -> Vec<Point> {
        let half = width / 2.0;
        let closed_from = CLOSED_FROM_SECONDS.max(3.0 * distance);
        let mut points: Vec<Point> = Vec::with_capacity(self.samples.len());
        let mut before: Option<f64> = None;
        for sample in &self.samples {
            let at = seconds(sample.at - first);
            let hole = before.map_or(0.0, |before| at - before);
            if hole > closed_from {
                repairs.push(Repair::GapClosed, sample.line.into());
                let left = before.unwrap_or(at) + distance;
                points.push(Point { seconds: left + half, value: 0.0 });
                points.push(Point { seconds: at - distance + half, value: 0.0 });
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

/// The median distance of neighbors, in seconds.
fn median_distance(samples: &[Sample]) -> f64 {
    let mut distances: Vec<f64> =
        samples.iter().zip(samples.iter().skip(1)).map(|(one, next)| seconds(next.at - one.at)).collect();
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
