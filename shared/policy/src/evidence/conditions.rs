//! How long each rule's condition has held, over real datapoints.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::clock::LONGEST_GAP;
use crate::evidence::readings::read_signal;
use crate::evidence::signal_reading::{Bound, SignalReading};
use crate::memory::ran::Ran;
use crate::memory::{ConditionRun, Memory};
use crate::observation::{Datapoint, Observation};
use crate::reading::Reading;
use crate::reason::Reason;
use crate::rule::{Condition, Rule};
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// What a rule's signal says about its condition. The rule scales, or only notifies operators.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence<'a, R = Rule> {
    /// The rule.
    pub(crate) rule: &'a R,
    /// Its condition.
    pub(crate) when: &'a Condition,
    /// What its signal says: what has settled, and what may ask for more.
    pub(crate) signal_reading: SignalReading,
    /// The value breaches the threshold.
    pub(crate) breaches: bool,
    /// The datapoint that is compared: one that may still change where it breaches upward.
    compared: Option<Datapoint>,
    /// The datapoints for which it has breached without a gap, young ones included where they breach upward.
    run: Option<ConditionRun>,
    /// For how long it has breached by what has settled, if the newest of that does.
    settled: Option<SignedDuration>,
    /// The last change may have answered the breach.
    is_answered: bool,
}

impl<R> Evidence<'_, R> {
    /// The condition holds, for as long as it must.
    pub(crate) fn matches(&self) -> bool {
        self.breaches && self.held() >= self.when.hold_for
    }

    /// It holds, and asks for more than was asked for already: one that was measured before the last change does so
    /// only if no younger datapoint stands against it, or one high minute would be a step in every evaluation until it
    /// is forgotten.
    pub(crate) fn asks(&self) -> bool {
        self.matches() && !self.is_answered
    }

    /// It holds by datapoints that have settled alone, and no younger one stands against it. Nothing less scales in.
    pub(crate) fn matches_surely(&self) -> bool {
        self.breaches && self.settled.is_some_and(|held| held >= self.when.hold_for)
    }

    /// For how long it has held.
    pub(crate) fn held(&self) -> SignedDuration {
        self.run.map_or(SignedDuration::ZERO, ConditionRun::length)
    }

    /// For how long it has held by what has settled.
    pub(crate) fn surely_held(&self) -> SignedDuration {
        self.settled.unwrap_or(SignedDuration::ZERO)
    }

    /// Whether what has settled says that it does not hold.
    pub(crate) fn is_over(&self) -> bool {
        self.signal_reading.settled().is_some() && self.settled.is_none() && !self.breaches
    }

    /// Since when it has held, if it does: of a value that need not last, since its datapoint.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        if !self.breaches {
            return None;
        }
        let measured = self.compared.map(|point| point.at);
        self.run.map(|run| run.since).or(measured)
    }

    /// Why its signal, which has a vote, does not say anything.
    pub(crate) fn unread(&self) -> Option<Reason> {
        unread(&self.when.signal, self.signal_reading.reading.as_ref())
    }

    /// The value that is compared, if one is known.
    pub(crate) fn value(&self) -> Option<f64> {
        self.compared.map(|point| point.value)
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
    evaluation: &mut SignalReader<'_>,
) -> Vec<Evidence<'a, R>> {
    let mut all = Vec::with_capacity(rules.len());
    let changed_at = evaluation.memory.changed_at;
    for rule in rules {
        let when = condition(rule);
        let signal_reading = evaluation.read_signal(&when.signal);
        let holds = |value: f64| when.comparison.holds(value, when.threshold);
        let settled = evaluation.run(when, &signal_reading);
        let compared = if when.comparison.is_upward() {
            signal_reading.upward(holds)
        } else {
            let value = signal_reading.downward();
            signal_reading.settled().zip(value).map(|(settled, value)| Datapoint { value, ..settled })
        };
        all.push(Evidence {
            rule,
            when,
            breaches: compared.is_some_and(|point| holds(point.value)),
            compared,
            run: with_young(settled, when, &signal_reading),
            settled: signal_reading
                .settled()
                .filter(|point| holds(point.value))
                .map(|_| settled.map_or(SignedDuration::ZERO, ConditionRun::length)),
            is_answered: compared
                .zip(changed_at)
                .is_some_and(|(point, changed_at)| signal_reading.is_answered(point, changed_at, holds)),
            signal_reading,
        });
    }
    all
}

/// What one evaluation sees of its signals, and for how long their conditions have held.
pub(crate) struct SignalReader<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) policy: &'a ServicePolicy,
    pub(crate) memory: &'a Memory,
    pub(crate) now: Timestamp,
    /// How many tasks ran lately.
    pub(crate) ran: Option<&'a Ran>,
    /// What waits in the queue orders no tasks, so that what counts it is an upper bound.
    pub(crate) orders_none: bool,
    /// To be remembered.
    pub(crate) runs: BTreeMap<String, ConditionRun>,
}

