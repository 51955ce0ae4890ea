//! `alarm(NAME) [for DURATION]`: a CloudWatch alarm, by its name.

use tidegate_policy::{AlarmName, Comparison, Condition, Signal, Unit};

use crate::problem::{Code, words};
use crate::read::condition::parts::{HOLD_SECONDS, ParsedCondition, bad, duration_after, tokens};
use crate::yaml::scalar::Fault;

/// What a condition on an alarm begins with.
const BEGIN: &str = "alarm(";

/// Whether a text is a condition on an alarm. A signal named `alarm…` has no parenthesis.
pub(crate) fn is_one(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// Reads a condition on an alarm: the alarm's value is 1 in ALARM and 0 in OK.
pub(super) fn parse(text: &str) -> Result<ParsedCondition, Fault> {
    let characters = |part: &str| part.chars().count();
    let condition = text.trim_start();
    let start = characters(text).saturating_sub(characters(condition));
    let inside = condition.strip_prefix(BEGIN).unwrap_or(condition);
    let Some((name, rest)) = inside.split_once(')') else {
        let fault = bad("never closes `alarm(`", "write `alarm(NAME)`, then optionally `for 5m`");
        return Err(fault.within(start, characters(condition.trim_end())));
    };
    let end = characters(text).saturating_sub(characters(rest));
    let span = (start, end.saturating_sub(start));
    let name = alarm_name(name.trim()).map_err(|fault| fault.within(span.0, span.1))?;
    if let Some(more) = rest.rfind(')') {
        let message = "names an alarm with a `)` in its name";
        let width = characters(rest.split_at(more).0).saturating_add(1);
        return Err(bad(message, "rename the alarm, or compare its metric itself").within(end, width));
    }
    let after = tokens(rest, end);
    if let Some(operator) = after.first().filter(|token| token.text.starts_with(['<', '>', '=', '!'])) {
        let help = "write `alarm(NAME)` alone: it holds while the alarm is in ALARM";
        return Err(operator.locate(bad("compares an alarm", help)));
    }
    let (hold_for, hold_span) = duration_after(text, "the alarm", HOLD_SECONDS, after.into_iter())?;
    let (signal, comparison) = (Signal::Alarm(name), Comparison::Above);
    let condition = Condition { signal, comparison, threshold: 0.0, unit: Unit::Count, hold_for };
    Ok(ParsedCondition { condition, signal: span, threshold: span, hold_for: hold_span })
}

fn alarm_name(name: &str) -> Result<AlarmName, Fault> {
    if name.starts_with("arn:") {
        return Err(bad("names an alarm by its ARN", "write the alarm's name, what follows `:alarm:`"));
    }
    AlarmName::new(name).ok_or_else(|| {
        let message = format!("names the alarm `{}`", words::shortened(name));
        let help = "allowed: 1 to 255 characters, none of them a `)` or a line break";
        Fault::new(Code::BadCondition, message, help)
    })
}
