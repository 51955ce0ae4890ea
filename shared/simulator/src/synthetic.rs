//! Loads that no trace has: silence with bursts in it, at random and by the clock.

use crate::load::{Load, STEP};
use crate::number::{place, real};
use crate::random::{Purpose, dice, share};
use crate::world::Setting;

/// How long synthetic loads last, in seconds: two days.
const LASTING: f64 = 172_800.0;

/// Bursts by the clock. Heights are shares of what the maximum can serve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cron {
    /// From start to start, in seconds.
    pub every_seconds: f64,
    /// How long one lasts, in seconds.
    pub lasting_seconds: f64,
    /// Its height; above 1 it is more than the maximum can serve at once.
    pub height: f64,
    /// It may start this much sooner or later, in seconds.
    pub jitter_seconds: f64,
    /// What arrives all the time.
    pub base: f64,
}

/// Silence, then bursts of 1 to 10 minutes at 30 to 100 % of what the maximum can serve, starts 10 to 60 minutes apart,
/// everything drawn evenly.
#[must_use]
pub fn on_off(setting: &Setting, seed: u64) -> Load {
    let mut dice = dice(seed, Purpose::Bursts);
    let mut between = |least: f64, most: f64| least + (most - least) * share(&mut dice);
    let mut rate = Rate::new(0.0);
    let mut at = between(600.0, 3_600.0);
    while at < LASTING {
        let lasting = between(60.0, 600.0);
        rate.add(at, at + lasting, between(0.3, 1.0) * most(setting));
        at += between(600.0, 3_600.0).max(lasting + 60.0);
    }
    Load::drawn(&rate.0, seed)
}

/// Bursts by the clock.
#[must_use]
pub fn by_the_clock(cron: &Cron, setting: &Setting, seed: u64) -> Load {
    let mut dice = dice(seed, Purpose::Bursts);
    let mut rate = Rate::new(cron.base * most(setting));
    let mut at = cron.every_seconds / 2.0;
    while at < LASTING {
        let start = at + cron.jitter_seconds * (2.0 * share(&mut dice) - 1.0);
        rate.add(start, start + cron.lasting_seconds, cron.height * most(setting));
        at += cron.every_seconds.max(STEP);
    }
    Load::drawn(&rate.0, seed)
}

/// Jobs per second that the maximum can serve.
fn most(setting: &Setting) -> f64 {
    f64::from(setting.capacity.max()) * setting.throughput
}

/// Jobs per second in each step.
struct Rate(Vec<f64>);

impl Rate {
    fn new(base: f64) -> Self {
        Self(vec![base; place(LASTING / STEP)])
    }

    /// Adds a height between two moments; a step that is only partly within gets its part.
    fn add(&mut self, from: f64, to: f64, height: f64) {
        let first = place(from / STEP);
        for (step, rate) in self.0.iter_mut().enumerate().skip(first).take(place((to - from) / STEP) + 2) {
            let (begin, end) = (real(step) * STEP, real(step + 1) * STEP);
            *rate += height * ((to.min(end) - from.max(begin)) / STEP).max(0.0);
        }
    }
}
