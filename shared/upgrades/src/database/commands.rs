//! The commands that undo a change, try it again or prevent it: through the function, or by the AWS CLI where Tidegate would refuse.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeState};
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeOutcome};

use crate::database::evaluated::UpgradeReport;

impl UpgradeReport {
    /// The commands, each with a word on what it does: of the change that this evaluation sent, of the newest one that is over, or
    /// of the one that is planned.
    #[must_use]
    pub fn commands(&self) -> Vec<(&'static str, String)> {
        if self.observe {
            return Vec::new();
        }
        if let (Some(ClassCall::Modify { instance, from, to }), Some(called)) =
            (&self.decision.call, &self.called)
        {
            return match called.outcome {
                CallOutcome::Taken => Self::undo(instance, from, "once it is done; it restarts the instance"),
                // What RDS refuses is over, and asked for again by who wants it.
                CallOutcome::Refused(_) => self.retry(instance, to, self.asks_for_a_snapshot()),
                CallOutcome::NotSent | CallOutcome::Unknown(_) => Vec::new(),
            };
        }
        let told = self.decision.memory.outcomes.iter().rev();
        let commands = told.map(|outcome| self.after(outcome)).find(|commands| !commands.is_empty());
        commands.unwrap_or_else(|| self.before())
    }

    /// After a change is over.
    fn after(&self, outcome: &UpgradeOutcome) -> Vec<(&'static str, String)> {
        let UpgradeOutcome { instance, from, to, snapshot, end, .. } = outcome;
        match end {
            UpgradeEnd::Started => Self::undo(instance, from, "once it is done; it restarts the instance"),
            UpgradeEnd::Done => Self::undo(instance, from, "it restarts the instance: minutes of downtime"),
            UpgradeEnd::Failed => self.retry(instance, to, *snapshot),
            // What stands against it is looked at again: the AWS CLI would look at nothing.
            UpgradeEnd::Refused | UpgradeEnd::WindowPassed | UpgradeEnd::SnapshotFailed => {
                self.again(to, *snapshot)
            }
            UpgradeEnd::Withdrawn
            | UpgradeEnd::NothingToWithdraw
            | UpgradeEnd::GoesOn
            | UpgradeEnd::ChangedByOthers
            | UpgradeEnd::Vanished
            | UpgradeEnd::Observed
            | UpgradeEnd::StorageRaised
            | UpgradeEnd::SnapshotBegan
            | UpgradeEnd::SnapshotKept => Vec::new(),
        }
    }

    /// Before one begins that is told: it can be prevented, or begun at once.
    fn before(&self) -> Vec<(&'static str, String)> {
        let is_told = !self.decision.notices.is_empty();
        let waits = matches!(self.decision.state, UpgradeState::Waiting | UpgradeState::Refused);
        let Some(wanted) = self.decision.wanted.as_ref().filter(|_| is_told && waits) else {
            return Vec::new();
        };
        let stop = if self.decision.memory.request.is_some() {
            format!("tidegate upgrade {} --withdraw", self.name)
        } else {
            format!("tidegate hold {} --both --for 48h", self.name)
        };
        let with = with_snapshot(self.asks_for_a_snapshot());
        vec![
            ("stop", stop),
            ("now", format!("tidegate upgrade {} --to {} --now{with}", self.name, wanted.to)),
        ]
    }

    /// What is asked for, if anything is, is asked for with a snapshot before it.
    fn asks_for_a_snapshot(&self) -> bool {
        self.decision.memory.request.as_ref().is_some_and(|request| request.snapshot)
    }

    /// Back to the class that it had, without Tidegate: after a change `per_day` refuses another one, and how heavy the load is for
    /// the smaller class is known only `down`'s time later.
    fn undo(instance: &str, from: &str, when: &str) -> Vec<(&'static str, String)> {
        vec![("undo", format!("{}  # {when}", modify(instance, from)))]
    }

    /// The same class once more, in the window; or at once, without Tidegate.
    fn retry(&self, instance: &str, to: &str, snapshot: bool) -> Vec<(&'static str, String)> {
        let by_hand = format!("{}  # at once, with what else is pending", modify(instance, to));
        self.again(to, snapshot).into_iter().chain([("or", by_hand)]).collect()
    }

    /// The same class once more, in the window.
    fn again(&self, to: &str, snapshot: bool) -> Vec<(&'static str, String)> {
        let is_known = self.classes.iter().any(|class| class == to);
        let line = || format!("tidegate upgrade {} --to {to}{}", self.name, with_snapshot(snapshot));
        is_known.then(|| ("try", line())).into_iter().collect()
    }
}

/// To ask for the same again.
fn with_snapshot(snapshot: bool) -> &'static str {
    if snapshot { " --snapshot" } else { "" }
}

/// The same without Tidegate. It applies what else is pending too, and looks at nothing before.
fn modify(instance: &str, class: &str) -> String {
    format!(
        "aws rds modify-db-instance --db-instance-identifier {instance} --db-instance-class {class} --apply-immediately"
    )
}
