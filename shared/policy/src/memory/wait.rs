//! What the `wait` method remembers of one service: counts, times, and numbers of four digits. With the rest of what a
//! service remembers at most about 935 bytes of JSON with a full memory of bursts, and never more than 1,300.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger_time::{millis, millis_optional};

/// No place does more jobs than so many a second: a job takes a millisecond at least.
pub(crate) const FASTEST_PER_SECOND: f64 = 1_000.0;

/// The memory of the `wait` method.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaitMemory {
    /// The last evaluation that saw the queue.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// How fast jobs are done.
    #[serde(rename = "p")]
    pub pace: JobPace,
    /// How many jobs arrive.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadEstimate>,
    /// How much of a deviation of the load lasts.
    #[serde(rename = "d")]
    pub lasting: DeviationDecay,
    /// The last evaluation that saw the tasks, whether or not it saw the queue.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub last_running: Option<LastRunning>,
    /// Tasks that were asked for and do not run yet, oldest first.
    #[serde(rename = "o", skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// How many seconds the last starts took.
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<u32>,
    /// Since when jobs wait longer than acceptable.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub late_since: Option<Timestamp>,
    /// The backlog that all tasks have not worked off, where no finished job is counted.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub backlog: Option<Backlog>,
    /// What the last two evaluations recommended without a thought of bursts, in tasks.
    #[serde(rename = "w", skip_serializing_if = "Vec::is_empty")]
    pub recommendations: Vec<u32>,
    /// The bursts out of silence.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub bursts: Option<Bursts>,
}

/// An evaluation that saw the queue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// When.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// Jobs waiting or taken.
    #[serde(rename = "j")]
    pub jobs: f64,
    /// Jobs that ran.
    #[serde(rename = "b")]
    pub busy: f64,
    /// Some jobs waited, and not for want of a worker that takes them.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// Tasks that ran.
    #[serde(rename = "r")]
    pub running: u32,
    /// Jobs done since some fixed moment, where the queue counts them.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// The queue had lost more than is believed at once.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
    /// The queue went on growing beyond chance.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub growing: bool,
}

/// Jobs that have waited at every evaluation while every task ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Backlog {
    /// Since when they have hardly become fewer.
    #[serde(rename = "a", with = "millis")]
    pub since: Timestamp,
    /// How many waited then.
    #[serde(rename = "j")]
    pub jobs: f64,
}

/// An evaluation that saw the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRunning {
    /// When.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// Tasks that ran.
    #[serde(rename = "r")]
    pub running: u32,
}

/// How fast jobs are done; older evidence fades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobPace {
    /// Jobs done, as counted.
    #[serde(rename = "c", skip_serializing_if = "is_zero")]
    pub done: f64,
    /// The seconds that they took.
    #[serde(rename = "s", skip_serializing_if = "is_zero")]
    pub busy: f64,
    /// Of evaluations at which jobs waited: how far the places were from their recent average, squared.
    #[serde(rename = "x", skip_serializing_if = "is_zero")]
    pub places: f64,
    /// Of the same evaluations: that distance times how much faster than recently the queue became shorter.
    #[serde(rename = "y", skip_serializing_if = "is_zero")]
    pub response: f64,
    /// Of the same evaluations: how much faster or slower than recently the queue became longer, squared; the sum of the
    /// natural logarithms.
    #[serde(rename = "g", skip_serializing_if = "is_zero")]
    pub logarithms: f64,
    /// How many evaluations these were.
    #[serde(rename = "m", skip_serializing_if = "is_zero")]
    pub samples: f64,
    /// The fastest that was seen beyond doubt, in jobs per second and place.
    #[serde(rename = "f", skip_serializing_if = "is_zero")]
    pub fastest: f64,
    /// How many evaluations the recent averages are made of; none unless jobs waited at the last two evaluations.
    #[serde(rename = "w", skip_serializing_if = "is_zero")]
    pub recent: f64,
    /// The recent average of the places.
    #[serde(rename = "n", skip_serializing_if = "is_zero")]
    pub recent_places: f64,
    /// The recent average of how fast the queue became longer, in jobs per second.
    #[serde(rename = "q", skip_serializing_if = "is_zero")]
    pub recent_slope: f64,
    /// How much likelier the answers are if jobs are done at a tenth of the pace that is believed, as a natural logarithm; nothing
    /// where they are less likely.
    #[serde(rename = "d", skip_serializing_if = "is_zero")]
    pub contradiction: f64,
}

