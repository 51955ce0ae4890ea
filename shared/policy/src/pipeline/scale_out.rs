//! What limits a scale-out: each limit only lowers the wish, and none goes below the desired count.

use jiff::SignedDuration;

use crate::capacity::Capacity;
use crate::reason::Reason;
use crate::service::ServicePolicy;

/// Applies the limits in their order and leaves a reason for each that bites.
pub(crate) fn limit(
    wish: u32,
    desired: u32,
    running: u32,
    failing: Option<SignedDuration>,
    policy: &ServicePolicy,
    bounds: Capacity,
    reasons: &mut Vec<Reason>,
) -> u32 {
    if let Some(lasting) = failing {
        reasons.push(Reason::StartsFailing { desired, running, lasting });
        return desired;
    }
    let mut to = wish;
    let step = policy.largest_step.scale_out.get();
    if to.saturating_sub(desired) > step {
        reasons.push(Reason::LargestStep { limit: step, wish: to });
        to = desired.saturating_add(step);
    }
    if to > bounds.max() {
        reasons.push(Reason::AtMax { max: bounds.max(), wish: to });
        to = bounds.max().max(desired);
    }
    to
}
