//! Single values. A number is plain digits, a truth value is `true` or `false`, everything else is text as written:
//! what YAML itself would make of `no`, `012` or `1e3` plays no part.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use tidegate_policy::{Amount, rule::Span};

use crate::problem::{Code, Place, Problem, other_tools, words};
use crate::settings::shape::{Text, WHOLE_MAX};

/// A scalar as it stands in the file.
pub(crate) struct WrittenScalar<'a> {
    pub(crate) text: &'a str,
    /// Without quotes.
    pub(crate) plain: bool,
}

/// Why a scalar is not what its key wants.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// The rest of a sentence that begins with the key: `is 12, above 10`.
    pub(crate) message: String,
    pub(crate) help: String,
    /// The part of the text it speaks of: offset and width in characters; `None` is all of it.
    pub(crate) span: Option<(usize, usize)>,
}

impl<'a> WrittenScalar<'a> {
    pub(crate) fn plain(text: &'a str) -> Self {
        Self { text, plain: true }
    }
}

impl Fault {
    pub(crate) fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into(), span: None }
    }

    /// The same, with other help.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The same, said of a part of the text.
    pub(crate) fn within(mut self, offset: usize, width: usize) -> Self {
        self.span = Some((offset, width));
        self
    }

    pub(crate) fn at(self, place: Place, what: &str) -> Problem {
        Problem::new(self.code, place, format!("{what} {}", self.message)).help(self.help)
    }
}

/// A text as written, quoted or not.
pub(crate) fn text(written: &WrittenScalar<'_>, rule: &Text) -> Result<String, Fault> {
    let text = written.text;
    let characters = text.chars().count();
    if characters > rule.max {
        let message = format!("is {characters} characters long, above {}", rule.max);
        return Err(Fault::new(Code::BadText, message, format!("allowed: {}", rule.allowed)));
    }
    // Of the texts only kombu's prefix and separator may be empty, and no pattern is theirs.
    if text.is_empty() && !rule.pattern.is_empty() {
        return Err(Fault::new(Code::EmptyValue, "is empty", format!("allowed: {}", rule.allowed)));
    }
    if written.plain && ["null", "Null", "NULL", "~"].contains(&text) {
        let help = format!("if you mean the word itself, write it in quotes; allowed: {}", rule.allowed);
        return Err(Fault::new(Code::EmptyValue, format!("is `{text}`, which YAML reads as no value"), help));
    }
    if !(rule.accepts)(text) {
        let message = format!("is `{}`", words::shortened(text));
        let help = other_tools::here(text).map_or_else(
            || format!("allowed: {}", rule.allowed),
            |here| format!("in Tidegate, write {here}"),
        );
        return Err(Fault::new(Code::BadText, message, help));
    }
    Ok(text.to_owned())
}

/// Plain digits within a range.
pub(crate) fn count(written: &WrittenScalar<'_>, min: u32, max: u32, unit: &str) -> Result<u32, Fault> {
    let space = if unit.is_empty() { "" } else { " " };
    let range =
        if min == max { format!("allowed: {min}") } else { format!("allowed: {min} to {max}{space}{unit}") };
    let number = digits(written, &range)?;
    u32::try_from(number)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Fault::new(Code::OutOfRange, format!("is {}", words::shortened(written.text)), range))
}

