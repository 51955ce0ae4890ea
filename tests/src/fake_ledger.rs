//! The ledger's table of DynamoDB, as far as the functions use it, for every fake of AWS; and the settings of a function that has it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegate_evaluation::Settings;

use crate::fake_process::wire::{WireRefusal, WireRequest};

/// The items by their sort key.
pub(crate) type LedgerItems = BTreeMap<String, Value>;

/// The error of a conditional write.
const CHECK_FAILED: (&str, &str) =
    ("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "The conditional request failed");

/// The settings of a function by its name.
#[must_use]
pub fn settings(function: &str) -> Settings {
    Settings {
        fleet: String::new(),
        ledger: "ledger".to_owned(),
        topic: "arn:aws:sns:eu-central-1:111122223333:reports".to_owned(),
        evaluations: None,
        function: function.to_owned(),
    }
}

/// `BatchGetItem`.
pub(crate) fn get(items: &LedgerItems, body: &Value) -> Value {
    let keys = body["RequestItems"]["ledger"]["Keys"].as_array();
    let wanted = keys.into_iter().flatten().filter_map(|key| key["sk"]["S"].as_str());
    let found: Vec<&Value> = wanted.filter_map(|sort| items.get(sort)).collect();
    json!({"Responses": {"ledger": found}, "UnprocessedKeys": {}})
}

/// `PutItem` with its condition; `Err` holds the item that is there in another version.
pub(crate) fn put(items: &mut LedgerItems, body: &Value) -> Result<(), Value> {
    let item = &body["Item"];
    let sort = item["sk"]["S"].as_str().unwrap_or_default().to_owned();
    let expected = body["ExpressionAttributeValues"][":expected"]["N"].as_str();
    if let Some(found) = items.get(&sort).filter(|found| found["version"]["N"].as_str() != expected) {
        return Err(found.clone());
    }
    items.insert(sort, item.clone());
    Ok(())
}

/// The same as an answer with its status.
pub(crate) fn put_answered(items: &mut LedgerItems, body: &Value) -> (u16, Value) {
    let (exception, message) = CHECK_FAILED;
    match put(items, body) {
        Ok(()) => (200, json!({})),
        Err(found) => (400, json!({"__type": exception, "message": message, "Item": found})),
    }
}

/// Answers what is asked of the table; `None` where another service is asked.
pub(crate) fn answer(
    items: &mut LedgerItems,
    is_gone: bool,
    asked: &WireRequest,
) -> Option<Result<String, WireRefusal>> {
    let exceeded = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    Some(match asked.action.as_str() {
        "BatchGetItem" | "PutItem" | "BatchWriteItem" if is_gone => {
            Err(WireRefusal::new(exceeded, "exceeded"))
        }
        "BatchGetItem" => Ok(get(items, &asked.json()).to_string()),
        "PutItem" => put(items, &asked.json())
            .map(|()| "{}".to_owned())
            .map_err(|_| WireRefusal::new(CHECK_FAILED.0, CHECK_FAILED.1)),
        "BatchWriteItem" => Ok(json!({"UnprocessedItems": {}}).to_string()),
        _ => return None,
    })
}

/// Answers `Publish`: what SNS took is kept.
pub(crate) fn publish(
    published: &mut Vec<String>,
    is_down: bool,
    asked: &WireRequest,
) -> Result<String, WireRefusal> {
    if is_down {
        return Err(WireRefusal::new("AuthorizationError", "not authorized"));
    }
    published.push(asked.field("Message"));
    Ok("<MessageId>1</MessageId>".to_owned())
}
