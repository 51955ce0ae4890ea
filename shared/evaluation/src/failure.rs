//! A failed invocation, sorted for the caller: may the same event succeed later?

use lambda_runtime::Diagnostic;
use tidegate_aws::CallError;
use tidegate_aws::error::Cause;
use tidegate_aws::trigger::TriggerError;
use tidegate_fleet::Problems;

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// The event is nothing that the function understands.
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    /// The event asks for something that the concern does not have: its own words.
    #[error("{0}")]
    UnknownSubject(String),
    /// Settings are missing.
    #[error("environment variable not set: {}", missing.join(", "))]
    NotSet {
        /// Their names.
        missing: Vec<&'static str>,
    },
    /// The fleet file cannot be read.
    #[error("failed to read the fleet file `{path}`: {cause}")]
    FleetUnread {
        /// Where it should be.
        path: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// The fleet file has problems.
    #[error("the fleet file is invalid; nothing was changed:\n{0}")]
    FleetRefused(#[source] Problems),
    /// What an operator asked for is in no evaluation, and there is no time for another one.
    #[error("another evaluation wrote first, and nothing of what was asked for was done: send it again")]
    Dropped,
    /// The ledger cannot be reached, or every change failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl InvocationError {
    /// Lambda's `errorType`: whether the same event may succeed later, or something must be changed first.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        let is_retryable = match self {
            Self::Call(error) => error.is_retryable(),
            Self::Dropped => true,
            Self::Trigger(_)
            | Self::UnknownSubject(_)
            | Self::NotSet { .. }
            | Self::FleetUnread { .. }
            | Self::FleetRefused(_) => false,
        };
        if is_retryable { "Retryable" } else { "NonRetryable" }
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(failure: InvocationError) -> Self {
        Self { error_type: failure.error_type().to_owned(), error_message: failure.to_string() }
    }
}