/// Plain digits above zero.
pub(crate) fn whole(written: &WrittenScalar<'_>) -> Result<f64, Fault> {
    let range = format!("allowed: 1 to {WHOLE_MAX}");
    let number = digits(written, &range)?;
    if !(1..=WHOLE_MAX).contains(&number) {
        return Err(Fault::new(Code::OutOfRange, format!("is {}", words::shortened(written.text)), range));
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of 15 digits is exact")]
    Ok(number as f64)
}

/// Plain digits; numbers that YAML would read, but not everybody would, are refused with the reason.
fn digits(written: &WrittenScalar<'_>, range: &str) -> Result<u64, Fault> {
    let text = written.text;
    let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let shown = words::shortened(text);
    let fault =
        |help: String| Fault::new(Code::NotANumber, format!("is `{shown}`, not a plain number"), help);
    if all_digits && !written.plain {
        return Err(fault(format!("write {shown} without quotes; {range}")));
    }
    if all_digits && text.len() > 1 && text.starts_with('0') {
        let help = "a leading zero means octal to some YAML readers: leave it out";
        return Err(fault(format!("{help}; {range}")));
    }
    if !all_digits {
        return Err(fault(format!("write digits only; {range}")));
    }
    // More digits than a u64 holds are above every range.
    Ok(text.parse().unwrap_or(u64::MAX))
}

/// `true` or `false`, without quotes.
pub(crate) fn boolean(written: &WrittenScalar<'_>) -> Result<bool, Fault> {
    match (written.text, written.plain) {
        ("true", true) => Ok(true),
        ("false", true) => Ok(false),
        (text, _) => {
            let help = match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => "did you mean `true`? ",
                "false" | "no" | "off" | "n" | "0" => "did you mean `false`? ",
                _ => "",
            };
            Err(Fault::new(
                Code::NotABoolean,
                format!("is `{}`", words::shortened(text)),
                format!("{help}allowed: `true` and `false`, without quotes"),
            ))
        }
    }
}

/// One of some words.
pub(crate) fn choice(
    written: &WrittenScalar<'_>,
    allowed: &'static [&'static str],
) -> Result<&'static str, Fault> {
    allowed.iter().find(|word| **word == written.text).copied().ok_or_else(|| {
        Fault::new(
            Code::UnknownValue,
            format!("is `{}`", words::shortened(written.text)),
            words::meant(written.text, allowed),
        )
    })
}

/// A duration within a range.
pub(crate) fn duration(
    written: &WrittenScalar<'_>,
    min_seconds: u32,
    max_seconds: u32,
) -> Result<SignedDuration, Fault> {
    let shown = words::shortened(written.text);
    let [min, max] = [min_seconds, max_seconds].map(|s| SignedDuration::from_secs(i64::from(s)));
    let range = format!("allowed: {} to {}", Span(min), Span(max));
    let Some(duration) = whole_seconds(written.text) else {
        let plain_number = written.text.bytes().all(|b| b.is_ascii_digit());
        let help = if plain_number && !written.text.is_empty() {
            let (unit, units) = unit_within(written.text, &(min..=max));
            format!("a unit is missing: write `{shown}{unit}` for {units}; {range}")
        } else {
            format!("write it like `90s`, `5m` or `1h30m`; {range}")
        };
        return Err(Fault::new(Code::NotADuration, format!("is `{shown}`, not a duration"), help));
    };
    if (min..=max).contains(&duration) {
        Ok(duration)
    } else {
        Err(Fault::new(Code::OutOfRange, format!("is {shown}"), range))
    }
}

/// The smallest unit with which a number is within a range; seconds where it is with none.
fn unit_within(number: &str, range: &RangeInclusive<SignedDuration>) -> (char, &'static str) {
    let units = [('s', "seconds"), ('m', "minutes"), ('h', "hours"), ('d', "days")];
    let is_within = |(unit, _): &(char, &str)| {
        whole_seconds(&format!("{number}{unit}")).is_some_and(|time| range.contains(&time))
    };
    units.into_iter().find(is_within).unwrap_or(('s', "seconds"))
}

/// `1h30m` and the like: whole numbers with `d`, `h`, `m`, `s`, each at most once and in this order.
pub(crate) fn whole_seconds(text: &str) -> Option<SignedDuration> {
    const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        let (_, seconds) = units.find(|(known, _)| *known == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*seconds)?)?;
        rest = tail.strip_prefix(unit)?;
    }
    (!text.is_empty()).then(|| SignedDuration::from_secs(total))
}

