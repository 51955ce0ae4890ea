//! Scheduled actions of Application Auto Scaling, and when each was due last.
//!
//! AWS does not run an action later that came due while scheduled scaling was suspended (Application Auto Scaling user guide,
//! "Suspend and resume scaling"), so a restore has to know of it.

mod cron;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::emergency::schedule::cron::CalendarSchedule;

/// One scheduled action, as `DescribeScheduledActions` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAction {
    /// `ScheduledActionName`.
    pub name: String,
    /// When it is due; `Err` holds the expression that is not understood.
    pub schedule: Result<Schedule, String>,
    /// It is never due before this moment: `StartTime`.
    pub start: Option<Timestamp>,
    /// It is never due after this moment: `EndTime`.
    pub end: Option<Timestamp>,
    /// The `MinCapacity` that it sets, in tasks.
    pub min: Option<u32>,
    /// The `MaxCapacity` that it sets, in tasks.
    pub max: Option<u32>,
}

/// When a scheduled action is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    rule: ScheduleRule,
    /// The clock that it follows. It was resolved when the action was read: no decision reads a zone file.
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ScheduleRule {
    /// Once: `at(2026-11-28T18:00:00)`.
    At(DateTime),
    /// Again and again from a moment on: `rate(2 hours)`.
    Rate { first: Timestamp, every: SignedDuration },
    /// On a calendar: `cron(0 8 ? * MON-FRI *)`.
    Calendar(Box<CalendarSchedule>),
}

impl Schedule {
    /// Parses an expression of Application Auto Scaling. `first` is when a rate begins to count: the action's `StartTime`, or
    /// else when it was created. `None` if it is not understood.
    #[must_use]
    pub fn parse(expression: &str, zone: TimeZone, first: Timestamp) -> Option<Self> {
        let (kind, arguments) = expression.trim().strip_suffix(')')?.split_once('(')?;
        let rule = match kind.trim() {
            "at" => ScheduleRule::At(arguments.trim().parse().ok()?),
            "rate" => ScheduleRule::Rate { first, every: rate(arguments)? },
            "cron" => ScheduleRule::Calendar(Box::new(CalendarSchedule::parse(arguments)?)),
            _ => return None,
        };
        Some(Self { rule, zone })
    }

    /// The last moment after `after`, and not after `until`, at which it is due.
    #[must_use]
    pub fn last_due(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let due = match &self.rule {
            ScheduleRule::At(at) => {
                self.zone.to_ambiguous_timestamp(*at).compatible().ok().filter(|at| *at <= until)
            }
            ScheduleRule::Rate { first, every } => last_of_rate(*first, *every, until),
            ScheduleRule::Calendar(cron) => cron.last_due(&self.zone, after, until),
        };
        due.filter(|due| *due > after)
    }
}

impl ScheduledAction {
    /// The last moment after `after`, and not after `until`, at which it was due.
    pub(crate) fn last_due(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let until = self.end.map_or(until, |end| until.min(end));
        let due = self.schedule.as_ref().ok()?.last_due(after, until)?;
        (self.start.is_none_or(|start| due >= start)).then_some(due)
    }
}

/// `1 minute`, `2 hours`, `7 days`.
fn rate(arguments: &str) -> Option<SignedDuration> {
    let (count, unit) = arguments.trim().split_once(char::is_whitespace)?;
    let count: u32 = count.parse().ok()?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60_i64,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    let seconds = seconds.checked_mul(i64::from(count)).filter(|seconds| *seconds > 0)?;
    Some(SignedDuration::from_secs(seconds))
}

fn last_of_rate(first: Timestamp, every: SignedDuration, until: Timestamp) -> Option<Timestamp> {
    let passed = until.duration_since(first).as_secs();
    let since_last = passed.checked_rem(every.as_secs())?;
    let whole = passed.checked_sub(since_last).filter(|whole| *whole >= 0)?;
    first.checked_add(SignedDuration::from_secs(whole)).ok()
}
