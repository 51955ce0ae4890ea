//! One invocation, as Lambda tells of it.

use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Context;

/// What is known of an invocation beside its event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Its request id, by which CloudTrail names its principal.
    pub request: Option<String>,
    /// Lambda stops the function at this moment.
    pub deadline: Option<Timestamp>,
}

/// Another evaluation is begun only where so much time is left: its own time-out, and some to answer.
const ONE_EVALUATION: SignedDuration = SignedDuration::from_secs(35);

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
        self.deadline.is_none_or(|deadline| deadline.duration_since(now) > ONE_EVALUATION)
    }
}