/// Tasks as `5`, or percent as `10%`.
pub(crate) fn amount(written: &WrittenScalar<'_>, min: u32, max_percent: u32) -> Result<Amount, Fault> {
    const MAX: u32 = tidegate_policy::Capacity::LIMIT;
    let range = format!("allowed: {min} to {MAX} tasks, or 1% to {max_percent}%");
    if let Some(percent) = written.text.strip_suffix('%') {
        let percent = digits(&WrittenScalar::plain(percent), &range)
            .map_err(|_| not_an_amount(written.text, &range))?;
        return match u32::try_from(percent) {
            Ok(percent) if (1..=max_percent).contains(&percent) => {
                Ok(Amount::Percent { percent, at_least: 0 })
            }
            _ => Err(Fault::new(Code::OutOfRange, format!("is {percent}%"), range)),
        };
    }
    match count(written, min, MAX, "tasks") {
        Ok(tasks) => Ok(Amount::Tasks(tasks)),
        Err(fault) if fault.code == Code::NotANumber && written.plain => {
            Err(not_an_amount(written.text, &range))
        }
        Err(fault) => Err(Fault { help: range, ..fault }),
    }
}

fn not_an_amount(text: &str, range: &str) -> Fault {
    let message = format!("is `{}`, not an amount", words::shortened(text));
    Fault::new(Code::NotAnAmount, message, format!("write tasks as `5` or percent as `10%`; {range}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_duration(text: &str, seconds: Option<i64>) {
        assert_eq!(whole_seconds(text), seconds.map(SignedDuration::from_secs), "{text}");
    }

    #[test]
    fn durations_are_whole_numbers_with_units_in_order() {
        check_duration("0s", Some(0));
        check_duration("90s", Some(90));
        check_duration("5m", Some(300));
        check_duration("1h30m", Some(5_400));
        check_duration("1d2h3m4s", Some(93_784));
        check_duration("007m", Some(420));
        for wrong in ["", "5", "m", "5 m", "30m1h", "5m5m", "1.5h", "-5m", "5M", "5ms", "1w", "५m"] {
            check_duration(wrong, None);
        }
        check_duration("99999999999999999999s", None);
        check_duration("999999999999999999d", None);
    }

    #[track_caller]
    fn check_count(written: &WrittenScalar<'_>, expected: Result<u32, Code>) {
        let shown = written.text;
        assert_eq!(count(written, 1, 50, "tasks").map_err(|fault| fault.code), expected, "{shown}");
    }

    #[test]
    fn numbers_are_plain_digits_whatever_yaml_would_read() {
        check_count(&WrittenScalar::plain("1"), Ok(1));
        check_count(&WrittenScalar::plain("50"), Ok(50));
        check_count(&WrittenScalar::plain("51"), Err(Code::OutOfRange));
        check_count(&WrittenScalar::plain("0"), Err(Code::OutOfRange));
        check_count(&WrittenScalar::plain("99999999999999999999999"), Err(Code::OutOfRange));
        check_count(&WrittenScalar { text: "2", plain: false }, Err(Code::NotANumber));
        for wrong in ["012", "1e3", "0x10", "0o17", "1_000", "+5", "-5", "5.0", ".5", "~", "null", "٣"] {
            check_count(&WrittenScalar::plain(wrong), Err(Code::NotANumber));
        }
    }

    #[track_caller]
    fn check_amount(text: &str, expected: Result<Amount, Code>) {
        let amount = amount(&WrittenScalar::plain(text), 1, 100).map_err(|fault| fault.code);
        assert_eq!(amount, expected, "{text}");
    }

    #[test]
    fn amounts_are_tasks_or_percent() {
        check_amount("5", Ok(Amount::Tasks(5)));
        check_amount("10%", Ok(Amount::Percent { percent: 10, at_least: 0 }));
        check_amount("0", Err(Code::OutOfRange));
        check_amount("0%", Err(Code::OutOfRange));
        check_amount("101%", Err(Code::OutOfRange));
        check_amount("5001", Err(Code::OutOfRange));
        check_amount("five", Err(Code::NotAnAmount));
        check_amount("1.5%", Err(Code::NotAnAmount));
    }
}
