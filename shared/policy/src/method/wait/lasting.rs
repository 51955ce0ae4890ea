//! How much of a deviation lasts.

use crate::memory::wait::{Lasting, Load};

/// The average that is called usual: of half-life 8 minutes.
const USUAL: usize = 5;

const HALF_LIFE_SECONDS: f64 = 3_600.0;

const MOST: f64 = 1.5;

/// Learns.
pub(crate) fn learn(lasting: &mut Lasting, load: &Load, rate: f64, elapsed: f64, startup: f64) {
    let Lasting { deviation, square, usual, left, squares } = lasting;
    let kept = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
    *left = *left * kept + elapsed * (rate * *deviation - *usual);
    *squares = *squares * kept + elapsed * *square;
    let now = load.rate - load.averages[USUAL];
    let share = 1.0 - 0.5_f64.powf(elapsed / (startup / 2.0));
    *deviation += share * (now - *deviation);
    *square += share * (now * now - *square);
    *usual += share * (now * load.averages[USUAL] - *usual);
}

/// The load to expect when a task that is asked for now could run.
pub(crate) fn expected(lasting: &Lasting, load: Load, startup: f64) -> Load {
    let usual = load.averages[USUAL];
    let now = load.rate - usual;
    // That all of it lasts counts as one start-up time of evidence.
    let prior = now * now * startup;
    let share = ((lasting.left + prior) / (lasting.squares + prior).max(f64::MIN_POSITIVE)).clamp(0.0, MOST);
    let share = if now.abs() > 0.0 { share } else { 1.0 };
    Load { rate: (usual + share * now).clamp(0.0, MOST * load.rate), growth: load.growth * share, ..load }
}
