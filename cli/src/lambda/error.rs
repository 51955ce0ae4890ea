//! Why an invocation gave no answer, and what to do about it.

use std::error::Error;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::SdkError;
use aws_sdk_lambda::operation::invoke::InvokeError as Invoke;
use aws_sdk_lambda::types::ThrottleReason;
use serde_json::Value;

/// What a function of Tidegate calls an error that no other attempt changes: the answer is no.
const NO: &str = "NonRetryable";

/// Puts the credentials of a profile into a shell, whatever kind they are of.
const EXPORT: &str = "eval \"$(aws configure export-credentials --format env)\"";

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
    #[error("no Region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one{}", of_profile(profile.as_deref()))]
    NoRegion { profile: Option<String> },
    #[error("`{region}` is no Region: set AWS_REGION to one like eu-central-1")]
    BadRegion { region: String },
    #[error(
        "the AWS profile `{profile}` does not exist: set AWS_PROFILE to one that `aws configure list-profiles` shows"
    )]
    NoProfile { profile: String },
    /// The SDK is built without what reads them.
    #[error(
        "this build of `tidegate` reads no credentials from {from}. Type first, in the same terminal:\n{EXPORT}"
    )]
    CredentialsElsewhere { from: &'static str },
    #[error("no AWS credentials: {0}\nof a login (SSO) they come with: {EXPORT}")]
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
    #[error(
        "Lambda has no concurrency left for `{function}`, other functions of the account use it up: {message}; the stack's parameter \
         `EmergencyConcurrency` keeps some for emergency-max"
    )]
    NoConcurrency { function: String, message: String },
    #[error("the event is too large: {bytes} bytes, and Lambda takes {MEGABYTES_MAX} MB")]
    TooLarge { bytes: usize },
    #[error("Lambda refused the invocation of `{function}`: {code}: {message}")]
    Refused { function: String, code: String, message: String },
    #[error("`{function}` was not invoked, and nothing was sent: {causes}")]
    NotSent { function: String, causes: String },
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
                if let Invoke::TooManyRequestsException(throttled) = service.err()
                    && throttled.reason() == Some(&ThrottleReason::ConcurrentInvocationLimitExceeded)
                {
                    let message = throttled.message().unwrap_or("no message").to_owned();
                    return Self::NoConcurrency { function, message };
                }
                let meta = service.err().meta();
                let code = meta.code().unwrap_or("no error code").to_owned();
                let message = meta.message().unwrap_or("no message").to_owned();
                Self::answered(status, code, message, invoked, bytes)
            }
            SdkError::ConstructionFailure(_) => {
                let causes = causes(error);
                let of_credentials = Self::of_credentials(&causes);
                of_credentials.unwrap_or(Self::NotSent { function, causes })
            }
            SdkError::DispatchFailure(_) => Self::unanswered(causes(error), function, invoked.region),
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
        if let Some(of_credentials) = Self::of_credentials(&causes) {
            of_credentials
        } else if says(&["(Connect)", "HTTP connect", "dns error"]) {
            Self::Unreachable { region: region.to_owned(), causes }
        } else if says(&["failed to apply endpoint"]) {
            Self::NotSent { function, causes }
        } else {
            Self::Lost { function, causes }
        }
    }

    /// Where the SDK found no credentials to sign with.
    fn of_credentials(causes: &str) -> Option<Self> {
        let says = |words: &str| causes.contains(words);
        if says("feature(s) enabled: sso") {
            return Some(Self::CredentialsElsewhere { from: "an SSO login" });
        }
        if says("feature(s) enabled: credentials-login") {
            return Some(Self::CredentialsElsewhere { from: "an `aws login`" });
        }
        if says("feature(s) enabled: credentials-process") {
            return Some(Self::CredentialsElsewhere { from: "a `credential_process`" });
        }
        let before = causes.split_once("` was not defined").map(|(before, _)| before);
        if let Some((_, profile)) = before.and_then(|before| before.rsplit_once('`')) {
            return Some(Self::NoProfile { profile: profile.to_owned() });
        }
        (says("credential") || says("identity")).then(|| Self::NoCredentials(causes.to_owned()))
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

    /// How often an invocation is sent that ends so: more than once only where Lambda did not take it, and may take the next one.
    pub(super) fn attempts(&self) -> u32 {
        if matches!(self, Self::NoConcurrency { .. }) {
            // Invocations of other functions end within seconds or minutes: seven attempts take 25 s.
            7
        } else if matches!(self, Self::Unreachable { .. } | Self::Throttled { .. }) {
            3
        } else {
            1
        }
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

/// That the profile in use has no Region: the SDK does not tell whether it exists.
fn of_profile(profile: Option<&str>) -> String {
    profile.map_or_else(String::new, |name| format!(" (the profile `{name}` has none, or does not exist)"))
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
