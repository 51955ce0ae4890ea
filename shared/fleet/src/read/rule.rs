//! One entry of `rules`.

use tidegate_policy::{Adjustment, Amount, rule::Span};

use crate::check::rules::PlacedRule;
use crate::problem::{Code, Place, Problem, Problems};
use crate::read::condition::{self, ParsedCondition};
use crate::read::metrics::Metrics;
use crate::settings::rule::{ADJUSTMENTS, RULE, SEVERITIES};
use crate::yaml::object::Object;
use crate::yaml::tree::Node;

/// Reads a rule; `None` only after reporting why.
pub(crate) fn read(
    node: &Node,
    metrics: &Metrics<'_>,
    has_queue: bool,
    problems: &mut Problems,
) -> Option<PlacedRule> {
    let object = Object::open(node, &RULE, problems)?;
    let adjust = adjustment(&object, problems);
    let notify = object.choice("notify", &SEVERITIES, problems);
    let when = object.node("when")?;
    let units = metrics.units();
    let parsed = object.parsed("when", problems, |text| condition::parse(text, &units))?;
    let (offset, width) = parsed.signal;
    metrics.check(&parsed.condition.signal, has_queue, when.place_of(offset, width), problems);
    check_period(&parsed, when, metrics, problems);
    let (offset, width) = parsed.threshold;
    Some(PlacedRule {
        when: parsed.condition,
        adjust: adjust?,
        notify,
        place: when.place,
        threshold: when.place_of(offset, width),
    })
}

/// What the rule does to the capacity, if anything, and where its amount stands; the outer `None` comes only after
/// reporting why.
#[expect(clippy::option_option, reason = "an amount that is not there differs from one that is wrong")]
fn adjustment(object: &Object<'_>, problems: &mut Problems) -> Option<Option<(Adjustment, Place)>> {
    let at_least = object.count("at_least", problems);
    let adjusts = match object.chosen(&ADJUSTMENTS) {
        None => None,
        Some((key, adjustment)) => Some((adjustment(object.amount(key, problems)?), object.place_of(key))),
    };
    match (adjusts, at_least) {
        (adjusts, None) => Some(adjusts),
        (Some((Adjustment::Add(Amount::Percent { percent, .. }), place)), Some(at_least)) => {
            Some(Some((Adjustment::Add(Amount::Percent { percent, at_least }), place)))
        }
        (Some((Adjustment::Remove(Amount::Percent { percent, .. }), place)), Some(at_least)) => {
            Some(Some((Adjustment::Remove(Amount::Percent { percent, at_least }), place)))
        }
        (adjusts, Some(_)) => {
            let message = "`at_least` without `add` or `remove` by percent";
            let problem = Problem::new(Code::AtLeastWithoutPercent, object.place_of("at_least"), message);
            problems.push(problem.help("write the amount as `10%`, or leave `at_least` out"));
            Some(adjusts)
        }
    }
}

/// `for` shorter than a period could never be seen to hold longer than one datapoint does.
fn check_period(parsed: &ParsedCondition, when: &Node, metrics: &Metrics<'_>, problems: &mut Problems) {
    let hold_for = parsed.condition.hold_for;
    let (Some(name), Some((offset, width))) = (parsed.condition.signal.metric(), parsed.hold_for) else {
        return;
    };
    let Some(period) = metrics.source(name).map(|source| source.period()).filter(|period| hold_for < *period)
    else {
        return;
    };
    let message = format!(
        "`for {}` is shorter than the period of `{}`, {}",
        Span(hold_for),
        name.as_str(),
        Span(period)
    );
    let monitoring = if metrics.comes_sooner_with_detailed_monitoring(name) {
        ", or switch on detailed monitoring and write `asg: { name: …, detailed_monitoring: true }`"
    } else {
        ""
    };
    let help = format!("at least `for {}`{monitoring}", Span(period));
    problems.push(Problem::new(Code::ForBelowPeriod, when.place_of(offset, width), message).help(help));
}
