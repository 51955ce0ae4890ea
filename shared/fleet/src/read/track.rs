//! A service's `track`: target tracking.

use tidegate_policy::{MetricName, Signal, Track, Unit};

use crate::model::built_in;
use crate::model::metric::LoadBalancerMetric;
use crate::problem::{Code, Problem, Problems};
use crate::read::condition;
use crate::read::metrics::{Declared, Metrics};
use crate::settings::rule::TRACK;
use crate::yaml::object::Object;
use crate::yaml::scalar::Fault;
use crate::yaml::tree::Node;

/// Reads a service's trackers; `None` only after reporting why.
pub(crate) fn read(
    service: &Object<'_>,
    metrics: &Metrics<'_>,
    has_queue: bool,
    problems: &mut Problems,
) -> Option<Vec<Track>> {
    let nodes = service.one_or_more("track", problems);
    let mut read: Vec<Option<Track>> = Vec::new();
    for node in nodes {
        let tracker = tracker(node, metrics, has_queue, problems);
        let is_same = |other: &Track| tracker.as_ref().is_some_and(|one| one.signal == other.signal);
        if read.iter().flatten().any(is_same) {
            let message = "two trackers follow the same signal";
            let problem = Problem::new(Code::DuplicateName, node.place, message);
            problems.push(problem.help("only the lower target would ever matter: keep that one"));
        }
        read.push(tracker);
    }
    read.into_iter().collect()
}

fn tracker(node: &Node, metrics: &Metrics<'_>, has_queue: bool, problems: &mut Problems) -> Option<Track> {
    let object = Object::open(node, &TRACK, problems)?;
    let scale_in = object.boolean("scale_in", problems);
    let units = metrics.units();
    let signal = object.parsed("signal", problems, |text| {
        condition::signal_of(text, &units).and_then(|signal| tracked(signal, metrics.declared))
    })?;
    metrics.check(&signal, has_queue, object.place_of("signal"), problems);
    let (target, unit) = object
        .parsed("target", problems, |text| condition::value_of(text, &signal, &units).and_then(above_zero))?;
    Some(Track { signal, target, unit, scale_in: scale_in? })
}

/// Only a value that falls as tasks are added has a target: a share of the load, or its average over the tasks. What the
/// load balancer counts is none; a metric that the service declares is taken at its word.
fn tracked(signal: Signal, declared: &[Declared]) -> Result<Signal, Fault> {
    let own = |name: &MetricName| declared.iter().any(|metric| metric.name == *name);
    let share = match &signal {
        Signal::PerTask(_) | Signal::WaitingPerTask => return Ok(signal),
        Signal::Metric(name) if own(name) || signal.is_shared_by_tasks() => return Ok(signal),
        Signal::Metric(name) => match built_in::load_balancer(name.as_str()) {
            Some(LoadBalancerMetric::Requests) => "did you mean `requests_per_task`? ",
            Some(LoadBalancerMetric::Connections) => "did you mean `connections_per_task`? ",
            Some(LoadBalancerMetric::Errors | LoadBalancerMetric::ResponseTime { .. }) | None => "",
        },
        Signal::Waiting | Signal::Depth => "did you mean `waiting_per_task`? ",
        Signal::InFlight | Signal::Due | Signal::Delayed | Signal::StalledFor | Signal::Alarm(_) => "",
    };
    let message = format!("is `{signal}`, which is not shared by the tasks");
    let help = format!(
        "{share}allowed: `cpu`, `memory`, `waiting_per_task`, `requests_per_task` and the like, and declared metrics \
         that fall as tasks are added; for others write a rule"
    );
    Err(Fault::new(Code::TrackedTotal, message, help))
}

fn above_zero((target, unit): (f64, Unit)) -> Result<(f64, Unit), Fault> {
    if target > 0.0 {
        Ok((target, unit))
    } else {
        Err(Fault::new(Code::OutOfRange, "is 0", "a target must be above zero"))
    }
}
