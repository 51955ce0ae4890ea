//! What a CloudWatch metric says: its newest datapoint that has settled, and what the younger ones may add to it.
//!
//! A minute appears in part and grows. So what has settled decides; a datapoint that may still change can only keep
//! capacity or ask for more, and every answer, which brings the whole history, reads it again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{LONGEST_GAP, since};
use crate::evidence::signal_reading::SignalReading;
use crate::memory::{LastPoint, Memory, YoungPoint};
use crate::observation::{Datapoint, MetricReading, Observation};
use crate::reading::{Absence, AbsenceKind, Reading};
use crate::service::ServicePolicy;
use crate::signal::{MetricName, OnAbsence, Signal};

/// A datapoint that ended less than this long ago may still change: it is young. One-minute data was found complete
/// after two minutes (YACE#1796, Netflix/atlas#1300; grafana/alloy#3929: the newest is too low, often the
/// second too), and the parts of a load balancer's sum come within three. Half of it would take
/// parts for the whole; twice of it would make every scale-in, and every ratio, three minutes later. In rare cases values
/// converge for ten minutes ([`CONVERGES_WITHIN`]): those are mended when they are read again.
pub(crate) const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(3);

/// A datapoint that ended longer ago than this stays as it is (`cloudwatch_exporter#396`).
pub(crate) const CONVERGES_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How old the newest datapoint of a metric that has settled may be: it is read once a minute and replaced once a period.
/// Shorter, and a healthy metric would read as stale; longer, and a dead one would go on voting.
pub(crate) fn freshness(period: SignedDuration) -> SignedDuration {
    SETTLES_WITHIN.saturating_add(period.saturating_mul(2))
}

/// The datapoints of an answer, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
struct MetricAnswer {
    /// Those that stay as they are; none in an answer that is older than what is remembered.
    settled: Vec<Datapoint>,
    /// Those that may still change.
    young: Vec<Datapoint>,
}

impl MetricAnswer {
    fn of(points: &[Datapoint], remembered: Option<&LastPoint>, now: Timestamp) -> Self {
        let finite = points.iter().filter(|point| point.value.is_finite()).copied();
        let (young, settled): (Vec<_>, Vec<_>) =
            finite.partition(|point| now.duration_since(point.at) < SETTLES_WITHIN);
        let is_worth_reporting = |point: &Datapoint| remembered.is_none_or(|last| point.at > last.at);
        let is_behind = remembered
            .is_some_and(|last| settled.last().is_none_or(|newest: &Datapoint| newest.at < last.at));
        Self {
            settled: if is_behind { Vec::new() } else { settled },
            young: young.into_iter().filter(is_worth_reporting).collect(),
        }
    }
}

/// What a metric says now.
pub(crate) fn read_signal(
    name: &MetricName,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> SignalReading {
    let reading = seen.metrics.get(name).unwrap_or(&MetricReading::NotRead);
    let remembered = memory.metrics.get(name);
    let (period, MetricAnswer { settled, young }) = match reading {
        MetricReading::Points { period, points } => (*period, MetricAnswer::of(points, remembered, now)),
        MetricReading::NotRead | MetricReading::Failed(_) => remembered_of(name, memory, now),
    };
    let known = remembered.map(|last| Datapoint { at: last.at, value: last.value });
    let last = settled.last().copied().or(known);
    let may_breach = !policy.metric(name).is_some_and(|metric| metric.is_ratio);
    let is_answer = matches!(reading, MetricReading::Points { .. });
    let silent = |reading, young| SignalReading {
        young,
        may_breach,
        period,
        is_answer,
        ..SignalReading::silent(reading)
    };
    if let Some(Datapoint { at, value }) = last.filter(|last| since(last.at, now) <= freshness(period)) {
        return SignalReading { points: settled, ..silent(Some(Reading::Fresh { value, at }), young) };
    }
    if let MetricReading::Failed(absence) = reading {
        return silent(Some(Reading::Missing(absence.clone())), young);
    }
    if nothing_to_measure(name, seen) {
        return silent(None, Vec::new());
    }
    // A delayed evaluation asks for no metrics. What the last complete answer said, or did not say, holds until the next.
    let answered = memory.empty.get(name).is_some_and(|at| since(*at, now) <= LONGEST_GAP);
    if is_answer || answered {
        let declared = policy.metric(name).map_or(OnAbsence::Missing, |metric| metric.on_absence);
        return absent(declared, silent(None, young), now);
    }
    let stale = last.map(|Datapoint { at, value }| Reading::Stale { value, age: since(at, now) });
    let unread = || Reading::Missing(Absence::new(AbsenceKind::NoDatapoints, "not read yet"));
    silent(Some(stale.unwrap_or_else(unread)), young)
}

/// What is known of a metric in an evaluation that has no answer: its period, and the largest of its young datapoints.
fn remembered_of(name: &MetricName, memory: &Memory, now: Timestamp) -> (SignedDuration, MetricAnswer) {
    let period = SignedDuration::from_secs(memory.metrics.get(name).map_or(60, |last| last.period));
    let young = memory.young.get(name).map(|YoungPoint(at, value)| Datapoint { at: *at, value: *value });
    let young = young.filter(|point| since(point.at, now) <= freshness(period));
    (period, MetricAnswer { settled: Vec::new(), young: young.into_iter().collect() })
}

/// The jobs that a metric counts, where one is all that is known of a queue: the newest datapoint that has settled, and no
/// fewer than any younger one says. A part of a job is work.
///
/// # Errors
/// The metric was not read, or says nothing of now: nothing has settled lately, and absence is not declared to be zero.
pub fn jobs(reading: &MetricReading, on_absence: OnAbsence, now: Timestamp) -> Result<u64, Absence> {
    let (period, MetricAnswer { settled, young }) = match reading {
        MetricReading::Points { period, points } => (*period, MetricAnswer::of(points, None, now)),
        MetricReading::Failed(absence) => return Err(absence.clone()),
        MetricReading::NotRead => return Err(Absence::new(AbsenceKind::NoDatapoints, "not read")),
    };
    let fresh = settled.last().filter(|last| since(last.at, now) <= freshness(period));
    let known = match fresh {
        Some(last) => last.value,
        None if on_absence == OnAbsence::Zero => 0.0,
        None if young.is_empty() => {
            return Err(Absence::new(AbsenceKind::NoDatapoints, "no recent datapoint"));
        }
        None => return Err(Absence::new(AbsenceKind::Provisional, "no datapoint is older than 3m")),
    };
    Ok(whole(young.iter().fold(known, |most, point| most.max(point.value))))
}

/// A count, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded to the exact range before"
)]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9_007_199_254_740_992.0).ceil() as u64
}

