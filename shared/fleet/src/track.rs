//! A service's `track`: target tracking.

use tidegate_policy::{MetricName, Signal, Track, Unit};

use crate::condition;
use crate::object::{Object, read_scalar};
use crate::problem::{Code, Problem, Problems};
use crate::scalar::{self, Fault};
use crate::service::Declared;
use crate::settings::TRACK;
use crate::texts;
use crate::tree::Node;

/// Reads a service's trackers; `None` only after reporting why.
pub(crate) fn read(
    service: &Object<'_>,
    declared: &[Declared],
    has_queue: bool,
    problems: &mut Problems,
) -> Option<Vec<Track>> {
    let nodes = service.one_or_more("track", problems);
    let mut read: Vec<Option<Track>> = Vec::new();
    for node in nodes {
        let tracker = tracker(node, declared, has_queue, problems);
        let is_same = |other: &Track| tracker.as_ref().is_some_and(|one| one.signal == other.signal);
        if read.iter().flatten().any(is_same) {
            let message = "two trackers follow the same signal";
            let problem = Problem::new(Code::DuplicateName, node.place, message);
            problems.push(problem.help("the lower target would decide alone: keep that one"));
        }
        read.push(tracker);
    }
    read.into_iter().collect()
}

fn tracker(node: &Node, declared: &[Declared], has_queue: bool, problems: &mut Problems) -> Option<Track> {
    let object = Object::open(node, &TRACK, problems)?;
    let scale_in = object.boolean("scale_in", problems);
    let units: Vec<(MetricName, Unit)> =
        declared.iter().map(|metric| (metric.name.clone(), metric.unit)).collect();
    let signal = read_scalar(object.node("signal")?, "signal", problems, |written| {
        let text = scalar::text(written, &texts::METRIC_KEY);
        Some(text.and_then(|text| condition::signal_of(&text, &units)).and_then(tracked))
    })?;
    if !has_queue && signal == Signal::WaitingPerTask {
        let message = format!("`{signal}` is a signal of the queue, and the service has no `queue`");
        let problem = Problem::new(Code::SignalWithoutQueue, object.place_of("signal"), message);
        problems.push(problem.help("say where the work waits under `queue`"));
    }
    let (target, unit) = read_scalar(object.node("target")?, "target", problems, |written| {
        let text = scalar::text(written, &texts::TARGET);
        Some(text.and_then(|text| condition::value_of(&text, &signal, &units)).and_then(above_zero))
    })?;
    Some(Track { signal, target, unit, scale_in: scale_in? })
}

/// Only a value that falls as tasks are added has a target: a share of the load, or its average over the tasks.
fn tracked(signal: Signal) -> Result<Signal, Fault> {
    match signal {
        Signal::Metric(_) | Signal::PerTask(_) | Signal::WaitingPerTask => Ok(signal),
        Signal::Waiting
        | Signal::InFlight
        | Signal::Depth
        | Signal::Due
        | Signal::Delayed
        | Signal::StalledFor
        | Signal::Alarm(_) => {
            let message = format!("is `{signal}`, which is not shared by the tasks");
            let help = "allowed are `cpu`, `memory`, `waiting_per_task` and declared metrics that fall as tasks are \
                        added; for others write a rule";
            Err(Fault::new(Code::TrackedTotal, message, help))
        }
    }
}

fn above_zero((target, unit): (f64, Unit)) -> Result<(f64, Unit), Fault> {
    if target > 0.0 {
        Ok((target, unit))
    } else {
        Err(Fault::new(Code::OutOfRange, "is 0", "a target lies above zero"))
    }
}
