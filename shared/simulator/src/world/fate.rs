//! When something goes wrong.

use rand_pcg::Pcg64;

use super::{Mishaps, Setting};
use crate::load::STEP;
use crate::random::{Purpose, dice, share};

/// What happens in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may happen beside any other")]
pub(super) struct Event {
    pub(super) deployment: bool,
    pub(super) restart: bool,
    /// Nothing can be read.
    pub(super) blind: bool,
    /// No task starts.
    pub(super) stuck: bool,
}

/// Draws what happens, step by step.
#[derive(Debug)]
pub(super) struct Fate {
    mishaps: Mishaps,
    dice: Pcg64,
    blind_until: f64,
    stuck_until: f64,
}

impl Fate {
    pub(super) fn new(setting: &Setting) -> Self {
        let dice = dice(setting.seed, Purpose::Mishaps);
        Self { mishaps: setting.mishaps, dice, blind_until: 0.0, stuck_until: 0.0 }
    }

    /// What happens in the step that begins now, in seconds.
    pub(super) fn at(&mut self, now: f64) -> Event {
        let mishaps = self.mishaps;
        if mishaps == Mishaps::NONE {
            return Event::default();
        }
        let mut happens = |a_day: f64| {
            let drawn = share(&mut self.dice) < a_day * STEP / 86_400.0;
            drawn && now < mishaps.until_seconds
        };
        let (deployment, restart) = (happens(mishaps.deployments_a_day), happens(mishaps.restarts_a_day));
        if happens(mishaps.blind_a_day) {
            self.blind_until = now + mishaps.lasting_seconds;
        }
        if happens(mishaps.stuck_a_day) {
            self.stuck_until = now + mishaps.lasting_seconds;
        }
        Event { deployment, restart, blind: now < self.blind_until, stuck: now < self.stuck_until }
    }
}
