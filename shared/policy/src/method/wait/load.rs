//! How many jobs arrive: seven averages, from the last evaluation alone to a quarter of an hour, each trusted as far as
//! it has foretold what came (a mixture of experts with a fixed share: Herbster and Warmuth, "Tracking the best
//! expert", 1998).
//!
//! While the load is steady the long averages foretell best, and the noise of single evaluations is averaged away; when it
//! changes they are wrong at once, and the short ones take over. So one rule serves jobs of a second, thousands of them
//! a minute, and jobs of a minute, two an evaluation, without being told which.

use crate::memory::wait::{AVERAGES, LoadEstimate};

/// The last average is so long that an evaluation counts half after 16 minutes, and each before it half as long: 30
/// seconds in the second. The first is the last evaluation alone. One average more saves nothing; one fewer costs 1%
/// with long jobs.
const LONGEST_HALF_LIFE_SECONDS: f64 = 960.0;

/// Of the averages but the first.
const SHORTEST_HALF_LIFE_SECONDS: f64 = 30.0;

/// So many averages, as a number to calculate with.
const COUNT: f64 = 7.0;

/// Longer than the longest average remembers.
const SECONDS_MAX: f64 = 3_600.0;

/// A load is expected to change this often. Half of it believes more noise, 2% dearer where jobs are long and few; with
/// twice of it half as many more of those are late.
const CHANGES_EVERY_SECONDS: f64 = 900.0;

/// What is known of a load that has just changed: it lies between a job a day and 1,000 jobs a second, each size as
/// likely as its double. This is the width of that, as a natural logarithm.
const ANY_RATE: f64 = 18.0;

/// One evaluation moves what is believed to be usual, of the noise and of the time between evaluations, by so much: a
/// few minutes of evaluations. Half or twice as much changes costs by less than 1%.
const USUAL_SHARE: f64 = 0.05;

/// While running jobs are hidden and none waits, the load is believed half of it after this time.
const UNSEEN_HALF_LIFE_SECONDS: f64 = 3_600.0;

/// Of the places that were busy, an evaluation counts half after this time. A quarter or twice of it changes the cost of
/// constant loads by no more than chance does.
const BUSY_HALF_LIFE_SECONDS: f64 = 240.0;

/// One error counts at most so many times the usual one, squared: a burst says nothing about the noise of every day.
const LARGEST_ERROR: f64 = 9.0;

/// Learns from the rate of one evaluation.
pub(crate) fn learn(before: Option<LoadEstimate>, rate: f64, elapsed: f64) -> LoadEstimate {
    let Some(mut load) = before else {
        let doubt = chance(rate, elapsed).sqrt();
        return LoadEstimate {
            rate,
            doubt,
            averages: [rate; AVERAGES],
            seconds: elapsed,
            apart: elapsed,
            ..LoadEstimate::default()
        };
    };
    let believed = load.rate;
    load.judge(rate, elapsed, &shares(elapsed, load.seconds));
    load.seconds = (load.seconds + elapsed).min(SECONDS_MAX);
    load.average(rate, elapsed, &shares(elapsed, load.seconds));
    // What rises by no more than its own standard deviation has not risen.
    load.growth = ((load.rate - believed - load.doubt) / elapsed).max(0.0);
    load
}

/// A load that cannot be measured is believed, fades, and is at most what the places could do.
pub(crate) fn fade(mut load: LoadEstimate, elapsed: f64, most: f64) -> LoadEstimate {
    let kept = 0.5_f64.powf(elapsed / UNSEEN_HALF_LIFE_SECONDS);
    for rate in load.averages.iter_mut().chain([&mut load.rate]) {
        *rate = (*rate * kept).min(most);
    }
    load.doubt *= kept;
    load.growth = 0.0;
    load
}

/// Places were busy in the last evaluation.
pub(crate) fn were_busy(load: &mut LoadEstimate, places: f64, elapsed: f64) {
    let share = (1.0 - 0.5_f64.powf(elapsed / BUSY_HALF_LIFE_SECONDS)).max(elapsed / load.seconds).min(1.0);
    load.busy += share * (places - load.busy);
}

/// Jobs are found to be done faster than was believed. So the places that were busy did more, and more arrived: the load
/// keeps as many places busy as it did, or as it was believed to if these are fewer.
pub(crate) fn revise(load: &mut LoadEstimate, believed: f64, found: f64) {
    if found > believed {
        for rate in load.averages.iter_mut().chain([&mut load.rate]) {
            *rate = rate.max((*rate * found / believed).min(found * load.busy));
        }
    }
}

/// The variance of one evaluation's rate by chance alone. One job more or less is chance, however few there are.
fn chance(rate: f64, elapsed: f64) -> f64 {
    rate.max(1.0 / elapsed) / elapsed
}

