//! Loads that no trace has: silence with bursts in it, at random and by the clock; counts of spiky minutes; requests that
//! come in sessions; and a load that never changes.

use std::f64::consts::TAU;

use rand_distr::{Exp1, Gamma, LogNormal, Poisson};
use rand_pcg::Pcg64;

use crate::load::Load;
use crate::number::{place, real};
use crate::random::{Purpose, dice, draw, share};
use crate::step::STEP;
use crate::trace::Trace;
use crate::world::WorldSettings;

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

/// Counts of minutes that scatter far more than by chance alone (negative binomial), around a day's rhythm, as services
/// with few large users record them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spiky {
    /// The name of the family.
    pub name: &'static str,
    /// The smaller, the wilder: the variance is `mean + mean² / dispersion`.
    pub dispersion: f64,
    /// Jobs a minute in the mean of a day.
    pub mean: f64,
    /// The day swings by this share of the mean to both sides.
    pub swing: f64,
    /// This share of the minutes is empty.
    pub empty: f64,
    /// This share of the minutes has ten times as many jobs.
    pub tenfold: f64,
}

/// Times of work and times of silence, both exponential, counted in bins of ten seconds, as services that answer with a
/// language model record them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sessions {
    /// The name of the family.
    pub name: &'static str,
    /// How long work lasts in the mean, in seconds.
    pub on_seconds: f64,
    /// How long silence lasts in the mean, in seconds.
    pub off_seconds: f64,
}

/// The families of spiky minutes: their 99th percentile is two to five times the median.
pub const SPIKY: [Spiky; 5] = [
    Spiky { name: "nb2", dispersion: 2.0, mean: 30.0, swing: 0.2, empty: 0.005, tenfold: 0.000_5 },
    Spiky { name: "nb4", dispersion: 4.0, mean: 60.0, swing: 0.5, empty: 0.003, tenfold: 0.001 },
    Spiky { name: "nb8", dispersion: 8.0, mean: 100.0, swing: 0.6, empty: 0.002, tenfold: 0.001 },
    Spiky { name: "nb12", dispersion: 12.0, mean: 120.0, swing: 0.75, empty: 0.002, tenfold: 0.000_5 },
    Spiky { name: "low", dispersion: 3.0, mean: 8.0, swing: 0.4, empty: 0.0, tenfold: 0.000_5 },
];

/// The families of sessions; each is silent for three fifths of the time.
pub const SESSIONS: [Sessions; 3] = [
    Sessions { name: "llm-fast", on_seconds: 25.0, off_seconds: 37.5 },
    Sessions { name: "llm-mid", on_seconds: 90.0, off_seconds: 135.0 },
    Sessions { name: "llm-slow", on_seconds: 400.0, off_seconds: 600.0 },
];

/// A week of minutes.
const SPIKY_MINUTES: u32 = 7 * 1_440;

/// Six hours of bins of ten seconds.
const SESSIONS_BINS: u32 = 2_160;
const BIN_SECONDS: f64 = 10.0;

/// While a session lasts, so many jobs come in ten seconds in the median, and their logarithm scatters by so much: 30 to
/// 500 jobs. Within a session bins scatter with this dispersion.
const SESSION_JOBS: f64 = 120.0;
const SESSION_SCATTER: f64 = 0.7;
const SESSION_DISPERSION: f64 = 6.0;

/// A week of spiky minutes.
#[must_use]
pub fn spiky(family: &Spiky, seed: u64) -> Trace {
    let mut dice = dice(seed, Purpose::Spikes);
    let counts = (0..SPIKY_MINUTES).map(|minute| {
        // The day begins near its quietest hour.
        let day = (TAU * f64::from(minute) / 1_440.0 - 1.5).sin();
        let mean = family.mean * (1.0 + family.swing * day);
        let usual = scattered(mean, family.dispersion, &mut dice);
        let chance = share(&mut dice);
        if chance < family.empty {
            0.0
        } else if chance < family.empty + family.tenfold {
            draw(Poisson::new(10.0 * mean), &mut dice)
        } else {
            usual
        }
    });
    Trace::of_counts(60.0, counts)
}

/// Six hours of sessions.
#[must_use]
pub fn sessions(family: &Sessions, seed: u64) -> Trace {
    let mut dice = dice(seed, Purpose::Spikes);
    let lasting = |mean: f64, dice: &mut Pcg64| mean * draw::<Exp1, ()>(Ok(Exp1), dice);
    let (mut works, mut height) = (false, 0.0);
    let mut left = lasting(family.off_seconds, &mut dice);
    let counts = (0..SESSIONS_BINS).map(|_| {
        let (mut mean, mut open) = (0.0, BIN_SECONDS);
        while open > 0.0 {
            let passed = open.min(left);
            mean += if works { height * passed / BIN_SECONDS } else { 0.0 };
            open -= passed;
            left -= passed;
            if left <= 0.0 {
                works = !works;
                left = lasting(if works { family.on_seconds } else { family.off_seconds }, &mut dice);
                height = draw(LogNormal::new(SESSION_JOBS.ln(), SESSION_SCATTER), &mut dice);
            }
        }
        scattered(mean, SESSION_DISPERSION, &mut dice)
    });
    Trace::of_counts(BIN_SECONDS, counts)
}

/// A load that never changes: jobs per second, for so long.
#[must_use]
pub fn constant(jobs_per_second: f64, seconds: f64, seed: u64) -> Load {
    Load::drawn(&vec![jobs_per_second; place(seconds / STEP)], seed)
}

/// A negative binomial count: Poisson around a mean that is itself drawn.
fn scattered(mean: f64, dispersion: f64, dice: &mut Pcg64) -> f64 {
    let mean = draw(Gamma::new(dispersion, mean / dispersion), dice);
    draw(Poisson::new(mean), dice)
}

/// Silence, then bursts of 1 to 10 minutes at 30 to 100 % of what the maximum can serve, starts 10 to 60 minutes apart,
/// everything drawn evenly.
#[must_use]
pub fn on_off(setting: &WorldSettings, seed: u64) -> Load {
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
pub fn by_the_clock(cron: &Cron, setting: &WorldSettings, seed: u64) -> Load {
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
fn most(setting: &WorldSettings) -> f64 {
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
