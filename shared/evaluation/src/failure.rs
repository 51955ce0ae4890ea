//! A failed invocation, sorted for the caller: may the same event succeed later?

use std::fmt;

use lambda_runtime::Diagnostic;
use tidegate_aws::CallError;
use tidegate_aws::trigger::TriggerError;

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationError {
    retryable: bool,
    message: String,
}

impl InvocationError {
    /// The event, the settings or the fleet file must be changed first.
    #[must_use]
    pub fn non_retryable(message: impl Into<String>) -> Self {
        Self { retryable: false, message: message.into() }
    }

    /// The next evaluation may succeed.
    #[must_use]
    pub fn retryable(message: impl Into<String>) -> Self {
        Self { retryable: true, message: message.into() }
    }

    /// Lambda's `errorType`.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        if self.retryable { "Retryable" } else { "NonRetryable" }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvocationError {}

impl From<TriggerError> for InvocationError {
    fn from(error: TriggerError) -> Self {
        Self::non_retryable(error.to_string())
    }
}

impl From<CallError> for InvocationError {
    fn from(error: CallError) -> Self {
        Self { retryable: error.is_retryable(), message: error.to_string() }
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(failure: InvocationError) -> Self {
        Self { error_type: failure.error_type().to_owned(), error_message: failure.message }
    }
}
