//! Times, counts and conditions as the sentences write them.

use std::fmt;

use jiff::Timestamp;

use crate::rule::{Condition, Quantity, Span};
use crate::signal::{Signal, Unit};

/// A moment in UTC with its day, to the minute: a person's wish can last for days.
pub(super) struct Day(pub(super) Timestamp);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M UTC"))
    }
}

/// A time of day in UTC, to the second.
pub(super) struct Clock(pub(super) Timestamp);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M:%S UTC"))
    }
}

/// `waiting is 612, above 500`, with how long when that matters.
pub(super) struct Seen<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Condition { signal, comparison, threshold, unit, hold_for } = self.condition;
        let value = Quantity { value: self.value, unit: *unit };
        write!(f, "{signal} is {value}, {} {threshold}{}", comparison.in_words(), unit.suffix())?;
        if hold_for.is_zero() { Ok(()) } else { write!(f, " (rule: for {})", Span(*hold_for)) }
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

/// `1 task`, `5 tasks`.
pub(crate) fn tasks(count: u32) -> String {
    format!("{count} {}", plural(u64::from(count), "task", "tasks"))
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
