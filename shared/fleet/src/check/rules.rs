//! What single values cannot show: settings that contradict each other, or say what nobody can mean.

use std::collections::BTreeMap;

use tidegate_policy::{Adjustment, Amount, Comparison, Condition, Hours, ServicePolicy, Unit, rule::Span};

use crate::fleet::{Budget, Service};
use crate::object::Object;
use crate::problem::{Code, Place, Problem, Problems};
use crate::rules::PlacedRule;
use crate::settings::SERVICES_PER_CONCERN_MAX;
use crate::source::QueueSource;
use crate::tree::{Node, Value};
use crate::words;

/// Names of services, or of budgets, are unique.
pub(crate) fn unique_names(nodes: &[Node], problems: &mut Problems) {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for node in nodes {
        let (Some(name), Some(place)) = (name_of(node), name_node(node).map(|node| node.place)) else {
            continue;
        };
        if let Some(first) = first.get(name) {
            let message = format!("the name `{name}` is taken, in line {}", first.line);
            problems.push(Problem::new(Code::DuplicateName, place, message));
        } else {
            first.insert(name, place);
        }
    }
}

/// The name that an entry gives itself, right or wrong.
pub(crate) fn name_of(node: &Node) -> Option<&str> {
    match &name_node(node)?.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        Value::List(_) | Value::Map(_) | Value::Refused => None,
    }
}

fn name_node(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text == "name").map(|(_, node)| node),
        Value::Scalar(_) | Value::List(_) | Value::Refused => None,
    }
}

/// No two services scale the same.
pub(crate) fn unique_targets(nodes: &[Node], services: &[Option<Service>], problems: &mut Problems) {
    // By the name alone: one group may be written with and without its monitoring.
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (node, service) in nodes.iter().zip(services) {
        let Some(service) = service else {
            continue;
        };
        let target = service.target().to_string();
        if let Some(other) = first.get(&target) {
            let message = format!("`{other}` scales {target} already");
            let problem = Problem::new(Code::DuplicateTarget, node.place, message);
            problems.push(problem.help("put all its rules in one entry"));
        } else {
            first.insert(target, service.name());
        }
    }
}

/// One item of the ledger holds the memory of all services of a concern, also in an hour when every condition holds.
pub(crate) fn room_in_the_ledger(nodes: &[Node], services: &[Option<Service>], problems: &mut Problems) {
    let (mut with_queue, mut without) = (LEDGER_BYTES, LEDGER_BYTES);
    for (node, service) in nodes.iter().zip(services) {
        let Some(service) = service else {
            continue;
        };
        let (room, kind) =
            if service.queue().is_some() { (&mut with_queue, "with") } else { (&mut without, "without") };
        let Some(left) = room.checked_sub(remembered_bytes(service)) else {
            let message = format!(
                "is one service too many: one item of the ledger remembers {SERVICES_PER_CONCERN_MAX} plain ones {kind} a \
                 `queue`, and fewer with `wait`, `for`, metrics and `notify`"
            );
            let problem = Problem::new(Code::WrongLength, node.place, message);
            problems.push(problem.help("make two fleet files of it, each with its own stack"));
            return;
        };
        *room = left;
    }
}

/// What one item of the ledger holds, in bytes.
const LEDGER_BYTES: usize = SERVICES_PER_CONCERN_MAX * PLAIN_BYTES;
/// A service with a rule or two, or a tracker.
const PLAIN_BYTES: usize = 399;
/// What `wait` remembers beside that: measured with a full memory of bursts, behind a queue that counts nothing.
const WAIT_BYTES: usize = 487;
/// The newest datapoint of a metric that has settled and the largest of those after it, beyond the one metric of a plain
/// service.
const METRIC_BYTES: usize = 120;
const METRICS_OF_A_PLAIN_SERVICE: usize = 1;
/// Since when a condition with `for` holds, beside its words.
const RUN_BYTES: usize = 50;
/// A condition that people were told of, beside its words.
const TOLD_BYTES: usize = 100;
/// How often the running tasks changed over the three periods that a datapoint may count for. A plain service has room for
/// those of one-minute metrics; longer ones fill the history.
const RAN_BYTES: usize = 130;
/// A wish of the stabilization window: one for each evaluation, 15 seconds apart, and no more than 18. A plain service has room
/// for those of one minute.
const WISH_BYTES: usize = 14;
const WISHES_MAX: usize = 18;
const WISHES_OF_A_PLAIN_SERVICE: usize = 6;

