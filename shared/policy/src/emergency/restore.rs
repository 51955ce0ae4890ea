//! What puts one target back to what was found before an emergency.
//!
//! The desired count of a service with rules is left to them: they scale in at their own pace. What AWS's own autoscaling had,
//! and what nothing else would set again, is put back. What someone changed by hand meanwhile stays.

use jiff::Timestamp;

use crate::emergency::incident::{Snapshot, Targeted};
use crate::emergency::missed::{self, MissedActions};
use crate::emergency::target::{Change, Process, Seen};
use crate::reading::AbsenceKind;

/// Who sets the desired count of a target once the emergency is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Tidegate's own rules, with their minimum.
    Rules {
        /// In tasks.
        min: u32,
    },
    /// Nothing else: rules there are none, or Tidegate only observes.
    Unmanaged,
}

/// What is to be put back, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// In this order.
    pub changes: Vec<Change>,
    /// What stays as it was found, since someone changed it meanwhile.
    pub kept: Vec<Kept>,
    /// Scheduled actions that did not run meanwhile, and whose bounds are put back.
    pub missed: MissedActions,
    /// They could not be read, and may be a moment later: until then what is to be put back is not known.
    pub is_to_be_read: bool,
}

/// What was changed by hand during an emergency, and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The bounds or flags of Application Auto Scaling.
    Registration,
    /// The desired count.
    Capacity {
        /// What it is.
        desired: u32,
    },
    /// The processes of the group that are suspended.
    Processes,
}

/// What puts a target back. Of a target that was never changed nothing is.
#[must_use]
pub fn changes(target: &Targeted, owner: Owner, seen: &Seen, now: Timestamp) -> Restored {
    let Some(snapshot) = &target.snapshot else { return Restored::default() };
    let mut restored = Restored::default();
    capacity(target, snapshot, owner, seen, &mut restored);
    registration(target, snapshot, seen, now, &mut restored);
    let resumed = |process: &Process| seen.suspended_processes.contains(process);
    let resume: Vec<Process> = target.suspended.iter().copied().filter(resumed).collect();
    restored.changes.extend((!resume.is_empty()).then_some(Change::Resume(resume)));
    restored
}

/// The desired count, before the bounds: otherwise AWS would move the service into them by itself.
fn capacity(target: &Targeted, snapshot: &Snapshot, owner: Owner, seen: &Seen, restored: &mut Restored) {
    let (desired, before) = (seen.service.desired_count, snapshot.desired);
    if target.sizes.is_empty() || desired == before {
        return;
    }
    let is_ours = target.sizes.contains(&desired);
    match owner {
        // Rules take a desired count of 0 for a service that was switched off, and would leave it so.
        Owner::Rules { min } if desired == 0 && is_ours => {
            restored.changes.push(Change::SetCapacity(before.min(min.max(1))));
        }
        Owner::Rules { .. } => {}
        // Application Auto Scaling goes on from where it is, within the bounds it had, if it scales in that direction.
        Owner::Unmanaged if snapshot.scalable.is_some_and(|it| it.goes_on(desired, before)) => {}
        Owner::Unmanaged if is_ours => restored.changes.push(Change::SetCapacity(before)),
        Owner::Unmanaged => restored.kept.push(Kept::Capacity { desired }),
    }
}

/// Bounds and flags, where they still are what the emergency set. AWS does not run a scheduled action later, so what those that
/// came due would have set is put back instead of what was found.
fn registration(
    target: &Targeted,
    snapshot: &Snapshot,
    seen: &Seen,
    now: Timestamp,
    restored: &mut Restored,
) {
    let (Some(before), Some(found)) = (snapshot.scalable, seen.scalable) else { return };
    if target.registered.is_empty() || found == before {
        return;
    }
    let (bounds, missed) = match (snapshot.at, &seen.scheduled) {
        (Some(at), Some(actions)) => missed::bounds(before, actions.as_deref(), at, now),
        (None, _) | (_, None) => (before, MissedActions::default()),
    };
    restored.is_to_be_read =
        missed.unread.as_ref().is_some_and(|absence| absence.kind != AbsenceKind::Denied);
    if target.registered.contains(&found) {
        restored.changes.push(Change::Register(bounds));
        restored.missed = missed;
    } else if found != bounds {
        restored.kept.push(Kept::Registration);
    }
}
