//! Times, counts and conditions as the sentences write them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::guard::Connections;
use crate::rule::{Condition, Quantity, Span, thousands};
use crate::signal::{Signal, Unit};

/// A moment in UTC with its day, to the minute: an override can last for days.
pub(crate) struct DayAndTime(pub(crate) Timestamp);

impl fmt::Display for DayAndTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M UTC"))
    }
}

/// A time of day in UTC, to the second.
pub(crate) struct TimeOfDay(pub(crate) Timestamp);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M:%S UTC"))
    }
}

/// `waiting is 612`, `alarm api-5xx is in ALARM`.
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
        write!(f, "alarm {} is {state}", name.as_str())
    }
}

/// `waiting is 612`; with the moment since which it breaches: `memory is 91% and has been above 85% since …`.
pub(super) struct IsSince<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
    pub(super) since: Option<Timestamp>,
}

impl fmt::Display for IsSince<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { condition, value, since } = *self;
        let is = Is { condition, value };
        let Condition { signal, comparison, threshold, unit, .. } = condition;
        match (since, signal) {
            (None, _) => write!(f, "{is}"),
            (Some(since), Signal::Alarm(name)) => {
                write!(f, "alarm {} has been in ALARM since {}", name.as_str(), DayAndTime(since))
            }
            (Some(since), _) => {
                let breach = comparison.in_words();
                write!(
                    f,
                    "{is} and has been {breach} {threshold}{} since {}",
                    unit.suffix(),
                    DayAndTime(since)
                )
            }
        }
    }
}

/// A condition with its value, for a headline: `memory 91.2% > 85% for 3m`, `alarm api-5xx in ALARM`.
pub(super) struct Breach<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
}

impl fmt::Display for Breach<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Condition { signal, comparison, threshold, unit, hold_for } = self.condition;
        if let Signal::Alarm(name) = signal {
            write!(f, "alarm {} in ALARM", name.as_str())?;
        } else {
            let value = Quantity { value: self.value, unit: *unit };
            write!(f, "{signal} {value} {comparison} {threshold}{}", unit.suffix())?;
        }
        for_so_long(f, *hold_for)
    }
}

/// A condition that is over, for a headline: `memory 61% (was above 85% for 3m)`, `alarm api-5xx OK (was in ALARM)`.
pub(super) struct Over<'a> {
    pub(super) condition: &'a Condition,
    pub(super) value: f64,
}

impl fmt::Display for Over<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Condition { signal, comparison, threshold, unit, hold_for } = self.condition;
        if let Signal::Alarm(name) = signal {
            write!(f, "alarm {} OK (was in ALARM", name.as_str())?;
        } else {
            let (value, was) = (Quantity { value: self.value, unit: *unit }, comparison.in_words());
            write!(f, "{signal} {value} (was {was} {threshold}{}", unit.suffix())?;
        }
        for_so_long(f, *hold_for)?;
        f.write_str(")")
    }
}

/// ` for 3m`, where a condition must hold for a while.
fn for_so_long(f: &mut fmt::Formatter<'_>, hold_for: SignedDuration) -> fmt::Result {
    if hold_for.is_zero() { Ok(()) } else { write!(f, " for {}", Span(hold_for)) }
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

/// `database main has 160 of 200 connections in use, about 10 per task: 85% allow 17 tasks`; where several services guard it,
/// `85%, shared equally by 2 services, allow 8 tasks`.
pub(super) struct ConnectionsOf<'a>(pub(super) &'a Connections, pub(super) &'a str);

impl fmt::Display for ConnectionsOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Connections { database, used, max, is_estimated, percent, per_task, sharers, .. }, most) =
            self;
        let count = |value: f64| Quantity { value: value.round(), unit: Unit::Count };
        let max = if *is_estimated { format!("about {}", thousands(max)) } else { thousands(max) };
        let each = Quantity { value: (per_task * 10.0).round() / 10.0, unit: Unit::Count };
        write!(
            f,
            "database {database} has {} of {max} connections in use, about {each} per task: {percent}%",
            count(*used)
        )?;
        if *sharers > 1 {
            write!(f, ", shared equally by {sharers} services,")?;
        }
        write!(f, " allow {most}")
    }
}

/// `cpu is 95% (target 70%)`.
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
        write!(f, "{signal} is {value} (target {target}{})", unit.suffix())
    }
}

/// `1 job`, `5 jobs`.
pub(super) fn jobs(count: u64) -> String {
    format!("{} {}", thousands(count), plural(count, "job", "jobs"))
}

/// The right form for a count.
pub(super) fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
