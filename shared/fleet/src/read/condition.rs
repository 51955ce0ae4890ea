//! The grammar of a rule's condition: `SIGNAL OP VALUE [for DURATION]`, or `alarm(NAME) [for DURATION]`.
//!
//! ```text
//! condition = ( signal op value | alarm ) [ "for" duration ]
//! signal    = a built-in signal, a metric that the service declares, or such a metric "_per_task"
//! alarm     = "alarm(" the name of a CloudWatch alarm, without ")" and line breaks, as it is written in AWS ")"
//! op        = ">" | ">=" | "<" | "<="
//! value     = number | number "%" | time          (the unit must be the signal's)
//! time      = 1*( number ( "ms" | "s" | "m" | "h" | "d" ) )
//! duration  = whole numbers with "d", "h", "m", "s", each at most once and in this order
//! ```

use tidegate_policy::{Comparison, Condition, MetricName, Signal, Unit};

use crate::model::built_in;
use crate::model::metric::LoadBalancerMetric;
use crate::problem::{Code, other_tools, words};
use crate::settings::texts;
use crate::yaml::scalar::Fault;

pub(crate) mod alarm;
pub(crate) mod parts;
mod value;

pub(crate) use parts::ParsedCondition;
use parts::{HOLD_SECONDS, Token, bad, duration_after, missing, tokens};
use value::threshold;

/// What follows the name of a total to mean its share of one task.
const PER_TASK: &str = "_per_task";

/// Reads a condition; `declared` are the service's metrics with their units.
pub(crate) fn parse(text: &str, declared: &[(MetricName, Unit)]) -> Result<ParsedCondition, Fault> {
    if alarm::is_one(text) {
        return alarm::parse(text);
    }
    comparing(text, declared, HOLD_SECONDS)
}

/// Reads a condition that compares a signal with a value; its `for` lies within a range in seconds.
pub(crate) fn comparing(
    text: &str,
    declared: &[(MetricName, Unit)],
    hold_seconds: (u32, u32),
) -> Result<ParsedCondition, Fault> {
    let mut tokens = tokens(text, 0).into_iter();
    let missing = |what: &str| missing(text, what);
    let word = tokens.next().ok_or_else(|| missing("a signal"))?;
    let signal = signal(&word, declared)?;
    let operator = tokens.next().ok_or_else(|| missing("a comparison (`>`, `>=`, `<` or `<=`)"))?;
    let comparison = comparison(&operator)?;
    let value = tokens.next().ok_or_else(|| missing("a value"))?;
    let unit = unit_of(&signal, declared);
    let threshold = threshold(&value, &signal, unit)?;
    let (hold_for, hold_span) = duration_after(text, "the value", hold_seconds, tokens)?;
    let condition = Condition { signal, comparison, threshold, unit, hold_for };
    Ok(ParsedCondition { condition, signal: word.span(), threshold: value.span(), hold_for: hold_span })
}

/// Reads a signal by itself.
pub(crate) fn signal_of(text: &str, declared: &[(MetricName, Unit)]) -> Result<Signal, Fault> {
    signal(&Token { text, offset: 0 }, declared)
}

/// Reads a value of a signal, with the unit in which it is kept.
pub(crate) fn value_of(
    text: &str,
    signal: &Signal,
    declared: &[(MetricName, Unit)],
) -> Result<(f64, Unit), Fault> {
    let unit = unit_of(signal, declared);
    Ok((threshold(&Token { text, offset: 0 }, signal, unit)?, unit))
}

fn signal(word: &Token<'_>, declared: &[(MetricName, Unit)]) -> Result<Signal, Fault> {
    if let Some(signal) = Signal::built_in(word.text) {
        return Ok(signal);
    }
    if let Some(name) = metric(word.text, declared) {
        return Ok(Signal::Metric(name));
    }
    if let Some(name) = word.text.strip_suffix(PER_TASK).and_then(|total| metric(total, declared)) {
        return total(name, declared).map(Signal::PerTask).map_err(|fault| word.locate(fault));
    }
    if !(texts::METRIC_KEY.accepts)(word.text) && other_tools::here(word.text).is_none() {
        let message = format!("begins with `{}`, which is not a signal", words::shortened(word.text));
        return Err(word.locate(bad(&message, "write `SIGNAL OP VALUE`, as in `waiting > 500`")));
    }
    let mut known: Vec<&str> = built_in::names().collect();
    known.extend(declared.iter().map(|(name, _)| name.as_str()));
    let help = match other_tools::here(word.text) {
        Some(here) => format!("in Tidegate, write {here}"),
        None => format!(
            "{}; other CloudWatch metrics are declared under the service's `metrics`",
            words::meant(word.text, known)
        ),
    };
    let message = format!("names the unknown signal `{}`", words::shortened(word.text));
    Err(word.locate(Fault::new(Code::UnknownSignal, message, help)))
}

