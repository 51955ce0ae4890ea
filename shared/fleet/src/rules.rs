//! One entry of `rules`.

use jiff::SignedDuration;
use tidegate_policy::{Adjustment, Amount, MetricName, Rule, Signal, Unit, rule::Span};

use crate::condition::{self, Parsed};
use crate::object::{Object, read_scalar};
use crate::problem::{Code, Place, Problem, Problems};
use crate::scalar;
use crate::service::Declared;
use crate::settings::RULE;
use crate::texts;
use crate::tree::Node;

/// A rule, and where its parts stand.
pub(crate) struct PlacedRule {
    pub(crate) rule: Rule,
    /// Its condition.
    pub(crate) when: Place,
    /// Its threshold.
    pub(crate) threshold: Place,
    /// Its amount.
    pub(crate) amount: Place,
}

/// Reads a rule; `None` only after reporting why.
pub(crate) fn read(
    node: &Node,
    declared: &[Declared],
    has_queue: bool,
    problems: &mut Problems,
) -> Option<PlacedRule> {
    let object = Object::open(node, &RULE, problems)?;
    let adjustment = adjustment(&object, problems);
    let when = object.node("when")?;
    let units: Vec<(MetricName, Unit)> =
        declared.iter().map(|metric| (metric.name.clone(), metric.unit)).collect();
    let parsed = read_scalar(when, "when", problems, |written| {
        let text = scalar::text(written, &texts::CONDITION);
        Some(text.and_then(|text| condition::parse(&text, &units)))
    })?;
    check_signal(&parsed, when, has_queue, problems);
    check_period(&parsed, when, declared, problems);
    let (adjust, amount) = adjustment?;
    let (offset, width) = parsed.threshold;
    Some(PlacedRule {
        rule: Rule { when: parsed.condition, adjust },
        when: when.place,
        threshold: when.place_of(offset, width),
        amount,
    })
}

/// What the rule does, and where its amount stands.
fn adjustment(object: &Object<'_>, problems: &mut Problems) -> Option<(Adjustment, Place)> {
    let key = object.chosen(&["add", "remove", "set"]);
    let at_least = object.count("at_least", problems);
    let key = key?;
    let mut amount = object.amount(key, problems)?;
    match (&mut amount, at_least) {
        (Amount::Percent { at_least, .. }, Some(tasks)) if key != "set" => *at_least = tasks,
        (Amount::Tasks(_) | Amount::Percent { .. }, Some(_)) => {
            let message = "`at_least` without `add` or `remove` by percent";
            let problem = Problem::new(Code::AtLeastWithoutPercent, object.place_of("at_least"), message);
            problems.push(problem.help("write the amount as `10%`, or leave `at_least` out"));
        }
        (Amount::Tasks(_) | Amount::Percent { .. }, None) => {}
    }
    let adjustment = match key {
        "add" => Adjustment::Add(amount),
        "remove" => Adjustment::Remove(amount),
        _ => Adjustment::Set(amount),
    };
    Some((adjustment, object.place_of(key)))
}

fn check_signal(parsed: &Parsed, when: &Node, has_queue: bool, problems: &mut Problems) {
    let signal = &parsed.condition.signal;
    if !has_queue && !matches!(signal, Signal::Metric(_)) {
        let (offset, width) = parsed.signal;
        let message = format!("`{signal}` is a signal of the queue, and the service has no `queue`");
        let problem = Problem::new(Code::SignalWithoutQueue, when.place_of(offset, width), message);
        problems.push(problem.help("say where the work waits under `queue`"));
    }
}

/// `for` shorter than a period could never be seen to hold longer than one datapoint does.
fn check_period(parsed: &Parsed, when: &Node, declared: &[Declared], problems: &mut Problems) {
    let (Signal::Metric(name), Some((offset, width))) = (&parsed.condition.signal, parsed.hold_for) else {
        return;
    };
    let source = declared.iter().find(|metric| metric.name == *name);
    let period = source
        .and_then(|metric| metric.source.as_ref())
        .map_or(SignedDuration::from_mins(1), |source| source.period);
    let hold_for = parsed.condition.hold_for;
    if hold_for < period {
        let message = format!(
            "`for {}` is shorter than the period of `{}`, {}",
            Span(hold_for),
            name.as_str(),
            Span(period)
        );
        let place = when.place_of(offset, width);
        let help = format!("at least `for {}`", Span(period));
        problems.push(Problem::new(Code::ForBelowPeriod, place, message).help(help));
    }
}
