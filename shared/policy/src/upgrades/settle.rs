//! What became of a decision: whether its call was taken, and whether SNS took its notices.

use jiff::Timestamp;

use crate::database::call::{CallOutcome, DatabaseCall};
use crate::database::watch;
use crate::upgrades::decision::UpgradeDecision;
use crate::upgrades::memory::{ClassSnapshot, UpgradeEnd, UpgradeMemory};
use crate::upgrades::plan;

impl UpgradeMemory {
    /// Puts in what came of the call that `evaluation` sent. A call that another evaluation meant to send later is left alone.
    pub fn settle_call(&mut self, outcome: &CallOutcome, evaluation: &str, now: Timestamp) {
        if let Some(change) = &mut self.change
            && let Some(call) = change.call.as_mut().filter(|call| call.evaluation == evaluation)
        {
            let is_first = call.is_first();
            call.settle(outcome);
            match outcome {
                CallOutcome::Taken => self.start(now),
                CallOutcome::NotSent if is_first => self.withdraw(),
                CallOutcome::Refused(cause) if is_first => drop(self.end(UpgradeEnd::Failed, cause, now)),
                // An earlier one may have been taken: that shows later.
                CallOutcome::Refused(cause) => change.refused.clone_from(cause),
                CallOutcome::NotSent | CallOutcome::Unknown(_) => {}
            }
        } else if let Some(snapshot) = &mut self.snapshot
            && snapshot.call.evaluation == evaluation
        {
            let is_first = snapshot.call.is_first();
            snapshot.call.settle(outcome);
            match outcome {
                CallOutcome::Taken => self.snapshot_started(now),
                // Nothing was asked for yet: the next evaluation decides anew.
                CallOutcome::NotSent if is_first => self.snapshot = None,
                CallOutcome::Refused(cause) if is_first => {
                    let why = format!("{}: {cause}", snapshot.id);
                    self.snapshot_failed(why, now);
                }
                CallOutcome::Refused(cause) => snapshot.refused.clone_from(cause),
                CallOutcome::NotSent | CallOutcome::Unknown(_) => {}
            }
        } else if let Some(storage) = &mut self.storage
            && storage.call.evaluation == evaluation
        {
            storage.call.settle(outcome);
            match outcome {
                CallOutcome::NotSent => self.storage = None,
                CallOutcome::Refused(cause) => storage.refused.clone_from(cause),
                CallOutcome::Taken | CallOutcome::Unknown(_) => {}
            }
        }
    }

    /// The call was never sent: the next evaluation decides anew, with the snapshot that was taken for it.
    fn withdraw(&mut self) {
        let Some(change) = self.change.take() else { return };
        self.began.retain(|began| began.at != change.began);
        if !change.snapshot.is_empty() {
            self.snapshot = Some(ClassSnapshot {
                id: change.snapshot,
                instance: change.instance,
                from: change.from,
                to: change.to,
                began: change.began,
                // RDS has it, and no evaluation's call is its own any more.
                call: DatabaseCall::first("", change.began),
                refused: String::new(),
                is_started: true,
                is_ready: true,
            });
        }
        let why = "the call was not sent: too late, or the last look found something".to_owned();
        plan::prevented(self, why, change.began);
    }

    /// Puts in whether SNS took the notices of a decision. What it did not take is repeated by the next evaluation; so is what another
    /// evaluation put in meanwhile, though it be of the same instance and class.
    pub fn settle_notices(&mut self, decision: &UpgradeDecision, notified: bool) {
        if notified {
            self.outcomes.retain(|outcome| !decision.memory.outcomes.contains(outcome));
            watch::notified(&mut self.active, &decision.notices);
        }
    }
}
