//! Which overrides asked for a change. A row that is in force beside it asked for nothing: to release it would undo nothing.

use tidegate_policy::overrides::{Held, Override, OverrideKind};
use tidegate_policy::{Capacity, Decision, Reason};

/// An override that asked for a change.
#[derive(Debug, Clone, PartialEq)]
pub struct AskingOverride {
    /// It is a part of the emergency, which `tidegate release` does not end.
    pub is_emergency: bool,
    /// The row, as the decision gives it as a reason.
    pub reason: Reason,
}

impl AskingOverride {
    /// What asked for the change of a decision; nothing where the load did, or the fleet file with its `capacity`.
    #[must_use]
    pub fn of(decision: &Decision, capacity: Capacity, emergency: Option<&Override>) -> Vec<Self> {
        let Some((_, to)) = decision.verdict.as_change() else { return Vec::new() };
        let rows: Vec<(OverrideKind, &Reason)> =
            decision.reasons.iter().filter_map(|reason| Some((granted(decision, reason)?, reason))).collect();
        let (min, max) = bounds_met(decision, capacity);
        let is_pinned = rows
            .iter()
            .any(|(kind, _)| matches!(kind, OverrideKind::Pin(_) | OverrideKind::Hold(Held::Both)));
        // A group's own bounds may allow something else than any row asked for.
        let is_narrowed = !rows.iter().any(|(kind, _)| kind.size() == Some(to));
        let asks = |kind: OverrideKind| match kind {
            OverrideKind::Hold(_) | OverrideKind::Release => false,
            OverrideKind::Min(size) | OverrideKind::Max(size) | OverrideKind::Raise(size) if is_pinned => {
                is_narrowed || size == to
            }
            OverrideKind::Pin(size) => is_narrowed || size == to,
            OverrideKind::Min(least) | OverrideKind::Raise(least) => min == Some(least),
            OverrideKind::Max(most) => max == Some(most),
        };
        let asking = rows.into_iter().filter(|(kind, _)| asks(*kind));
        asking.map(|(_, reason)| Self::new(reason, emergency)).collect()
    }

    fn new(reason: &Reason, emergency: Option<&Override>) -> Self {
        let is_emergency = emergency.is_some_and(|row| {
            let Override { kind, until, who, why, .. } = row.clone();
            *reason == Reason::Overridden { kind, until, who, why }
        });
        Self { is_emergency, reason: reason.clone() }
    }
}

/// What of a row is granted: the fleet file may allow less than it asks for.
fn granted(decision: &Decision, reason: &Reason) -> Option<OverrideKind> {
    let Reason::Overridden { kind, .. } = reason else { return None };
    let most = decision.reasons.iter().find_map(|reason| {
        if let Reason::OverrideAbove { kind: above, most } = reason
            && above == kind
        {
            Some(*most)
        } else {
            None
        }
    });
    Some(most.map_or(*kind, |most| kind.at_most(most)))
}

/// The minimum and the maximum that asked for the change, where no setting of the fleet file asks for the same.
fn bounds_met(decision: &Decision, capacity: Capacity) -> (Option<u32>, Option<u32>) {
    let (mut min, mut max) = (None, None);
    let (mut least, mut most) = (vec![capacity.min()], vec![capacity.max()]);
    for reason in &decision.reasons {
        if let Reason::BelowMin { min: met } = reason {
            min = Some(*met);
        } else if let Reason::AboveMax { max: met } = reason {
            max = Some(*met);
        } else if let Reason::Hours { min, max, .. } = reason {
            least.extend(min);
            most.extend(max);
        } else if let Reason::Floor { tasks, .. } = reason {
            least.push(*tasks);
        }
    }
    (min.filter(|min| !least.contains(min)), max.filter(|max| !most.contains(max)))
}
