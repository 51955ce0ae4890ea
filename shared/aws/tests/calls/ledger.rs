//! The ledger's items: the keys of their format, what is refused, and how a failed write is called.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::CallError;
use tidegate_aws::activity::{self, Activity};
use tidegate_aws::error::{Failure, ItemError, Step};
use tidegate_aws::ledger::{Ledger, LedgerItem, LedgerRead, OtherWriter, WriteResult};
use tidegate_policy::emergency::incident::Overrides;

use crate::fake::{Aws, HttpAnswer};

fn now() -> Timestamp {
    Timestamp::from_second(1_795_250_000).expect("a moment")
}

fn ledger(aws: &Aws) -> Ledger {
    Ledger::new(aws.clients().dynamodb, "ledger", "shop")
}

/// DynamoDB with one item, and every write as `write` answers it.
fn with_item(item: Value, write: HttpAnswer) -> Aws {
    Aws::new(move |action, _| match action {
        "BatchGetItem" => Ok(json!({"Responses": {"ledger": [item]}, "UnprocessedKeys": {}})),
        _ => write.clone(),
    })
}

async fn read(item: Value) -> Result<LedgerRead<u8>, CallError> {
    ledger(&with_item(item, Ok(json!({})))).read("queue-depth").await
}

/// The keys of a JSON object, in alphabetical order, with the one letter of their type in DynamoDB.
fn keys(item: &Value) -> Vec<String> {
    let fields = item.as_object().expect("an item").iter();
    let kind = |value: &Value| value.as_object().and_then(|it| it.keys().next()).cloned().unwrap_or_default();
    let mut keys: Vec<String> = fields.map(|(key, value)| format!("{key}: {}", kind(value))).collect();
    keys.sort_unstable();
    keys
}

fn memory(format: &Value) -> Value {
    json!({"pk": {"S": "shop"}, "sk": {"S": "memory#queue-depth"}, "format": format,
        "version": {"N": "7"}, "memory": {"S": "42"}, "unreported": {"S": "[]"}})
}

#[tokio::test(start_paused = true)]
async fn an_item_has_the_keys_of_format_1_and_no_others() {
    let aws = with_item(json!({"sk": {"S": "nothing"}}), Ok(json!({})));
    let item = LedgerItem { version: 7, memory: 42, unreported: Vec::new() };
    let written = ledger(&aws).write("queue-depth", &item, "3f2a91c0", now()).await;
    assert_eq!(written, Ok(WriteResult::Won));
    let asked = LedgerItem { version: 7, memory: Overrides::default(), unreported: Vec::new() };
    let written = ledger(&aws).write("emergency-max", &asked, "3f2a91c0", now()).await;
    assert_eq!(written, Ok(WriteResult::Won));
    let activities = [Activity { target: "worker".to_owned(), detail: json!({}) }];
    let dynamodb = aws.clients().dynamodb;
    activity::record(&dynamodb, "ledger", "shop", "3f2a91c0", &activities, now()).await.expect("recorded");

    let puts = aws.calls("PutItem");
    let [memory, overrides] = [0, 1].map(|index| &puts[index].body["Item"]);
    assert_eq!(
        keys(memory),
        [
            "format: N",
            "memory: S",
            "pk: S",
            "sk: S",
            "unreported: S",
            "version: N",
            "writer: S",
            "written_at: S"
        ]
    );
    assert_eq!(keys(overrides), keys(memory), "what operators asked for is a memory like any other");
    assert_eq!([&memory["sk"]["S"], &overrides["sk"]["S"]], ["memory#queue-depth", "overrides"]);
    let recorded = &aws.calls("BatchWriteItem")[0].body["RequestItems"]["ledger"][0]["PutRequest"]["Item"];
    assert_eq!(keys(recorded), ["detail: S", "expires_at: N", "format: N", "pk: S", "sk: S"]);
    for item in [memory, overrides, recorded] {
        assert_eq!(item["format"], json!({"N": "1"}));
    }
}

#[tokio::test]
async fn an_item_of_another_format_is_refused_by_name_and_never_misread() {
    assert_eq!(read(memory(&json!({"N": "1"}))).await.expect("ours").item.memory, 42);
    for (format, found) in [
        (json!({"N": "2"}), "2"),
        (json!({"N": "1.5"}), "1.5"),
        (json!({"S": "two"}), "two"),
        (json!({"BOOL": true}), "Bool(true)"),
    ] {
        let error = read(memory(&format)).await.expect_err("not ours");
        let refused = ItemError::OtherFormat { found: found.to_owned(), known: 1 };
        assert_eq!(error.failure, Failure::NotUnderstood(refused));
        assert_eq!(
            error.to_string(),
            format!(
                "parse the item `memory#queue-depth` of the ledger `ledger`: the item has format {found}, written by \
                 another version of Tidegate; this version reads format 1"
            )
        );
        assert!(!error.is_retryable(), "an operator must mend it");
    }
    let overrides = json!({"pk": {"S": "shop"}, "sk": {"S": "overrides"}, "format": {"N": "2"},
        "version": {"N": "1"}, "memory": {"S": "{}"}});
    let error = read(overrides).await.expect_err("not ours");
    assert!(error.to_string().starts_with("parse the item `overrides`"), "{error}");
}

#[tokio::test]
async fn an_item_that_is_not_understood_names_its_attribute() {
    let mut broken = memory(&json!({"N": "1"}));
    broken["memory"] = json!({"S": "\"many\""});
    let error = read(broken).await.expect_err("no number");
    assert!(error.to_string().contains("`memory` cannot be parsed: invalid type: string"), "{error}");
    let without = json!({"sk": {"S": "memory#queue-depth"}, "version": {"N": "7"}});
    let error = read(without).await.expect_err("no memory");
    assert_eq!(error.failure, Failure::NotUnderstood(ItemError::Missing("memory")));
}

#[tokio::test(start_paused = true)]
async fn a_failed_write_is_called_what_it_is() {
    let table = || "ledger".to_owned();
    let lost = Err(("ConditionalCheckFailedException", "The conditional request failed"));
    let aws = with_item(json!({"sk": {"S": "nothing"}}), lost);
    let item = LedgerItem { version: 7, memory: 42, unreported: Vec::new() };
    let lost = ledger(&aws).write("queue-depth", &item, "3f2a91c0", now()).await;
    assert_eq!(lost, Ok(WriteResult::Lost(OtherWriter { began: None })));

    let huge = LedgerItem { version: 7, memory: "x".repeat(500_000), unreported: Vec::new() };
    let refused = ledger(&aws).write("queue-depth", &huge, "3f2a91c0", now()).await.expect_err("too large");
    assert_eq!(refused.step, Step::WriteMemory { table: table() });
    assert!(matches!(refused.failure, Failure::TooLarge { bytes: 500_004, .. }), "{refused}");
    assert!(!refused.is_retryable());
    assert_eq!(aws.calls("PutItem").len(), 1, "none for what is too large");

    let left = Aws::new(|_, body| Ok(json!({"Responses": {}, "UnprocessedKeys": body["RequestItems"]})));
    let unread = ledger(&left).read::<u8>("queue-depth").await.expect_err("nothing was processed");
    let step = Step::ReadLedger { table: table() };
    assert_eq!(unread, CallError { step, failure: Failure::LeftUnprocessed { what: "keys" } });
    assert!(unread.is_retryable() && !unread.outcome_is_unknown());
}
