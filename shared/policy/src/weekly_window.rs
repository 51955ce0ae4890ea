//! A window of the week, as RDS writes maintenance windows: `sun:05:00-sun:05:30`, in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;

/// The shortest maintenance window that RDS takes (Amazon RDS user guide, "The Amazon RDS maintenance window").
const SHORTEST: u16 = 30;

/// A window of every week, in UTC. It may go over the end of the week. Its first minute belongs to it, its last one does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyWindow {
    /// The minute of the week at which it begins: 0 is Monday, 00:00.
    start: u16,
    /// How many minutes it lasts: 30 to a day.
    minutes: u16,
}

/// Why a text is no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeeklyWindowError {
    /// It is not written as RDS writes it.
    #[error("write it like `sun:05:00-sun:06:00`: day and time of its start and its end, in UTC")]
    Unreadable,
    /// It is shorter than half an hour.
    #[error("a window lasts at least 30 minutes; this one lasts {minutes}")]
    TooShort {
        /// How long it lasts.
        minutes: u16,
    },
    /// It is longer than a day.
    #[error("a window lasts at most 24 hours; this one lasts {minutes} minutes")]
    TooLong {
        /// How long it lasts.
        minutes: u16,
    },
}

impl WeeklyWindow {
    /// Whether it is open.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.left(at).is_some()
    }

    /// When the open window began; `None` while it is closed.
    #[must_use]
    pub fn began(self, at: Timestamp) -> Option<Timestamp> {
        let into = self.into_minutes(at);
        if into >= self.minutes {
            return None;
        }
        whole_minute(at).checked_sub(SignedDuration::from_mins(i64::from(into))).ok()
    }

    /// How much of the open window is left; `None` while it is closed.
    #[must_use]
    pub fn left(self, at: Timestamp) -> Option<SignedDuration> {
        let end = self.began(at)?.checked_add(SignedDuration::from_mins(i64::from(self.minutes))).ok()?;
        Some(end.duration_since(at))
    }

    /// When it opens next: after `at`, also while it is open.
    #[must_use]
    pub fn next(self, at: Timestamp) -> Timestamp {
        let until = WEEK.saturating_sub(self.into_minutes(at));
        let minutes = SignedDuration::from_mins(i64::from(until));
        whole_minute(at).saturating_add(minutes).unwrap_or(at)
    }

    /// How long it lasts.
    #[must_use]
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.minutes))
    }

    /// Minutes from its last start to `at`, less than a week.
    fn into_minutes(self, at: Timestamp) -> u16 {
        let since_start = minute_of_week(at).saturating_add(WEEK).saturating_sub(self.start);
        since_start.checked_rem(WEEK).unwrap_or(0)
    }
}

fn whole_minute(at: Timestamp) -> Timestamp {
    let into = SignedDuration::from_nanos_i128(at.as_nanosecond().rem_euclid(60_000_000_000));
    at.saturating_sub(into).unwrap_or(at)
}

/// 0 is Monday, 00:00 UTC.
fn minute_of_week(at: Timestamp) -> u16 {
    let at = at.to_zoned(TimeZone::UTC);
    let day = u16::from(at.weekday().to_monday_zero_offset().unsigned_abs());
    let (hour, minute) = (u16::from(at.hour().unsigned_abs()), u16::from(at.minute().unsigned_abs()));
    day.saturating_mul(DAY).saturating_add(hour.saturating_mul(60)).saturating_add(minute)
}

impl FromStr for WeeklyWindow {
    type Err = WeeklyWindowError;

    fn from_str(text: &str) -> Result<Self, WeeklyWindowError> {
        let (start, end) = text.split_once('-').ok_or(WeeklyWindowError::Unreadable)?;
        let (start, end) = (moment(start)?, moment(end)?);
        let minutes = end.saturating_add(WEEK).saturating_sub(start).checked_rem(WEEK).unwrap_or(0);
        match minutes {
            ..SHORTEST => Err(WeeklyWindowError::TooShort { minutes }),
            SHORTEST..=DAY => Ok(Self { start, minutes }),
            _ => Err(WeeklyWindowError::TooLong { minutes }),
        }
    }
}

/// `sun:05:00`, in minutes of the week.
fn moment(text: &str) -> Result<u16, WeeklyWindowError> {
    let unreadable = WeeklyWindowError::Unreadable;
    let mut parts = text.split(':');
    let (Some(day), Some(hour), Some(minute), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unreadable);
    };
    let day = DAYS.iter().position(|name| day.eq_ignore_ascii_case(name)).ok_or(unreadable)?;
    let two_digits = |text: &str, most: u16| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|number| is_number && *number <= most).ok_or(unreadable)
    };
    let day = u16::try_from(day).unwrap_or(0).saturating_mul(DAY);
    let hour = two_digits(hour, 23)?.saturating_mul(60);
    Ok(day.saturating_add(hour).saturating_add(two_digits(minute, 59)?))
}

/// As RDS writes it.
impl fmt::Display for WeeklyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.start.saturating_add(self.minutes).checked_rem(WEEK).unwrap_or(0);
        write!(f, "{}-{}", Moment(self.start), Moment(end))
    }
}

struct Moment(u16);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |of: u16, by: u16| of.checked_div(by).unwrap_or(0);
        let rest = |of: u16, by: u16| of.checked_rem(by).unwrap_or(0);
        let day = DAYS.get(usize::from(part(self.0, DAY))).copied().unwrap_or("mon");
        write!(f, "{day}:{:02}:{:02}", part(rest(self.0, DAY), 60), rest(self.0, 60))
    }
}
