//! What one signal says: a reading, and the datapoints behind it.

use jiff::{SignedDuration, Timestamp};

use crate::observation::Datapoint;
use crate::reading::Reading;

/// Whether a value is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It is.
    Exact,
    /// It may be more: it may breach upward, and shows nothing else.
    AtLeast,
    /// Of what it counts, none or not all is for a task: it may breach downward, and asks for nothing.
    AtMost,
}

/// What one signal says in this evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SignalReading {
    /// Its value; `None` when it has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// Whether the value is exact.
    pub(crate) bound: Bound,
    /// The datapoints that have settled, oldest first: as far as they are known, or those that are new.
    pub(crate) points: Vec<Datapoint>,
    /// Those before them of which it is assumed, and not known, how many tasks they were shared by, oldest first. They may
    /// ask for more, and let nothing go.
    pub(crate) assumed: Vec<Datapoint>,
    /// The datapoints after them, which may still change, oldest first.
    pub(crate) young: Vec<Datapoint>,
    /// A young datapoint may breach upward. One of a ratio may not: it is wrong in both directions.
    pub(crate) may_breach: bool,
    /// Their period; zero for what was read directly.
    pub(crate) period: SignedDuration,
    /// It was asked for in this evaluation, and not only remembered.
    pub(crate) is_answer: bool,
}

impl SignalReading {
    /// Nothing but a reading.
    pub(crate) fn silent(reading: Option<Reading<f64>>) -> Self {
        Self {
            reading,
            bound: Bound::Exact,
            points: Vec::new(),
            assumed: Vec::new(),
            young: Vec::new(),
            may_breach: true,
            period: SignedDuration::ZERO,
            is_answer: true,
        }
    }

    /// The newest datapoint that has settled, if it is fresh and no mere lower bound.
    pub(crate) fn settled(&self) -> Option<Datapoint> {
        if self.is_at_least() { None } else { self.newest() }
    }

    /// Whether a breach, or none, of a condition says anything about it: not where a bound may be off to that side.
    pub(crate) fn tells(&self, breaches: bool, is_upward: bool) -> bool {
        match self.bound {
            Bound::Exact => true,
            Bound::AtLeast => breaches && is_upward,
            Bound::AtMost => breaches && !is_upward,
        }
    }

    /// Whether the value is a lower bound.
    pub(crate) fn is_at_least(&self) -> bool {
        self.bound == Bound::AtLeast
    }

    fn newest(&self) -> Option<Datapoint> {
        match self.reading {
            Some(Reading::Fresh { value, at }) => Some(Datapoint { at, value }),
            Some(Reading::Stale { .. } | Reading::Missing(_)) | None => None,
        }
    }

    /// The young datapoints that may breach upward.
    pub(crate) fn early(&self) -> &[Datapoint] {
        if self.may_breach { &self.young } else { &[] }
    }

    /// The datapoints that may ask for more, oldest first: the newest that has settled, and those that may still change.
    pub(crate) fn may_ask(&self) -> impl Iterator<Item = Datapoint> {
        let newest = self.newest().filter(|_| self.bound != Bound::AtMost);
        newest.into_iter().chain(self.early().iter().copied())
    }

    /// What may ask for more: the newest datapoint that breaches upward, young or settled. Where none does, the largest.
    pub(crate) fn upward(&self, breaches: impl Fn(f64) -> bool) -> Option<Datapoint> {
        let largest = || self.may_ask().max_by(|one, other| one.value.total_cmp(&other.value));
        self.may_ask().filter(|point| breaches(point.value)).max_by_key(|point| point.at).or_else(largest)
    }

    /// Whether a change at this time may have answered a breach: the breach was measured before it, and a younger datapoint
    /// does not breach, or is not known since this evaluation has no answer.
    pub(crate) fn is_answered(
        &self,
        breach: Datapoint,
        changed_at: Timestamp,
        breaches: impl Fn(f64) -> bool,
    ) -> bool {
        let has_younger = self.young.iter().any(|it| it.at > breach.at && !breaches(it.value));
        breach.at <= changed_at && (has_younger || !self.is_answer)
    }

    /// What may let something go: what has settled, and no less than what is young.
    pub(crate) fn downward(&self) -> Option<f64> {
        let settled = self.settled()?.value;
        Some(self.young.iter().fold(settled, |largest, point| largest.max(point.value)))
    }
}
