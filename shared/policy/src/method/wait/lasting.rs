//! How much of a deviation lasts until who is ordered for it runs.
//!
//! The last minutes foretell the next evaluation best, and so the load of now is believed; but a task that is ordered
//! now runs a start-up time later, when a spike of single minutes is over. So the load expected then is the usual one
//! plus a share of what deviates now. The share is learned by a regression through zero of what is left on what
//! deviated about half a start-up time ago: of noise that comes and goes almost nothing lasts, of a ramp all of it and
//! more.

use crate::memory::wait::{DeviationDecay, LoadEstimate};

/// The average that is called usual, by its place among those of the load: half-life 8 minutes, long beside a start-up.
const USUAL: usize = 5;

/// Evidence counts half after this time, the longest memory there is: a share of noise takes hundreds of evaluations.
const HALF_LIFE_SECONDS: f64 = 3_600.0;

/// No more than this share of a deviation is expected to last, and no more than this times the load of now. With 1 a ramp
/// is followed late; with 2, a fifth more jobs of the noisiest minutes are late.
const MOST: f64 = 1.5;

/// Learns from an evaluation that measured this rate; `load` is what is believed after it.
pub(crate) fn learn(
    lasting: &mut DeviationDecay,
    load: &LoadEstimate,
    rate: f64,
    elapsed: f64,
    startup: f64,
) {
    let DeviationDecay { deviation, square, usual, left, squares } = lasting;
    let kept = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
    // What is left of a deviation is measured from what was usual when it was seen, since the usual load drifts.
    *left = *left * kept + elapsed * (rate * *deviation - *usual);
    *squares = *squares * kept + elapsed * *square;
    let now = load.rate - load.averages[USUAL];
    let share = 1.0 - 0.5_f64.powf(elapsed / (startup / 2.0).max(1.0));
    *deviation += share * (now - *deviation);
    *square += share * (now * now - *square);
    *usual += share * (now * load.averages[USUAL] - *usual);
}

/// The load to expect when a task that is asked for now could run.
pub(crate) fn expected(lasting: &DeviationDecay, load: LoadEstimate, startup: f64) -> LoadEstimate {
    let usual = load.averages[USUAL];
    let now = load.rate - usual;
    // That all of it lasts counts as one start-up time of evidence: so a burst like none before is believed at once.
    let prior = now * now * startup;
    let evidence = lasting.squares + prior;
    let share = if evidence > 0.0 { ((lasting.left + prior) / evidence).clamp(0.0, MOST) } else { 1.0 };
    let rate = (usual + share * now).clamp(0.0, MOST * load.rate.max(0.0));
    LoadEstimate { rate, growth: load.growth * share, ..load }
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    /// What is expected of the load after these rates, one each 15 s, beside the load of now.
    fn after(rates: impl IntoIterator<Item = f64>) -> (LoadEstimate, LoadEstimate) {
        let (mut lasting, mut load) = (DeviationDecay::default(), None);
        for rate in rates {
            let now = load::learn(load, rate, 15.0);
            learn(&mut lasting, &now, rate, 15.0, 90.0);
            load = Some(now);
        }
        let now = load.unwrap();
        (expected(&lasting, now, 90.0), now)
    }

    /// Every tenth minute brings four times as many jobs.
    fn minutes(count: usize) -> impl Iterator<Item = f64> {
        (0..count * 4).map(|evaluation| if evaluation / 4 % 10 == 9 { 40.0 } else { 10.0 })
    }

    #[test]
    fn spikes_of_a_minute_are_over_when_new_tasks_run() {
        let (expected, now) = after(minutes(240));
        assert!(now.rate > 35.0 && expected.rate < 25.0, "{} of {}", expected.rate, now.rate);
    }

    #[test]
    fn a_step_that_lasts_is_believed() {
        let steps = (0..1_200).map(|evaluation| if evaluation / 120 % 2 == 0 { 10.0 } else { 40.0 });
        let (expected, now) = after(steps.chain([40.0; 8]));
        assert!(expected.rate > 0.8 * now.rate, "{} of {}", expected.rate, now.rate);
    }

    #[test]
    fn a_burst_like_none_before_is_believed_at_once() {
        let (expected, now) = after(minutes(240).map(|rate| rate / 100.0).chain([20.0, 20.0]));
        assert!(expected.rate > 0.9 * now.rate, "{} of {}", expected.rate, now.rate);
    }

    #[test]
    fn half_a_start_up_time_later_half_of_a_deviation_is_remembered() {
        let mut lasting = DeviationDecay::default();
        let load = LoadEstimate { rate: 30.0, averages: [10.0; 7], ..LoadEstimate::default() };
        learn(&mut lasting, &load, 30.0, 45.0, 90.0);
        assert!((lasting.deviation - 10.0).abs() < 1e-9, "{lasting:?}");
        assert!((lasting.square - 200.0).abs() < 1e-9, "{lasting:?}");
        assert!((lasting.usual - 100.0).abs() < 1e-9, "{lasting:?}");
    }

    #[test]
    fn of_the_growth_of_a_load_as_much_is_expected_to_last_as_of_its_deviation() {
        let lasting = DeviationDecay { squares: 36_000.0, ..DeviationDecay::default() };
        let load = LoadEstimate { rate: 30.0, growth: 8.0, averages: [10.0; 7], ..LoadEstimate::default() };
        let growth = expected(&lasting, load, 90.0).growth;
        assert!((growth - 4.0).abs() < 1e-9, "{growth}");
    }

    /// 20 a second more or fewer than usual: that all of it lasts counts as much as a start-up time in which none did.
    #[test]
    fn what_is_expected_lies_between_the_usual_and_half_as_much_again_as_now() {
        for (rate, usual, left, squares, expected) in [
            (30.0, 10.0, 0.0, 36_000.0, 20.0),
            (30.0, 10.0, 36_000.0, 36_000.0, 30.0),
            (30.0, 10.0, 720_000.0, 36_000.0, 40.0),
            (20.0, 40.0, -36_000.0, 36_000.0, 30.0),
            (2.0, 22.0, -36_000.0, 36_000.0, 3.0),
        ] {
            let lasting = DeviationDecay { left, squares, ..DeviationDecay::default() };
            let now = LoadEstimate { rate, averages: [usual; 7], ..LoadEstimate::default() };
            let load = expected_rate(&lasting, now);
            assert!((load - expected).abs() < 1e-9, "{load} instead of {expected}: {rate} of {usual}");
        }
    }

    fn expected_rate(lasting: &DeviationDecay, load: LoadEstimate) -> f64 {
        expected(lasting, load, 90.0).rate
    }
}
