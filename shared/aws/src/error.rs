//! One error for every call to AWS, and the one place that knows which of them a later try may mend.

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use tidegate_policy::{Absence, AbsenceKind};

/// A call to AWS that failed: what was tried, and why it did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {absence}")]
pub struct CallError {
    /// What was tried, on which thing: ``update service `worker` in cluster `prod` ``.
    pub step: String,
    /// Why it failed.
    pub absence: Absence,
}

impl CallError {
    /// From an SDK error.
    pub fn new<E, R>(step: impl Into<String>, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        Self { step: step.into(), absence: absence(error) }
    }

    /// From a cause that is no SDK error.
    pub fn plain(step: impl Into<String>, kind: AbsenceKind, detail: impl Into<String>) -> Self {
        Self { step: step.into(), absence: Absence::new(kind, detail) }
    }

    /// The call may have worked although it failed: its answer did not arrive, or could not be understood.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        matches!(
            self.absence.kind,
            AbsenceKind::Unreachable | AbsenceKind::TimedOut | AbsenceKind::Unreadable
        )
    }

    /// Whether the same call may succeed later without a change by an operator.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.absence.kind {
            AbsenceKind::Unreachable
            | AbsenceKind::TimedOut
            | AbsenceKind::Throttled
            | AbsenceKind::Busy
            | AbsenceKind::NoDatapoints
            | AbsenceKind::Provisional
            | AbsenceKind::Unreadable => true,
            AbsenceKind::Denied | AbsenceKind::NotFound | AbsenceKind::WrongType | AbsenceKind::Refused => {
                false
            }
        }
    }
}

/// Sorts an SDK error into a class, with AWS's own words.
pub(crate) fn absence<E, R>(error: &SdkError<E, R>) -> Absence
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::TimeoutError(_) => Absence::new(AbsenceKind::TimedOut, timeout_hint()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Absence::new(AbsenceKind::TimedOut, timeout_hint())
        }
        SdkError::DispatchFailure(failure) => {
            let detail = failure.as_connector_error().map_or_else(String::new, |error| chain(error));
            Absence::new(AbsenceKind::Unreachable, detail)
        }
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("no error code");
            let message = service.err().message().unwrap_or("no message");
            Absence::new(AbsenceKind::of_aws_error(code), format!("{code}: {message}"))
        }
        SdkError::ConstructionFailure(failure) => {
            Absence::new(AbsenceKind::Refused, format!("the request could not be built: {failure:?}"))
        }
        _ => Absence::new(AbsenceKind::Unreadable, "the answer could not be understood"),
    }
}

/// Only `queue-depth` lives in the VPC, and there a time-out nearly always means a missing endpoint or route.
fn timeout_hint() -> &'static str {
    "in a VPC this is most often a missing VPC endpoint or NAT route to this service"
}

/// The causes of an error, outermost first.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