impl LoadEstimate {
    /// The most that arrived lately, by any average that remembers half for no more than twice these seconds. More jobs than
    /// come in so many seconds at this rate have waited longer.
    pub(crate) fn most(&self, seconds: f64) -> f64 {
        let half_lives = std::iter::successors(Some(SHORTEST_HALF_LIFE_SECONDS), |it| Some(2.0 * it));
        self.averages
            .into_iter()
            .skip(1)
            .zip(half_lives)
            .take_while(|(_, half_life)| *half_life <= SHORTEST_HALF_LIFE_SECONDS.max(2.0 * seconds))
            .fold(f64::MIN_POSITIVE, |most, (average, _)| most.max(average))
    }

    /// Trusts each average by how well it foretold this evaluation, and sees whether evaluations are noisier than
    /// chance makes them.
    fn judge(&mut self, rate: f64, elapsed: f64, shares: &[f64; AVERAGES]) {
        let error = (rate - self.rate).powi(2) / (chance(self.rate, elapsed) + self.doubt.powi(2));
        for (index, average) in self.averages.into_iter().enumerate() {
            let variance = self.noise * chance(average, elapsed) * (1.0 + spread(shares[index]));
            self.trust[index] *= likelihood(rate - average, variance);
        }
        let changed = -(-elapsed / CHANGES_EVERY_SECONDS).exp_m1();
        // Perhaps the load has just changed, and nothing before this evaluation foretells anything.
        self.trust[0] += changed / (ANY_RATE * rate.max(1.0 / elapsed));
        let total: f64 = self.trust.iter().sum();
        for trust in &mut self.trust {
            *trust = if total.is_normal() {
                (1.0 - changed) * *trust / total + changed / COUNT
            } else {
                1.0 / COUNT
            };
        }
        self.noise = (self.noise + USUAL_SHARE * (error.min(LARGEST_ERROR) - self.noise)).max(1.0);
    }

    /// Takes the evaluation into every average, and believes them as far as they are trusted. What some averages know of a
    /// higher load is a doubt; a lower one is not, for no task has to be ordered for that.
    fn average(&mut self, rate: f64, elapsed: f64, shares: &[f64; AVERAGES]) {
        self.apart += USUAL_SHARE * (elapsed - self.apart);
        for (average, share) in self.averages.iter_mut().zip(shares) {
            *average += share * (rate - *average);
        }
        let trusted = self.averages.into_iter().zip(self.trust);
        self.rate = trusted.clone().map(|(average, trust)| trust * average).sum();
        let variance = trusted.zip(shares).map(|((average, trust), share)| {
            let by_chance = self.noise * chance(average, elapsed) * spread(*share);
            trust * (by_chance + (average - self.rate).max(0.0).powi(2))
        });
        self.doubt = variance.sum::<f64>().sqrt();
    }
}

/// How much of an evaluation goes into each average. The first is the last evaluation alone, and before an average is
/// full it is a plain mean over the time watched.
fn shares(elapsed: f64, watched: f64) -> [f64; AVERAGES] {
    let least = (elapsed / watched).min(1.0);
    let mut shares = [1.0; AVERAGES];
    // From the longest average to the shortest: half of the half-life keeps the square.
    let mut kept = (-elapsed / LONGEST_HALF_LIFE_SECONDS).exp2();
    for share in shares[1..].iter_mut().rev() {
        *share = (1.0 - kept).max(least);
        kept *= kept;
    }
    shares
}

/// The variance of an average as a share of the variance of one evaluation.
fn spread(share: f64) -> f64 {
    share / (2.0 - share)
}

