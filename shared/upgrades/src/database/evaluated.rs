//! One database in an evaluation: what was seen, decided and done, and what of it is worth a report.

use tidegate_aws::rds::CallResult;
use tidegate_aws::report::AlertState;
use tidegate_aws::report::section::Outcome;
use tidegate_fleet::DatabaseName;
use tidegate_policy::Severity;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeDecision};
use tidegate_policy::upgrades::observation::UpgradeObservation;

/// What one evaluation saw of one database, decided and did.
#[derive(Debug, Clone, PartialEq)]
pub struct UpgradeReport {
    /// Its name in the fleet file.
    pub name: String,
    /// Its name in AWS.
    pub resource: DatabaseName,
    /// The classes that it may have; none where the class is left alone.
    pub classes: Vec<String>,
    /// It is only observed: nothing was done.
    pub observe: bool,
    /// What was seen.
    pub seen: UpgradeObservation,
    /// What was decided.
    pub decision: UpgradeDecision,
    /// What came of the call to RDS; none in a plan.
    pub called: Option<CallResult>,
}

/// What a headline is about.
pub(crate) enum UpgradeLead<'a> {
    Notice(&'a DatabaseNotice),
    Call(&'a ClassCall),
    State,
}

impl UpgradeReport {
    /// RDS took a change of the class in this evaluation.
    pub(crate) fn is_begun(&self) -> bool {
        let is_taken = self.called.as_ref().is_some_and(|called| called.outcome == CallOutcome::Taken);
        let change = self.decision.memory.change.as_ref();
        is_taken
            && matches!(self.decision.call, Some(ClassCall::Modify { .. }))
            && change.is_some_and(|change| !change.is_started)
    }

    /// Worth a report: a change begins, or something begins, ends or has happened. What RDS refuses is reported by the next
    /// evaluation, with what it means.
    #[must_use]
    pub fn is_worth_reporting(&self) -> bool {
        self.is_begun() || !self.decision.notices.is_empty()
    }

    /// How much it matters. A change that begins is minutes of downtime.
    pub(crate) fn severity(&self) -> Severity {
        let notices = self.decision.notices.iter().map(DatabaseNotice::weight);
        let is_unanswered =
            self.called.as_ref().is_some_and(|called| matches!(called.outcome, CallOutcome::Unknown(_)));
        let call = if self.is_begun() || is_unanswered { Severity::Warning } else { Severity::Info };
        notices.chain([call]).max().unwrap_or(Severity::Info)
    }

    /// Whether something began that matters, or something ended; `None` where neither did.
    pub(crate) fn state(&self) -> Option<AlertState> {
        let is = |phase: NoticePhase| self.decision.notices.iter().any(|notice| notice.phase == phase);
        if is(NoticePhase::Begins) {
            return Some(AlertState::Firing);
        }
        is(NoticePhase::Ends).then_some(AlertState::Resolved)
    }

    /// What came of the call.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.called.as_ref()?.as_outcome()
    }

    /// What the headline is about: what is critical, then the call of this evaluation, then the rest by its severity.
    pub(crate) fn lead(&self) -> UpgradeLead<'_> {
        // Of equals the first: `max_by_key` returns the last.
        let notice = self.decision.notices.iter().rev().max_by_key(|notice| notice.weight());
        match (notice, &self.decision.call) {
            (Some(notice), _) if notice.weight() == Severity::Critical => UpgradeLead::Notice(notice),
            (_, Some(call @ (ClassCall::Modify { .. } | ClassCall::TakeSnapshot { .. })))
            | (None, Some(call)) => UpgradeLead::Call(call),
            (Some(notice), _) => UpgradeLead::Notice(notice),
            (None, None) => UpgradeLead::State,
        }
    }
}
