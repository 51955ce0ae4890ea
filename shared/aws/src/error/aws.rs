//! Why a call to AWS failed: the one classifier of all its services' errors.

use std::error::Error;
use std::fmt;

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use tidegate_policy::{Absence, AbsenceKind};

/// Why a call to AWS failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// No answer within the time-out. Only `queue-depth` lives in the VPC, and there it nearly always means a missing endpoint
    /// or route.
    #[error("timed out: {TIMEOUT_HINT}")]
    TimedOut,
    /// No connection.
    #[error("unreachable{}{causes}", if causes.is_empty() { "" } else { ": " })]
    Unreachable {
        /// The causes, outermost first; may be empty.
        causes: String,
    },
    /// It answered with an error.
    #[error("{class}: {code}: {message}")]
    Answered {
        /// The class of the code.
        class: ErrorClass,
        /// AWS's code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The request could not be built.
    #[error("refused: the request could not be built: {0}")]
    Unbuilt(String),
    /// What it answered is nothing that the SDK knows.
    #[error("unreadable answer: the SDK could not parse the response")]
    NotUnderstood,
}

/// The hint of a time-out.
const TIMEOUT_HINT: &str = "in a VPC, the usual cause is a missing VPC endpoint or NAT route to this service";

impl AwsError {
    /// From the code and the message of an answer.
    pub(crate) fn answered(code: Option<&str>, message: Option<&str>) -> Self {
        Self::Answered {
            class: ErrorClass::of(code.unwrap_or_default()),
            code: code.unwrap_or("no error code").to_owned(),
            message: message.unwrap_or("no message").to_owned(),
        }
    }

    /// Whether the call may have worked all the same.
    pub(crate) fn outcome_is_unknown(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unreachable { .. } | Self::NotUnderstood => true,
            Self::Unbuilt(_) => false,
            Self::Answered { class, .. } => match class {
                ErrorClass::CannotServe | ErrorClass::Other => true,
                ErrorClass::Throttled
                | ErrorClass::Denied
                | ErrorClass::Busy
                | ErrorClass::NotFound
                | ErrorClass::Refused => false,
            },
        }
    }

    /// What the service did, as a clause after its name.
    pub(crate) fn predicate(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed out",
            Self::Unreachable { .. } => "cannot be reached",
            Self::Unbuilt(_) => "was not called: the request is invalid",
            Self::NotUnderstood => "returned a response that Tidegate cannot read",
            Self::Answered { class, .. } => match class {
                ErrorClass::Throttled => "throttled the request",
                ErrorClass::Denied => "denied access",
                ErrorClass::Busy => "is busy",
                ErrorClass::NotFound => "does not exist",
                ErrorClass::Refused => "refused the request",
                ErrorClass::CannotServe => "is unavailable",
                ErrorClass::Other => "returned an error",
            },
        }
    }

    /// Whether the same call may succeed later without a change by an operator.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unreachable { .. } | Self::NotUnderstood => true,
            Self::Unbuilt(_) => false,
            Self::Answered { class, .. } => match class {
                ErrorClass::Throttled | ErrorClass::Busy | ErrorClass::CannotServe | ErrorClass::Other => {
                    true
                }
                ErrorClass::Denied | ErrorClass::NotFound | ErrorClass::Refused => false,
            },
        }
    }

    /// What it means for a reading: an absence, of which the policy knows the kinds.
    fn into_absence(self) -> Absence {
        match self {
            Self::TimedOut => Absence::new(AbsenceKind::TimedOut, TIMEOUT_HINT),
            Self::Unreachable { causes } => Absence::new(AbsenceKind::Unreachable, causes),
            Self::Answered { class, code, message } => {
                Absence::new(class.absence(), format!("{code}: {message}"))
            }
            Self::Unbuilt(why) => {
                Absence::new(AbsenceKind::Refused, format!("the request could not be built: {why}"))
            }
            Self::NotUnderstood => {
                Absence::new(AbsenceKind::Unreadable, "the SDK could not parse the response")
            }
        }
    }
}

