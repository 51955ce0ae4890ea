//! Conditions on instances of a database, which have neither a queue nor tasks: those of replicas, and those of a class.

use tidegate_policy::{Condition, MetricName, Unit};

use crate::problem::{Code, other_tools, words};
use crate::read::condition::parts::{ParsedCondition, bad, tokens};
use crate::read::condition::{alarm, comparing, parse};
use crate::settings::texts;
use crate::yaml::scalar::Fault;

/// The signals of replicas: CloudWatch shows them for each instance.
const OF_REPLICAS: [&str; 2] = ["cpu", "connections"];

/// The signals that ask for another class.
const OF_CLASSES: [&str; 4] = ["cpu", "memory", "connections", "iops"];

/// How long a condition holds before the class changes: CloudWatch is asked for datapoints of 5 minutes, or of an hour, which it
/// keeps for 455 days. A month has every load that comes monthly.
const UP_SECONDS: (u32, u32) = (300, 2_592_000);
/// A smaller class must carry the busiest hour of a day too.
const DOWN_SECONDS: (u32, u32) = (86_400, 2_592_000);

/// Reads a condition on the replicas of a database.
pub(crate) fn parse_of_replicas(text: &str) -> Result<ParsedCondition, Fault> {
    begins_with_one_of(&OF_REPLICAS, text, ("no signal of a replica", "cpu > 70% for 5m"))?;
    parse(text, &[])
}

/// Reads a condition on the class of a database: it must hold for a while. `connections` are a number, or percent of
/// `max_connections`.
pub(crate) fn parse_of_class(text: &str, upward: bool) -> Result<ParsedCondition, Fault> {
    let (range, example, allowed) = if upward {
        (UP_SECONDS, "cpu > 80% for 1d", "5m to 30d")
    } else {
        (DOWN_SECONDS, "cpu < 20% for 14d", "1d to 30d")
    };
    let named = begins_with_one_of(&OF_CLASSES, text, ("no signal of a database's class", example));
    named.map_err(|fault| {
        let help = format!("{}; a business metric belongs to `floor`", fault.help);
        if fault.code == Code::UnknownSignal { fault.help(help) } else { fault }
    })?;
    let is_share = tokens(text, 0).get(2).is_some_and(|value| value.text.ends_with('%'));
    let of_connections = if is_share { Unit::Percent } else { Unit::Count };
    let units = [("connections", of_connections), ("iops", Unit::Count)];
    let declared: Vec<(MetricName, Unit)> =
        units.into_iter().filter_map(|(name, unit)| Some((MetricName::new(name)?, unit))).collect();
    let parsed = comparing(text, &declared, range)?;
    if parsed.hold_for.is_none() {
        let help = format!("write for how long it must hold, as in `{example}`; allowed: {allowed}");
        return Err(bad("has no `for`", &help).within(text.chars().count(), 1));
    }
    Ok(parsed)
}

/// Whether a condition begins with one of these signals; `what` the others are not, and an example.
fn begins_with_one_of(signals: &[&str], text: &str, (what, example): (&str, &str)) -> Result<(), Fault> {
    let tokens = tokens(text, 0);
    let Some(word) = tokens.first().filter(|word| !signals.contains(&word.text)) else { return Ok(()) };
    let (code, help) = match other_tools::here(word.text) {
        Some(here) => (Code::UnknownSignal, format!("in Tidegate, write {here}")),
        None if alarm::is_one(text) || (texts::METRIC_KEY.accepts)(word.text) => {
            (Code::UnknownSignal, words::meant(word.text, signals))
        }
        None => (Code::BadCondition, format!("write `SIGNAL OP VALUE`, as in `{example}`")),
    };
    let message = format!("names `{}`, which is {what}", words::shortened(word.text));
    Err(word.locate(Fault::new(code, message, help)))
}

/// The condition, if it holds when the load rises (`upward`) or falls, as its key means it.
pub(crate) fn directed(parsed: ParsedCondition, key: &str, upward: bool) -> Result<ParsedCondition, Fault> {
    let Condition { signal, comparison, .. } = &parsed.condition;
    if comparison.is_upward() == upward {
        return Ok(parsed);
    }
    let (other, load, sign) = if upward { ("falls", "rises", ">") } else { ("rises", "falls", "<") };
    let message = format!("would hold when the load {other}");
    let help = format!("`{key}` holds when the load {load}: write `{signal} {sign} …`");
    Err(Fault::new(Code::WrongDirection, message, help))
}
