//! `track`: proportional to the value, with the semantics of AWS target tracking and of Kubernetes' HPA:
//! `ceil(tasks x value / target)`, where the tasks are those that the value was measured over.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::memory::{Ran, Run, since};
use crate::method::rules::Start;
use crate::method::together::{Say, both};
use crate::observation::Service;
use crate::pipeline::evidence::{Sights, unread};
use crate::pipeline::metric;
use crate::reading::Reading;
use crate::reason::Reason;
use crate::signal::Signal;
use crate::track::{LOW_FOR, TOLERANCE, Track};

/// Two changes of the running count within this time may stand in one datapoint: three periods of five minutes and
/// CloudWatch's delay.
const LATELY: SignedDuration = SignedDuration::from_mins(20);

/// Rounding must not add a task for the last bit of a float.
const LAST_BIT: f64 = 1e-9;

/// What one tracker's signal says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tracked<'a> {
    pub(crate) track: &'a Track,
    /// What has settled; `None` when the signal has no vote.
    pub(crate) reading: Option<Reading<f64>>,
    /// The value that may ask for more, and the fewest tasks that it may have been measured over.
    high: Option<(f64, u32)>,
    /// The value that may let something go, and the most tasks that it may have been measured over.
    low: Option<(f64, u32)>,
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
pub(crate) fn follow<'a>(trackers: &'a [Track], look: &mut Sights<'_>) -> Vec<Tracked<'a>> {
    let service = look.seen.service.as_ref().ok();
    let (measured, running, serving) =
        service.map_or((0, 0, 0), |it| (measured(it), it.running_count, metric::serving(it)));
    let ran = ran(look.memory.ran, measured, look.now);
    let warmup = service.map_or(SignedDuration::ZERO, |it| it.constraints.warmup);
    let settled = ran.since.saturating_add(warmup).unwrap_or(Timestamp::MAX);
    let mut all = Vec::with_capacity(trackers.len());
    for track in trackers {
        let sighting = look.sight(&track.signal);
        let low_for = look.run(&track.low(), &sighting).map_or(SignedDuration::ZERO, Run::length);
        let measured_since = |at: Timestamp| at.saturating_sub(sighting.period).unwrap_or(at);
        let over = |at: Timestamp| {
            if is_divided_by_us(track) {
                (serving, serving)
            } else if measured_since(at) >= settled {
                (measured, measured.max(running))
            } else {
                (ran.least.min(measured), ran.most.max(running))
            }
        };
        // Each asks for the tasks of its own time, and the largest wins.
        let asked = || sighting.may_ask().map(|it| (it.value, over(it.at).0));
        let load = |(value, tasks): &(f64, u32)| value * f64::from(*tasks);
        let largest = |one: &(f64, u32), other: &(f64, u32)| load(one).total_cmp(&load(other));
        let high = asked().filter(|(value, _)| is_high(value / track.target)).max_by(largest);
        let high = high.or_else(|| asked().max_by(|one, other| one.0.total_cmp(&other.0)));
        let low = sighting.settled().zip(sighting.downward()).map(|(it, value)| (value, over(it.at).1));
        all.push(Tracked { track, reading: sighting.reading, high, low, low_for });
    }
    all
}

/// Whether a share of the target asks for more.
fn is_high(share: f64) -> bool {
    share > 1.0 + TOLERANCE + LAST_BIT
}

/// Whether a share of the target needs less.
fn is_low(share: f64) -> bool {
    share < 1.0 - TOLERANCE - LAST_BIT
}

/// A total that was divided by the tasks that serve a moment ago, so that it is known as a whole.
fn is_divided_by_us(track: &Track) -> bool {
    matches!(track.signal, Signal::WaitingPerTask | Signal::PerTask(_))
}

/// Until when what was added last is not in the metrics (`DefaultInstanceWarmup`).
pub(crate) fn warming(ran: Ran, warmup: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let until = ran.since.saturating_add(warmup).ok()?;
    (ran.least < ran.running && now < until).then_some(until)
}

