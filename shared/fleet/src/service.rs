//! One entry of `services`.

use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;
use tidegate_policy::{Capacity, Cooldown, Counts, LargestStep, MetricName, OnAbsence, ServicePolicy, Signal, Unit};

use crate::checks;
use crate::fleet::{Mode, Service};
use crate::floor;
use crate::hours;
use crate::object::Object;
use crate::problem::{Code, Place, Problem, Problems};
use crate::queue;
use crate::rules::{self, PlacedRule};
use crate::scalar;
use crate::settings::{COOLDOWN_OF_WAIT, METRIC, SERVICE};
use crate::source::{Metric, MetricSource, Source};
use crate::target::{EcsService, TargetName};
use crate::track;
use crate::tree::Node;

/// A metric that a service declares.
pub(crate) struct Declared {
    pub(crate) name: MetricName,
    pub(crate) unit: Unit,
    pub(crate) place: Place,
    /// `None` when its problems are reported.
    pub(crate) source: Option<MetricSource>,
}

/// How fast a service changes.
struct Pace {
    concurrency: NonZeroU32,
    cooldown: Cooldown,
    stabilization: SignedDuration,
    largest_step: LargestStep,
    startup: SignedDuration,
    idle: SignedDuration,
    interruptible: bool,
}

/// Reads a service; `None` only after reporting why, or when the fleet's own mode is unknown.
pub(crate) fn read(
    node: &Node,
    fleet_mode: Option<Mode>,
    holidays: &Arc<[Date]>,
    problems: &mut Problems,
) -> Option<Service> {
    let object = Object::open(node, &SERVICE, problems)?;
    let name = object.text("name", problems);
    let mode = mode(&object, fleet_mode, problems);
    let ecs = object.map("ecs", problems).and_then(|ecs| {
        let cluster = ecs.text("cluster", problems);
        let service = ecs.text("service", problems);
        Some(EcsService { cluster: cluster?, service: service? })
    });
    let capacity = capacity(&object, problems);
    let hours = hours::read(&object, capacity, holidays, problems);
    let has_queue = object.node("queue").is_some();
    let queue = if has_queue { queue::read(&object, problems).map(Some) } else { Some(None) };
    let declared = declared_metrics(&object, problems);
    let floor = floor::read(&object, capacity, &declared, problems);
    let track = track::read(&object, &declared, has_queue, problems);
    let rules: Vec<Option<PlacedRule>> = object
        .list("rules", problems)
        .iter()
        .map(|node| rules::read(node, &declared, has_queue, problems))
        .collect();
    let understood: Vec<&PlacedRule> = rules.iter().flatten().collect();
    checks::contradicting_rules(&understood, problems);
    let floor_by =
        object.map("floor", &mut Problems::new()).and_then(|floor| floor.text("by", &mut Problems::new()));
    let tracked = track.iter().flatten().map(|track| &track.signal);
    let signals = understood.iter().map(|rule| &rule.rule.when.signal).chain(tracked);
    let named: Vec<&str> = signals.filter_map(metric_of).chain(floor_by.as_deref()).collect();
    unused_metrics(&declared, &named, problems);
    let wait = wait(&object, has_queue, problems);
    let pace = pace(&object, problems);

    let (ecs, pace) = (ecs?, pace?);
    if wait.is_none() && object.node("wait").is_some() {
        return None;
    }
    let metrics = used_metrics(&named, &declared, &ecs)?;
    let floor = floor?;
    let on_absence = |metric: &Metric| (metric.name.clone(), metric.source.on_absence());
    let policy = ServicePolicy {
        capacity: capacity?,
        hours: hours?,
        floor,
        concurrency: pace.concurrency,
        rules: rules.iter().map(|rule| Some(rule.as_ref()?.rule.clone())).collect::<Option<_>>()?,
        track: track?,
        wait,
        cooldown: pace.cooldown,
        stabilization: pace.stabilization,
        largest_step: pace.largest_step,
        startup: pace.startup,
        idle: pace.idle,
        interruptible: pace.interruptible,
        metrics: metrics.iter().map(on_absence).collect(),
        notify: Vec::new(),
        counts: Counts::Tasks,
    };
    let target = TargetName::Ecs(ecs);
    let read = Service { name: name?, target, mode: mode?, queue: queue?, metrics, alarms: Vec::new(), policy };
    checks::service(&read, &object, problems);
    let understood: Vec<&PlacedRule> = rules.iter().flatten().collect();
    checks::rules(&read, &understood, &object, problems);
    Some(read)
}

fn mode(object: &Object<'_>, fleet_mode: Option<Mode>, problems: &mut Problems) -> Option<Mode> {
    let own = object.choice("mode", problems);
    if own.is_none() && object.node("mode").is_some() {
        return None;
    }
    let narrowed = fleet_mode?.narrowed(own);
    if narrowed.is_none() {
        let message = "`mode` is `enforce` in a fleet that observes";
        let help = "a service may only narrow its fleet's mode: `enforce` at the top, `observe` here";
        let place = object.place_of("mode");
        problems.push(Problem::new(Code::WiderMode, place, message).help(help));
    }
    narrowed
}

fn capacity(object: &Object<'_>, problems: &mut Problems) -> Option<Capacity> {
    let capacity = object.map("capacity", problems)?;
    let min = capacity.count("min", problems);
    let max = capacity.count("max", problems);
    Capacity::new(min?, max?)
        .map_err(|error| {
            let place = capacity.place_of("min");
            problems.push(Problem::new(Code::MinAboveMax, place, error.to_string()));
        })
        .ok()
}