impl SignalReader<'_> {
    /// What a signal says now.
    pub(crate) fn read_signal(&self, signal: &Signal) -> SignalReading {
        let read = read_signal(signal, self.seen, self.policy, self.memory, self.ran, self.now);
        let is_at_most = self.orders_none && signal.counts_waiting() && read.bound == Bound::Exact;
        if is_at_most { SignalReading { bound: Bound::AtMost, ..read } } else { read }
    }

    /// The run of settled datapoints for which a condition has held. Only one that must last is remembered, under its own
    /// words; an alarm remembers by itself.
    pub(crate) fn run(
        &mut self,
        condition: &Condition,
        signal_reading: &SignalReading,
    ) -> Option<ConditionRun> {
        let lasts = !condition.hold_for.is_zero() && !condition.is_of_alarm();
        let key = lasts.then(|| condition.to_string());
        let before = key.as_ref().and_then(|key| self.memory.runs.get(key)).copied();
        let run = extend(before, condition, signal_reading, self.now);
        if let (Some(key), Some(run)) = (key, run) {
            self.runs.insert(key, run);
        }
        run
    }
}

/// Brings a run up to date with the datapoints that have settled: those of an answer take the place of what was known of
/// their time, since they may have changed, and extend the run or end it.
fn extend(
    run: Option<ConditionRun>,
    condition: &Condition,
    signal_reading: &SignalReading,
    now: Timestamp,
) -> Option<ConditionRun> {
    let period = signal_reading.period;
    let tells = |point: &&Datapoint| {
        let breaches = condition.comparison.holds(point.value, condition.threshold);
        signal_reading.tells(breaches, condition.comparison.is_upward())
    };
    let points: Vec<Datapoint> = signal_reading.points.iter().filter(tells).copied().collect();
    let before = match points.first() {
        Some(first) => run.and_then(|run| until(run, first.at.saturating_sub(period).unwrap_or(first.at))),
        None => run,
    };
    let extended = fold(before, &points, condition, period);
    let too_old = LONGEST_GAP.saturating_add(period.saturating_mul(3));
    extended.filter(|run| now.duration_since(run.last) <= too_old)
}

/// A run as it was at a moment; `None` if it began no earlier.
fn until(run: ConditionRun, moment: Timestamp) -> Option<ConditionRun> {
    if run.last <= moment {
        Some(run)
    } else {
        (run.since < moment).then_some(ConditionRun { since: run.since, last: moment })
    }
}

/// A run with what is assumed, and what is young: only upward, since neither allows anything smaller.
fn with_young(
    settled: Option<ConditionRun>,
    condition: &Condition,
    signal_reading: &SignalReading,
) -> Option<ConditionRun> {
    if !condition.comparison.is_upward() {
        return settled;
    }
    let SignalReading { assumed, points, period, .. } = signal_reading;
    let with_assumed = || fold(None, &[&assumed[..], points].concat(), condition, *period);
    let assumed = if assumed.is_empty() { None } else { with_assumed() };
    let longer = settled.into_iter().chain(assumed).max_by_key(|run| run.length());
    upward(longer, signal_reading.early(), condition, *period)
}

/// A run of an upward condition with the young datapoints that breach. One that does not, and one that is missing, says nothing: it
/// may still grow, or come. It neither extends a run nor ends it; those after it are a run of their own, of which the longer counts.
pub(crate) fn upward(
    settled: Option<ConditionRun>,
    young: &[Datapoint],
    condition: &Condition,
    period: SignedDuration,
) -> Option<ConditionRun> {
    let breaching =
        young.iter().take_while(|point| condition.comparison.holds(point.value, condition.threshold));
    let unbroken = breaching.count();
    let first = |count: usize| young.get(..count).unwrap_or_default();
    let extended = (0..=unbroken).filter_map(|count| fold(settled, first(count), condition, period));
    extended.chain(fold(None, young, condition, period)).max_by_key(|run| run.length())
}

/// Extends a run by datapoints, or ends it.
pub(crate) fn fold(
    run: Option<ConditionRun>,
    points: &[Datapoint],
    condition: &Condition,
    period: SignedDuration,
) -> Option<ConditionRun> {
    let half = period.checked_div(2).unwrap_or(SignedDuration::ZERO);
    let gap = if period.is_zero() { LONGEST_GAP } else { period.saturating_add(half) };
    points.iter().fold(run, |run, point| {
        if !condition.comparison.holds(point.value, condition.threshold) {
            return None;
        }
        let unbroken = run.filter(|run| point.at.duration_since(run.last) <= gap);
        let since =
            unbroken.map_or_else(|| point.at.saturating_sub(period).unwrap_or(point.at), |run| run.since);
        Some(ConditionRun { since, last: point.at })
    })
}
