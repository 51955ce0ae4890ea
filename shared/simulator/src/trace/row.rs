//! One row: a timestamp and a value, or what is wrong with it.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::fields::Fields;
use super::head::Columns;
use super::refusal::{RefusalKind, excerpt};

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

/// A row that can be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row<'a> {
    pub(super) stamp: Stamp,
    /// The timestamp as it is written.
    pub(super) written: &'a str,
    /// `None` is a sample that is missing.
    pub(super) value: Option<f64>,
}

/// Parses a row.
pub(super) fn parse<'a>(line: &str, fields: Fields<'a>, columns: Columns) -> Result<Row<'a>, RefusalKind> {
    let few = || RefusalKind::FewColumns { found: excerpt(line) };
    let written = fields.get(columns.timestamp).ok_or_else(few)?;
    let value = fields.get(columns.value).ok_or_else(few)?;
    row(written, value)
}

/// A row of its two texts.
pub(super) fn row<'a>(written: &'a str, value: &str) -> Result<Row<'a>, RefusalKind> {
    let stamp = stamp(written).ok_or_else(|| RefusalKind::Timestamp { found: excerpt(written) })?;
    Ok(Row { stamp, written, value: number(value)? })
}

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

/// A value that is not negative; nothing, or a word for nothing, is a missing sample.
fn number(text: &str) -> Result<Option<f64>, RefusalKind> {
    if ["", "null", "none", "nan", "na", "n/a", "-"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value < 0.0 => Err(RefusalKind::Negative { found: excerpt(text) }),
        // Sums of a trace's values must stay finite.
        Ok(value) if value <= 1e15 => Ok(Some(value.abs())),
        Ok(_) => Err(RefusalKind::TooLarge { found: excerpt(text) }),
        Err(_) if is_number_with_commas(text) => Err(RefusalKind::Commas { found: excerpt(text) }),
        Err(_) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Err(RefusalKind::Unit { found: excerpt(text) })
        }
        Err(_) => Err(RefusalKind::Value { found: excerpt(text) }),
    }
}

/// `1,234` is a thousand in one country and little more than one in another.
fn is_number_with_commas(text: &str) -> bool {
    text.contains(',') && text.chars().all(|digit| digit.is_ascii_digit() || digit == ',' || digit == '.')
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