/// The running tasks that a scale-out starts from. More than are wanted run while a deployment replaces them, or while they
/// stop: AWS starts from the desired count then, and what a scale-in leaves is reckoned with all of them.
pub(crate) fn measured(service: &Service) -> u32 {
    service.running_count.min(service.desired_count)
}

/// How many tasks ran lately, this look included.
pub(crate) fn ran(before: Option<Ran>, running: u32, now: Timestamp) -> Ran {
    match before {
        None => Ran { since: now, running, least: running, most: running },
        Some(ran) if ran.running == running => ran,
        Some(ran) if since(ran.since, now) <= LATELY => {
            Ran { since: now, running, least: ran.least.min(ran.running), most: ran.most.max(ran.running) }
        }
        Some(ran) => Ran { since: now, running, least: ran.running, most: ran.running },
    }
}

/// What all trackers say together.
pub(crate) fn say(all: &[Tracked<'_>], start: Start, bounds: Capacity) -> Say {
    all.iter()
        .map(|one| opinion(one, start, bounds))
        .fold(Say::Nothing, |all, one| both(all, one, start.desired))
}

/// What one tracker says. Tasks that do not run yet count as idle while more are asked for, and as fully used while
/// fewer are (Kubernetes' rule for pods that are not measured): so nothing is ordered twice, and nothing leaves too early.
fn opinion(one: &Tracked<'_>, start: Start, bounds: Capacity) -> Say {
    let Tracked { track, low_for, .. } = one;
    let desired = start.desired;
    let asks = |value, proposes| {
        let Track { signal, target, unit, .. } = track;
        Reason::Tracked { signal: signal.clone(), value, target: *target, unit: *unit, proposes }
    };
    // One queue per service: without a running task it waits for the first one.
    let at_least = u32::from(track.signal == Signal::WaitingPerTask);
    let high = one.high.map(|(value, fewest)| (value, value / track.target, fewest.max(at_least)));
    if let Some((value, per_target, _)) = high.filter(|(value, ..)| desired == 0 && *value > 0.0) {
        // A share of no task tells only that there is something to do.
        let first = if at_least > 0 { whole_tasks(per_target) } else { 1 };
        let tasks = first.max(bounds.min()).max(1);
        return Say::Asks { tasks, reasons: vec![asks(value, tasks)] };
    }
    if let Some((value, per_target, fewest)) = high.filter(|(_, per_target, _)| is_high(*per_target)) {
        let busy = f64::from(fewest) * per_target;
        let (tasks, wanted) = (whole_tasks(busy), asks(value, whole_tasks(busy)));
        return if is_high(busy / f64::from(desired)) {
            Say::Asks { tasks, reasons: vec![wanted] }
        } else {
            Say::Silent(vec![wanted, start.still_starting()])
        };
    }
    if let Some(unread) = one.unread() {
        return Say::Silent(vec![unread]);
    }
    let Some((value, most)) = one.low else { return Say::Nothing };
    if desired == 0 {
        return Say::Allows { tasks: 0 };
    }
    let per_target = value / track.target;
    let unmeasured = f64::from(desired.saturating_sub(start.running));
    let most_busy = f64::from(most.max(at_least)) * per_target + unmeasured;
    let kept = whole_tasks(most_busy).min(desired);
    if !track.scale_in {
        return Say::Allows { tasks: kept };
    }
    let Track { signal, target, unit, .. } = track;
    if !is_low(per_target) || !is_low(most_busy / f64::from(desired)) {
        return Say::Silent(vec![Reason::OnTarget {
            signal: signal.clone(),
            value,
            target: *target,
            unit: *unit,
        }]);
    }
    if *low_for < LOW_FOR {
        let (signal, target, unit, held) = (signal.clone(), *target, *unit, *low_for);
        return Say::Silent(vec![Reason::LowNotLongEnough { signal, value, target, unit, held }]);
    }
    Say::Asks { tasks: kept, reasons: vec![asks(value, kept)] }
}

/// As many tasks as this takes: always rounded up, so that too few are never added and too many never removed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and clamped")]
fn whole_tasks(tasks: f64) -> u32 {
    (tasks - LAST_BIT).ceil().clamp(0.0, f64::from(Capacity::LIMIT)) as u32
}
