//! How long each rule's condition has held, over real datapoints.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::memory::{Memory, Run};
use crate::observation::Observation;
use crate::pipeline::readings::{Sighting, sight};
use crate::reading::Reading;
use crate::reason::Reason;
use crate::rule::{Condition, Rule};
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// Looks come once a minute, somewhere within the minute, so two may be almost two minutes apart. A longer gap was
/// not looked at, and what was not looked at proves nothing: the run begins anew.
pub(crate) const LONGEST_GAP: SignedDuration = SignedDuration::from_secs(150);

/// What a rule's signal says about its condition. The rule scales, or only tells people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence<'a, R = Rule> {
    /// The rule.
    pub(crate) rule: &'a R,
    /// Its condition.
    pub(crate) when: &'a Condition,
    /// The reading of its signal; `None` when the signal has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// The reading is a lower bound: it can say that an upward condition holds, and nothing else.
    pub(crate) at_least: bool,
    /// The newest value breaches the threshold.
    pub(crate) breaches: bool,
    /// The datapoints for which it has done so without a gap.
    run: Option<Run>,
}

impl<R> Evidence<'_, R> {
    /// The condition holds, for as long as it must.
    pub(crate) fn matches(&self) -> bool {
        self.breaches && self.held() >= self.when.hold_for
    }

    /// For how long it has held.
    pub(crate) fn held(&self) -> SignedDuration {
        self.run.map_or(SignedDuration::ZERO, Run::length)
    }

    /// Since when it has held, if it does: of a value that need not last, since its datapoint.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        let measured = match self.reading {
            Some(Reading::Fresh { at, .. }) => Some(at),
            Some(Reading::Stale { .. } | Reading::Missing(_)) | None => None,
        };
        self.run.map(|run| run.since).or(measured).filter(|_| self.breaches)
    }

    /// Why its signal, which has a vote, does not say anything.
    pub(crate) fn unread(&self) -> Option<Reason> {
        unread(&self.when.signal, self.reading.as_ref())
    }

    /// The newest value, if it is fresh.
    pub(crate) fn value(&self) -> Option<f64> {
        match self.reading {
            Some(Reading::Fresh { value, .. }) => Some(value),
            Some(Reading::Stale { .. } | Reading::Missing(_)) | None => None,
        }
    }
}

/// Why a signal with a vote does not say anything; `None` when it does, or has no vote.
pub(crate) fn unread(signal: &Signal, reading: Option<&Reading<f64>>) -> Option<Reason> {
    let signal = signal.clone();
    match reading? {
        Reading::Missing(absence) => Some(Reason::ReadingMissing { signal, absence: absence.clone() }),
        Reading::Stale { age, .. } => Some(Reason::ReadingStale { signal, age: *age }),
        Reading::Fresh { .. } => None,
    }
}

/// Weighs rules by their conditions; `runs` remembers for how long these have held.
pub(crate) fn weigh<'a, R>(
    rules: &'a [R],
    condition: impl Fn(&'a R) -> &'a Condition,
    look: &mut Sights<'_>,
) -> Vec<Evidence<'a, R>> {
    let mut all = Vec::with_capacity(rules.len());
    for rule in rules {
        let when = condition(rule);
        let sighting = look.sight(&when.signal);
        let run = look.run(when, &sighting);
        let at_least = sighting.at_least;
        let mut one = Evidence { rule, when, reading: sighting.reading, at_least, breaches: false, run };
        let tells = !at_least || when.comparison.is_upward();
        one.breaches = tells && one.value().is_some_and(|value| when.comparison.holds(value, when.threshold));
        all.push(one);
    }
    all
}

/// What one look sees of its signals, and for how long their conditions have held.
pub(crate) struct Sights<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) policy: &'a ServicePolicy,
    pub(crate) memory: &'a Memory,
    pub(crate) now: Timestamp,
    /// To be remembered.
    pub(crate) runs: BTreeMap<String, Run>,
}

impl Sights<'_> {
    /// What a signal says now.
    pub(crate) fn sight(&self, signal: &Signal) -> Sighting {
        sight(signal, self.seen, self.policy, self.memory, self.now)
    }

    /// The run of datapoints for which a condition has held. Only one that must last is remembered, under its own
    /// words; an alarm remembers by itself.
    pub(crate) fn run(&mut self, condition: &Condition, sighting: &Sighting) -> Option<Run> {
        let lasts = !condition.hold_for.is_zero() && !condition.is_of_alarm();
        let key = lasts.then(|| condition.to_string());
        let before = key.as_ref().and_then(|key| self.memory.runs.get(key)).copied();
        let run = extend(before, condition, sighting, self.now);
        if let (Some(key), Some(run)) = (key, run) {
            self.runs.insert(key, run);
        }
        run
    }
}

/// Extends a run by the new datapoints, or ends it.
fn extend(run: Option<Run>, condition: &Condition, sighting: &Sighting, now: Timestamp) -> Option<Run> {
    let half = sighting.period.checked_div(2).unwrap_or(SignedDuration::ZERO);
    let gap = if sighting.period.is_zero() { LONGEST_GAP } else { sighting.period.saturating_add(half) };
    let extended = sighting.points.iter().fold(run, |run, point| {
        let holds = condition.comparison.holds(point.value, condition.threshold);
        if sighting.at_least && !(holds && condition.comparison.is_upward()) {
            return run;
        }
        if !holds {
            return None;
        }
        let unbroken = run.filter(|run| point.at.duration_since(run.last) <= gap);
        let since = unbroken
            .map_or_else(|| point.at.saturating_sub(sighting.period).unwrap_or(point.at), |run| run.since);
        Some(Run { since, last: point.at })
    });
    let too_old = LONGEST_GAP.saturating_add(sighting.period.saturating_mul(3));
    extended.filter(|run| now.duration_since(run.last) <= too_old)
}