/// The most that is remembered of a service (`remembering.rs`, `restarts.rs`, `stabilization.rs` and `watching.rs` of the policy
/// measure it).
fn remembered_bytes(service: &Service) -> usize {
    let policy = service.policy();
    let conditions = policy.rules.iter().map(|rule| &rule.when);
    let watched = policy.notify.iter().map(|notify| &notify.when);
    let held = conditions.chain(watched.clone()).filter(|when| !when.hold_for.is_zero());
    let runs: usize = held.map(|when| when.to_string().len() + RUN_BYTES).sum();
    let told: usize = watched.map(|when| when.to_string().len() + TOLD_BYTES).sum();
    let tracked = policy.track.len().saturating_sub(1) * (RUN_BYTES + METRIC_BYTES);
    let metrics = service.metrics().len().saturating_sub(METRICS_OF_A_PLAIN_SERVICE) * METRIC_BYTES;
    let wait = if policy.wait.is_some() { WAIT_BYTES } else { 0 };
    let is_long = service.metrics().iter().any(|metric| metric.source.period().as_secs() > 60);
    let ran = if is_long { RAN_BYTES } else { 0 };
    let evaluations = usize::try_from(policy.stabilization.as_secs() / 15).unwrap_or(WISHES_MAX);
    let wishes =
        evaluations.saturating_add(2).min(WISHES_MAX).saturating_sub(WISHES_OF_A_PLAIN_SERVICE) * WISH_BYTES;
    PLAIN_BYTES + wait + runs + told + tracked + metrics + ran + wishes
}

/// A group has no queue, and so nothing that speaks of one.
pub(crate) fn group(service: &Object<'_>, of_group: bool, problems: &mut Problems) {
    for key in ["queue", "concurrency", "idle"] {
        if of_group && service.node(key).is_some() {
            let message = format!("`{key}` is about the jobs of a queue, and an Auto Scaling group has none");
            let problem = Problem::new(Code::GroupWithQueue, service.place_of(key), message);
            problems.push(
                problem.help("leave it out; queues are worked off by the tasks of an ECS service (`ecs`)"),
            );
        }
    }
}

/// Nobody is told of one condition twice.
pub(crate) fn told_twice(rules: &[&PlacedRule], problems: &mut Problems) {
    let told: Vec<&&PlacedRule> = rules.iter().filter(|rule| rule.notify.is_some()).collect();
    for (index, rule) in told.iter().enumerate() {
        if let Some(first) = told.iter().take(index).find(|first| first.when == rule.when) {
            let message = format!("`{}` is told already, in line {}", rule.when, first.place.line);
            let problem = Problem::new(Code::DuplicateName, rule.place, message);
            problems.push(problem.help("keep the one with the severity that is meant"));
        }
    }
}

/// At their maximum the services fit into the budget; adds up what they take then.
pub(crate) fn budget(
    budget: &mut Budget,
    place: Place,
    services: &[Option<Service>],
    problems: &mut Problems,
) {
    let mut parts = Vec::new();
    for (name, per_task) in &budget.uses {
        let mut known = services.iter().flatten();
        let Some(service) = known.find(|service| service.name() == name) else {
            continue;
        };
        let max = service.policy().capacity.max();
        let total = u64::from(max).saturating_mul(u64::from(*per_task));
        budget.use_at_max = budget.use_at_max.saturating_add(total);
        parts.push(format!("{name} {max} x {per_task} = {total}"));
    }
    if budget.use_at_max > u64::from(budget.limit) {
        let message = format!(
            "`{}` would take {} at maximum capacity, above its limit {}",
            budget.name, budget.use_at_max, budget.limit
        );
        let help = format!("{}; lower a `max`, or raise the limit", parts.join(", "));
        problems.push(Problem::new(Code::BudgetExceeded, place, message).help(help));
    }
}

