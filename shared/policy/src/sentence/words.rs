//! Times, counts and conditions as the sentences write them.

use std::fmt;

use jiff::Timestamp;

use crate::rule::{Condition, Quantity, Span};
use crate::signal::{Signal, Unit};

/// A moment in UTC with its day, to the minute: an override can last for days.
pub(super) struct DayAndTime(pub(super) Timestamp);

impl fmt::Display for DayAndTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M UTC"))
    }
}

/// A time of day in UTC, to the second.
pub(super) struct TimeOfDay(pub(super) Timestamp);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M:%S UTC"))
    }
}

/// `waiting is 612`, `the alarm api-5xx is in ALARM`.
pub(super) struct Is<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
}

impl fmt::Display for Is<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { condition: Condition { signal, unit, .. }, value } = *self;
        let Signal::Alarm(name) = signal else {
            return write!(f, "{signal} is {}", Quantity { value, unit: *unit });
        };
        let state = if value > 0.0 { "in ALARM" } else { "OK" };
        write!(f, "the alarm {} is {state}", name.as_str())
    }
}

/// `waiting is 612, above 500`, with how long and since when where that matters.
pub(super) struct ConditionValue<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
    pub(super) since: Option<Timestamp>,
}

impl fmt::Display for ConditionValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { condition, value, since } = *self;
        write!(f, "{}", Is { condition, value })?;
        let Condition { comparison, threshold, unit, hold_for, .. } = condition;
        if !condition.is_of_alarm() {
            write!(f, ", {} {threshold}{}", comparison.in_words(), unit.suffix())?;
        }
        if let Some(since) = since {
            write!(f, " since {}", DayAndTime(since))?;
        }
        if hold_for.is_zero() { Ok(()) } else { write!(f, " (rule: for {})", Span(*hold_for)) }
    }
}

/// `2 to 10`, `at least 2`, `at most 10`.
pub(super) struct Allowed(pub(super) Option<u32>, pub(super) Option<u32>);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(Some(min), Some(max)) if min == max => write!(f, "{min}"),
            Self(Some(min), Some(max)) => write!(f, "{min} to {max}"),
            Self(Some(min), None) => write!(f, "at least {min}"),
            Self(None, Some(max)) => write!(f, "at most {max}"),
            Self(None, None) => f.write_str("any number"),
        }
    }
}

/// `cpu is 95% and its target 70%`.
pub(super) struct Tracking<'a> {
    pub(super) signal: &'a Signal,
    pub(super) value: f64,
    pub(super) target: f64,
    pub(super) unit: Unit,
}

impl fmt::Display for Tracking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, value, target, unit } = self;
        let value = Quantity { value: *value, unit: *unit };
        write!(f, "{signal} is {value} and its target {}", Quantity { value: *target, unit: *unit })
    }
}

/// `1 job`, `5 jobs`.
pub(super) fn jobs(count: u64) -> String {
    format!("{count} {}", plural(count, "job", "jobs"))
}

/// `1 job waits`, `5 jobs wait`.
pub(super) fn waits(count: u64) -> String {
    format!("{} {}", jobs(count), plural(count, "waits", "wait"))
}

/// The right form for a count.
pub(super) fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
