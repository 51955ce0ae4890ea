//! What became of a decision: whether its call was taken, and whether SNS took its notices.

use jiff::Timestamp;

use crate::database::call::{CallOutcome, is_no_capacity};
use crate::database::watch;
use crate::replicas::decision::ReplicaDecision;
use crate::replicas::memory::{DatabaseMemory, ReplicaEnd, ReplicaStep};

impl DatabaseMemory {
    /// Puts in what came of the call that `evaluation` sent. A call that another evaluation meant to send later is left alone.
    pub fn settle_call(&mut self, outcome: &CallOutcome, evaluation: &str, now: Timestamp) {
        let Some(change) = &mut self.change else { return };
        let adds = change.step.adds();
        let Some(call) = change.call.as_mut().filter(|call| call.evaluation == evaluation) else { return };
        let is_first = call.is_first();
        call.settle(outcome);
        match outcome {
            CallOutcome::NotSent if is_first => self.withdraw(),
            // An earlier one may have been taken: that shows later.
            CallOutcome::Taken | CallOutcome::Unknown(_) | CallOutcome::NotSent => {}
            CallOutcome::Refused(cause) if is_no_capacity(cause) && change.place.is_some() => {
                self.leave_zone(now);
            }
            CallOutcome::Refused(cause) => {
                let end = if adds { ReplicaEnd::NotAdded } else { ReplicaEnd::NotRemoved };
                self.end(end, cause, now);
            }
        }
    }

    /// The zone has no capacity: the next evaluation decides anew, and tries another zone. That is told once no zone is left.
    fn leave_zone(&mut self, now: Timestamp) {
        let place = self.change.take().and_then(|change| change.place);
        if let Some(place) = place {
            self.note_no_capacity(place, now);
        }
    }

    /// The call was never sent: the next evaluation decides anew.
    fn withdraw(&mut self) {
        let Some(change) = &mut self.change else { return };
        if change.step == ReplicaStep::Deleting && !change.failed {
            // It was out of the records and drained before the call was meant.
            (change.step, change.since, change.call) = (ReplicaStep::Draining, change.began, None);
        } else {
            self.change = None;
        }
    }

    /// Puts in whether SNS took the notices of a decision. What it did not take is repeated by the next evaluation; so is what another
    /// evaluation put in meanwhile, though it be of the same replica.
    pub fn settle_notices(&mut self, decision: &ReplicaDecision, notified: bool) {
        if notified {
            self.outcomes.retain(|outcome| !decision.memory.outcomes.contains(outcome));
            watch::notified(&mut self.active, &decision.notices);
        }
    }
}
