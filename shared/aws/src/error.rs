//! A call to AWS that failed: what was tried, why it did not work, and which of them a later try may mend.
//!
//! A read that fails as a whole is an [`Absence`](tidegate_policy::Absence), which the policy weighs; everything else that
//! fails is a [`CallError`].

mod aws;
mod cause;
mod item;
mod step;

use std::error::Error;

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};

pub(crate) use crate::error::aws::absence;
pub use crate::error::aws::{AwsError, ErrorClass};
pub use crate::error::cause::Cause;
pub use crate::error::item::ItemError;
pub use crate::error::step::Step;

/// A call to AWS that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {failure}")]
pub struct CallError {
    /// What was tried, on which thing.
    pub step: Step,
    /// Why it did not work.
    #[source]
    pub failure: Failure,
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// AWS did not do it, or did not answer.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The SDK cannot build the request: a part that AWS requires is missing.
    #[error("the request could not be built: {0}")]
    Unbuilt(#[source] Cause),
    /// What is to be written cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    NotWritable(#[source] Cause),
    /// What was read was not written by this program.
    #[error("{0}")]
    NotUnderstood(#[source] ItemError),
    /// One item of the ledger cannot hold it.
    #[error("the memory is {bytes} bytes, above {max}: split the fleet `{fleet}` into several files")]
    TooLarge {
        /// What was to be written.
        bytes: usize,
        /// What is allowed.
        max: usize,
        /// Whose memory it is.
        fleet: String,
    },
    /// More than the API's type of number holds.
    #[error("AWS accepts at most {max}")]
    AboveCount {
        /// What it holds.
        max: i32,
    },
    /// Others wrote first, each time.
    #[error("other evaluations kept writing first")]
    Contended,
    /// DynamoDB took the call and left a part of it undone, each time.
    #[error("DynamoDB left {what} unprocessed")]
    LeftUnprocessed {
        /// `keys` or `items`.
        what: &'static str,
    },
    /// A last look just before the call showed something against it, in these words.
    #[error("not sent: {0}")]
    Withheld(String),
    /// Its time of the evaluation was over.
    #[error("not finished within the time of an evaluation")]
    OutOfTime,
}

impl CallError {
    /// A step that failed.
    pub fn new(step: Step, failure: impl Into<Failure>) -> Self {
        Self { step, failure: failure.into() }
    }

    /// A call that the SDK gave up.
    pub(crate) fn aws<E: ProvideErrorMetadata, R>(step: Step, error: &SdkError<E, R>) -> Self {
        Self::new(step, AwsError::from(error))
    }

    /// A request that the SDK could not build.
    pub(crate) fn unbuilt(step: Step, error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(step, Failure::Unbuilt(Cause::new(error)))
    }

    /// A value that is no JSON.
    pub(crate) fn not_writable(step: Step, error: serde_json::Error) -> Self {
        Self::new(step, Failure::NotWritable(Cause::new(error)))
    }

    /// The call may have worked although it failed: its answer did not arrive, or could not be understood.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        match &self.failure {
            Failure::Aws(error) => error.outcome_is_unknown(),
            Failure::OutOfTime => true,
            Failure::Unbuilt(_)
            | Failure::NotWritable(_)
            | Failure::NotUnderstood(_)
            | Failure::TooLarge { .. }
            | Failure::AboveCount { .. }
            | Failure::Contended
            | Failure::Withheld(_)
            | Failure::LeftUnprocessed { .. } => false,
        }
    }

    /// What was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(&self.failure, Failure::Aws(AwsError::Answered { class: ErrorClass::NotFound, .. }))
    }

    /// What the service that was asked did, as a clause after its name: `timed out`.
    #[must_use]
    pub fn predicate(&self) -> &'static str {
        match &self.failure {
            Failure::Aws(error) => error.predicate(),
            Failure::OutOfTime => "timed out",
            Failure::NotUnderstood(_) => "holds an item that Tidegate cannot read",
            Failure::TooLarge { .. } => "cannot hold the memory of the fleet in one item",
            Failure::Contended => "was written by other evaluations at the same time",
            Failure::LeftUnprocessed { .. } => "throttled the request",
            Failure::Withheld(_) => "was not called: a last look showed something against it",
            Failure::AboveCount { .. } | Failure::Unbuilt(_) | Failure::NotWritable(_) => {
                "was not called: the request is invalid"
            }
        }
    }

    /// Whether the same call may succeed later without a change by an operator.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.failure {
            Failure::Aws(error) => error.is_retryable(),
            Failure::Contended | Failure::LeftUnprocessed { .. } | Failure::OutOfTime => true,
            Failure::Unbuilt(_)
            | Failure::NotWritable(_)
            | Failure::NotUnderstood(_)
            | Failure::TooLarge { .. }
            | Failure::Withheld(_)
            | Failure::AboveCount { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> Step {
        Step::ReadLedger { table: "ledger".to_owned() }
    }

    /// Text, whether the call may have worked, and whether it may work later.
    fn told(failure: impl Into<Failure>) -> (String, bool, bool) {
        let error = CallError::new(read(), failure);
        (error.failure.to_string(), error.outcome_is_unknown(), error.is_retryable())
    }

    #[test]
    fn each_failure_says_whether_it_may_have_worked_and_whether_it_may_work_later() {
        let answered = |code: &str| AwsError::answered(Some(code), Some("so it is"));
        let (unknown, known, later, never) = (true, false, true, false);
        for (failure, may_have_worked, may_work_later) in [
            (Failure::Aws(AwsError::TimedOut), unknown, later),
            (Failure::Aws(AwsError::Unreachable { causes: String::new() }), unknown, later),
            (Failure::Aws(AwsError::NotUnderstood), unknown, later),
            (Failure::Aws(AwsError::Unbuilt("no name".to_owned())), known, never),
            (answered("SomethingNew").into(), unknown, later),
            (answered("InternalServerError").into(), unknown, later),
            (answered("ThrottlingException").into(), known, later),
            (answered("ScalingActivityInProgress").into(), known, later),
            (answered("AccessDenied").into(), known, never),
            (answered("ServiceNotFoundException").into(), known, never),
            (answered("ValidationError").into(), known, never),
            (Failure::OutOfTime, unknown, later),
            (Failure::Contended, known, later),
            (Failure::LeftUnprocessed { what: "keys" }, known, later),
            (Failure::TooLarge { bytes: 2, max: 1, fleet: "shop".to_owned() }, known, never),
            (Failure::AboveCount { max: i32::MAX }, known, never),
            (Failure::Withheld("it is modifying".to_owned()), known, never),
            (Failure::NotUnderstood(ItemError::Missing("memory")), known, never),
        ] {
            let (text, worked, works) = told(failure);
            assert_eq!((worked, works), (may_have_worked, may_work_later), "{text}");
        }
    }

    #[test]
    fn a_failure_keeps_its_source() {
        let broken = serde_json::from_str::<u8>("{").expect_err("it is no number");
        let words = broken.to_string();
        let item = ItemError::NotJson { attribute: "memory", cause: Cause::new(broken) };
        let error = CallError::new(read(), Failure::NotUnderstood(item));
        let sources = std::iter::successors(error.source(), |&error| error.source());
        assert_eq!(sources.last().map(ToString::to_string), Some(words));
    }
}
