//! One more replica is needed and does not come: what operators are notified of about that.

use jiff::SignedDuration;

use crate::database::watch::Watch;
use crate::replicas::load;
use crate::replicas::memory::DatabaseMemory;
use crate::replicas::policy::ReplicaCount;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::DatabaseScene;
use crate::severity::Severity;

/// A backup of the source or a restart of a replica takes less.
const HELD_BACK_FOR: SignedDuration = SignedDuration::from_mins(30);

const SUFFICE: &str = "the replicas that there are suffice again";

/// Whether one more replica is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReplicaNeed {
    OneMore,
    /// Nothing more is asked for: by the load, where that is known of every replica, and not while a change is under way or a pin
    /// outranks the load.
    Nothing,
    Unknown,
}

/// What is needed and not done.
pub(crate) fn all(
    scene: &DatabaseScene<'_>,
    memory: &DatabaseMemory,
    reasons: &[ReplicaReason],
) -> Vec<Watch> {
    let need = need(scene, memory, reasons);
    let find = |is: fn(&ReplicaReason) -> bool| reasons.iter().find(|reason| is(reason));
    let watch = |about: &'static str, verdict: &'static str, is, cleared: Option<&'static str>| match (
        find(is),
        need,
        cleared,
    ) {
        (Some(reason), _, _) => Watch::holds(about, Severity::Warning, verdict).because(reason.to_string()),
        (None, ReplicaNeed::Nothing, _) => Watch::over(about, SUFFICE),
        (None, ReplicaNeed::OneMore, Some(cleared)) => Watch::over(about, cleared),
        (None, ReplicaNeed::OneMore | ReplicaNeed::Unknown, _) => Watch::not_seen(about),
    };
    vec![
        held_back(memory, reasons, need),
        capacity(memory, reasons, need),
        // It is not over while one more is needed, though another cause than the maximum stand against it for a time.
        watch(
            "at max",
            "one more replica needed, at max",
            |it| matches!(it, ReplicaReason::AtMax { .. }),
            None,
        ),
        watch(
            "engine limit",
            "one more replica needed, at the limit of RDS",
            |it| matches!(it, ReplicaReason::EngineLimit { .. }),
            Some("the limit of RDS holds no replica back any more; one more is still needed"),
        ),
        watch(
            "no backups",
            "no replica can be created",
            |it| matches!(it, ReplicaReason::NoBackups { .. }),
            Some("missing backups hold no replica back any more; one more is still needed"),
        ),
        watch(
            "no dns",
            "replicas are not changed: `dns` is missing",
            |it| matches!(it, ReplicaReason::NoDns { .. }),
            Some("a missing `dns` holds no replica back any more; one more is still needed"),
        ),
    ]
}

fn need(scene: &DatabaseScene<'_>, memory: &DatabaseMemory, reasons: &[ReplicaReason]) -> ReplicaNeed {
    let is_known = |count: &ReplicaCount| load::is_known(scene, count, memory.changed_at);
    let is_pinned = scene.in_force.as_ref().is_some_and(|in_force| in_force.pin.is_some());
    let is_asked = memory.change.is_none() && !is_pinned;
    // What was measured before the last change asks for nothing: a breach may have to last its whole time again.
    let is_breached = reasons.iter().any(|it| matches!(it, ReplicaReason::NotLongEnough { .. }));
    if reasons.iter().any(asks_for_one_more) {
        ReplicaNeed::OneMore
    } else if is_breached || !scene.policy.count.as_ref().is_none_or(|count| is_asked && is_known(count)) {
        ReplicaNeed::Unknown
    } else {
        ReplicaNeed::Nothing
    }
}

fn asks_for_one_more(reason: &ReplicaReason) -> bool {
    matches!(reason, ReplicaReason::BelowMin { .. } | ReplicaReason::ScaleOut { .. })
        || matches!(reason, ReplicaReason::Pinned { count, to } if count < to)
}

/// No zone has capacity for one more. It lasts as long as the creation waits for that, and while it is tried again.
fn capacity(memory: &DatabaseMemory, reasons: &[ReplicaReason], need: ReplicaNeed) -> Watch {
    let about = "no capacity";
    let waits = memory.failure.as_ref().is_some_and(|failure| failure.no_capacity);
    let is_it = |reason: &&ReplicaReason| {
        let waits_for_it = waits && matches!(reason, ReplicaReason::BackingOff { .. });
        waits_for_it || matches!(reason, ReplicaReason::NoCapacity { .. })
    };
    match reasons.iter().rev().find(is_it) {
        Some(reason) => {
            Watch::holds(about, Severity::Warning, "one more replica needed, RDS has no capacity for it")
                .because(reason.to_string())
                .advising(
                    "It is tried again, each time after a longer wait. Name another `class`, or add a subnet in another zone.",
                )
        }
        None if !waits && memory.change.is_none() => Watch::over(about, "capacity holds no replica back any more"),
        // What else is in the way for a time, such as a backup of the source, ends no need.
        None if need == ReplicaNeed::Nothing => Watch::over(about, SUFFICE),
        None => Watch::not_seen(about),
    }
}

/// The source or a replica is in the middle of a change, which may last for days: one that waits for a maintenance window, a full
/// disk.
fn held_back(memory: &DatabaseMemory, reasons: &[ReplicaReason], need: ReplicaNeed) -> Watch {
    let about = "held back";
    let holds_back = |reason: &&ReplicaReason| {
        matches!(
            reason,
            ReplicaReason::NotAvailable { .. } | ReplicaReason::Pending { .. } | ReplicaReason::Missed { .. }
        )
    };
    let change = memory.change.as_ref();
    // What is said before the need is of something else, such as a failed replica that stays.
    let mut after = reasons.iter().skip_while(|reason| !asks_for_one_more(reason));
    match after.find(holds_back).filter(|_| change.is_none()) {
        Some(reason) => Watch::holds(about, Severity::Warning, "one more replica needed, held back")
            .because(reason.to_string())
            .advising("End or cancel that change, or repair the instance (docs/runbook.md); no replica is added before.")
            .after(HELD_BACK_FOR),
        None if change.is_some_and(|change| change.step.adds()) => Watch::over(about, "one more replica is added now"),
        None if need == ReplicaNeed::Nothing => Watch::over(about, SUFFICE),
        None if need == ReplicaNeed::OneMore && change.is_none() => {
            Watch::over(about, "no change of the source or of a replica holds one more back any more")
        }
        None => Watch::not_seen(about),
    }
}
