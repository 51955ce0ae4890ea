//! One entry of `services`.

use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;
use tidegate_policy::{AlarmName, Capacity, Cooldown, LargestStep, MetricName, ServicePolicy, Signal};

use crate::check;
use crate::check::rules::PlacedRule;
use crate::model::fleet::Service;
use crate::model::metric::Metric;
use crate::model::mode::Mode;
use crate::model::target::TargetKind;
use crate::problem::{Code, Problem, Problems};
use crate::read::floor;
use crate::read::guard;
use crate::read::hours;
use crate::read::metrics::{self, Metrics};
use crate::read::mode;
use crate::read::queue;
use crate::read::rule;
use crate::read::target;
use crate::read::track;
use crate::settings::service::{COOLDOWN_OF_WAIT, SERVICE, STABILIZATION_OF_WAIT};
use crate::yaml::object::Object;
use crate::yaml::scalar;
use crate::yaml::tree::Node;

/// What the fleet says beside its services.
pub(crate) struct Around<'a> {
    /// The fleet's own mode; `None` after reporting why.
    pub(crate) mode: Option<Mode>,
    pub(crate) holidays: Arc<[Date]>,
    /// The names that its databases give themselves.
    pub(crate) databases: Vec<&'a str>,
}

/// How fast a service changes.
struct ScalingSettings {
    concurrency: NonZeroU32,
    cooldown: Cooldown,
    stabilization: SignedDuration,
    largest_step: LargestStep,
    startup: SignedDuration,
    idle: SignedDuration,
    interruptible: bool,
}

/// Reads a service; `None` only after reporting why, or when the fleet's own mode is unknown.
pub(crate) fn read(node: &Node, around: &Around<'_>, problems: &mut Problems) -> Option<Service> {
    let object = Object::open(node, &SERVICE, problems)?;
    let name = object.text("name", problems);
    let mode = mode::read(&object, "service", around.mode, problems);
    let target = target::read(&object, problems);
    let has_priority = object.has("priority");
    let priority = if has_priority { object.count("priority", problems).unwrap_or(0) } else { 0 };
    let kind = object.chosen(TargetKind::TABLE).map(|(_, kind)| kind);
    let capacity = capacity(&object, problems);
    let override_max = override_max(&object, capacity, problems);
    let hours = hours::read(&object, capacity, &around.holidays, problems);
    let has_queue = object.has("queue");
    let queue = if has_queue { queue::read(&object, problems).map(Some) } else { Some(None) };
    let declared = metrics::declared(&object, kind, problems);
    let floor = floor::read(&object, capacity, &declared, problems);
    let guard = guard::read(&object, &around.databases, problems);
    let known = Metrics { declared: &declared, target: target.as_ref() };
    let track = track::read(&object, &known, has_queue, problems);
    let nodes = object.list("rules", problems);
    let rules: Vec<Option<PlacedRule>> =
        nodes.iter().map(|node| rule::read(node, &known, has_queue, problems)).collect();
    let understood: Vec<&PlacedRule> = rules.iter().flatten().collect();
    check::rules::contradicting(&understood, problems);
    check::rules::notified_twice(&understood, problems);
    let floor_by =
        object.map("floor", &mut Problems::new()).and_then(|floor| floor.text("by", &mut Problems::new()));
    let tracked = track.iter().flatten().map(|track| &track.signal);
    let signals = understood.iter().map(|rule| &rule.when.signal).chain(tracked);
    let named: Vec<&str> = signals.filter_map(metric_of).chain(floor_by.as_deref()).collect();
    metrics::report_unused(&declared, &named, ("no rule", "use it in a rule"), problems);
    let wait = wait(&object, has_queue, problems);
    let pace = pace(&object, problems);
    check::service::without_queue(&object, kind, problems);

    let is_cut = guard.is_none() && object.has("guard");
    if is_cut || rules.iter().any(Option::is_none) || (wait.is_none() && object.has("wait")) {
        return None;
    }
    let pace = pace?;
    let metrics = known.used(&named)?;
    let target = target?;
    let policy = ServicePolicy {
        capacity: capacity?,
        override_max: override_max?,
        hours: hours?,
        floor: floor?,
        guard,
        concurrency: pace.concurrency,
        rules: understood.iter().filter_map(|rule| rule.rule()).collect(),
        track: track?,
        wait,
        cooldown: pace.cooldown,
        stabilization: pace.stabilization,
        largest_step: pace.largest_step,
        startup: pace.startup,
        idle: pace.idle,
        interruptible: pace.interruptible,
        metrics: metrics.iter().map(Metric::policy).collect(),
        notify: understood.iter().filter_map(|rule| rule.notice()).collect(),
        capacity_unit: target.kind().capacity_unit(),
    };
    let alarms = alarms(&understood);
    let (name, mode, queue) = (name?, mode?, queue?);
    let read = Service { name, target, mode, priority, queue, metrics, alarms, policy };
    check::service::service(&read, &object, problems);
    check::rules::rules(&read, &understood, &object, problems);
    Some(read)
}

