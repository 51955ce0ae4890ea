//! What the state of a composite alarm rests on: the alarms that its rule names.
//!
//! CloudWatch writes OK where the rule is false, and an alarm without data makes `ALARM(…)` false: a composite alarm says OK
//! although nothing is known, and is in `INSUFFICIENT_DATA` only until its first evaluation (CloudWatch API reference,
//! `PutCompositeAlarm`). So its state counts as far as those of all alarms in its rule do.

use std::collections::BTreeMap;

use tidegate_policy::{Absence, Alarm, AlarmEvaluation, AlarmState};

/// Composite alarms may be made of composite ones. So many steps down are asked for: each is one more call after the others, and
/// alarms that name each other in a circle have no end.
pub(super) const STEPS_MAX: usize = 3;

/// The words of a rule that are no name of an alarm.
const WORDS: [&str; 9] =
    ["ALARM", "OK", "INSUFFICIENT_DATA", "AT_LEAST", "AND", "OR", "NOT", "TRUE", "FALSE"];

/// An alarm as `DescribeAlarms` shows it, and the names in its rule where it is a composite one.
#[derive(Debug, Clone)]
pub(super) struct DescribedAlarm {
    pub(super) alarm: Result<Alarm, Absence>,
    /// `None` where it is no composite alarm.
    pub(super) children: Option<Vec<String>>,
}

/// The names in an `AlarmRule`, in quotation marks or without, as names or as ARNs. What is taken for a name and is none is not
/// found, and then the state of the alarm is not believed.
pub(super) fn children(rule: &str) -> Vec<String> {
    // Every second part is in quotation marks.
    let parts = rule.split('"').enumerate();
    let names = parts.flat_map(|(index, part)| {
        if index % 2 == 1 {
            vec![part]
        } else {
            part.split(['(', ')', ',']).filter(|it| is_name(it)).collect()
        }
    });
    let mut names: Vec<String> = names.map(name).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What stands alone between parentheses and is no function, operator or number (`AT_LEAST(2, OK, (a, b))`).
fn is_name(part: &str) -> bool {
    let is_of_the_rule = |word: &str| {
        let is_number = word.trim_end_matches('%').parse::<u32>().is_ok();
        is_number || WORDS.iter().any(|it| it.eq_ignore_ascii_case(word))
    };
    !part.split_whitespace().all(is_of_the_rule)
}

/// The name of an alarm that is named, or given by its ARN.
fn name(text: &str) -> String {
    let text = text.trim();
    let of_arn = text.strip_prefix("arn:").and_then(|arn| arn.split_once(":alarm:"));
    of_arn.map_or(text, |(_, name)| name).to_owned()
}

/// What is known of an alarm: of a composite one with what is not known of the alarms in its rule.
pub(super) fn known(
    described: &DescribedAlarm,
    all: &BTreeMap<String, DescribedAlarm>,
) -> Result<Alarm, Absence> {
    let mut alarm = described.alarm.clone()?;
    if let Some(gap) = gap(described, all, STEPS_MAX).filter(|_| alarm.state != AlarmState::InsufficientData)
    {
        alarm.evaluation_state = AlarmEvaluation::ChildUnknown(gap);
    }
    Ok(alarm)
}

/// What is not known of the alarms that a composite alarm is made of: the first of them, in words.
fn gap(of: &DescribedAlarm, all: &BTreeMap<String, DescribedAlarm>, steps: usize) -> Option<String> {
    of.children.as_ref()?.iter().find_map(|name| {
        let Some(child) = all.get(name).filter(|_| steps > 0) else {
            return Some(format!("its alarm {name} was not read"));
        };
        match &child.alarm {
            Err(absence) => Some(format!("its alarm {name} cannot be read ({absence})")),
            Ok(alarm) if alarm.state == AlarmState::InsufficientData => {
                Some(format!("its alarm {name} is in INSUFFICIENT_DATA"))
            }
            Ok(alarm) => match alarm.evaluation_state.code() {
                Some(code) => Some(format!("the evaluation of its alarm {name} is in {code}")),
                None => gap(child, all, steps.saturating_sub(1)),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_alarms_in_quotation_marks_or_without_and_by_arn() {
        let arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:queue (old)";
        for (rule, names) in [
            ("ALARM(busy) AND NOT ALARM(deploying)", &["busy", "deploying"][..]),
            ("(ALARM(\"a b\") OR ALARM( c d )) AND OK(e)", &["a b", "c d", "e"]),
            (&format!("ALARM(\"{arn}\") OR NOT OK(\"ALARM(x)\")"), &["ALARM(x)", "queue (old)"]),
            ("AT_LEAST(50%, OK, (one, \"two, or three\"))", &["one", "two, or three"]),
            ("INSUFFICIENT_DATA(a)OR(ALARM(a))", &["a"]),
            ("FALSE", &[]),
            ("not true", &[]),
        ] {
            assert_eq!(children(rule), names, "{rule}");
        }
    }
}
