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

/// What one rule's signal says about its condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence<'a> {
    /// The rule.
    pub(crate) rule: &'a Rule,
    /// The reading of its signal; `None` when the signal has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// The newest value breaches the threshold.
    pub(crate) breaches: bool,
    /// For how long it has done so without a gap.
    pub(crate) held: SignedDuration,
}

impl Evidence<'_> {
    /// The condition holds, for as long as it must.
    pub(crate) fn matches(&self) -> bool {
        self.breaches && self.held >= self.rule.when.hold_for
    }

    /// Why its signal, which has a vote, does not say anything.
    pub(crate) fn unread(&self) -> Option<Reason> {
        unread(&self.rule.when.signal, self.reading.as_ref())
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

/// Weighs every rule, and returns the runs to remember.
pub(crate) fn weigh<'a>(
    seen: &Observation,
    policy: &'a ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> (Vec<Evidence<'a>>, BTreeMap<String, Run>) {
    let mut runs = BTreeMap::new();
    let mut all = Vec::with_capacity(policy.rules.len());
    for rule in &policy.rules {
        let sighting = sight(&rule.when.signal, seen, policy, memory, now);
        let held = held(&rule.when, &sighting, memory, &mut runs, now);
        let fresh = match sighting.reading {
            Some(Reading::Fresh { value, .. }) => Some(value),
            Some(Reading::Stale { .. } | Reading::Missing(_)) | None => None,
        };
        let breaches = fresh.is_some_and(|value| rule.when.comparison.holds(value, rule.when.threshold));
        all.push(Evidence { rule, reading: sighting.reading, breaches, held });
    }
    (all, runs)
}

/// For how long a condition has held. Only one that must last is remembered, under its own words.
pub(crate) fn held(
    condition: &Condition,
    sighting: &Sighting,
    memory: &Memory,
    runs: &mut BTreeMap<String, Run>,
    now: Timestamp,
) -> SignedDuration {
    let key = (!condition.hold_for.is_zero()).then(|| condition.to_string());
    let before = key.as_ref().and_then(|key| memory.runs.get(key)).copied();
    let run = extend(before, condition, sighting, now);
    if let (Some(key), Some(run)) = (key, run) {
        runs.insert(key, run);
    }
    run.map_or(SignedDuration::ZERO, |run| run.last.duration_since(run.since))
}

/// Extends a run by the new datapoints, or ends it.
fn extend(run: Option<Run>, condition: &Condition, sighting: &Sighting, now: Timestamp) -> Option<Run> {
    let half = sighting.period.checked_div(2).unwrap_or(SignedDuration::ZERO);
    let gap = if sighting.period.is_zero() { LONGEST_GAP } else { sighting.period.saturating_add(half) };
    let extended = sighting.points.iter().fold(run, |run, point| {
        if !condition.comparison.holds(point.value, condition.threshold) {
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