impl<E: ProvideErrorMetadata, R> From<&SdkError<E, R>> for AwsError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum may grow")]
    fn from(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::DispatchFailure(failure) => {
                let causes = failure.as_connector_error().map_or_else(String::new, |error| chain(error));
                Self::Unreachable { causes }
            }
            SdkError::ServiceError(service) => Self::answered(service.err().code(), service.err().message()),
            SdkError::ConstructionFailure(failure) => Self::Unbuilt(format!("{failure:?}")),
            _ => Self::NotUnderstood,
        }
    }
}

/// A read that failed, in the words of AWS.
pub(crate) fn absence<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Absence {
    AwsError::from(error).into_absence()
}

/// The causes of an error, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The classes of AWS's error codes, of every service alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// It asks us to slow down.
    Throttled,
    /// We may not.
    Denied,
    /// It is in the middle of something that excludes the request, and takes it a little later.
    Busy,
    /// The thing does not exist.
    NotFound,
    /// It cannot serve now: HTTP 500 and 503.
    CannotServe,
    /// It does not allow a parameter, or a state.
    Refused,
    /// Any other code.
    Other,
}

impl ErrorClass {
    /// The class of a code. Codes end differently from service to service, and from protocol to protocol
    /// (`AWS.SimpleQueueService.NonExistentQueue`, `QueueDoesNotExist`), so stems are compared.
    #[must_use]
    pub fn of(code: &str) -> Self {
        let is_it = |(_, stems): &(Self, &[&str])| stems.iter().any(|stem| code.contains(stem));
        STEMS.into_iter().find(is_it).map_or(Self::Other, |(class, _)| class)
    }

