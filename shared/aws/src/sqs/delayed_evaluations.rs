//! The function's own delayed evaluations: between two triggers of the schedule, while work moves.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::error::{AwsError, CallError, Step};

/// Delays in seconds. With the schedule's own trigger this makes an evaluation every 15 seconds: on bursty load a third
/// of the late jobs that one evaluation a minute leaves.
const DELAYS_SECONDS: [i32; 3] = [15, 30, 45];

/// Sends the evaluations with one call; returns how many were sent.
///
/// # Errors
/// SQS did not take them; the schedule triggers again within a minute.
pub async fn send(sqs: &aws_sdk_sqs::Client, queue_url: &str) -> Result<usize, CallError> {
    let step = || Step::SendEvaluations { queue_url: queue_url.to_owned() };
    let mut entries = Vec::with_capacity(DELAYS_SECONDS.len());
    for (index, delay) in DELAYS_SECONDS.into_iter().enumerate() {
        let number = index.saturating_add(1);
        let entry = SendMessageBatchRequestEntry::builder()
            .id(format!("evaluation-{number}"))
            .message_body(format!("{{\"evaluation\":{number}}}"))
            .delay_seconds(delay)
            .build()
            .map_err(|error| CallError::unbuilt(step(), error))?;
        entries.push(entry);
    }
    let call = sqs.send_message_batch().queue_url(queue_url).set_entries(Some(entries));
    let answer = call.send().await.map_err(|error| CallError::aws(step(), &error))?;
    match answer.failed().first() {
        Some(failed) => {
            Err(CallError::new(step(), AwsError::answered(Some(failed.code()), failed.message())))
        }
        None => Ok(answer.successful().len()),
    }
}