/// So many averages of the load are kept.
pub(crate) const AVERAGES: usize = 7;

/// How many jobs arrive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadEstimate {
    /// What is believed, in jobs per second.
    #[serde(rename = "r")]
    pub rate: f64,
    /// The standard deviation of `rate`, upward.
    #[serde(rename = "u")]
    pub doubt: f64,
    /// How fast `rate` rises beyond chance, in jobs per second squared.
    #[serde(rename = "g", skip_serializing_if = "is_zero")]
    pub growth: f64,
    /// How much larger the variance of evaluations is than by chance alone; at least 1.
    #[serde(rename = "n")]
    pub noise: f64,
    /// How long the load was watched, in seconds; an hour at most.
    #[serde(rename = "s")]
    pub seconds: f64,
    /// How many seconds usually lie between two evaluations.
    #[serde(rename = "k")]
    pub apart: f64,
    /// Places that were busy lately, in the mean; nothing where the queue counts the jobs done.
    #[serde(rename = "b", skip_serializing_if = "is_zero")]
    pub busy: f64,
    /// The averages, each over twice the time of the one before, in jobs per second.
    #[serde(rename = "a")]
    pub averages: [f64; AVERAGES],
    /// How far each is trusted; together 1.
    #[serde(rename = "t")]
    pub trust: [f64; AVERAGES],
}

impl Default for LoadEstimate {
    /// No load, and every average trusted alike.
    fn default() -> Self {
        let trust = [1.0 / 7.0; AVERAGES];
        Self {
            rate: 0.0,
            doubt: 0.0,
            growth: 0.0,
            noise: 1.0,
            seconds: 0.0,
            apart: 0.0,
            busy: 0.0,
            averages: [0.0; AVERAGES],
            trust,
        }
    }
}

/// How much of what deviates from the usual load is left half a start-up time later: sums for a regression through zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviationDecay {
    /// The deviation about half a start-up time ago.
    #[serde(rename = "d", skip_serializing_if = "is_zero")]
    pub deviation: f64,
    /// Its square.
    #[serde(rename = "e", skip_serializing_if = "is_zero")]
    pub square: f64,
    /// Its product with what was usual then.
    #[serde(rename = "u", skip_serializing_if = "is_zero")]
    pub usual: f64,
    /// The sum of deviations times what was left of them.
    #[serde(rename = "l", skip_serializing_if = "is_zero")]
    pub left: f64,
    /// The sum of squares.
    #[serde(rename = "s", skip_serializing_if = "is_zero")]
    pub squares: f64,
}

/// Tasks that were asked for at one moment and do not run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// When.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// How many.
    #[serde(rename = "n")]
    pub tasks: u32,
}

/// Bursts out of silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bursts {
    /// When the last one began.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// From beginning to beginning, in seconds, oldest first; one fewer than there are bursts.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<u32>,
    /// The largest load of each, in tasks, oldest first.
    #[serde(rename = "n")]
    pub sizes: Vec<f64>,
}

impl WaitMemory {
    /// Cuts every measured number to four digits, as the ledger keeps it: more would be noise.
    pub(crate) fn shorten(&mut self) {
        if let Some(load) = &mut self.load {
            let LoadEstimate { rate, doubt, growth, noise, seconds: _, apart, busy, averages, trust } = load;
            [rate, doubt, growth, noise, apart, busy]
                .into_iter()
                .chain(averages)
                .chain(trust)
                .for_each(shorten);
        }
        let JobPace {
            done,
            busy,
            places,
            response,
            logarithms,
            samples,
            fastest,
            recent,
            recent_places,
            recent_slope,
            contradiction,
        } = &mut self.pace;
        [done, busy, places, response, logarithms, samples, fastest]
            .into_iter()
            .chain([recent, recent_places, recent_slope, contradiction])
            .for_each(shorten);
        let DeviationDecay { deviation, square, usual, left, squares } = &mut self.lasting;
        [deviation, square, usual, left, squares].into_iter().for_each(shorten);
        if let Some(bursts) = &mut self.bursts {
            bursts.sizes.iter_mut().for_each(shorten);
        }
    }
}