    /// What it means for a reading.
    fn absence(self) -> AbsenceKind {
        match self {
            Self::Throttled => AbsenceKind::Throttled,
            Self::Denied => AbsenceKind::Denied,
            Self::Busy => AbsenceKind::Busy,
            Self::NotFound => AbsenceKind::NotFound,
            Self::CannotServe => AbsenceKind::Unreachable,
            Self::Refused => AbsenceKind::Refused,
            Self::Other => AbsenceKind::Unreadable,
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.absence().fmt(f)
    }
}

/// The stems of each class. Throttles come first: `KmsThrottled` is no refusal of a key.
const STEMS: [(ErrorClass, &[&str]); 6] = [
    (
        ErrorClass::Throttled,
        &[
            "Throttl",
            "TooManyRequests",
            "LimitExceeded",
            "SlowDown",
            "RequestRateExceeded",
            "ThroughputExceeded",
        ],
    ),
    (
        ErrorClass::Denied,
        &[
            "AccessDenied",
            "NotAuthorized",
            "Unauthorized",
            "AuthorizationError",
            "InvalidClientTokenId",
            "UnrecognizedClient",
            "ExpiredToken",
            "InvalidSignature",
            "SignatureDoesNotMatch",
            "InvalidSecurity",
            "OptInRequired",
            "Forbidden",
            "KMS",
        ],
    ),
    (
        ErrorClass::Busy,
        &["ScalingActivityInProgress", "ResourceContention", "ConcurrentUpdate", "PriorRequestNotComplete"],
    ),
    (
        ErrorClass::NotFound,
        &["NotFound", "NotActive", "NonExistent", "DoesNotExist", "NoSuch", "InvalidAddress"],
    ),
    (ErrorClass::CannotServe, &["ServiceUnavailable", "Internal", "ServerException", "ServiceFailure"]),
    (
        ErrorClass::Refused,
        &[
            "InvalidParameter",
            "Validation",
            "InvalidKeyId",
            "ClientException",
            // Of RDS: a state, a network, an option, a capacity or a quota that does not allow the request. RDS calls only
            // `Throttling` and `RequestLimitExceeded` a rate.
            "InvalidDB",
            "InvalidSubnet",
            "InvalidVPC",
            "AlreadyExists",
            "Insufficient",
            "QuotaExceeded",
            "NotSupported",
            "NotAllowed",
            "NotAvailable",
            "DoesNotCover",
            "UnsupportedDB",
            "DBUpgradeDependencyFailure",
            "VpcEncryptionControlViolation",
            // Of Route 53.
            "InvalidChangeBatch",
            "InvalidInput",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::ErrorClass::{Busy, CannotServe, Denied, NotFound, Other, Refused, Throttled};
    use super::*;

    #[test]
    fn a_failed_call_and_a_failed_reading_say_the_same() {
        for error in [
            AwsError::TimedOut,
            AwsError::Unreachable { causes: String::new() },
            AwsError::Unreachable { causes: "dispatch failure: connection refused".to_owned() },
            AwsError::answered(Some("AccessDenied"), Some("no")),
            AwsError::answered(Some("InternalFailure"), None),
            AwsError::answered(None, None),
            AwsError::Unbuilt("no name".to_owned()),
            AwsError::NotUnderstood,
        ] {
            assert_eq!(error.clone().into_absence().to_string(), error.to_string());
        }
    }

    #[test]
    fn an_error_code_of_aws_has_one_class_whichever_service_sends_it() {
        for (class, codes) in [
            (Throttled, &["Throttling", "ThrottlingException", "RequestThrottled", "KmsThrottled"][..]),
            (Throttled, &["TooManyRequestsException", "RequestLimitExceeded", "SlowDown"]),
            (Throttled, &["ProvisionedThroughputExceededException", "KMSThrottlingException"]),
            (
                Denied,
                &["AccessDenied", "AccessDeniedException", "KmsAccessDenied", "KMSInvalidStateException"],
            ),
            (Denied, &["UnauthorizedOperation", "ExpiredTokenException", "SignatureDoesNotMatch"]),
            (
                Denied,
                &["UnrecognizedClientException", "InvalidClientTokenId", "InvalidSecurity", "OptInRequired"],
            ),
            (Busy, &["ScalingActivityInProgressFault", "ResourceContention", "ConcurrentUpdateException"]),
            (
                NotFound,
                &["ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException"],
            ),
            (NotFound, &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "InvalidAddress"]),
            (CannotServe, &["ServiceUnavailable", "ServiceUnavailableException", "ServerException"]),
            (
                CannotServe,
                &["InternalFailure", "InternalError", "InternalServerError", "InternalServiceFault"],
            ),
            (
                Refused,
                &["ValidationError", "ValidationException", "InvalidParameterValue", "ClientException"],
            ),
            (
                Refused,
                &["InvalidDBInstanceState", "InvalidDBClusterStateFault", "InsufficientDBInstanceCapacity"],
            ),
            (Refused, &["InstanceQuotaExceeded", "StorageQuotaExceeded", "DBInstanceAlreadyExists"]),
            (Refused, &["StorageTypeNotSupported", "ProvisionedIopsNotAvailableInAZFault", "InvalidSubnet"]),
            (
                Refused,
                &[
                    "DBSubnetGroupNotAllowedFault",
                    "InvalidVPCNetworkStateFault",
                    "InvalidParameterCombination",
                ],
            ),
            (Refused, &["DBUpgradeDependencyFailure", "VpcEncryptionControlViolationException"]),
            (Denied, &["KMSKeyNotAccessibleFault"]),
            (NotFound, &["DBInstanceNotFound", "DBClusterNotFoundFault", "NoSuchHostedZone"]),
            (Busy, &["PriorRequestNotComplete"]),
            (Refused, &["InvalidChangeBatch", "InvalidInput"]),
            (Other, &["SomethingNew", "", "no error code"]),
        ] {
            for code in codes {
                assert_eq!(ErrorClass::of(code), class, "{code}");
            }
        }
    }
}
