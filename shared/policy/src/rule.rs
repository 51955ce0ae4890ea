//! Step rules: `when: waiting > 500, add: 5`.

use std::fmt;

use jiff::SignedDuration;

use crate::signal::{Signal, Unit};

/// One rule of the fleet file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// When it applies.
    pub when: Condition,
    /// What it proposes then.
    pub adjust: Adjustment,
}

/// `SIGNAL OP THRESHOLD [for DURATION]`, or `alarm(NAME) [for DURATION]`, which is `alarm(NAME) > 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The quantity compared.
    pub signal: Signal,
    /// How it is compared.
    pub comparison: Comparison,
    /// The breach threshold: finite, in `unit` (seconds for durations).
    pub threshold: f64,
    /// The unit the threshold was written with.
    pub unit: Unit,
    /// How long it must hold over real datapoints; zero means that one is enough.
    pub hold_for: SignedDuration,
}

/// A comparison of a value with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

/// What a matching rule proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Scale out by an amount; never lowers.
    Add(Amount),
    /// Scale in by an amount; never raises.
    Remove(Amount),
    /// An exact capacity in tasks, or in percent of the maximum (rounded up).
    Set(Amount),
}

/// An amount of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Tasks.
    Tasks(u32),
    /// Percent of the current capacity with AWS's rounding, at least `at_least` tasks
    /// (Application Auto Scaling's `MinAdjustmentMagnitude`).
    Percent {
        /// 1 to 1000.
        percent: u32,
        /// The smallest change in tasks; 0 when not set.
        at_least: u32,
    },
}

impl Comparison {
    /// Whether a value breaches a threshold.
    #[must_use]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
        }
    }

    /// Whether a larger value breaches rather than a smaller one.
    #[must_use]
    pub fn is_upward(self) -> bool {
        match self {
            Self::Above | Self::AtLeast => true,
            Self::Below | Self::AtMost => false,
        }
    }

    /// In words, for reports: `above 500`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::AtLeast => "at or above",
            Self::Below => "below",
            Self::AtMost => "at or below",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        })
    }
}

impl Condition {
    /// `alarm(api-5xx)`: the alarm compares, and knows by itself since when.
    #[must_use]
    pub fn is_of_alarm(&self) -> bool {
        matches!(self.signal, Signal::Alarm(_))
    }
}

/// As the fleet file writes it: `cpu > 70% for 5m`, the threshold exactly; `alarm(api-5xx) for 5m`. Also the key under which its history is remembered.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, comparison, threshold, unit, hold_for } = self;
        write!(f, "{signal}")?;
        if !self.is_of_alarm() {
            write!(f, " {comparison} {threshold}{}", unit.suffix())?;
        }
        if hold_for.is_zero() { Ok(()) } else { write!(f, " for {}", Span(*hold_for)) }
    }
}

/// A number as reports write it: `1475` as `1,475`.
pub fn thousands(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let (sign, whole) = whole.split_at(usize::from(whole.starts_with('-')));
    let groups: Vec<&[u8]> = whole.as_bytes().rchunks(3).rev().collect();
    let whole: String = groups.join(&b',').into_iter().map(char::from).collect();
    format!("{sign}{whole}{fraction}")
}

/// A value with its unit, as reports write it: at most two decimals, none when whole, with thousands separators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.value * 100.0).round() / 100.0;
        write!(f, "{}{}", thousands(rounded), self.unit.suffix())
    }
}

/// A duration as the fleet file writes it: `90s`, `5m`, `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub SignedDuration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "m")];
        let mut rest = self.0.as_secs().max(0);
        let mut written = false;
        for (seconds, unit) in UNITS {
            let whole = rest.checked_div(seconds).unwrap_or(0);
            rest = rest.checked_rem(seconds).unwrap_or(0);
            if whole > 0 {
                write!(f, "{whole}{unit}")?;
                written = true;
            }
        }
        if rest > 0 || !written {
            write!(f, "{rest}s")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_thousands_and_fractions_are_not() {
        for (number, written) in [
            (0.0, "0"),
            (999.0, "999"),
            (1_475.0, "1,475"),
            (-1_475.5, "-1,475.5"),
            (999_999.25, "999,999.25"),
            (12_345_678.0, "12,345,678"),
        ] {
            assert_eq!(thousands(number), written);
        }
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }
}
