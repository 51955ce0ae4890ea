//! The time of one evaluation, part by part. Together the parts stay below the function's time-out, so that Lambda never
//! cuts an evaluation off between a change and its report.

use std::time::Duration;

use jiff::SignedDuration;
use tidegate_aws::clients::{METRIC_DATA_TIMEOUT, OPERATION_TIMEOUT};
use tidegate_aws::targets::OTHER_AUTOSCALERS_WITHIN;

/// One evaluation ends within this time. The time-out of each function in `template.yaml` is longer.
const EVALUATION: Duration = Duration::from_secs(30);

/// Reading the ledger.
pub const LEDGER: Duration = Duration::from_secs(5);
/// After it, ECS and CloudWatch, side by side: with 1,000 services some 100 calls, ten at a time.
pub const AWS: Duration = Duration::from_secs(8);
/// Beside both, the queues, with their secrets before them.
pub const QUEUES: Duration = Duration::from_secs(13);
/// A change is sent within this long after its evaluation began, or not at all: after reading, and after the write that
/// holds the intent. Far shorter than the intent's lease (90 s), after which another evaluation may act.
pub const ACT_WITHIN: SignedDuration = SignedDuration::from_secs(17);
/// Before an evaluation is followed by another that waits for a third one's changes.
pub const PAUSE: Duration = Duration::from_secs(2);
/// The quotas of what an emergency raises and the task definitions of it: in a plan after AWS, else beside the changes of the
/// evaluation that begins the emergency. What is late is unknown.
pub const CAPACITY: Duration = Duration::from_secs(8);
/// Another evaluation of an invocation is begun only where so much time is left.
pub(crate) const ONE_EVALUATION: SignedDuration = SignedDuration::from_secs(35);
/// Remembering the outcome, with what other evaluations wrote in between.
pub const REMEMBER: Duration = Duration::from_secs(4);

const _: () = {
    let call = OPERATION_TIMEOUT.as_secs();
    let read = LEDGER.as_secs() + AWS.as_secs();
    assert!(
        OTHER_AUTOSCALERS_WITHIN.as_millis() + METRIC_DATA_TIMEOUT.as_millis() < AWS.as_millis(),
        "a batch of metrics that is late takes no other with it, also after targets that are"
    );
    assert!(QUEUES.as_secs() <= read, "queues are read beside the ledger and AWS");
    assert!(
        read + call <= ACT_WITHIN.unsigned_abs().as_secs(),
        "an evaluation that read slowly may still act"
    );
    let (act_within, one) = (ACT_WITHIN.unsigned_abs().as_secs(), ONE_EVALUATION.unsigned_abs().as_secs());
    let act_and_report = call + call;
    assert!(act_within + act_and_report + REMEMBER.as_secs() < EVALUATION.as_secs());
    assert!(EVALUATION.as_secs() < one, "another evaluation has its own time, and some to answer");
    assert!(read + CAPACITY.as_secs() < EVALUATION.as_secs(), "a plan reads what limits it, and answers");
    assert!(
        act_within + CAPACITY.as_secs() + call + REMEMBER.as_secs() < one,
        "what limits the changes is read beside them, and the report comes after it"
    );
};
