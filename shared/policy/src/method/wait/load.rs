//! How many jobs arrive: an average that believes what goes on and not what goes to and fro (Trigg and Leach, "Exponential
//! smoothing with an adaptive response rate", 1967).
//!
//! Errors of the forecast that keep their sign mean that the load has changed, and are believed at once; errors that
//! alternate are noise, and are not. So the same rule serves jobs of a second, thousands of them a minute, and
//! jobs of a minute, two a look, without being told which.

use crate::memory::wait::Load;

/// How long an error is remembered: after so many seconds, and so many job times, it counts half. Half of it learns from
/// less and orders 1% more; twice of it is late to see that the load rises. Long jobs need longer, for there are fewer of
/// them to learn from, and the queue answers more slowly to a change.
pub(crate) const HALF_LIFE_SECONDS: f64 = 120.0;
const HALF_LIFE_JOBS: f64 = 3.0;

/// One error counts at most so many times the usual one: a single burst says nothing about the noise of every day. Twice
/// would take every rise for a surprise and order 0.5% more; eight times makes the hour after a burst too careful.
const LARGEST_ERROR: f64 = 4.0;

/// The standard deviation of an error whose usual size is 1, for the normal distribution; and the other way round.
const DEVIATION: f64 = 1.25;
const USUAL: f64 = 0.8;

/// Learns from the rate of one look.
pub(crate) fn learn(before: Option<Load>, rate: f64, elapsed: f64, job: f64) -> Load {
    // One job more or less is chance, however few there are.
    let chance = |rate: f64| (rate.max(1.0 / elapsed) / elapsed).sqrt();
    let Some(Load { rate: believed, error, noise, .. }) = before else {
        return Load { rate, error: 0.0, noise: chance(rate), doubt: chance(rate), growth: 0.0 };
    };
    let share = 1.0 - 0.5_f64.powf(elapsed / (HALF_LIFE_SECONDS + HALF_LIFE_JOBS * job));
    let miss = rate - believed;
    let usual = noise.max(USUAL * chance(believed));
    let deviation = DEVIATION * usual;
    let error = error + share * (miss - error);
    let noise = noise + share * (miss.abs().min(LARGEST_ERROR * usual) - noise);
    let usual = noise.max(USUAL * chance(believed));
    let belief = if error * miss > 0.0 { (error.abs() / usual).min(1.0) } else { 0.0 };
    Load {
        rate: (believed + belief * miss).max(0.0),
        error,
        noise,
        // A load that falls may be in doubt, but nobody has to be ordered for that.
        doubt: deviation * (if miss > 0.0 { belief } else { 0.0 }).max(share / 2.0).sqrt(),
        growth: (belief * (miss - deviation) / elapsed).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The load after these rates, one each 15 s, with jobs of 2 s.
    fn after(rates: impl IntoIterator<Item = f64>) -> Load {
        rates.into_iter().fold(None, |load, rate| Some(learn(load, rate, 15.0, 2.0))).unwrap()
    }

    #[track_caller]
    fn check(rates: impl IntoIterator<Item = f64>, from: f64, to: f64) {
        let load = after(rates);
        assert!((from..=to).contains(&load.rate), "{load:?}");
    }

    fn to_and_fro(steps: usize) -> impl Iterator<Item = f64> {
        [9.0, 11.0, 10.5, 9.5].into_iter().cycle().take(steps)
    }

    #[test]
    fn what_goes_to_and_fro_is_averaged() {
        check(to_and_fro(80), 9.7, 10.3);
    }

    #[test]
    fn what_goes_on_is_believed_within_three_looks() {
        check(to_and_fro(80).chain([30.0; 1]), 15.0, 30.0);
        check(to_and_fro(80).chain([30.0; 3]), 26.0, 30.5);
        check(to_and_fro(80).chain([2.0; 4]), 1.9, 4.5);
    }

    #[test]
    fn a_steady_rise_grows_and_noise_does_not() {
        let rise = after((0..40).map(|step| 10.0 + f64::from(step)));
        assert!(rise.rate > 45.0 && rise.growth == 0.0 || rise.growth > 0.0, "{rise:?}");
        assert!(after(to_and_fro(80)).growth < 0.02);
        assert!(after(to_and_fro(80).chain([30.0])).growth > 0.5);
    }

    #[test]
    fn silence_becomes_silence() {
        check(to_and_fro(80).chain([0.0; 40]), 0.0, 1e-3);
    }
}
