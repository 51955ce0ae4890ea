//! The value that a signal is compared with, in the signal's own unit.

use tidegate_policy::{Signal, Unit};

use crate::problem::{Code, words};
use crate::read::condition::parts::{Token, bad};
use crate::yaml::scalar::Fault;

/// Far above any queue length or byte count, and exact in a float.
const VALUE_DIGITS_MAX: usize = 15;

/// A percentage that AWS could report: ECS tasks without a hard limit go above 100 %.
const PERCENT_MAX: f64 = 1_000.0;

/// The threshold in the signal's own unit: `500ms` of a metric kept in seconds is 0.5.
pub(super) fn threshold(value: &Token<'_>, signal: &Signal, unit: Unit) -> Result<f64, Fault> {
    let text = value.text;
    let Some((number, suffix)) = number_with_suffix(text) else {
        let message = format!("has the value `{}`", words::shortened(text));
        let help = match written_out(text).filter(|_| unit == Unit::Count) {
            Some(digits) => format!("write `{digits}`"),
            None if is_too_long(text) => format!("allowed: at most {VALUE_DIGITS_MAX} digits"),
            None => format!("write it like `{}`", example(unit)),
        };
        return Err(value.locate(bad(&message, &help)));
    };
    let in_unit = match unit {
        Unit::Count => suffix.is_empty().then_some(number),
        Unit::Percent => (suffix == "%").then_some(number),
        Unit::Seconds => seconds(text),
        Unit::Milliseconds => seconds(text).map(|seconds| seconds * 1_000.0),
    };
    let Some(in_unit) = in_unit else {
        let digits = words::shortened(text.trim_end_matches(|c: char| !c.is_ascii_digit()));
        let help = match (unit, suffix.is_empty()) {
            (Unit::Percent, true) if number <= 1.0 => format!("write a percentage, as `{}`", example(unit)),
            (Unit::Percent, true) => format!("write `{digits}%`"),
            (Unit::Seconds, true) => format!("write `{digits}ms` or `{digits}s`"),
            (Unit::Milliseconds, true) => format!("write `{digits}ms`"),
            (Unit::Count, false) => match written_out(text) {
                Some(digits) => format!("write `{digits}`"),
                None if "kKMGe,_".contains(suffix.chars().next().unwrap_or('%')) => {
                    format!("write digits only, at most {VALUE_DIGITS_MAX}")
                }
                None => format!("write `{digits}`, without a unit"),
            },
            (Unit::Count, true) | (_, false) => format!("write it like `{}`", example(unit)),
        };
        let message = format!("compares `{signal}`, which is {}, with `{text}`", name(unit));
        return Err(value.locate(Fault::new(Code::WrongUnit, message, help)));
    };
    if unit == Unit::Percent && in_unit > PERCENT_MAX {
        let help = format!("allowed: 0% to {PERCENT_MAX}%");
        let message = format!("compares `{signal}` with {text}");
        return Err(value.locate(Fault::new(Code::OutOfRange, message, help)));
    }
    Ok(in_unit)
}

/// A number as digits with at most one point, and what follows it.
fn number_with_suffix(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let written_out = !whole.is_empty() && !fraction.is_empty() && !fraction.contains('.');
    let short = whole.len().saturating_add(fraction.len()) <= VALUE_DIGITS_MAX;
    (written_out && short).then(|| Some((number.parse().ok()?, suffix)))?
}

/// Whether a number is one, but for its length.
fn is_too_long(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    let one_point = digits.matches('.').count() <= 1;
    one_point && digits.len() > VALUE_DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// What `100k`, `1.5M`, `5,000`, `1_000` and `1e3` are in digits, if that is a whole number that may be written.
fn written_out(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !".,_".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let zeros = match suffix {
        "" => 0,
        "k" | "K" => 3,
        "M" => 6,
        "G" => 9,
        _ => suffix.strip_prefix(['e', 'E'])?.parse::<usize>().ok()?,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let missing = zeros.checked_sub(fraction.len())?;
    let all_digits = !whole.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if !all_digits || whole.len().saturating_add(zeros) > VALUE_DIGITS_MAX {
        return None;
    }
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() })
}

/// A time of one or more parts, the largest unit first.
fn seconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 5] = [("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001)];
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, tail) = number_with_suffix(rest)?;
        let end = tail.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, factor) = units.find(|(known, _)| *known == unit)?;
        total += number * factor;
        rest = tail;
    }
    Some(total)
}

fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "a plain number",
        Unit::Percent => "a percentage",
        Unit::Milliseconds | Unit::Seconds => "a time",
    }
}

fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "500",
        Unit::Percent => "70%",
        Unit::Milliseconds => "500ms",
        Unit::Seconds => "90s",
    }
}
