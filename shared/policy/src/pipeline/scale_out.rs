//! What limits a scale-out: each limit only lowers the recommendation, and none goes below the desired count.

use crate::capacity::Capacity;
use crate::method::start::Start;
use crate::observation::Constraints;
use crate::pipeline::ceiling::Ceiling;
use crate::reason::Reason;
use crate::service::ServicePolicy;

/// Everything the limits read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScaleOutLimits<'a> {
    pub(crate) start: Start,
    pub(crate) constraints: &'a Constraints,
    pub(crate) ceiling: Option<&'a Ceiling>,
    pub(crate) policy: &'a ServicePolicy,
    pub(crate) bounds: Capacity,
}

impl ScaleOutLimits<'_> {
    /// Applies the limits in their order and leaves a reason for each that bites.
    pub(crate) fn limit(&self, recommendation: u32, reasons: &mut Vec<Reason>) -> u32 {
        let desired = self.start.desired;
        if let Some(why) = &self.constraints.no_scale_out {
            reasons.push(Reason::NoScaleOut { why: why.clone() });
            return desired;
        }
        if let Some(failing) = self.start.failing() {
            // A minimum cannot run away: it is reached whatever starts.
            let min = self.bounds.min();
            let least = recommendation.min(min).max(desired);
            reasons.retain(|reason| *reason != failing);
            if least < recommendation {
                reasons.extend((least > desired).then_some(Reason::BelowMin { min }));
                reasons.push(failing);
            }
            return least;
        }
        let mut to = recommendation;
        // Within the cooldown the steps already taken count, or two evaluations at once would take two. A minimum is
        // reached at once: it is no step, and knows no cooldown.
        let step = self.policy.largest_step.scale_out.get();
        let from = self.start.credit.map_or(desired, |(scale_out, _)| scale_out.without());
        let most = from.saturating_add(step).max(self.bounds.min());
        if to > most {
            reasons.push(Reason::LargestStep { limit: step, recommendation: to });
            reasons.retain(|reason| !matches!(reason, Reason::Credit { .. }));
            reasons.extend(self.start.credit());
            to = most.max(desired);
        }
        if to > self.bounds.max() {
            reasons.push(Reason::AtMax { max: self.bounds.max(), recommendation: to });
            to = self.bounds.max().max(desired);
        }
        // A minimum is what its author wants in any case, and so is what an operator asks for.
        let least = desired.max(self.bounds.min());
        if let Some((most, reason)) = self.ceiling.and_then(|ceiling| ceiling.limit(to, least)) {
            reasons.push(reason);
            to = most;
        }
        to
    }
}
