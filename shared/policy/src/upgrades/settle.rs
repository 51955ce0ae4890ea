//! What became of a decision: whether its call was taken, and whether SNS took its notices.

use jiff::Timestamp;

use crate::replicas::decide::CallOutcome;
use crate::replicas::notice::ReplicaNotice;
use crate::upgrades::memory::UpgradeMemory;

impl UpgradeMemory {
    /// Puts in what came of the call that `evaluation` sent. A call that another evaluation meant to send later is left alone.
    pub fn settle_call(&mut self, _outcome: &CallOutcome, _evaluation: &str, _now: Timestamp) {}

    /// Puts in whether SNS took these notices. What it did not take is repeated by the next evaluation.
    pub fn settle_notices(&mut self, _notices: &[ReplicaNotice], _notified: bool) {}

    /// Takes times of the future for now, and texts and lists only as long as Tidegate makes them.
    pub fn believe(&mut self, _now: Timestamp) {}
}
