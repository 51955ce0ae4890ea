//! A ledger that cannot be reached, as this process knows it: nothing is remembered of it, so nothing else could say when
//! operators are to be notified again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::CallError;

/// While the ledger cannot be reached, operators are notified this often by each warm process. More often would be noise
/// on top of the dead-man alarm; less often, and a long outage looks like a short one.
const ALERT_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// One passing failure is noise that the next evaluation repairs; two in a row are reported. What an operator must mend
/// is reported at once.
const PASSING_FAILURES_BEFORE_NOTIFYING: u32 = 2;

/// What this process knows of a ledger that it cannot reach: nothing else could remember it.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<FailedReads>);

#[derive(Debug, Default)]
struct FailedReads {
    /// Evaluations in a row that failed.
    failures: u32,
    /// When operators were last notified.
    notified_at: Option<Timestamp>,
}

impl Outage {
    /// Counts a failed evaluation; true when operators are to be notified of it now.
    pub(crate) fn failed_evaluation(&self, error: &CallError, now: Timestamp) -> bool {
        let mut known = self.known();
        known.failures = known.failures.saturating_add(1);
        let due = known.notified_at.is_none_or(|last| now.duration_since(last) >= ALERT_EVERY);
        let lasting = !error.is_retryable() || known.failures >= PASSING_FAILURES_BEFORE_NOTIFYING;
        let notify = due && lasting;
        if notify {
            known.notified_at = Some(now);
        }
        notify
    }

    /// The ledger answers. After how many failed evaluations, if operators were notified that it did not.
    pub(crate) fn ends(&self) -> Option<u32> {
        let mut known = self.known();
        let failures = std::mem::take(&mut known.failures);
        known.notified_at.map(|_| failures)
    }

    /// There is nothing to report of it.
    pub(crate) fn is_over(&self) -> bool {
        self.known().failures == 0
    }

    /// Operators do not know of it: no report went out, or one that it is over did.
    pub(crate) fn forget_notified(&self) {
        self.known().notified_at = None;
    }

    fn known(&self) -> MutexGuard<'_, FailedReads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
