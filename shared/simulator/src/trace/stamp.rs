//! A timestamp, in the ways in which traces write it.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// The dates of CloudWatch's console.
const CONSOLE: [&str; 2] = ["%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"];

/// The kinds of timestamps; one trace has one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampKind {
    /// A number of seconds.
    Seconds,
    /// A number of milliseconds.
    Milliseconds,
    /// ISO-8601 with `Z` or an offset.
    WithZone,
    /// A date and a time without a zone.
    WithoutZone,
}

/// A timestamp as it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stamp {
    /// Milliseconds since the epoch, or since whatever the trace counts from.
    Moment(i64, StampKind),
    /// What a clock shows, in a zone that is named elsewhere.
    Shown(DateTime),
}

/// Reads a timestamp.
pub(super) fn stamp(text: &str) -> Option<Stamp> {
    if let Ok(number) = text.parse::<f64>() {
        let is_milliseconds = number.abs() >= MILLISECONDS_FROM;
        let kind = if is_milliseconds { StampKind::Milliseconds } else { StampKind::Seconds };
        let milliseconds = if is_milliseconds { number } else { number * 1e3 };
        // Beyond the year 9999 there is no timestamp either.
        if !number.is_finite() || milliseconds.abs() > 2.5e14 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "rounded, and far below 2^63")]
        return Some(Stamp::Moment(milliseconds.round() as i64, kind));
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(Stamp::Moment(stamp.as_millisecond(), StampKind::WithZone));
    }
    if text.contains('/') {
        return CONSOLE.iter().find_map(|format| DateTime::strptime(format, text).ok()).map(Stamp::Shown);
    }
    text.parse().ok().map(Stamp::Shown)
}

impl fmt::Display for StampKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "a number of seconds",
            Self::Milliseconds => "a number of milliseconds",
            Self::WithZone => "ISO-8601 with a zone",
            Self::WithoutZone => "a date without a zone",
        })
    }
}
