//! One row: a timestamp and a value, or what is wrong with it.

use super::fields::Fields;
use super::head::Columns;
use super::refusal::{RefusalKind, excerpt};
use super::stamp::{Stamp, stamp};

/// A row that can be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TraceRow<'a> {
    pub(super) stamp: Stamp,
    /// The timestamp as it is written.
    pub(super) written: &'a str,
    /// `None` is a sample that is missing.
    pub(super) value: Option<f64>,
}

/// Parses a row.
pub(super) fn parse<'a>(
    line: &str,
    fields: Fields<'a>,
    columns: Columns,
) -> Result<TraceRow<'a>, RefusalKind> {
    let few = || RefusalKind::FewColumns { found: excerpt(line) };
    let written = fields.get(columns.timestamp).ok_or_else(few)?;
    let value = fields.get(columns.value).ok_or_else(few)?;
    row(written, value)
}

/// A row of its two texts.
pub(super) fn row<'a>(written: &'a str, value: &str) -> Result<TraceRow<'a>, RefusalKind> {
    let stamp = stamp(written).ok_or_else(|| RefusalKind::Timestamp { found: excerpt(written) })?;
    Ok(TraceRow { stamp, written, value: number(value)? })
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
