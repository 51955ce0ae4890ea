//! When something goes wrong.

use rand_pcg::Pcg64;

use crate::random::{Purpose, dice, share};
use crate::step::STEP;
use crate::world::setting::{Disruptions, WorldSettings};

/// What happens in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may happen beside any other")]
pub(super) struct DisruptionStart {
    pub(super) deployment: bool,
    pub(super) restart: bool,
    /// Nothing can be read.
    pub(super) unreadable: bool,
    /// No task starts.
    pub(super) stuck: bool,
}

/// Draws what happens, step by step.
#[derive(Debug)]
pub(super) struct DisruptionState {
    disruptions: Disruptions,
    dice: Pcg64,
    outage_until: f64,
    stuck_until: f64,
}

impl DisruptionState {
    pub(super) fn new(setting: &WorldSettings) -> Self {
        let dice = dice(setting.seed, Purpose::Disruptions);
        Self { disruptions: setting.disruptions, dice, outage_until: 0.0, stuck_until: 0.0 }
    }

    /// What happens in the step that begins now, in seconds.
    pub(super) fn at(&mut self, now: f64) -> DisruptionStart {
        let disruptions = self.disruptions;
        if disruptions == Disruptions::NONE {
            return DisruptionStart::default();
        }
        let mut happens = |a_day: f64| {
            let drawn = share(&mut self.dice) < a_day * STEP / 86_400.0;
            drawn && now < disruptions.until_seconds
        };
        let (deployment, restart) =
            (happens(disruptions.deployments_a_day), happens(disruptions.restarts_a_day));
        if happens(disruptions.outages_a_day) {
            self.outage_until = now + disruptions.lasting_seconds;
        }
        if happens(disruptions.stuck_a_day) {
            self.stuck_until = now + disruptions.lasting_seconds;
        }
        DisruptionStart {
            deployment,
            restart,
            unreadable: now < self.outage_until,
            stuck: now < self.stuck_until,
        }
    }
}
