//! What datapoints say: which have settled, and for how long a condition has held over them. Every answer of CloudWatch
//! brings the whole window, so nothing of a run is remembered; a gap ends it.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::evidence::conditions::{fold, upward};
use crate::evidence::metric::{SETTLES_WITHIN, freshness};
use crate::memory::ConditionRun;
use crate::observation::{Datapoint, MetricReading};
use crate::rule::Condition;

/// The datapoints of one answer, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LoadPoints {
    /// Those that stay as they are.
    pub(crate) settled: Vec<Datapoint>,
    /// Those that may still change.
    young: Vec<Datapoint>,
    period: SignedDuration,
}

impl LoadPoints {
    /// The datapoints whose whole period is after `from`: older ones speak of something else, an instance that had the same
    /// identifier or another number of replicas. `None` where there is no answer.
    pub(crate) fn of(reading: &MetricReading, from: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let MetricReading::Points { period, points } = reading else { return None };
        let period = (*period).max(SignedDuration::from_secs(1));
        let began = |point: &Datapoint| point.at.saturating_sub(period).unwrap_or(point.at);
        let counts = |point: &&Datapoint| {
            point.value.is_finite() && point.at <= now && from.is_none_or(|from| began(point) >= from)
        };
        let mut points: Vec<Datapoint> = points.iter().filter(counts).copied().collect();
        points.sort_by_key(|point| point.at);
        let (young, settled) =
            points.into_iter().partition(|point| now.duration_since(point.at) < SETTLES_WITHIN);
        Some(Self { settled, young, period })
    }

    /// The newest that has settled, if it is of now.
    pub(crate) fn newest(&self, now: Timestamp) -> Option<Datapoint> {
        self.settled.last().copied().filter(|point| self.is_fresh(point.at, now))
    }

    /// Those of the last so many periods that have settled, up to the newest; none if that is old.
    pub(crate) fn last(&self, periods: i32, now: Timestamp) -> &[Datapoint] {
        let Some(newest) = self.newest(now) else { return &[] };
        let first = newest.at.saturating_sub(self.period.saturating_mul(periods)).unwrap_or(newest.at);
        let start = self.settled.partition_point(|point| point.at <= first);
        self.settled.get(start..).unwrap_or_default()
    }

    /// The largest over so long up to now, young ones and the minutes before them included: those that may still change are
    /// no part of the time.
    pub(crate) fn largest(&self, within: SignedDuration, now: Timestamp) -> Option<f64> {
        let within = within.saturating_add(SETTLES_WITHIN);
        let recent = self.settled.iter().chain(&self.young).filter(|point| since(point.at, now) < within);
        recent.map(|point| point.value).max_by(f64::total_cmp)
    }

    /// The extreme of a whole time up to the newest that has settled, young ones included; `None` where a datapoint of it is missing.
    pub(crate) fn extreme(&self, over: SignedDuration, largest: bool, now: Timestamp) -> Option<f64> {
        let newest = self.newest(now)?.at;
        let from = newest.saturating_sub(over).ok()?;
        let of_time: Vec<f64> =
            self.settled.iter().filter(|point| point.at > from).map(|point| point.value).collect();
        let needed = over.as_secs().checked_div(self.period.as_secs().max(1))?;
        let values = of_time.iter().copied().chain(self.young.iter().map(|point| point.value));
        let is_whole = i64::try_from(of_time.len()).is_ok_and(|known| known >= needed);
        let extreme = if largest { values.max_by(f64::total_cmp) } else { values.min_by(f64::total_cmp) };
        extreme.filter(|_| is_whole)
    }

    /// The value that says most about the load of now: the newest that has settled, or a larger one after it.
    pub(crate) fn load(&self, now: Timestamp) -> Option<f64> {
        let young = self.young.iter().map(|point| point.value);
        let newest = self.newest(now)?.value;
        Some(young.fold(newest, f64::max))
    }

    /// For how long an upward condition has held up to now. A young datapoint may extend it: it only grows. One that does not
    /// breach, or is missing, says nothing yet.
    pub(crate) fn held_upward(&self, condition: &Condition, now: Timestamp) -> SignedDuration {
        let settled = fold(None, &self.settled, condition, self.period);
        let run = upward(settled, &self.young, condition, self.period);
        run.filter(|run| self.is_fresh(run.last, now)).map_or(SignedDuration::ZERO, ConditionRun::length)
    }

    /// For how long a downward condition has held by what has settled, if no younger datapoint stands against it.
    pub(crate) fn held_downward(&self, condition: &Condition, now: Timestamp) -> SignedDuration {
        let stands_against =
            |point: &Datapoint| !condition.comparison.holds(point.value, condition.threshold);
        if self.newest(now).is_none() || self.young.iter().any(stands_against) {
            return SignedDuration::ZERO;
        }
        fold(None, &self.settled, condition, self.period).map_or(SignedDuration::ZERO, ConditionRun::length)
    }

    fn is_fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        since(at, now) <= freshness(self.period)
    }
}