/// The metric that a signal is made of.
fn metric_of(signal: &Signal) -> Option<&str> {
    signal.metric().map(MetricName::as_str)
}

/// The alarms that the rules name, each once.
fn alarms(rules: &[&PlacedRule]) -> Vec<AlarmName> {
    let mut alarms: Vec<AlarmName> = Vec::new();
    for rule in rules {
        if let Signal::Alarm(name) = &rule.when.signal
            && !alarms.contains(name)
        {
            alarms.push(name.clone());
        }
    }
    alarms
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

/// The most that an override may set.
fn override_max(object: &Object<'_>, capacity: Option<Capacity>, problems: &mut Problems) -> Option<u32> {
    // Its other settings are read, and notified of, already.
    let bounds = object.map("capacity", &mut Problems::new())?;
    let written = bounds.node("override_max").is_some();
    let most = if written { Some(bounds.count("override_max", problems)?) } else { None };
    let max = capacity?.max();
    let most = most.unwrap_or(max);
    if most >= max {
        return Some(most);
    }
    let message = format!("`override_max` is {most}, below `max` {max}");
    let help = "an override may set at least what the rules may; remove `override_max`, or raise it";
    problems.push(Problem::new(Code::MinAboveMax, bounds.place_of("override_max"), message).help(help));
    None
}

/// The acceptable wait, if there is one and it can be read.
fn wait(object: &Object<'_>, has_queue: bool, problems: &mut Problems) -> Option<SignedDuration> {
    if object.has("wait") && !has_queue {
        let message = "`wait` needs a queue, but the service has no `queue`";
        let problem = Problem::new(Code::SignalWithoutQueue, object.place_of("wait"), message);
        problems.push(problem.help("declare the job queue under `queue`"));
    }
    object.duration("wait", problems)
}

fn pace(object: &Object<'_>, problems: &mut Problems) -> Option<ScalingSettings> {
    let concurrency = object.count("concurrency", problems);
    let waits_alone = object.has("wait") && !object.has("rules") && !object.has("track");
    let of_wait = |text| scalar::duration(&scalar::WrittenScalar::plain(text), 0, 30).ok();
    let cooldown = object.map("cooldown", problems).and_then(|cooldown| {
        let mut direction = |key| match cooldown.node(key) {
            None if waits_alone => of_wait(COOLDOWN_OF_WAIT),
            Some(_) | None => cooldown.duration(key, problems),
        };
        let (scale_out, scale_in) = (direction("out"), direction("in"));
        Some(Cooldown { scale_out: scale_out?, scale_in: scale_in? })
    });
    let interruptible = object.boolean("interruptible", problems);
    let largest_step = largest_step(object, interruptible, problems);
    let stabilization = match object.node("stabilization") {
        None if waits_alone => of_wait(STABILIZATION_OF_WAIT),
        Some(_) | None => object.duration("stabilization", problems),
    };
    let startup = object.duration("startup", problems);
    let idle = object.duration("idle", problems);
    Some(ScalingSettings {
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
    let written = steps.has("in");
    let interruptible = interruptible?;
    if written && scale_in > 1 && !interruptible {
        let message = format!("`in` is {scale_in}, but running jobs may not be interrupted");
        let help = "AWS chooses the tasks to stop, so each scale-in removes one task; \
                    remove `in`, or set `interruptible: true`";
        let place = steps.place_of("in");
        problems.push(Problem::new(Code::StepNeedsInterruptible, place, message).help(help));
    }
    let scale_in = if interruptible { scale_in } else { 1 };
    Some(LargestStep { scale_out: NonZeroU32::new(scale_out?)?, scale_in: NonZeroU32::new(scale_in)? })
}