/// A rule that adds and one that removes never hold at the same value of one signal.
pub(crate) fn contradicting_rules(rules: &[&PlacedRule], problems: &mut Problems) {
    let adds = |rule: &&&PlacedRule| matches!(rule.adjust, Some((Adjustment::Add(_), _)));
    let removes = |rule: &&&PlacedRule| matches!(rule.adjust, Some((Adjustment::Remove(_), _)));
    for remove in rules.iter().filter(removes) {
        for add in rules.iter().filter(adds) {
            let (when_in, when_out) = (&remove.when, &add.when);
            if when_in.signal == when_out.signal && overlap(when_in, when_out) {
                let message =
                    format!("`{when_in}` removes while `{when_out}` (line {}) adds", add.place.line);
                let help = "leave a gap between the two thresholds, where nothing changes";
                problems.push(Problem::new(Code::ContradictingRules, remove.place, message).help(help));
            }
        }
    }
}

/// Whether some value satisfies both conditions; `for` only delays.
fn overlap(one: &Condition, other: &Condition) -> bool {
    let upward =
        |condition: &Condition| matches!(condition.comparison, Comparison::Above | Comparison::AtLeast);
    match (upward(one), upward(other)) {
        (true, true) | (false, false) => true,
        (true, false) => meet(one, other),
        (false, true) => meet(other, one),
    }
}

/// Whether `x > low` and `x < high` have a value in common.
fn meet(low: &Condition, high: &Condition) -> bool {
    let both_inclusive = low.comparison == Comparison::AtLeast && high.comparison == Comparison::AtMost;
    low.threshold < high.threshold || (both_inclusive && low.comparison.holds(high.threshold, low.threshold))
}

/// What a service's settings say together.
pub(crate) fn service(service: &Service, object: &Object<'_>, problems: &mut Problems) {
    let policy = service.policy();
    let place = object.place_of("capacity");
    let only_told = policy.rules.is_empty() && policy.track.is_empty() && !policy.notify.is_empty();
    if policy.capacity.min() == policy.capacity.max() && policy.hours.is_empty() && !only_told {
        let message = format!("`min` and `max` are both {}: nothing can ever scale", policy.capacity.max());
        problems.push(Problem::new(Code::FixedSize, place, message));
    }
    if let Some(why) = service.queue().filter(|_| policy.wait.is_some()).and_then(unseen_in_flight) {
        let message = format!("`wait` is set, and {why}");
        let help = "while no job waits, the load last measured is believed and halves in an hour, and tasks leave only \
                    as slowly; the first jobs that wait correct it";
        problems.push(Problem::new(Code::WaitUnseenInFlight, object.place_of("wait"), message).help(help));
    }
    if let Some(why) = service.queue().filter(|_| sleeps(policy)).and_then(unseen_in_flight) {
        let zero = if policy.capacity.min() == 0 { "`min` is 0" } else { "`hours` let the last task go" };
        let message = format!("{zero}, and {why}");
        let help = format!(
            "the last task goes once the queue was empty for `idle`, {}: make it longer than any job",
            Span(policy.idle)
        );
        problems.push(Problem::new(Code::ZeroUnseenInFlight, place, message).help(help));
    }
}

/// Whether the bounds let the last task go at some time of the day.
fn sleeps(policy: &ServicePolicy) -> bool {
    let at_zero = |row: &Hours| row.min == Some(0) || row.max == Some(0);
    policy.capacity.min() == 0 || policy.hours.iter().any(at_zero)
}

