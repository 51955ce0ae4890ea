//! `track`: proportional to the value, with the semantics of AWS target tracking and of Kubernetes' HPA:
//! `ceil(tasks x value / target)`, where the tasks are those that the value was measured over.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::evidence::conditions::{SignalReader, unread};
use crate::evidence::running;
use crate::memory::ConditionRun;
use crate::method::combine::{Proposal, both};
use crate::method::start::Start;
use crate::reading::Reading;
use crate::reason::Reason;
use crate::signal::Signal;
use crate::track::{LOW_FOR, TOLERANCE, Track};

/// Rounding must not add a task for the last bit of a float.
const LAST_BIT: f64 = 1e-9;

/// What one tracker's signal says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tracked<'a> {
    pub(crate) track: &'a Track,
    /// What has settled; `None` when the signal has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// The value that may ask for more, and the fewest tasks that it may have been measured over, in the mean of its time.
    high: Option<(f64, f64)>,
    /// The value that may let something go, and the largest load that was measured, in tasks times value.
    low: Option<(f64, f64)>,
    /// For how long what has settled has been low.
    low_for: SignedDuration,
}

impl Tracked<'_> {
    /// Why its signal, which has a vote, does not say anything.
    pub(crate) fn unread(&self) -> Option<Reason> {
        unread(&self.track.signal, self.reading.as_ref())
    }
}

/// Reads every tracker's signal.
pub(crate) fn follow<'a>(trackers: &'a [Track], evaluation: &mut SignalReader<'_>) -> Vec<Tracked<'a>> {
    let service = evaluation.seen.service.as_ref().ok();
    let (running, serving) = service.map_or((0, 0), |it| (it.running_count, running::serving(it)));
    let (running, serving) = (f64::from(running), f64::from(serving));
    let warmup = service.map_or(SignedDuration::ZERO, |it| it.constraints.warmup);
    let mut all = Vec::with_capacity(trackers.len());
    for track in trackers {
        let signal_reading = evaluation.read_signal(&track.signal);
        let low_for =
            evaluation.run(&track.low(), &signal_reading).map_or(SignedDuration::ZERO, ConditionRun::length);
        let over = |at: Timestamp| {
            if track.signal.is_divided_by_us() {
                return (serving, serving);
            }
            let since = at.saturating_sub(signal_reading.period).unwrap_or(at);
            evaluation.ran.map_or((running, running), |ran| ran.over(since, at, warmup))
        };
        // Each asks for the tasks of its own time, and the largest wins.
        let asked = || signal_reading.may_ask().map(|it| (it.value, over(it.at).0));
        let load = |(value, tasks): &(f64, f64)| value * tasks;
        let largest = |one: &(f64, f64), other: &(f64, f64)| load(one).total_cmp(&load(other));
        let high = asked().filter(|(value, _)| is_high(track, value / track.target)).max_by(largest);
        let high = high.or_else(|| asked().max_by(|one, other| one.0.total_cmp(&other.0)));
        // What stays must serve the largest load, each datapoint's over the tasks of its own time.
        let served = signal_reading.settled().into_iter().chain(signal_reading.young.iter().copied());
        let served = served.map(|it| it.value * over(it.at).1.max(at_least(track))).max_by(f64::total_cmp);
        let low = signal_reading.downward().zip(served);
        all.push(Tracked { track, reading: signal_reading.reading, high, low, low_for });
    }
    all
}

/// One queue per service: without a running task it waits for the first one.
fn at_least(track: &Track) -> f64 {
    if track.signal == Signal::WaitingPerTask { 1.0 } else { 0.0 }
}

/// Whether a share of the target asks for more.
fn is_high(track: &Track, share: f64) -> bool {
    share > 1.0 + track.upward_tolerance() + LAST_BIT
}

/// Whether a share of the target needs less.
fn is_low(share: f64) -> bool {
    share < 1.0 - TOLERANCE - LAST_BIT
}

/// What all trackers say together.
pub(crate) fn propose(all: &[Tracked<'_>], start: Start, bounds: Capacity) -> Proposal {
    all.iter()
        .map(|one| opinion(one, start, bounds))
        .fold(Proposal::Nothing, |all, one| both(all, one, start.desired))
}

/// What one tracker says. Tasks that do not run yet count as idle while more are asked for, and as fully used while
/// fewer are (Kubernetes' rule for pods that are not measured): so nothing is ordered twice, and nothing leaves too early.
fn opinion(one: &Tracked<'_>, start: Start, bounds: Capacity) -> Proposal {
    let Tracked { track, low_for, .. } = one;
    let desired = start.desired;
    let asks = |value, proposes| {
        let Track { signal, target, unit, .. } = track;
        Reason::Tracked { signal: signal.clone(), value, target: *target, unit: *unit, proposes }
    };
    let at_least = at_least(track);
    let high = one.high.map(|(value, fewest)| (value, value / track.target, fewest.max(at_least)));
    if let Some((value, per_target, _)) = high.filter(|(value, ..)| desired == 0 && *value > 0.0) {
        // A share of no task shows only that there is something to do.
        let first = if at_least > 0.0 { whole_tasks(per_target) } else { 1 };
        let tasks = first.max(bounds.min()).max(1);
        return Proposal::Asks { tasks, reasons: vec![asks(value, tasks)] };
    }
    if let Some((value, per_target, fewest)) = high.filter(|(_, per_target, _)| is_high(track, *per_target)) {
        // Those that do not start are asked for beyond what the load needs.
        let busy = fewest * per_target + f64::from(start.lost);
        let (tasks, wanted) = (whole_tasks(busy), asks(value, whole_tasks(busy)));
        return if is_high(track, busy / f64::from(desired)) {
            Proposal::Asks { tasks, reasons: vec![wanted] }
        } else {
            Proposal::Silent(vec![wanted, start.still_starting()])
        };
    }
    if let Some(unread) = one.unread() {
        return Proposal::Silent(vec![unread]);
    }
    let Some((value, load)) = one.low else { return Proposal::Nothing };
    if desired == 0 {
        return Proposal::Allows { tasks: 0 };
    }
    let per_target = value / track.target;
    let unmeasured = f64::from(desired.saturating_sub(start.running));
    let most_busy = load / track.target + unmeasured;
    let kept = whole_tasks(most_busy).min(desired);
    if !track.scale_in {
        return Proposal::Allows { tasks: kept };
    }
    let Track { signal, target, unit, .. } = track;
    if !is_low(per_target) || !is_low(most_busy / f64::from(desired)) {
        return Proposal::Silent(vec![Reason::OnTarget {
            signal: signal.clone(),
            value,
            target: *target,
            unit: *unit,
        }]);
    }
    if *low_for < LOW_FOR {
        let (signal, target, unit, held) = (signal.clone(), *target, *unit, *low_for);
        return Proposal::Silent(vec![Reason::LowNotLongEnough { signal, value, target, unit, held }]);
    }
    Proposal::Asks { tasks: kept, reasons: vec![asks(value, kept)] }
}

/// As many tasks as this takes: always rounded up, so that too few are never added and too many never removed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and clamped")]
fn whole_tasks(tasks: f64) -> u32 {
    (tasks - LAST_BIT).ceil().clamp(0.0, f64::from(Capacity::LIMIT)) as u32
}