/// Without a single task there is no CPU to measure, and nothing to scale in: such a metric has no vote then.
fn nothing_to_measure(name: &MetricName, seen: &Observation) -> bool {
    Signal::Metric(name.clone()).is_shared_by_tasks()
        && seen.service.as_ref().is_ok_and(|service| {
            service.desired_count == 0 && service.running_count == 0 && service.pending_count == 0
        })
}

/// What it means that no datapoint has settled lately although the answer was complete: as declared. Where it means zero,
/// the moment counts as a datapoint of zero in the evaluation that asked, unless a young one says that something begins.
fn absent(declared: OnAbsence, silent: SignalReading, now: Timestamp) -> SignalReading {
    let missing = |kind, detail: &str| Some(Reading::Missing(Absence::new(kind, detail)));
    let is_silent = silent.young.is_empty();
    let reading = match declared {
        OnAbsence::Missing if is_silent => missing(AbsenceKind::NoDatapoints, ""),
        OnAbsence::Missing => missing(AbsenceKind::Provisional, "no datapoint is older than 3m"),
        OnAbsence::NoVote => None,
        OnAbsence::Zero => Some(Reading::Fresh { value: 0.0, at: now }),
    };
    if declared != OnAbsence::Zero || !is_silent {
        return SignalReading { reading, ..silent };
    }
    let moment = silent.is_answer.then_some(Datapoint { at: now, value: 0.0 });
    SignalReading { reading, points: moment.into_iter().collect(), period: SignedDuration::ZERO, ..silent }
}

/// What is remembered of the metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Datapoints {
    /// The newest datapoint of each that has settled.
    pub(crate) settled: BTreeMap<MetricName, LastPoint>,
    /// The largest of the younger ones.
    pub(crate) young: BTreeMap<MetricName, YoungPoint>,
    /// When CloudWatch last answered completely, and without a recent datapoint.
    pub(crate) empty: BTreeMap<MetricName, Timestamp>,
}

/// What is to be remembered: of every metric what has settled, what may still change, and that there was nothing.
pub(crate) fn remember(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    now: Timestamp,
) -> Datapoints {
    let mut next = Datapoints {
        settled: read_by(policy, &memory.metrics),
        young: read_by(policy, &memory.young),
        empty: read_by(policy, &memory.empty),
    };
    for (name, reading) in seen.metrics.iter().filter(|(name, _)| policy.reads(name)) {
        let MetricReading::Points { period, points } = reading else { continue };
        let MetricAnswer { settled, young } = MetricAnswer::of(points, memory.metrics.get(name), now);
        if let Some(Datapoint { at, value }) = settled.last().copied() {
            next.settled.insert(name.clone(), LastPoint { at, value, period: period.as_secs() });
        }
        match young.iter().max_by(|one, other| one.value.total_cmp(&other.value)) {
            Some(Datapoint { at, value }) => drop(next.young.insert(name.clone(), YoungPoint(*at, *value))),
            None => drop(next.young.remove(name)),
        }
        if next.settled.get(name).is_some_and(|last| since(last.at, now) <= freshness(*period)) {
            next.empty.remove(name);
        } else {
            next.empty.insert(name.clone(), now);
        }
    }
    next
}

/// What is remembered of the metrics that a policy still names.
fn read_by<T: Copy>(policy: &ServicePolicy, all: &BTreeMap<MetricName, T>) -> BTreeMap<MetricName, T> {
    all.iter().filter(|(name, _)| policy.reads(name)).map(|(name, it)| (name.clone(), *it)).collect()
}