/// The powers of ten that numbers of 1e-12 to 1e30 are multiplied with, or divided by, to have four digits before the point.
const TENS: [f64; 28] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27,
];

fn shorten(number: &mut f64) {
    *number = four_digits(*number);
}

/// Rounds to four digits. What no clock and no queue could have shown becomes zero.
pub(crate) fn four_digits(number: f64) -> f64 {
    if !number.is_normal() || number.abs() < 1e-12 || number.abs() > 1e30 {
        return 0.0;
    }
    // How many digits stand behind the point follows from the binary exponent, or it is one less. Looked up, since
    // logarithms and powers took a sixth of a decision.
    let binary = i64::try_from(number.abs().to_bits() >> 52).unwrap_or(0).saturating_sub(1_023);
    let decimals = 3_i64.saturating_sub(binary.saturating_mul(1_233).div_euclid(4_096));
    match rounded(number, decimals) {
        (whole, _) if whole.abs() > 1e4 => rounded(number, decimals.saturating_sub(1)).1,
        (_, short) => short,
    }
}

/// A number as a whole one with so many digits behind the point moved before it, and moved back.
fn rounded(number: f64, decimals: i64) -> (f64, f64) {
    let ten = |power: i64| {
        let place = usize::try_from(power).unwrap_or(usize::MAX);
        TENS.get(place).copied().unwrap_or(1.0)
    };
    if decimals > 0 {
        let whole = (number * ten(decimals)).round();
        (whole, whole / ten(decimals))
    } else {
        let whole = (number / ten(decimals.saturating_neg())).round();
        (whole, whole * ten(decimals.saturating_neg()))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: f64, expected: f64) {
        let mut short = number;
        shorten(&mut short);
        assert_eq!(short.to_bits(), expected.to_bits(), "{number} becomes {short}");
    }

    #[test]
    fn looking_up_is_the_same_as_calculating() {
        let reckoned = |number: f64| {
            let decimals = 3.0 - number.abs().log10().floor();
            let scale = 10_f64.powf(decimals.abs());
            if decimals > 0.0 { (number * scale).round() / scale } else { (number / scale).round() * scale }
        };
        // Beyond 1e22 powers of ten are no exact numbers, and both may be off by the last bit.
        for exponent in -12..22 {
            for step in 0..2_000_u32 {
                // From 1 to 10, both ends and their neighbors among them.
                let mantissa =
                    (1.0 + 9.0 * f64::from(step / 2) / 999.0) * (1.0 - f64::EPSILON * f64::from(step % 2));
                let number = mantissa * 10_f64.powi(exponent);
                if (1e-12..=1e30).contains(&number) {
                    check(number, reckoned(number));
                    check(-number, reckoned(-number));
                }
            }
        }
    }

    #[test]
    fn a_zero_is_not_written() {
        assert_eq!(serde_json::to_string(&JobPace::default()).unwrap(), "{}");
    }

    #[test]
    fn numbers_are_cut_to_four_digits() {
        check(0.0, 0.0);
        check(0.123_456, 0.1235);
        check(-12.345_6, -12.35);
        check(1_234.56, 1_235.0);
        check(123_456.0, 123_500.0);
        check(0.000_012_345_6, 0.000_012_35);
        check(f64::NAN, 0.0);
        check(f64::INFINITY, 0.0);
        check(1e-300, 0.0);
        // Just within what a clock and a queue could show, and just beyond it.
        check(1.2e-12, 1.2e-12);
        check(9e-13, 0.0);
        check(1e30, 1e30);
        check(2e30, 0.0);
    }
}
