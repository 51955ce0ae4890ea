//! Another process that keeps setting the desired count: a second stack with the same service, a second function, a
//! deployment that sets the count. Each of them undoes what the other does, and neither says so by itself.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::memory::{Memory, Overwritten};
use crate::notice::NoticeKind;
use crate::pipeline::notices::FoundCondition;
use crate::reason::Reason;

/// So many changes, each after one of ours, are no accident: an operator corrects a size once or twice, and then pins
/// it or takes the service out. More, and two scalers with cooldowns of five minutes fight for half an hour unseen.
const TELLING_AFTER: u32 = 3;

/// What lies further apart is not counted together. Two scalers meet at least once per cooldown, which is seldom longer;
/// deployments that set the count come less often, and are reported one by one.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);

/// What is remembered of it; `manual` says that a change elsewhere is seen. It counts only if something was set here since the
/// one before: what another process does where nothing is done here is no fight.
pub(crate) fn follow(memory: &Memory, manual: bool, now: Timestamp) -> Option<Overwritten> {
    let before = memory.overwritten.filter(|before| since(before.at, now) <= TOGETHER);
    // A change that AWS refused set nothing.
    let set = manual && memory.failure.is_none();
    let ours = memory.changed_at.filter(|at| set && since(*at, now) <= TOGETHER);
    match (before, ours) {
        (Some(before), Some(ours)) if ours >= before.at => {
            Some(Overwritten { at: now, times: before.times.saturating_add(1) })
        }
        (None, Some(_)) => Some(Overwritten { at: now, times: 1 }),
        (before, _) => before,
    }
}

/// That another process keeps overwriting the desired count.
pub(crate) fn found(overwritten: Option<Overwritten>) -> Option<FoundCondition> {
    let Overwritten { at: _, times } = overwritten?;
    (times >= TELLING_AFTER).then_some((NoticeKind::Overwritten, Reason::Overwritten { times }))
}
