//! The ledger: one DynamoDB item per fleet and concern holds all memory, one more holds what people asked for.
//!
//! Exactly one of two looks wins, by the condition on the version. A retry after a lost response finds its own
//! writer id in the item and knows that it has won already.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_policy::memory::size::ITEM_BYTES_MAX;
use tidegate_policy::{AbsenceKind, Memory};

use crate::error::CallError;
use crate::overrides::{OVERRIDES, Rows};
use crate::report::Unreported;

/// `BatchGetItem` may leave keys unprocessed under load; they are asked for again this many times.
const READS_MAX: usize = 3;

/// The memory of one fleet and concern, with its place in the sequence of writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The version last written; 0 when nothing was ever written.
    pub version: u64,
    /// The memory.
    pub memory: FleetMemory,
}

/// The memory of all services. A service that is only observed has its memory apart; switching starts clean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetMemory {
    /// By service, in enforce mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enforce: BTreeMap<String, Memory>,
    /// By service, in observe mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observe: BTreeMap<String, Memory>,
    /// When metrics were last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_read_at: Option<Timestamp>,
    /// Changes that could not be reported yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreported: Vec<Unreported>,
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// This look holds the page.
    Won,
    /// Another look wrote first: this one is dropped.
    Lost,
}

/// The ledger of one fleet and concern.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
    fleet: String,
    memory_key: String,
}

impl Ledger {
    /// The ledger in a table.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, table: &str, fleet: &str, concern: &str) -> Self {
        Self {
            dynamodb,
            table: table.to_owned(),
            fleet: fleet.to_owned(),
            memory_key: format!("memory#{concern}"),
        }
    }

    /// Reads the memory and the overrides with one call.
    ///
    /// # Errors
    /// The table cannot be read, or what it holds is not ours.
    pub async fn read(&self) -> Result<(Page, Rows), CallError> {
        let step = || format!("read the ledger `{}`", self.table);
        let keys = [self.memory_key.as_str(), OVERRIDES];
        let keys = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.iter().map(|key| self.key(key)).collect()))
            .build()
            .map_err(|error| CallError::plain(step(), AbsenceKind::WrongType, error.to_string()))?;
        let mut wanted = HashMap::from([(self.table.clone(), keys)]);
        let mut items = Vec::new();
        for _ in 0..READS_MAX {
            let call = self.dynamodb.batch_get_item().set_request_items(Some(wanted.clone()));
            let answer = call.send().await.map_err(|error| CallError::new(step(), &error))?;
            items
                .extend(answer.responses().and_then(|all| all.get(&self.table)).cloned().unwrap_or_default());
            match answer.unprocessed_keys().filter(|left| !left.is_empty()) {
                Some(left) => wanted.clone_from(left),
                None => return self.understand(&items),
            }
        }
        Err(CallError::plain(step(), AbsenceKind::Throttled, "DynamoDB left keys unprocessed"))
    }

    /// Writes the memory after `page.version`, if nobody else has.
    ///
    /// # Errors
    /// The table cannot be written; the page may or may not be there, and the next look finds out.
    pub async fn write(&self, page: &Page, look: &str, now: Timestamp) -> Result<Written, CallError> {
        let step = || format!("write the ledger `{}`", self.table);
        let version = page.version.saturating_add(1);
        let memory = serde_json::to_string(&page.memory)
            .map_err(|error| CallError::plain(step(), AbsenceKind::WrongType, error.to_string()))?;
        if memory.len() > ITEM_BYTES_MAX {
            let detail = format!(
                "the memory is {} bytes, above {ITEM_BYTES_MAX}: split the fleet `{}` into several files",
                memory.len(),
                self.fleet
            );
            return Err(CallError::plain(step(), AbsenceKind::WrongType, detail));
        }
        let call = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(self.key(&self.memory_key)))
            .item("version", AttributeValue::N(version.to_string()))
            .item("writer", AttributeValue::S(look.to_owned()))
            .item("written_at", AttributeValue::S(now.to_string()))
            .item("memory", AttributeValue::S(memory))
            .condition_expression("attribute_not_exists(pk) OR version = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(page.version.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(_) => Ok(Written::Won),
            Err(error) if is_own_write(&error, look, version) => Ok(Written::Won),
            Err(error) if is_conflict(&error) => Ok(Written::Lost),
            Err(error) => Err(CallError::new(step(), &error)),
        }
    }

    pub(crate) fn key(&self, sort: &str) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.fleet.clone())),
            ("sk".to_owned(), AttributeValue::S(sort.to_owned())),
        ])
    }

    fn understand(&self, items: &[HashMap<String, AttributeValue>]) -> Result<(Page, Rows), CallError> {
        let find = |sort: &str| items.iter().find(|item| text(item, "sk") == Some(sort));
        let wrong = |key: &str, problem: String| {
            let step = format!("understand the item `{key}` of the ledger `{}`", self.table);
            CallError::plain(step, AbsenceKind::WrongType, problem)
        };
        let page = match find(&self.memory_key) {
            None => Page::default(),
            Some(item) => {
                let version = number(item, "version");
                let memory = text(item, "memory").map(serde_json::from_str::<FleetMemory>);
                match (version, memory) {
                    (Some(version), Some(Ok(memory))) => Page { version, memory },
                    (_, Some(Err(error))) => return Err(wrong(&self.memory_key, error.to_string())),
                    _ => return Err(wrong(&self.memory_key, "`version` or `memory` is missing".to_owned())),
                }
            }
        };
        let overrides = match find(OVERRIDES) {
            None => Rows::default(),
            Some(item) => {
                let rows = serde_json::from_str(text(item, "rows").unwrap_or("[]"));
                let rows = rows.map_err(|error| wrong(OVERRIDES, error.to_string()))?;
                Rows { version: number(item, "version").unwrap_or(0), rows }
            }
        };
        Ok((page, overrides))
    }
}

fn text<'a>(item: &'a HashMap<String, AttributeValue>, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

fn number(item: &HashMap<String, AttributeValue>, name: &str) -> Option<u64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok())
}

/// Somebody else's version stands in the item.
pub(crate) fn is_conflict<R>(error: &SdkError<PutItemError, R>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}

/// The version that stands there is the one this look wrote: the first attempt went through, its answer did not.
fn is_own_write<R>(error: &SdkError<PutItemError, R>, look: &str, version: u64) -> bool {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().is_some_and(|item| {
            text(item, "writer") == Some(look) && number(item, "version") == Some(version)
        }),
        _ => false,
    }
}