/// The acceptable wait, if there is one and it can be read.
fn wait(object: &Object<'_>, has_queue: bool, problems: &mut Problems) -> Option<SignedDuration> {
    if object.node("wait").is_some() && !has_queue {
        let message = "`wait` is about the jobs of a queue, and the service has no `queue`";
        let problem = Problem::new(Code::SignalWithoutQueue, object.place_of("wait"), message);
        problems.push(problem.help("say where the work waits under `queue`"));
    }
    object.duration("wait", problems)
}

fn pace(object: &Object<'_>, problems: &mut Problems) -> Option<Pace> {
    let concurrency = object.count("concurrency", problems);
    let cooldown = object.map("cooldown", problems).and_then(|cooldown| {
        let beside = ["rules", "track"];
        let waits_alone = object.node("wait").is_some() && object.chosen(&beside).is_none();
        let mut direction = |key| match cooldown.node(key) {
            None if waits_alone => scalar::duration(&scalar::Written::plain(COOLDOWN_OF_WAIT), 0, 0).ok(),
            Some(_) | None => cooldown.duration(key, problems),
        };
        let (scale_out, scale_in) = (direction("out"), direction("in"));
        Some(Cooldown { scale_out: scale_out?, scale_in: scale_in? })
    });
    let interruptible = object.boolean("interruptible", problems);
    let largest_step = largest_step(object, interruptible, problems);
    let stabilization = object.duration("stabilization", problems);
    let startup = object.duration("startup", problems);
    let idle = object.duration("idle", problems);
    Some(Pace {
        concurrency: NonZeroU32::new(concurrency?)?,
        cooldown: cooldown?,
        stabilization: stabilization?,
        largest_step: largest_step?,
        startup: startup?,
        idle: idle?,
        interruptible: interruptible?,
    })
}

fn largest_step(
    object: &Object<'_>,
    interruptible: Option<bool>,
    problems: &mut Problems,
) -> Option<LargestStep> {
    let steps = object.map("largest_step", problems)?;
    let scale_out = steps.count("out", problems);
    let scale_in = steps.count("in", problems)?;
    let written = steps.node("in").is_some();
    let interruptible = interruptible?;
    if written && scale_in > 1 && !interruptible {
        let message = format!("`in` is {scale_in}, but running jobs may not be interrupted");
        let help = "ECS chooses the tasks to stop, so scale-in goes one task per decision; \
                    leave `in` out, or say `interruptible: true`";
        let place = steps.place_of("in");
        problems.push(Problem::new(Code::StepNeedsInterruptible, place, message).help(help));
    }
    let scale_in = if interruptible { scale_in } else { 1 };
    Some(LargestStep { scale_out: NonZeroU32::new(scale_out?)?, scale_in: NonZeroU32::new(scale_in)? })
}

fn declared_metrics(object: &Object<'_>, problems: &mut Problems) -> Vec<Declared> {
    let mut declared = Vec::new();
    for (key, node) in object.table("metrics", problems) {
        let place = key.place;
        let source = Object::open(node, &METRIC, problems).map(|metric| {
            let unit = metric.choice("unit", problems).map_or(Unit::Count, unit);
            (unit, queue::metric_source(&metric, problems))
        });
        let name = MetricName::new(&key.text).filter(|_| Signal::built_in(&key.text).is_none());
        let Some(name) = name else {
            let message = format!("`{}` is a built-in signal", key.text);
            let help = "choose another name; built-in signals need no declaration";
            problems.push(Problem::new(Code::ReservedName, place, message).help(help));
            continue;
        };
        let (unit, source) = source.unwrap_or((Unit::Count, None));
        declared.push(Declared { name, unit, place, source });
    }
    declared
}

fn unit(word: &str) -> Unit {
    match word {
        "percent" => Unit::Percent,
        "milliseconds" => Unit::Milliseconds,
        "seconds" => Unit::Seconds,
        _ => Unit::Count,
    }
}

/// The metric that a signal is.
fn metric_of(signal: &Signal) -> Option<&str> {
    signal.metric().map(MetricName::as_str)
}

fn unused_metrics(declared: &[Declared], named: &[&str], problems: &mut Problems) {
    for Declared { name, place, .. } in declared {
        if !named.contains(&name.as_str()) {
            let message = format!("nothing names the metric `{}`", name.as_str());
            let problem = Problem::new(Code::UnusedMetric, *place, message);
            problems.push(problem.help("it is not read, and costs nothing"));
        }
    }
}

/// The metrics that are named, each once; `None` when one of them has a problem.
fn used_metrics(named: &[&str], declared: &[Declared], ecs: &EcsService) -> Option<Vec<Metric>> {
    let mut used: Vec<Metric> = Vec::new();
    for name in named {
        if used.iter().any(|metric| metric.name.as_str() == *name) {
            continue;
        }
        let metric = if let Some(metric) = declared.iter().find(|metric| metric.name.as_str() == *name) {
            Metric { name: metric.name.clone(), source: Source::Metric(metric.source.clone()?), limit: None }
        } else {
            let name = MetricName::new(name)?;
            Metric { source: Source::Metric(ecs_metric(&name, ecs)), name, limit: None }
        };
        used.push(metric);
    }
    Some(used)
}

/// `cpu` and `memory` as ECS publishes them, once a minute for every service.
fn ecs_metric(name: &MetricName, ecs: &EcsService) -> MetricSource {
    let metric = if name.as_str() == "cpu" { "CPUUtilization" } else { "MemoryUtilization" };
    let dimensions = [("ClusterName", &ecs.cluster), ("ServiceName", &ecs.service)];
    MetricSource {
        namespace: "AWS/ECS".to_owned(),
        metric: metric.to_owned(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.clone())).into(),
        statistic: "Average".to_owned(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    }
}
