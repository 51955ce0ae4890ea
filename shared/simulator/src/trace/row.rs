//! One row: a timestamp and a value, or what is wrong with it.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::refusal::{RefusalKind, excerpt};

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// The kinds of timestamps; one trace has one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampKind {
    /// A number of seconds.
    Seconds,
    /// A number of milliseconds.
    Milliseconds,
    /// ISO-8601 with `Z` or an offset.
    WithZone,
    /// ISO-8601 without a zone.
    WithoutZone,
}

/// A row that can be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parsed {
    /// Milliseconds since the epoch, or since whatever the trace counts from.
    pub(super) at: i64,
    pub(super) kind: StampKind,
    /// `None` is a sample that is missing.
    pub(super) value: Option<f64>,
}

/// Where the two columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    timestamp: usize,
    value: usize,
}

impl Header {
    /// Timestamp first, value second.
    pub(super) const PLAIN: Self = Self { timestamp: 0, value: 1 };

    /// The columns that a header names; `None` if the line is a row.
    pub(super) fn of(line: &str) -> Result<Option<Self>, RefusalKind> {
        let names: Vec<String> = fields(line).map(str::to_ascii_lowercase).collect();
        let column = |name: &str| names.iter().position(|found| found == name);
        match (column("timestamp"), column("value")) {
            (Some(timestamp), Some(value)) => Ok(Some(Self { timestamp, value })),
            (None, None) if parse(line, Self::PLAIN).is_ok() => Ok(None),
            (Some(_), None) | (None, Some(_) | None) => Err(RefusalKind::Header { found: excerpt(line) }),
        }
    }
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| {
        let field = field.trim();
        field.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(field).trim()
    })
}

/// Parses a row.
pub(super) fn parse(line: &str, header: Header) -> Result<Parsed, RefusalKind> {
    let few = || RefusalKind::FewColumns { found: excerpt(line) };
    let stamp = fields(line).nth(header.timestamp).ok_or_else(few)?;
    let value = fields(line).nth(header.value).ok_or_else(few)?;
    let (at, kind) = timestamp(stamp).ok_or_else(|| RefusalKind::Timestamp { found: excerpt(stamp) })?;
    Ok(Parsed { at, kind, value: number(value)? })
}

fn timestamp(text: &str) -> Option<(i64, StampKind)> {
    if let Ok(number) = text.parse::<f64>() {
        let is_milliseconds = number.abs() >= MILLISECONDS_FROM;
        let kind = if is_milliseconds { StampKind::Milliseconds } else { StampKind::Seconds };
        let milliseconds = if is_milliseconds { number } else { number * 1e3 };
        // Beyond the year 9999 there is no timestamp either.
        if !number.is_finite() || milliseconds.abs() > 2.5e14 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "rounded, and far below 2^63")]
        return Some((milliseconds.round() as i64, kind));
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some((stamp.as_millisecond(), StampKind::WithZone));
    }
    let civil: DateTime = text.parse().ok()?;
    let stamp = Offset::UTC.to_timestamp(civil).ok()?;
    Some((stamp.as_millisecond(), StampKind::WithoutZone))
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
        Err(_) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Err(RefusalKind::Unit { found: excerpt(text) })
        }
        Err(_) => Err(RefusalKind::Value { found: excerpt(text) }),
    }
}

impl fmt::Display for StampKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "a number of seconds",
            Self::Milliseconds => "a number of milliseconds",
            Self::WithZone => "ISO-8601 with a zone",
            Self::WithoutZone => "ISO-8601 without a zone",
        })
    }
}