/// How likely an error is, up to a constant factor. It follows Student's distribution with four degrees of freedom, for one
/// wild evaluation must not rule a forecast out; with two or eight costs differ by less than 1%.
fn likelihood(error: f64, variance: f64) -> f64 {
    let square = 1.0 + error * error / variance / 4.0;
    1.0 / (square * square * (square * variance).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The load after these rates, one each 15 s, with jobs of 2 s.
    fn after(rates: impl IntoIterator<Item = f64>) -> LoadEstimate {
        rates.into_iter().fold(None, |load, rate| Some(learn(load, rate, 15.0))).unwrap()
    }

    #[track_caller]
    fn check(rates: impl IntoIterator<Item = f64>, from: f64, to: f64) {
        let load = after(rates);
        assert!((from..=to).contains(&load.rate), "{load:?}");
    }

    fn to_and_fro(steps: usize) -> impl Iterator<Item = f64> {
        [9.0, 11.0, 10.5, 9.5].into_iter().cycle().take(steps)
    }

    /// 8 jobs a second until a while ago, and 4 since: averages of half-lives from 30 s to 16 min still remember the 8.
    #[test]
    fn what_arrived_long_before_a_wait_takes_nothing_from_it() {
        let averages = [4.0, 4.1, 4.2, 4.4, 5.0, 6.0, 7.0];
        let load = LoadEstimate { averages, ..LoadEstimate::default() };
        for (seconds, expected) in
            [(1.0, 4.1), (29.0, 4.1), (30.0, 4.2), (60.0, 4.4), (119.0, 4.4), (480.0, 7.0), (86_400.0, 7.0)]
        {
            let most = load.most(seconds);
            assert!((most - expected).abs() < 1e-9, "{most} instead of {expected}: {seconds} s");
        }
        assert!(LoadEstimate::default().most(60.0) > 0.0, "it is divided by");
    }

    #[test]
    fn what_goes_to_and_fro_is_averaged() {
        check(to_and_fro(80), 9.7, 10.3);
    }

    #[test]
    fn what_goes_on_is_believed_within_three_evaluations() {
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
    fn one_evaluation_is_doubted_as_far_as_chance_goes() {
        let first = learn(None, 4.0, 15.0);
        assert!((first.doubt - (4.0_f64 / 15.0).sqrt()).abs() < 1e-9, "{first:?}");
        assert!(learn(None, 0.0, 15.0).doubt > 0.0);
    }

    #[test]
    fn how_far_evaluations_are_apart_is_learned_in_a_few_minutes() {
        let quick = after(to_and_fro(80));
        assert!((quick.apart - 15.0).abs() < 1e-9, "{quick:?}");
        let slow = to_and_fro(80).fold(quick, |load, rate| learn(Some(load), rate, 60.0));
        assert!((59.0..60.0).contains(&slow.apart), "{slow:?}");
    }

    #[test]
    fn a_rate_that_nothing_foretold_leaves_no_average_trusted_more_than_another() {
        let wild = after(to_and_fro(80).chain([1e308]));
        assert!(wild.trust.iter().all(|trust| (trust * 7.0 - 1.0).abs() < 1e-9), "{wild:?}");
    }

    #[test]
    fn of_noise_the_last_evaluation_is_trusted_least() {
        let noisy = after(to_and_fro(80));
        assert!(noisy.trust[0] < 0.02, "{noisy:?}");
    }

    #[test]
    fn silence_becomes_silence() {
        check(to_and_fro(80).chain([0.0; 40]), 0.0, 0.05);
        check(to_and_fro(80).chain([0.0; 400]), 0.0, 1e-3);
    }

    #[test]
    fn a_load_that_cannot_be_measured_halves_in_an_hour_with_all_that_is_doubted() {
        let load = LoadEstimate {
            rate: 8.0,
            doubt: 2.0,
            growth: 1.0,
            averages: [4.0; AVERAGES],
            ..LoadEstimate::default()
        };
        let faded = fade(load, UNSEEN_HALF_LIFE_SECONDS, 100.0);
        let expected = LoadEstimate {
            rate: 4.0,
            doubt: 1.0,
            growth: 0.0,
            averages: [2.0; AVERAGES],
            ..LoadEstimate::default()
        };
        assert_eq!(faded, expected);
        assert!((fade(load, 0.0, 3.0).rate - 3.0).abs() < 1e-9, "at most what the places could do");
    }

    /// Four jobs a second keep four places busy as long as a job is believed to take a second. If it takes a tenth of that,
    /// forty jobs a second do; but where a backlog was taken for load, only as many as the busy places could do.
    #[test]
    fn jobs_found_faster_leave_the_busy_places_busy() {
        let load = LoadEstimate { rate: 4.0, averages: [4.0; AVERAGES], ..LoadEstimate::default() };
        for (busy, found, rate) in
            [(4.0, 10.0, 40.0), (9.0, 10.0, 40.0), (3.0, 10.0, 30.0), (0.2, 10.0, 4.0), (4.0, 0.5, 4.0)]
        {
            let mut revised = LoadEstimate { busy, ..load };
            revise(&mut revised, 1.0, found);
            let expected = LoadEstimate { busy, rate, averages: [rate; AVERAGES], ..load };
            assert_eq!(revised, expected, "{busy} busy, {found} a second");
        }
    }

    #[test]
    fn busy_places_are_a_plain_mean_at_first_and_count_half_after_four_minutes() {
        let mut load = learn(None, 1.0, 60.0);
        were_busy(&mut load, 6.0, 60.0);
        assert!((load.busy - 6.0).abs() < 1e-9, "{load:?}");
        load = learn(Some(load), 1.0, 60.0);
        were_busy(&mut load, 2.0, 60.0);
        assert!((load.busy - 4.0).abs() < 1e-9, "{load:?}");
        load = LoadEstimate { seconds: 3_600.0, ..load };
        were_busy(&mut load, 8.0, 240.0);
        assert!((load.busy - 6.0).abs() < 1e-9, "{load:?}");
        // However short it is said to have been watched.
        load = LoadEstimate { seconds: 0.5, ..load };
        were_busy(&mut load, 9.0, 15.0);
        assert!((load.busy - 9.0).abs() < 1e-9, "{load:?}");
    }

    /// What is believed of a load that has just changed is as wide for rare jobs as for many.
    #[test]
    fn after_half_an_hour_of_two_jobs_a_second_one_silent_evaluation_is_half_believed() {
        check([2.0; 120].into_iter().chain([0.0; 1]), 0.5, 1.1);
        check([2.0; 120].into_iter().chain([0.0; 2]), 0.0, 0.05);
    }
}
