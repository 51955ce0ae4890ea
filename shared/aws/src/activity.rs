//! Scaling activities: every change, refusal and failure as an item of the ledger, kept for 90 days.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::error::{CallError, Failure, Step};
use crate::ledger::FORMAT;

/// How long an activity is kept: long enough for a quarter's review.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// `BatchWriteItem` takes at most 25 items (DynamoDB API reference).
const ITEMS_PER_CALL: usize = 25;
/// What DynamoDB leaves unprocessed under load is sent again this often.
const TRIES_MAX: usize = 3;

/// One activity: the same value that is logged and reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// The service.
    pub target: String,
    /// Inputs, decision, reasons and outcome.
    pub detail: Value,
}

/// Writes activities.
///
/// # Errors
/// Some may be missing; the log line of the evaluation holds them all.
pub async fn record(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    fleet: &str,
    evaluation: &str,
    activities: &[Activity],
    now: Timestamp,
) -> Result<(), CallError> {
    let step = || Step::RecordActivities { count: activities.len(), table: table.to_owned() };
    let expires_at = now.saturating_add(KEPT_FOR).unwrap_or(now).as_second().to_string();
    let mut requests = Vec::with_capacity(activities.len());
    for Activity { target, detail } in activities {
        let put = PutRequest::builder()
            .item("pk", AttributeValue::S(fleet.to_owned()))
            .item("sk", AttributeValue::S(format!("activity#{target}#{now}#{evaluation}")))
            .item("format", AttributeValue::N(FORMAT.to_string()))
            .item("detail", AttributeValue::S(detail.to_string()))
            .item("expires_at", AttributeValue::N(expires_at.clone()))
            .build()
            .map_err(|error| CallError::unbuilt(step(), error))?;
        requests.push(WriteRequest::builder().put_request(put).build());
    }
    let calls = requests.chunks(ITEMS_PER_CALL).map(|chunk| async move {
        let mut left = HashMap::from([(table.to_owned(), chunk.to_vec())]);
        for _ in 0..TRIES_MAX {
            let call = dynamodb.batch_write_item().set_request_items(Some(left));
            let answer = call.send().await.map_err(|error| CallError::aws(step(), &error))?;
            left = answer.unprocessed_items().cloned().unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(CallError::new(step(), Failure::LeftUnprocessed { what: "items" }))
    });
    try_join_all(calls).await.map(|_| ())
}