/// Why a queue cannot show that nothing runs.
fn unseen_in_flight(queue: &QueueSource) -> Option<&'static str> {
    match queue {
        QueueSource::Celery(celery) if !celery.acks_late => {
            Some("Celery shows no running job unless it acknowledges late (`acks_late`)")
        }
        QueueSource::List(_) => Some("a Redis list forgets a job when it is taken"),
        QueueSource::Cloudwatch(queue) if queue.in_flight.is_none() => {
            Some("no metric tells the jobs in flight (`in_flight`)")
        }
        QueueSource::Celery(_)
        | QueueSource::Bullmq(_)
        | QueueSource::Sqs(_)
        | QueueSource::Cloudwatch(_) => None,
    }
}

/// What the rules say about each other and about the bounds.
pub(crate) fn rules(service: &Service, rules: &[&PlacedRule], object: &Object<'_>, problems: &mut Problems) {
    let policy = service.policy();
    for rule in rules {
        amount(rule, service, problems);
        never_matches(rule, problems);
    }
    let any = |wanted: fn(&Adjustment) -> bool| policy.rules.iter().any(|rule| wanted(&rule.adjust));
    let adds = any(|adjust| matches!(adjust, Adjustment::Add(_)));
    let removes = any(|adjust| matches!(adjust, Adjustment::Remove(_)));
    let sets = any(|adjust| matches!(adjust, Adjustment::Set(_)));
    if adds != removes
        && !sets
        && policy.wait.is_none()
        && policy.track.is_empty()
        && policy.capacity.min() < policy.capacity.max()
    {
        let (does, end) = if adds { ("add", "maximum") } else { ("remove", "minimum") };
        let message = format!("the rules only ever {does}: the service stays at its {end} in the end");
        let place = object.place_of("rules");
        problems.push(Problem::new(Code::OneWayRules, place, message));
    }
}

/// A threshold that its signal cannot reach.
fn never_matches(rule: &PlacedRule, problems: &mut Problems) {
    let Condition { signal, comparison, threshold, .. } = &rule.when;
    let share =
        signal.metric().is_some_and(|name| name.as_str() == "errors") && rule.when.unit == Unit::Percent;
    let message = match comparison {
        Comparison::Below if *threshold <= 0.0 => {
            format!("`{signal}` is never below 0: the rule never matches")
        }
        Comparison::Above if share && *threshold >= 100.0 => {
            format!("`{signal}` is never above 100%: the rule never matches")
        }
        Comparison::AtLeast if share && *threshold > 100.0 => {
            format!("`{signal}` is never above 100%: the rule never matches")
        }
        Comparison::Above | Comparison::AtLeast | Comparison::Below | Comparison::AtMost => return,
    };
    problems.push(Problem::new(Code::NeverMatches, rule.threshold, message));
}

fn amount(rule: &PlacedRule, service: &Service, problems: &mut Problems) {
    let Some((adjust, place)) = rule.adjust else {
        return;
    };
    let policy = service.policy();
    let (min, max) = (policy.capacity.min(), policy.capacity.max());
    match adjust {
        Adjustment::Set(Amount::Tasks(tasks)) if !(min..=max).contains(&tasks) => {
            let message = format!("`set` is {tasks}, outside the capacity");
            let problem = Problem::new(Code::SetOutsideCapacity, place, message);
            problems.push(problem.help(format!("allowed are {min} to {max} tasks")));
        }
        Adjustment::Add(Amount::Tasks(tasks)) if tasks > policy.largest_step.scale_out.get() => {
            let step = policy.largest_step.scale_out;
            let asked = words::count(tasks.try_into().unwrap_or(usize::MAX), "task", "tasks");
            let message = format!("`add` asks for {asked}, above the largest step, {step}");
            let problem = Problem::new(Code::AboveLargestStep, place, message);
            problems.push(problem.help("raise `largest_step: { out: … }` to allow it"));
        }
        Adjustment::Remove(Amount::Tasks(tasks)) if tasks > 1 && !policy.interruptible => {
            let message = format!("`remove` asks for {tasks} tasks, and one goes per decision");
            let problem = Problem::new(Code::RemovesOneAtATime, place, message);
            problems
                .push(problem.help("write `interruptible: true` if jobs may be interrupted, or `remove: 1`"));
        }
        Adjustment::Add(_) | Adjustment::Remove(_) | Adjustment::Set(_) => {}
    }
}