/// The metric of a name: one that the service declares, or one of the load balancer.
fn metric(name: &str, declared: &[(MetricName, Unit)]) -> Option<MetricName> {
    let own = declared.iter().map(|(own, _)| own).find(|own| own.as_str() == name).cloned();
    own.or_else(|| built_in::load_balancer(name).and_then(|_| MetricName::new(name)))
}

/// Only a total has a share for each task.
fn total(name: MetricName, declared: &[(MetricName, Unit)]) -> Result<MetricName, Fault> {
    let (signal, known) = (Signal::Metric(name.clone()), name.as_str());
    let average = matches!(built_in::load_balancer(known), Some(LoadBalancerMetric::ResponseTime { .. }))
        && !declared.iter().any(|(own, _)| *own == name);
    if unit_of(&signal, declared) != Unit::Percent && !average {
        return Ok(name);
    }
    let what = if average { "an average" } else { "a percentage" };
    let message = format!("divides `{known}` by the tasks, but `{known}` is {what}, not a total");
    Err(Fault::new(Code::NotATotal, message, format!("compare `{known}` itself")))
}

fn comparison(operator: &Token<'_>) -> Result<Comparison, Fault> {
    Ok(match operator.text {
        ">" => Comparison::Above,
        ">=" => Comparison::AtLeast,
        "<" => Comparison::Below,
        "<=" => Comparison::AtMost,
        other => {
            let hint = match other {
                "=>" => "did you mean `>=`? ",
                "=<" => "did you mean `<=`? ",
                _ => "",
            };
            let message = format!("compares with `{}`", words::shortened(other));
            let help = format!("{hint}allowed: `>`, `>=`, `<` and `<=`");
            return Err(operator.locate(bad(&message, &help)));
        }
    })
}

