//! How many replicas a database has, and why there are no more: kept where `emergency-max` finds it, which asks RDS nothing.

use serde::{Deserialize, Serialize};

use crate::one_line::one_line;
use crate::replicas::decision::{CountOf, ReplicaDecision};
use crate::replicas::reason::ReplicaReason;

/// A reason is a sentence.
const LONGEST_REASON: usize = 300;

/// How many replicas a database has, as the last evaluation of `replica-lag` saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicaStanding {
    /// Those that may answer reads: caught up, well, and not being removed. `None` where RDS could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<u32>,
    /// All that RDS shows, without those being deleted. `None` where RDS could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<u32>,
    /// A change of them is under way.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub moves: bool,
    /// What the change waits for, or why none begins, in the words of the decision; empty where nothing stands against one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl ReplicaStanding {
    /// What a decision says of it.
    #[must_use]
    pub fn of(decision: &ReplicaDecision) -> Self {
        let why = decision.reasons.iter().rev().find(|reason| reason.keeps_from_adding());
        let why = why.map(ToString::to_string).unwrap_or_default();
        let (serving, existing) = match decision.count {
            Some(CountOf { serving, existing, wanted: _ }) => (Some(serving), Some(existing)),
            None => (None, None),
        };
        Self { serving, existing, moves: decision.memory.change.is_some(), why }
    }

    /// Believes what was read only as far as it can be true.
    pub fn believe(&mut self) {
        one_line(&mut self.why, LONGEST_REASON);
    }
}

impl ReplicaReason {
    /// It says why there is not one more: what is under way, or what stands against a change.
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn keeps_from_adding(&self) -> bool {
        match self {
            Self::Unreadable { .. }
            | Self::Observed
            | Self::IntentPending { .. }
            | Self::Requested { .. }
            | Self::SentAgain { .. }
            | Self::Creating { .. }
            | Self::CatchingUp { .. }
            | Self::Draining { .. }
            | Self::DrainingRecord { .. }
            | Self::DrainingUnknown { .. }
            | Self::Deleting { .. }
            | Self::Delete { .. }
            | Self::DeleteRequested { .. }
            | Self::Missed { .. }
            | Self::NotAvailable { .. }
            | Self::Pending { .. }
            | Self::BlueGreen { .. }
            | Self::BackingOff { .. }
            | Self::AtMax { .. }
            | Self::Held
            | Self::EngineLimit { .. }
            | Self::NoBackups { .. }
            | Self::NoCapacity { .. }
            | Self::NoDns { adds: true }
            | Self::Create { .. } => true,
            Self::NoDns { adds: false }
            | Self::Overridden { .. }
            | Self::OverrideClamped { .. }
            | Self::ZonePassedOver { .. }
            | Self::OverrideUndated { .. }
            | Self::Added { .. }
            | Self::NotAdded { .. }
            | Self::CleanedUp { .. }
            | Self::Kept { .. }
            | Self::Removed { .. }
            | Self::NotRemoved { .. }
            | Self::Vanished { .. }
            | Self::Promoted { .. }
            | Self::Writer { .. }
            | Self::Lags { .. }
            | Self::Recovered { .. }
            | Self::SourceIdle { .. }
            | Self::LagUnknown { .. }
            | Self::Broken { .. }
            | Self::Replicates { .. }
            | Self::SlotDisk { .. }
            | Self::RecordsUnreadable { .. }
            | Self::RecordConflict { .. }
            | Self::RecordTtl { .. }
            | Self::RecordPut { .. }
            | Self::RecordDeleted { .. }
            | Self::OneStays { .. }
            | Self::ReadsOnSource
            | Self::NoEndpoint
            | Self::BelowMin { .. }
            | Self::AboveMax { .. }
            | Self::Pinned { .. }
            | Self::ScaleOut { .. }
            | Self::NotLongEnough { .. }
            | Self::ScaleIn { .. }
            | Self::ScaleInNotLongEnough { .. }
            | Self::ScaleInVeto { .. }
            | Self::WouldScaleOut { .. }
            | Self::Cooldown { .. }
            | Self::TooFewLeft { .. }
            | Self::NoneToRemove
            | Self::Remove { .. }
            | Self::NothingToDo => false,
        }
    }
}
