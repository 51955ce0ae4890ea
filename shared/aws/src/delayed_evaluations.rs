//! The function's own delayed evaluations: between two triggers of the schedule, while work moves.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use tidegate_policy::AbsenceKind;

use crate::error::CallError;

/// Delays in seconds. With the schedule's own trigger this makes an evaluation every 15 seconds: on bursty load a third
/// of the late jobs that one evaluation a minute leaves.
const DELAYS_SECONDS: [i32; 3] = [15, 30, 45];

/// Sends the evaluations with one call; returns how many were sent.
///
/// # Errors
/// SQS did not take them; the schedule triggers again within a minute.
pub async fn send(sqs: &aws_sdk_sqs::Client, queue_url: &str) -> Result<usize, CallError> {
    let step = || format!("send evaluations to `{queue_url}`");
    let mut entries = Vec::with_capacity(DELAYS_SECONDS.len());
    for (index, delay) in DELAYS_SECONDS.into_iter().enumerate() {
        let number = index.saturating_add(1);
        let entry = SendMessageBatchRequestEntry::builder()
            .id(format!("evaluation-{number}"))
            .message_body(format!("{{\"evaluation\":{number}}}"))
            .delay_seconds(delay)
            .build()
            .map_err(|error| CallError::plain(step(), AbsenceKind::WrongType, error.to_string()))?;
        entries.push(entry);
    }
    let call = sqs.send_message_batch().queue_url(queue_url).set_entries(Some(entries));
    let answer = call.send().await.map_err(|error| CallError::new(step(), &error))?;
    match answer.failed().first() {
        Some(failed) => {
            let detail = format!("{}: {}", failed.code(), failed.message().unwrap_or_default());
            Err(CallError::plain(step(), AbsenceKind::Unreadable, detail))
        }
        None => Ok(answer.successful().len()),
    }
}
