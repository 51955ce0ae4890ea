//! A ledger that cannot be reached: nothing is acted on, and people are told directly, since nothing is remembered.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_aws::report::{Alert, Header, LookReport};
use tidegate_aws::{CallError, log, sns};
use tidegate_policy::Severity;

use crate::concern::Concern;
use crate::{Evaluator, Failure};

/// While the ledger cannot be reached, people are told this often by each warm process. More often would be noise
/// on top of the dead-man alarm; less often, and a long outage looks like a short one.
const ALERT_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// One passing failure is noise that the next look repairs; two in a row are news. What somebody must mend is told at
/// once.
const PASSING_FAILURES_BEFORE_TELLING: u32 = 2;

/// What this process knows of a ledger that it cannot reach: nothing else could remember it.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// Looks in a row that failed.
    failures: u32,
    /// When people were last told.
    told_at: Option<Timestamp>,
}

impl<C: Concern> Evaluator<C> {
    /// The ledger cannot be reached.
    pub(crate) async fn outage(&self, header: &Header, error: CallError) -> Failure {
        if header.rung_by.is_plan() {
            return error.into();
        }
        let mut report = LookReport::empty(header.clone());
        report.alert = Some(self.alert(Severity::Critical, format!("nothing is scaled: {error}")));
        let told = if self.is_outage_news(&error, header.at) {
            sns::publish(&self.clients.sns, &self.settings.topic, &report).await
        } else {
            Ok(())
        };
        if told.is_err() {
            self.known_outage().told_at = None;
        }
        let mut answer: Value = report.to_json();
        let report_failed = told.is_err();
        answer["troubles"] = told.err().iter().map(ToString::to_string).collect();
        log::lines(&report, &answer, report_failed).iter().for_each(log::write);
        error.into()
    }

    /// Counts a failed look; true when people are to be told of it.
    fn is_outage_news(&self, error: &CallError, now: Timestamp) -> bool {
        let mut outage = self.known_outage();
        outage.failures = outage.failures.saturating_add(1);
        let due = outage.told_at.is_none_or(|last| now.duration_since(last) >= ALERT_EVERY);
        let lasting = !error.is_retryable() || outage.failures >= PASSING_FAILURES_BEFORE_TELLING;
        let news = due && lasting;
        if news {
            outage.told_at = Some(now);
        }
        news
    }

    /// The ledger answers; news if people were told that it did not.
    pub(crate) fn recovered(&self) -> Option<Alert> {
        let mut outage = self.known_outage();
        let failures = std::mem::take(&mut outage.failures);
        outage.told_at?;
        let text = format!("scaling again: the ledger answers after {failures} failed looks");
        Some(self.alert(Severity::Info, text))
    }

    /// People know that it does.
    pub(crate) fn told_of_recovery(&self) {
        self.known_outage().told_at = None;
    }

    fn known_outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An alert about everything of the concern.
    fn alert(&self, severity: Severity, text: String) -> Alert {
        Alert { severity, text, targets: self.concern.names() }
    }
}
