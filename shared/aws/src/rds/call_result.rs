//! What came of a call that changes something in RDS.

use tidegate_policy::database::call::CallOutcome;

use crate::error::{AwsError, CallError, Failure, Step};
use crate::report::section::Outcome;

/// What came of a call: for the policy, and the error for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// As the memory takes it.
    pub outcome: CallOutcome,
    /// The error, if it failed; what the last look refuses is [`Failure::Withheld`], and no failure of AWS.
    pub error: Option<CallError>,
}

impl CallResult {
    pub(super) fn not_sent(error: Option<CallError>) -> Self {
        Self { outcome: CallOutcome::NotSent, error }
    }

    /// What the last look showed stands against it: nothing was sent, and the next evaluation decides anew.
    pub(super) fn withheld(step: Step, words: String) -> Self {
        Self::not_sent(Some(CallError::new(step, Failure::Withheld(words))))
    }

    pub(super) fn of(answer: Result<(), CallError>) -> Self {
        let outcome = match &answer {
            Ok(()) => CallOutcome::Taken,
            Err(error) if error.outcome_is_unknown() || error.is_retryable() => {
                CallOutcome::Unknown(error.failure.to_string())
            }
            Err(error) => CallOutcome::Refused(error.failure.to_string()),
        };
        Self { outcome, error: answer.err() }
    }

    /// As reports have it.
    #[must_use]
    pub fn as_outcome(&self) -> Option<Outcome> {
        match (&self.outcome, &self.error) {
            (CallOutcome::Taken, _) => Some(Outcome::Applied),
            (_, Some(error)) => Some(Outcome::Failed(error.clone())),
            (CallOutcome::NotSent, None) => Some(Outcome::TooLate),
            (CallOutcome::Refused(_) | CallOutcome::Unknown(_), None) => None,
        }
    }

    /// The one cause of a failure, for a headline.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let withheld = if let Failure::Withheld(words) = &error.failure { Some(words.clone()) } else { None };
        withheld.or_else(|| Some(format!("RDS {}", error.predicate())))
    }

    /// The stable name of that in JSON. What a last look stopped was not tried, whether it showed something or had no answer.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match (&self.outcome, &self.error) {
            (CallOutcome::NotSent, Some(_)) => Some("withheld"),
            _ => self.as_outcome().map(|outcome| outcome.code()),
        }
    }
}

/// Whether RDS answered so.
pub(super) fn is_answered(error: &CallError, test: impl Fn(&str, &str) -> bool) -> bool {
    if let Failure::Aws(AwsError::Answered { code, message, .. }) = &error.failure {
        test(code, message)
    } else {
        false
    }
}
