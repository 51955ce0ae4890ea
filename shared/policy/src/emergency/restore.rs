//! What puts one target back to what was found before an emergency.
//!
//! The desired count of a service with rules is left to them: they scale in at their own pace. What AWS's own autoscaling had,
//! and what nothing else would set again, is put back. What someone changed by hand meanwhile stays.

use crate::emergency::incident::{Snapshot, Targeted};
use crate::emergency::target::{Change, Process, Seen};

/// Who sets the desired count of a target once the emergency is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Tidegate's own rules, with their minimum.
    Rules {
        /// In tasks.
        min: u32,
    },
    /// Nothing else: rules there are none, or Tidegate only observes.
    Nobody,
}

/// What is to be put back, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// In this order.
    pub changes: Vec<Change>,
    /// What stays as it was found, since someone changed it meanwhile.
    pub kept: Vec<Kept>,
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
}

/// What puts a target back. Of a target that was never changed nothing is.
#[must_use]
pub fn changes(target: &Targeted, owner: Owner, seen: &Seen) -> Restored {
    let Some(snapshot) = &target.snapshot else { return Restored::default() };
    let mut restored = Restored::default();
    capacity(target, snapshot, owner, seen, &mut restored);
    registration(target, snapshot, seen, &mut restored);
    let resumed = |process: &Process| seen.suspended_processes.contains(process);
    let resume: Vec<Process> = target.suspended.iter().copied().filter(resumed).collect();
    restored.changes.extend((!resume.is_empty()).then_some(Change::Resume(resume)));
    restored
}

/// The desired count, before the bounds: otherwise AWS would move the service into them by itself.
fn capacity(target: &Targeted, snapshot: &Snapshot, owner: Owner, seen: &Seen, restored: &mut Restored) {
    let (desired, before) = (seen.service.desired_count, snapshot.desired);
    let was_set = if target.raise { before < target.asked } else { before != target.asked };
    if !was_set || desired == before {
        return;
    }
    let is_ours = desired == target.asked;
    match owner {
        // Rules take a desired count of 0 for a service that was switched off, and would leave it so.
        Owner::Rules { min } if desired == 0 && is_ours => {
            restored.changes.push(Change::SetCapacity(before.min(min.max(1))));
        }
        Owner::Rules { .. } => {}
        // Application Auto Scaling goes on from where it is, within the bounds it had.
        Owner::Nobody if snapshot.scalable.is_some() => {}
        Owner::Nobody if is_ours => restored.changes.push(Change::SetCapacity(before)),
        Owner::Nobody => restored.kept.push(Kept::Capacity { desired }),
    }
}

/// Bounds and flags, where they still are what the emergency set.
fn registration(target: &Targeted, snapshot: &Snapshot, seen: &Seen, restored: &mut Restored) {
    let (Some(set), Some(before)) = (target.registered, snapshot.scalable) else { return };
    if seen.scalable == Some(set) {
        restored.changes.push(Change::Register(before));
    } else if seen.scalable.is_some_and(|found| found != before) {
        restored.kept.push(Kept::Registration);
    }
}
