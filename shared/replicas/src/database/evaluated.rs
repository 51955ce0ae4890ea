//! One database in an evaluation: what was seen, decided and done, and what of it is worth a report.

use std::sync::Arc;

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::rds::{AllInstances, CallResult};
use tidegate_aws::report::AlertState;
use tidegate_aws::report::section::Outcome;
use tidegate_fleet::DatabaseName;
use tidegate_policy::Severity;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::replicas::decision::{CountOf, ReplicaDecision};
use tidegate_policy::replicas::observation::DatabaseObservation;
use tidegate_policy::replicas::policy::ReadRecord;
use tidegate_policy::replicas::reason::ReplicaReason;

use crate::known::{FailingRecords, Said};

/// What one evaluation saw of one database, decided and did.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseReport {
    /// Its name in the fleet file.
    pub name: String,
    /// Its name in AWS.
    pub resource: DatabaseName,
    /// Where reads go, if a record is kept.
    pub dns: Option<ReadRecord>,
    /// It is only observed: nothing was done.
    pub observe: bool,
    /// What was seen.
    pub seen: DatabaseObservation,
    /// What was decided.
    pub decision: ReplicaDecision,
    /// The fewest and the most replicas by the fleet file.
    pub bounds: Option<(u32, u32)>,
    /// Every instance as RDS shows it, where a call is to be made.
    pub described: Option<Arc<AllInstances>>,
    /// Its changes were made, or tried: it is no plan.
    pub is_enforced: bool,
    /// What came of the call to RDS, if one was tried.
    pub called: Option<CallResult>,
    /// What came of the change of records, if one was tried.
    pub records: Option<Outcome>,
    /// Its records could not be changed before.
    pub failing_records: Option<FailingRecords>,
    /// In observe mode: what would be done, or was to be done a moment ago.
    pub would: Option<Said>,
    /// Operators know that.
    pub said_before: bool,
}

/// A change that begins with this evaluation, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beginning<'a> {
    /// A replica is added, and not removed.
    pub(crate) adds: bool,
    /// It has failed and never served, and counts no more already.
    pub(crate) is_clean_up: bool,
    /// Which; in observe mode none is chosen.
    pub(crate) replica: Option<&'a str>,
}

