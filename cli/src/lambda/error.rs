//! Why an invocation gave no answer, and what to do about it.

use std::error::Error;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::invoke::InvokeError as Invoke;
use serde_json::Value;

/// What a function of Tidegate calls an error that no other attempt changes: the answer is no.
const NO: &str = "NonRetryable";

/// The largest event of a synchronous invocation.
const MEGABYTES_MAX: usize = 6;

/// Codes of a signature that AWS does not accept.
const SIGNATURE: [&str; 5] =
    ["UnrecognizedClient", "ExpiredToken", "Signature", "AuthenticationToken", "ClientTokenId"];

/// The function that was to be invoked.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvokedFunction<'a> {
    pub(super) function: &'a str,
    pub(super) region: &'a str,
    /// The stack's output that names it.
    pub(super) output: &'static str,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum InvokeError {
    #[error("no Region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one")]
    NoRegion,
    #[error(
        "no AWS credentials: {0}\nof a login (SSO) they come with: eval \"$(aws configure export-credentials --format env)\""
    )]
    NoCredentials(String),
    #[error("AWS does not accept the credentials: {0}")]
    BadCredentials(String),
    #[error("no Lambda function `{function}` in {region}: the stack's output `{output}` names it")]
    NoFunction { function: String, region: String, output: &'static str },
    #[error(
        "not allowed to invoke `{function}`: the IAM permission `lambda:InvokeFunction` on that function is missing; AWS says: {message}"
    )]
    Denied { function: String, message: String },
    #[error(
        "Lambda throttled `{function}`: {message}; if `StopCommand` of the stack was run, run its `ResumeCommand` first"
    )]
    Throttled { function: String, message: String },
    #[error("the event is too large: {bytes} bytes, and Lambda takes {MEGABYTES_MAX} MB")]
    TooLarge { bytes: usize },
    #[error("Lambda refused the invocation of `{function}`: {code}: {message}")]
    Refused { function: String, code: String, message: String },
    #[error("Lambda in {region} cannot be reached: {causes}")]
    Unreachable { region: String, causes: String },
    #[error("no answer from `{function}`: {causes}")]
    Lost { function: String, causes: String },
    #[error("the answer of `{function}` cannot be read: {why}")]
    Unreadable { function: String, why: String },
    /// It ran, and says no.
    #[error("{0}")]
    No(String),
    #[error("`{function}` failed: {kind}: {message}")]
    Failed { function: String, kind: String, message: String },
}

impl InvokeError {
    /// Why Lambda did not give an answer.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum may grow")]
    pub(super) fn of(
        error: &SdkError<Invoke, HttpResponse>,
        invoked: InvokedFunction<'_>,
        bytes: usize,
    ) -> Self {
        let function = invoked.function.to_owned();
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                let meta = service.err().meta();
                let code = meta.code().unwrap_or("no error code").to_owned();
                let message = meta.message().unwrap_or("no message").to_owned();
                Self::answered(status, code, message, invoked, bytes)
            }
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => {
                Self::unanswered(causes(error), function, invoked.region)
            }
            _ => Self::Lost { function, causes: causes(error) },
        }
    }

    fn answered(
        status: u16,
        code: String,
        message: String,
        invoked: InvokedFunction<'_>,
        bytes: usize,
    ) -> Self {
        let InvokedFunction { function, region, output } = invoked;
        let (function, region) = (function.to_owned(), region.to_owned());
        let is = |stem: &&str| code.contains(stem);
        if SIGNATURE.iter().any(is) {
            return Self::BadCredentials(format!("{code}: {message}"));
        }
        match (code.as_str(), status) {
            ("ResourceNotFoundException", _) => Self::NoFunction { function, region, output },
            (code, _) if code.starts_with("AccessDenied") => Self::Denied { function, message },
            ("TooManyRequestsException", _) | (_, 429) => Self::Throttled { function, message },
            ("RequestTooLargeException", _) | (_, 413) => Self::TooLarge { bytes },
            (_, 500..) => Self::Lost { function, causes: format!("{code}: {message}") },
            _ => Self::Refused { function, code, message },
        }
    }

    /// The SDK tells in words alone whether a request was sent. What is not known to be unsent counts as sent.
    fn unanswered(causes: String, function: String, region: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|words| causes.contains(words));
        if says(&["credential", "identity"]) {
            Self::NoCredentials(causes)
        } else if says(&["(Connect)", "HTTP connect", "dns error"]) {
            Self::Unreachable { region: region.to_owned(), causes }
        } else {
            Self::Lost { function, causes }
        }
    }

    /// What the function ended with: `{"errorType": …, "errorMessage": …}`.
    pub(super) fn of_function(function: &str, answer: &Value) -> Self {
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        let message = text("errorMessage").unwrap_or_else(|| "no message".to_owned());
        match text("errorType") {
            Some(kind) if kind == NO => Self::No(message),
            kind => {
                let kind = kind.unwrap_or_else(|| "no error type".to_owned());
                Self::Failed { function: function.to_owned(), kind, message }
            }
        }
    }

    /// Whether Lambda did not take the invocation, and may take the next one.
    pub(super) fn is_not_taken(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Throttled { .. })
    }

    /// Whether the function answered, with no.
    pub(crate) fn is_no(&self) -> bool {
        matches!(self, Self::No(_))
    }

    /// Whether the function may have run, and may even run still.
    pub(crate) fn may_have_run(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Unreadable { .. } | Self::Failed { .. })
    }
}

/// The causes of an error, outermost first, and none twice.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let cause = cause.to_string();
        if causes.last() != Some(&cause) {
            causes.push(cause);
        }
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}
