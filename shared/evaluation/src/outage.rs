//! A ledger that cannot be reached: nothing is acted on, and operators are notified directly, since nothing is remembered.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_aws::report::{Alert, EvaluationReport, Header};
use tidegate_aws::{CallError, log, sns};
use tidegate_policy::Severity;

use crate::concern::Concern;
use crate::{Evaluator, InvocationError};

/// While the ledger cannot be reached, operators are notified this often by each warm process. More often would be noise
/// on top of the dead-man alarm; less often, and a long outage looks like a short one.
const ALERT_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// One passing failure is noise that the next evaluation repairs; two in a row are reported. What an operator must mend
/// is reported at once.
const PASSING_FAILURES_BEFORE_NOTIFYING: u32 = 2;

/// What this process knows of a ledger that it cannot reach: nothing else could remember it.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// Evaluations in a row that failed.
    failures: u32,
    /// When operators were last notified.
    notified_at: Option<Timestamp>,
}

impl<C: Concern> Evaluator<C> {
    /// The ledger cannot be reached.
    pub(crate) async fn outage(&self, header: &Header, error: CallError) -> InvocationError {
        if header.trigger.is_plan() {
            return error.into();
        }
        let mut report = EvaluationReport::empty(header.clone());
        let ledger = &self.settings.ledger;
        let failed = error.absence.kind.predicate();
        let cause = format!("DynamoDB table `{ledger}` {failed}; desired counts unchanged");
        report.alert = Some(self.alert(Severity::Critical, "scaling paused", cause, Some(error.to_string())));
        let notified = if self.should_notify(&error, header.at) {
            sns::publish(&self.clients.sns, &self.settings.topic, &report).await
        } else {
            Ok(())
        };
        if notified.is_err() {
            self.known_outage().notified_at = None;
        }
        let mut answer: Value = report.to_json();
        let report_failed = notified.is_err();
        answer["errors"] = notified.err().iter().map(ToString::to_string).collect();
        log::lines(&report, &answer, report_failed).iter().for_each(log::write);
        error.into()
    }

    /// Counts a failed evaluation; true when operators are to be notified of it.
    fn should_notify(&self, error: &CallError, now: Timestamp) -> bool {
        let mut outage = self.known_outage();
        outage.failures = outage.failures.saturating_add(1);
        let due = outage.notified_at.is_none_or(|last| now.duration_since(last) >= ALERT_EVERY);
        let lasting = !error.is_retryable() || outage.failures >= PASSING_FAILURES_BEFORE_NOTIFYING;
        let notify = due && lasting;
        if notify {
            outage.notified_at = Some(now);
        }
        notify
    }

    /// The ledger answers; reported if operators were notified that it did not.
    pub(crate) fn recovered(&self) -> Option<Alert> {
        let mut outage = self.known_outage();
        let failures = std::mem::take(&mut outage.failures);
        outage.notified_at?;
        let (ledger, plural) = (&self.settings.ledger, if failures == 1 { "" } else { "s" });
        let cause = format!("DynamoDB table `{ledger}` answers after {failures} failed evaluation{plural}");
        Some(self.alert(Severity::Info, "RESOLVED: scaling resumed", cause, None))
    }

    /// Operators were notified that it does.
    pub(crate) fn recovery_reported(&self) {
        self.known_outage().notified_at = None;
    }

    fn known_outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An alert about everything of the concern.
    fn alert(&self, severity: Severity, text: &str, cause: String, because: Option<String>) -> Alert {
        Alert { severity, text: text.to_owned(), cause, because, targets: self.concern.names() }
    }
}
