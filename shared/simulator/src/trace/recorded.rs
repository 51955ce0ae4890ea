//! A recorded load, repaired, and what it says of each step.

use jiff::Timestamp;

use crate::number::{place, real};
use crate::trace::gaps::RowMeaning;
use crate::trace::repair::{Repair, Repairs};

/// A recorded load, repaired: samples in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    pub(super) first: Option<Timestamp>,
    pub(super) first_seconds: f64,
    pub(super) step_seconds: f64,
    pub(super) end_seconds: f64,
    pub(super) points: Vec<Point>,
    pub(super) rows: u64,
    pub(super) understood: RowMeaning,
    pub(super) recorded: f64,
    pub(super) repairs: Repairs,
    pub(super) notes: Vec<String>,
}

/// One sample of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The middle of its interval, in seconds after the trace's first timestamp.
    pub seconds: f64,
    /// What happened within one interval, for example jobs.
    pub value: f64,
}

impl Trace {
    /// Counts of intervals that follow each other, from the beginning of time on.
    pub(crate) fn of_counts(step_seconds: f64, counts: impl Iterator<Item = f64>) -> Self {
        let point = |(interval, value)| Point { seconds: (real(interval) + 0.5) * step_seconds, value };
        let points: Vec<Point> = counts.enumerate().map(point).collect();
        Self {
            first: None,
            first_seconds: 0.0,
            step_seconds,
            end_seconds: real(points.len()) * step_seconds,
            rows: u64::try_from(points.len()).unwrap_or(u64::MAX),
            understood: RowMeaning::Intervals,
            recorded: points.iter().map(|point| point.value).sum(),
            points,
            repairs: Repairs::default(),
            notes: Vec::new(),
        }
    }

    /// The first timestamp, where the trace has absolute times.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.first
    }

    /// The first timestamp as a number: seconds since 1970 where the trace has absolute times, otherwise since whatever
    /// it counts from.
    #[must_use]
    pub fn first_seconds(&self) -> f64 {
        self.first_seconds
    }

    /// The interval that one value counts, in seconds: the median distance of two timestamps.
    #[must_use]
    pub fn step_seconds(&self) -> f64 {
        self.step_seconds
    }

    /// From the first timestamp to the end of the last interval, in seconds.
    #[must_use]
    pub fn end_seconds(&self) -> f64 {
        self.end_seconds
    }

    /// The samples, in order of time.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// How many rows were read, header and blank lines apart.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How the rows were understood.
    #[must_use]
    pub fn understood(&self) -> RowMeaning {
        self.understood
    }

    /// The sum of all values of the file.
    #[must_use]
    pub fn recorded(&self) -> f64 {
        self.recorded
    }

    /// The same after every repair: what was filled counts, repeated timestamps count once.
    #[must_use]
    pub fn repaired(&self) -> f64 {
        self.counted(self.end_seconds.max(1.0)).iter().sum()
    }

    /// Everything that was repaired.
    #[must_use]
    pub fn repairs(&self) -> &Repairs {
        &self.repairs
    }

    /// What CloudWatch reports about its answer.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The value every `every_seconds` from the start, on straight lines between the middles of intervals; the ends
    /// are level.
    #[must_use]
    pub fn sampled(&self, every_seconds: f64) -> Vec<f64> {
        let mut values = Vec::new();
        let mut next = self.points.iter().copied().peekable();
        let mut before: Option<Point> = None;
        loop {
            let at = real(values.len()) * every_seconds;
            if at >= self.end_seconds {
                return values;
            }
            while let Some(point) = next.next_if(|point| point.seconds <= at) {
                before = Some(point);
            }
            values.push(match (before, next.peek()) {
                (Some(left), Some(right)) => {
                    let slope = (right.value - left.value) / (right.seconds - left.seconds);
                    slope * (at - left.seconds) + left.value
                }
                (Some(one), None) => one.value,
                (None, Some(one)) => one.value,
                (None, None) => 0.0,
            });
        }
    }

    /// Whether every step of that length has counts of its own: none is a mean, and no line was drawn.
    pub(crate) fn is_counted(&self, every_seconds: f64) -> bool {
        let means = self.understood != RowMeaning::Moments && self.repairs.count(Repair::Gathered) > 0;
        self.step_seconds <= every_seconds && !means && self.repairs.count(Repair::GapFilled) == 0
    }

    /// What is counted in each step of that length: counts of shorter intervals as they stand, evenly within each; longer
    /// ones along the straight lines between their middles. Nothing is lost and nothing is made.
    pub(crate) fn counted(&self, every_seconds: f64) -> Vec<f64> {
        let steps = place((self.end_seconds / every_seconds - 1e-9).ceil());
        let mut counted = vec![0.0; steps];
        let mut add = |from: f64, until: f64, at_from: f64, at_until: f64| {
            // The area below a straight line, cut where steps begin.
            let slope = if until > from { (at_until - at_from) / (until - from) } else { 0.0 };
            let mut left = from;
            while left < until {
                let step = place(left / every_seconds + 1e-9);
                let right = until.min(real(step + 1) * every_seconds);
                let middle = at_from + slope * (f64::midpoint(left, right) - from);
                if let Some(count) = counted.get_mut(step.min(steps.saturating_sub(1))) {
                    *count += middle * (right - left) / self.step_seconds;
                }
                if right <= left {
                    break;
                }
                left = right;
            }
        };
        if self.is_counted(every_seconds) {
            let half = self.step_seconds / 2.0;
            for Point { seconds, value } in &self.points {
                add((seconds - half).max(0.0), seconds + half, *value, *value);
            }
            return counted;
        }
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return counted };
        add(0.0, first.seconds, first.value, first.value);
        for (one, next) in self.points.iter().zip(self.points.iter().skip(1)) {
            add(one.seconds, next.seconds, one.value, next.value);
        }
        add(last.seconds, self.end_seconds, last.value, last.value);
        counted
    }
}
