//! When a call is sent, and when it is sent again: once by the evaluation that remembered it, and not by another one before
//! that one is certainly over.

use jiff::Timestamp;

use crate::clock::since;
use crate::database::call::DatabaseCall;
use crate::database::call::SHOWS_WITHIN;
use crate::pipeline::gate::INTENT_LEASE;
use crate::replicas::memory::{ReplicaChange, ReplicaStep};
use crate::replicas::reason::ReplicaReason;

/// Whether the call of a change is to be sent now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sending {
    /// Now; where it was sent before, that is a reason to tell.
    Now(DatabaseCall, Option<ReplicaReason>),
    /// Another evaluation sends it, or what came of it has still to show.
    Waits(Option<ReplicaReason>),
}

impl ReplicaChange {
    /// A change that begins, or goes on to a step, with a call of this evaluation.
    pub(crate) fn calling(replica: String, step: ReplicaStep, evaluation: &str, now: Timestamp) -> Self {
        let call = Some(DatabaseCall::first(evaluation, now));
        Self { replica, step, since: now, began: now, call, failed: false, place: None }
    }

    /// Its call was made a moment ago, and RDS may have taken it without showing that yet.
    pub(crate) fn may_be_taken(&self, now: Timestamp) -> bool {
        self.call.as_ref().is_some_and(|call| since(call.at, now) < SHOWS_WITHIN)
    }

    /// Whether its call is to be sent now.
    pub(crate) fn sending(&self, evaluation: &str, now: Timestamp) -> Sending {
        let Some(call) = &self.call else { return Sending::Now(DatabaseCall::first(evaluation, now), None) };
        let replica = self.replica.clone();
        let lease = call.at.saturating_add(INTENT_LEASE).unwrap_or(call.at);
        let pause = if call.taken { SHOWS_WITHIN } else { call.pause() };
        if now < call.at.saturating_add(pause).unwrap_or(call.at) {
            let is_leased = !call.taken && now < lease && call.evaluation != evaluation;
            let evaluation = call.evaluation.clone();
            let pending = ReplicaReason::IntentPending { replica, evaluation, until: lease };
            return Sending::Waits(is_leased.then_some(pending));
        }
        let failures = if call.taken { 0 } else { call.failures.max(1) };
        let again = DatabaseCall { evaluation: evaluation.to_owned(), at: now, taken: call.taken, failures };
        Sending::Now(again, Some(ReplicaReason::SentAgain { replica, failures }))
    }
}
