//! What the rules of a service say about each other, about its bounds and about its signals.

use tidegate_policy::{Adjustment, Amount, Comparison, Condition, Notify, Rule, Severity, Signal, Unit};

use crate::check::service::unseen_in_flight;
use crate::model::fleet::Service;
use crate::model::queue::QueueSource;
use crate::problem::{Code, Place, Problem, Problems, words};
use crate::yaml::object::Object;

/// A rule, and where its parts stand.
pub(crate) struct PlacedRule {
    pub(crate) when: Condition,
    /// What it does to the capacity, if anything, and where its amount stands.
    pub(crate) adjust: Option<(Adjustment, Place)>,
    /// The severity of its notification, if it has one.
    pub(crate) notify: Option<Severity>,
    /// Where its condition stands.
    pub(crate) place: Place,
    /// Where its threshold stands.
    pub(crate) threshold: Place,
}

impl PlacedRule {
    /// The step rule in it.
    pub(crate) fn rule(&self) -> Option<Rule> {
        self.adjust.map(|(adjust, _)| Rule { when: self.when.clone(), adjust })
    }

    /// The notice in it.
    pub(crate) fn notice(&self) -> Option<Notify> {
        self.notify.map(|severity| Notify { when: self.when.clone(), severity })
    }
}

/// No operator is notified of one condition twice.
pub(crate) fn notified_twice(rules: &[&PlacedRule], problems: &mut Problems) {
    let reported: Vec<&&PlacedRule> = rules.iter().filter(|rule| rule.notify.is_some()).collect();
    for (index, rule) in reported.iter().enumerate() {
        if let Some(first) = reported.iter().take(index).find(|first| first.when == rule.when) {
            let message = format!("`{}` already has a `notify` in line {}", rule.when, first.place.line);
            let problem = Problem::new(Code::DuplicateName, rule.place, message);
            problems.push(problem.help("keep the one with the intended severity"));
        }
    }
}

/// A rule that adds and one that removes never hold at the same value of one signal.
pub(crate) fn contradicting(rules: &[&PlacedRule], problems: &mut Problems) {
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
pub(crate) fn overlap(one: &Condition, other: &Condition) -> bool {
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

/// What the rules say about each other and about the bounds.
pub(crate) fn rules(service: &Service, rules: &[&PlacedRule], object: &Object<'_>, problems: &mut Problems) {
    let policy = service.policy();
    for rule in rules {
        amount(rule, service, problems);
        never_matches(rule, problems);
        unseen(rule, service, problems);
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
        let message =
            format!("the rules only ever {does}: the service will end up at its {end} and stay there");
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

/// A rule about jobs in flight, of a queue that does not show them.
fn unseen(rule: &PlacedRule, service: &Service, problems: &mut Problems) {
    let Condition { signal, comparison, .. } = &rule.when;
    let Some(queue) = service.queue().filter(|_| matches!(signal, Signal::InFlight | Signal::Depth)) else {
        return;
    };
    let Some(why) = unseen_in_flight(queue) else { return };
    let known = match queue {
        QueueSource::Celery(_) if comparison.is_upward() => return,
        QueueSource::Celery(_) => "never known to be so low",
        QueueSource::Bullmq(_) | QueueSource::Sqs(_) | QueueSource::List(_) | QueueSource::Cloudwatch(_) => {
            "not known"
        }
    };
    let message = format!("{why}, and `{signal}` is {known}: the rule never matches, and nothing scales in");
    let problem = Problem::new(Code::NeverMatches, rule.threshold, message);
    problems.push(problem.help("use `waiting`, which every queue shows, or `wait`"));
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
            problems.push(problem.help(format!("allowed: {min} to {max} tasks")));
        }
        Adjustment::Add(Amount::Tasks(tasks)) if tasks > policy.largest_step.scale_out.get() => {
            let step = policy.largest_step.scale_out;
            let asked = words::count(tasks.try_into().unwrap_or(usize::MAX), "task", "tasks");
            let message = format!("`add` is {asked}, above the largest step, {step}");
            let problem = Problem::new(Code::AboveLargestStep, place, message);
            problems.push(problem.help("raise `largest_step: { out: … }` to allow it"));
        }
        Adjustment::Remove(Amount::Tasks(tasks)) if tasks > 1 && !policy.interruptible => {
            let message = format!("`remove` is {tasks} tasks, but each decision removes only one");
            let problem = Problem::new(Code::RemovesOneAtATime, place, message);
            problems
                .push(problem.help("write `interruptible: true` if jobs may be interrupted, or `remove: 1`"));
        }
        Adjustment::Add(_) | Adjustment::Remove(_) | Adjustment::Set(_) => {}
    }
}
