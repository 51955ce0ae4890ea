//! One invocation, as Lambda tells of it.

use jiff::Timestamp;
use lambda_runtime::Context;

use crate::budget;

/// What is known of an invocation beside its event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Its request id, by which CloudTrail names its principal.
    pub request: Option<String>,
    /// Lambda stops the function at this moment.
    pub deadline: Option<Timestamp>,
}

impl Invocation {
    /// From what the runtime says.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        let deadline = i64::try_from(context.deadline).ok().filter(|millis| *millis > 0);
        let deadline = deadline.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let request = Some(context.request_id.clone()).filter(|id| !id.is_empty());
        Self { request, deadline }
    }

    /// Whether there is time for another evaluation.
    pub(crate) fn has_time(&self, now: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| deadline.duration_since(now) > budget::ONE_EVALUATION)
    }
}
