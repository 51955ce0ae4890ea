//! Which overrides asked for a change of the count. A row that is in force beside it asked for nothing: to release it would undo
//! nothing.

use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::reason::ReplicaReason;

use crate::database::evaluated::DatabaseReport;

/// An override that asked for a change of the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CountAsker<'a> {
    /// It is the emergency, which `tidegate release` does not end.
    pub(crate) is_emergency: bool,
    pub(crate) who: &'a str,
    pub(crate) why: &'a str,
}

impl DatabaseReport {
    /// What asked for the change; nothing where the load did, or the fleet file.
    pub(crate) fn asked(&self) -> Vec<CountAsker<'_>> {
        let (file_min, file_max) = self.bounds.unzip();
        let reasons = &self.decision.reasons;
        let met = |reason: &ReplicaReason, kind: OverrideKind| match kind {
            OverrideKind::Hold(_) | OverrideKind::Release => false,
            OverrideKind::Pin(size) => is_pinned_to(reason, size),
            OverrideKind::Min(size) | OverrideKind::Raise(size) => {
                let is_min = matches!(reason, ReplicaReason::BelowMin { min, .. } if *min == size);
                is_pinned_to(reason, size) || (is_min && Some(size) != file_min)
            }
            OverrideKind::Max(size) => {
                let is_max = matches!(reason, ReplicaReason::AboveMax { max, .. } if *max == size);
                is_pinned_to(reason, size) || (is_max && Some(size) != file_max)
            }
        };
        let asked = reasons.iter().filter_map(|reason| {
            let ReplicaReason::Overridden { kind, who, why, .. } = reason else { return None };
            let asks = reasons.iter().any(|reason| met(reason, *kind));
            asks.then_some(CountAsker { is_emergency: matches!(kind, OverrideKind::Raise(_)), who, why })
        });
        asked.collect()
    }

    /// An emergency is in force, which removes no replica.
    pub(crate) fn is_emergency(&self) -> bool {
        let is_raise = |reason: &ReplicaReason| {
            matches!(reason, ReplicaReason::Overridden { kind: OverrideKind::Raise(_), .. })
        };
        self.decision.reasons.iter().any(is_raise)
    }
}

fn is_pinned_to(reason: &ReplicaReason, size: u32) -> bool {
    matches!(reason, ReplicaReason::Pinned { to, .. } if *to == size)
}
