//! When few surplus tasks leave a service with `wait`: together with others, or once they have been surplus for four minutes.
//!
//! The load that `wait` measures rises and falls by a task or two all the time. Where each task leaves as soon as it is
//! surplus, half again as many changes are made, and many of the tasks are ordered again within minutes: each pays for a
//! start, and jobs wait for it.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::memory::PastRecommendation;
use crate::method::combine::WaitResult;
use crate::observation::ServiceState;
use crate::pipeline::known::DecisionInputs;
use crate::pipeline::window;
use crate::reason::Reason;

/// Few are less than this share of the tasks, in percent. With 10 there are 14% more changes a day; with 20 as many, for 0.7%
/// more.
pub(crate) const FEW_PERCENT: u32 = 15;

/// So long may few tasks be surplus. Five minutes save another 8% of the changes, for 0.2% more.
const LASTS: SignedDuration = SignedDuration::from_mins(4);

/// Since when tasks have been surplus, as far as is known. What is not known ends no surplus.
pub(crate) fn surplus_since(
    before: Option<Timestamp>,
    history: &[PastRecommendation],
    (needed, desired): (u32, u32),
    known: &DecisionInputs<'_>,
    wait: &WaitResult,
) -> Option<Timestamp> {
    known.policy.wait?;
    let before = before.filter(|_| !window::paused(history, known.policy, known.now));
    if needed < desired {
        before.or(Some(known.now))
    } else {
        let is_silent = matches!(wait, WaitResult::Silent(_)) || known.unread().is_some();
        before.filter(|_| is_silent)
    }
}

/// What few surplus tasks keep: all there are, for four minutes.
pub(crate) fn few(
    known: &DecisionInputs<'_>,
    service: &ServiceState,
    recommendations: &[PastRecommendation],
    began: Option<Timestamp>,
    max: u32,
) -> Option<(u32, Reason)> {
    known.policy.wait?;
    let desired = service.desired_count;
    let needed = window::largest(recommendations)?;
    let surplus = desired.saturating_sub(needed);
    let lasted = began.map_or(SignedDuration::ZERO, |at| since(at, known.now));
    // What is above the maximum leaves whether or not it is needed.
    let leaves = surplus == 0 || desired > max || is_many(surplus, desired) || lasted >= LASTS;
    (!leaves).then_some((desired, Reason::FewSurplus { surplus, lasted, needed: LASTS }))
}

fn is_many(surplus: u32, desired: u32) -> bool {
    surplus.saturating_mul(100) >= desired.saturating_mul(FEW_PERCENT)
}