/// The unit in which a signal's values are kept.
fn unit_of(signal: &Signal, declared: &[(MetricName, Unit)]) -> Unit {
    let declared = |name| declared.iter().find(|(known, _)| known == name).map(|(_, unit)| *unit);
    match signal {
        Signal::Metric(name) | Signal::PerTask(name) => {
            declared(name).or_else(|| built_in::unit(name)).unwrap_or(Unit::Count)
        }
        Signal::Waiting
        | Signal::InFlight
        | Signal::Depth
        | Signal::Due
        | Signal::Delayed
        | Signal::WaitingPerTask
        | Signal::StalledFor
        | Signal::Alarm(_) => signal.unit().unwrap_or(Unit::Count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<(MetricName, Unit)> {
        let metric = |name, unit| (MetricName::new(name).expect("a metric's name"), unit);
        vec![
            metric("response_time", Unit::Seconds),
            metric("lag", Unit::Milliseconds),
            metric("errors", Unit::Percent),
            metric("messages", Unit::Count),
        ]
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let parsed = parse(text, &declared()).map(|parsed| parsed.condition.to_string());
        assert_eq!(parsed.map_err(|fault| fault.message), Ok(expected.to_owned()));
    }

    #[test]
    fn conditions_read_as_they_are_written() {
        check("waiting > 500", "waiting > 500");
        check("waiting>500", "waiting > 500");
        check("  waiting   <=   50  ", "waiting <= 50");
        check("cpu > 70% for 5m", "cpu > 70% for 5m");
        check("cpu>=70.5% for 1h30m", "cpu >= 70.5% for 1h30m");
        check("stalled_for > 5m", "stalled_for > 300s");
        check("stalled_for > 1m30s", "stalled_for > 90s");
        check("response_time > 500ms for 5m", "response_time > 0.5s for 5m");
        check("lag > 1.5s", "lag > 1500ms");
        check("errors > 1% for 3m", "errors > 1% for 3m");
        check("messages < 1000", "messages < 1000");
    }

    #[track_caller]
    fn check_fault(text: &str, code: Code, part: &str, help: &str) {
        let fault = parse(text, &declared()).expect_err("the condition is wrong");
        let (offset, width) = fault.span.expect("the fault names a part");
        let shown: String = text.chars().skip(offset).take(width).collect();
        assert_eq!((fault.code, shown.as_str()), (code, part), "{text}: {fault:?}");
        assert!(fault.help.contains(help), "{text}: {}", fault.help);
    }

    #[test]
    fn faults_name_the_word_that_is_wrong() {
        check_fault("waitin > 500", Code::UnknownSignal, "waitin", "did you mean `waiting`?");
        check_fault("queue_depth > 1", Code::UnknownSignal, "queue_depth", "declared under");
        check_fault("5 > waiting", Code::BadCondition, "5", "SIGNAL OP VALUE");
        check_fault("error > 1%", Code::UnknownSignal, "error", "did you mean `errors`?");
        check_fault("waiting => 500", Code::BadCondition, "=>", "did you mean `>=`?");
        check_fault("waiting == 500", Code::BadCondition, "==", "allowed:");
        check_fault("waiting 500", Code::BadCondition, "500", "allowed:");
        check_fault("waiting > many", Code::BadCondition, "many", "write it like `500`");
        check_fault("waiting > 5,000", Code::WrongUnit, "5,000", "write `5000`");
        check_fault("waiting > 1_000", Code::WrongUnit, "1_000", "write `1000`");
        check_fault("waiting > 100k", Code::WrongUnit, "100k", "write `100000`");
        check_fault("waiting > 1.5M", Code::WrongUnit, "1.5M", "write `1500000`");
        check_fault("waiting > 1e3", Code::WrongUnit, "1e3", "write `1000`");
        check_fault("waiting > 5m", Code::WrongUnit, "5m", "write `5`, without a unit");
        check_fault("waiting > 1e309", Code::WrongUnit, "1e309", "write digits only, at most 15");
        check_fault(
            "waiting > 1234567890123456",
            Code::BadCondition,
            "1234567890123456",
            "allowed: at most 15 digits",
        );
        check_fault(
            "ECSServiceAverageCPUUtilization > 70%",
            Code::UnknownSignal,
            "ECSServiceAverageCPUUtilization",
            "in Tidegate, write the signal `cpu`",
        );
        check_fault("waiting > 500%", Code::WrongUnit, "500%", "write `500`");
        check_fault("cpu > 70", Code::WrongUnit, "70", "write `70%`");
        check_fault("cpu > 7000%", Code::OutOfRange, "7000%", "0% to 1000%");
        check_fault("stalled_for > 300", Code::WrongUnit, "300", "write `300ms` or `300s`");
        check_fault("cpu > 0.8", Code::WrongUnit, "0.8", "write a percentage, as `70%`");
        check_fault("lag > 100", Code::WrongUnit, "100", "write `100ms`");
        check_fault("response_time > 5%", Code::WrongUnit, "5%", "write it like `90s`");
        check_fault("cpu > 70% fro 5m", Code::BadCondition, "fro", "`for` with a duration");
        check_fault("cpu > 70% and memory > 80%", Code::BadCondition, "and", "one condition per rule");
        check_fault("cpu > 70% for 5", Code::NotADuration, "5", "write `5m`");
        check_fault("cpu > 70% for 30s", Code::OutOfRange, "30s", "1m to 7d");
        check_fault("cpu > 70% for 8d", Code::OutOfRange, "8d", "1m to 7d");
        check_fault("cpu > 70% for 5m now", Code::BadCondition, "now", "nothing may follow");
        check_fault("", Code::BadCondition, "", "a signal is missing");
        check_fault("cpu", Code::BadCondition, "", "a comparison");
        check_fault("cpu >", Code::BadCondition, "", "a value is missing");
        check_fault("cpu > 70% for", Code::BadCondition, "", "the duration after `for`");
        check_fault("cpu > 1.2.3%", Code::BadCondition, "1.2.3%", "write it like `70%`");
        check_fault("waiting > -5", Code::BadCondition, "-5", "write it like `500`");
    }
}
