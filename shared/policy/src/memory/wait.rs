//! What the `wait` method remembers of one service: counts, times, and numbers of four digits. At most about 800 bytes
//! of JSON with a full memory of bursts, and never more than 1,300.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::millis;

/// The memory of the `wait` method.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wait {
    /// The last look that saw the queue.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// How fast jobs are done.
    #[serde(rename = "p")]
    pub pace: Pace,
    /// How many jobs arrive.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Tasks that were asked for and do not run yet, oldest first.
    #[serde(rename = "o", skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// How many seconds the last starts took.
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<u32>,
    /// What the last two looks wished for without a thought of bursts, in tasks.
    #[serde(rename = "w", skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<u32>,
    /// The bursts out of silence.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub bursts: Option<Bursts>,
}

/// A look that saw the queue.
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
    /// Some jobs waited.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// Tasks that ran.
    #[serde(rename = "r")]
    pub running: u32,
    /// Jobs done since some fixed moment, where the queue counts them.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
}

/// How fast jobs are done; older evidence fades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// Jobs done, as counted.
    #[serde(rename = "c", skip_serializing_if = "is_zero")]
    pub done: f64,
    /// The seconds that they took.
    #[serde(rename = "s", skip_serializing_if = "is_zero")]
    pub busy: f64,
    /// Of looks at which jobs waited: how far the places were from their recent average, squared.
    #[serde(rename = "x", skip_serializing_if = "is_zero")]
    pub places: f64,
    /// Of the same looks: that distance times how much faster than recently the queue became shorter.
    #[serde(rename = "y", skip_serializing_if = "is_zero")]
    pub response: f64,
    /// Of the same looks: how much faster or slower than recently the queue became longer, squared.
    #[serde(rename = "z", skip_serializing_if = "is_zero")]
    pub squares: f64,
    /// How many looks these were.
    #[serde(rename = "k", skip_serializing_if = "is_zero")]
    pub looks: f64,
    /// The fastest that was seen beyond doubt, in jobs per second and place.
    #[serde(rename = "f", skip_serializing_if = "is_zero")]
    pub fastest: f64,
    /// How many looks the recent averages are made of; none unless jobs waited at the last two looks.
    #[serde(rename = "w", skip_serializing_if = "is_zero")]
    pub recent: f64,
    /// The recent average of the places.
    #[serde(rename = "n", skip_serializing_if = "is_zero")]
    pub recent_places: f64,
    /// The recent average of how fast the queue became longer, in jobs per second.
    #[serde(rename = "q", skip_serializing_if = "is_zero")]
    pub recent_slope: f64,
}

/// So many averages of the load are kept.
pub(crate) const AVERAGES: usize = 7;

/// How many jobs arrive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Load {
    /// What is believed, in jobs per second.
    #[serde(rename = "r")]
    pub rate: f64,
    /// The standard deviation of `rate`, upward.
    #[serde(rename = "u")]
    pub doubt: f64,
    /// How fast `rate` rises beyond chance, in jobs per second squared.
    #[serde(rename = "g", skip_serializing_if = "is_zero")]
    pub growth: f64,
    /// How much larger the variance of looks is than by chance alone; at least 1.
    #[serde(rename = "n")]
    pub noise: f64,
    /// How long the load was watched, in seconds; an hour at most.
    #[serde(rename = "s")]
    pub seconds: f64,
    /// The averages, each over twice the time of the one before, in jobs per second.
    #[serde(rename = "a")]
    pub averages: [f64; AVERAGES],
    /// How far each is trusted; together 1.
    #[serde(rename = "t")]
    pub trust: [f64; AVERAGES],
}

impl Default for Load {
    /// No load, and every average trusted alike.
    fn default() -> Self {
        let trust = [1.0 / 7.0; AVERAGES];
        Self {
            rate: 0.0,
            doubt: 0.0,
            growth: 0.0,
            noise: 1.0,
            seconds: 0.0,
            averages: [0.0; AVERAGES],
            trust,
        }
    }
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

impl Wait {
    /// The same with every measured number cut to four digits, as the ledger keeps it: more would be noise.
    pub(crate) fn short(mut self) -> Self {
        if let Some(load) = &mut self.load {
            let Load { rate, doubt, growth, noise, seconds: _, averages, trust } = load;
            [rate, doubt, growth, noise].into_iter().chain(averages).chain(trust).for_each(shorten);
        }
        let Pace {
            done,
            busy,
            places,
            response,
            squares,
            looks,
            fastest,
            recent,
            recent_places,
            recent_slope,
        } = &mut self.pace;
        [done, busy, places, response, squares, looks, fastest, recent, recent_places, recent_slope]
            .into_iter()
            .for_each(shorten);
        if let Some(bursts) = &mut self.bursts {
            bursts.sizes.iter_mut().for_each(shorten);
        }
        self
    }
}

/// Rounds to four digits. What no clock and no queue could have shown becomes zero.
fn shorten(number: &mut f64) {
    const DIGITS: f64 = 3.0;
    if !number.is_normal() || number.abs() < 1e-12 || number.abs() > 1e30 {
        *number = 0.0;
        return;
    }
    let decimals = DIGITS - number.abs().log10().floor();
    let scale = 10_f64.powf(decimals.abs());
    *number =
        if decimals > 0.0 { (*number * scale).round() / scale } else { (*number / scale).round() * scale };
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
    }
}