/// What a headline is about.
pub(crate) enum Lead<'a> {
    Notice(&'a DatabaseNotice),
    /// Something critical, and a change that begins in the same evaluation.
    NoticeAndChange(&'a DatabaseNotice, Beginning<'a>),
    Change(Beginning<'a>),
    FailingRecords(&'a CallError),
    RecordsRecovered,
    Nothing,
}

impl DatabaseReport {
    /// What came of the changes; one that failed says more than one that did not.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let call = self.called.as_ref().and_then(CallResult::as_outcome);
        let both = [call, self.records.clone()];
        let failed = both.iter().flatten().find(|outcome| outcome.as_failed().is_some());
        failed.or_else(|| both.iter().flatten().next()).cloned()
    }

    /// The change that begins now, or would in observe mode. Its later steps are found in the memory, and their end is a notice.
    pub(crate) fn begins(&self, now: Timestamp) -> Option<Beginning<'_>> {
        if self.observe {
            let CountOf { existing, wanted, .. } = self.decision.count?;
            let is_observed = self.decision.reasons.contains(&ReplicaReason::Observed);
            return is_observed.then_some(Beginning {
                adds: wanted > existing,
                is_clean_up: false,
                replica: None,
            });
        }
        let change = self.decision.memory.change.as_ref().filter(|change| change.began == now)?;
        let (adds, is_clean_up) = (change.step.adds(), change.failed);
        Some(Beginning { adds, is_clean_up, replica: Some(&change.replica) })
    }

    /// What would be done in observe mode.
    pub(crate) fn would_in_words(&self) -> Option<String> {
        let Beginning { adds, .. } = self.begins(Timestamp::UNIX_EPOCH)?;
        let existing = self.decision.count?.existing;
        Some(format!("{} {existing}", if adds { "add to" } else { "remove from" }))
    }

    /// What would be done in observe mode is not what operators know.
    pub(crate) fn is_new_in_observe_mode(&self) -> bool {
        self.observe && self.would.is_some() && !self.said_before
    }

    /// The records were read, so it is known whether they are in order.
    pub(crate) fn has_read_records(&self) -> bool {
        self.seen.records.as_ref().is_none_or(Result::is_ok)
    }

    /// Records could not be changed, and operators are to be notified of it now: of a failure that may pass only when it
    /// did not.
    pub(crate) fn tells_failing_records(&self) -> bool {
        let Some(Outcome::Failed(error)) = &self.records else { return false };
        match self.failing_records {
            Some(FailingRecords { notified, .. }) => !notified,
            None => !error.is_retryable(),
        }
    }

    /// Operators know that records could not be changed, and they are in order now.
    pub(crate) fn records_recovered(&self) -> bool {
        let is_known = self.failing_records.is_some_and(|failing| failing.notified);
        let in_order = self.records == Some(Outcome::Applied)
            || (self.decision.records.is_empty() && self.has_read_records());
        is_known && in_order
    }

    /// Worth a report: a change begins, or would; something begins, ends or has happened. A change that RDS refuses is
    /// reported by the next evaluation, with what it means.
    #[must_use]
    pub fn is_worth_reporting(&self, now: Timestamp) -> bool {
        let refused = matches!(
            self.called,
            Some(CallResult { outcome: CallOutcome::Refused(_) | CallOutcome::NotSent, .. })
        );
        let begins =
            if self.observe { self.is_new_in_observe_mode() } else { self.begins(now).is_some() && !refused };
        let records = self.tells_failing_records() || self.records_recovered();
        begins || records || !self.decision.notices.is_empty()
    }

    /// How much it matters.
    pub(crate) fn severity(&self) -> Severity {
        let notices = self.decision.notices.iter().map(DatabaseNotice::weight);
        let unanswered = matches!(self.called, Some(CallResult { outcome: CallOutcome::Unknown(_), .. }));
        let call = if unanswered { Severity::Warning } else { Severity::Info };
        let records = if self.tells_failing_records() { Severity::Critical } else { Severity::Info };
        notices.chain([call, records]).max().unwrap_or(Severity::Info)
    }

    /// Whether something began that matters, or something ended; `None` where neither did.
    pub(crate) fn state(&self) -> Option<AlertState> {
        let is = |phase: NoticePhase| self.decision.notices.iter().any(|notice| notice.phase == phase);
        if is(NoticePhase::Begins) || self.tells_failing_records() {
            return Some(AlertState::Firing);
        }
        (is(NoticePhase::Ends) || self.records_recovered()).then_some(AlertState::Resolved)
    }

    /// What the headline is about: what is critical, then the change that begins, then the rest by its severity.
    pub(crate) fn lead(&self, now: Timestamp) -> Lead<'_> {
        let notices = self.decision.notices.iter();
        // Of equals the first: `max_by_key` returns the last.
        let notice = notices.rev().max_by_key(|notice| notice.weight());
        let records = match &self.records {
            Some(Outcome::Failed(error)) if self.tells_failing_records() => Some(error),
            Some(_) | None => None,
        };
        match (notice, self.begins(now), records) {
            (Some(notice), begins, _) if notice.weight() == Severity::Critical => match begins {
                Some(begins) => Lead::NoticeAndChange(notice, begins),
                None => Lead::Notice(notice),
            },
            (_, _, Some(error)) => Lead::FailingRecords(error),
            (_, Some(begins), _) => Lead::Change(begins),
            (Some(notice), None, None) => Lead::Notice(notice),
            (None, None, None) if self.records_recovered() => Lead::RecordsRecovered,
            (None, None, None) => Lead::Nothing,
        }
    }
}
