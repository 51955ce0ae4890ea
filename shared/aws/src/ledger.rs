//! The ledger: one DynamoDB item per fleet and concern holds the memory of that concern. That of `emergency-max` is what
//! operators asked for, and every function reads it beside its own.
//!
//! Exactly one of two evaluations wins, by the condition on the version. A retry after a lost response finds its own
//! writer id in the item and knows that it has won already.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::memory::size::ITEM_BYTES_MAX;
use tidegate_policy::one_line;

use crate::error::{CallError, Cause, Failure, ItemError, Step};
use crate::report::Unreported;

/// How items are written. It changes when one of today could be misread by the code of tomorrow.
pub(crate) const FORMAT: u64 = 1;
/// The concern that remembers what operators asked for.
pub const EMERGENCY_MAX: &str = "emergency-max";
/// The concern that adds and removes replicas. `emergency-max` reads what it remembers of them.
pub const REPLICA_LAG: &str = "replica-lag";
/// The sort key of the memory of `emergency-max`.
const OVERRIDES: &str = "overrides";
/// `BatchGetItem` may leave keys unprocessed under load; they are asked for again this many times.
const READS_MAX: usize = 3;

/// The memory of one fleet and concern, with its place in the sequence of writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LedgerItem<M> {
    /// The version last written; 0 when nothing was ever written.
    pub version: u64,
    /// What the concern remembers.
    pub memory: M,
    /// Changes that could not be reported yet.
    pub unreported: Vec<Unreported>,
}

/// Changes kept for the next report while SNS cannot be reached; the activities hold them all.
pub const UNREPORTED_MAX: usize = 50;
/// More overrides than this are none that operators asked for; the newest count. Each is a reason in each service's report.
pub const OVERRIDES_MAX: usize = 100;
/// A headline is one line of a report.
const HEADLINE_CHARACTERS_MAX: usize = 400;

impl<M> LedgerRead<M> {
    /// Believes what was read only as far as it can be true: any writer of the table can put anything there. The memory
    /// itself is its concern's to judge.
    pub fn believe(&mut self, now: Timestamp) {
        let unreported = &mut self.item.unreported;
        unreported.truncate(UNREPORTED_MAX);
        for late in unreported {
            late.at = late.at.min(now);
            one_line(&mut late.text, HEADLINE_CHARACTERS_MAX);
            one_line(&mut late.target, HEADLINE_CHARACTERS_MAX);
        }
        self.overrides.believe(OVERRIDES_MAX, now);
    }
}

/// What one evaluation finds in the ledger.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LedgerRead<M> {
    /// The memory.
    pub item: LedgerItem<M>,
    /// What operators asked for, of the whole fleet.
    pub overrides: Overrides,
    /// What another concern remembers, as it is written, where that was asked for and is there.
    pub beside: Option<String>,
    /// The ledger could not be read, and the concern acts all the same: nothing is written.
    pub unreachable: Option<CallError>,
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// This evaluation holds the item.
    Won,
    /// Another evaluation wrote first: this one is dropped.
    Lost(OtherWriter),
}

/// The evaluation that wrote first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherWriter {
    /// When it began, if its item says so.
    pub began: Option<Timestamp>,
}

/// The ledger of one fleet.
#[derive(Debug, Clone)]
pub struct Ledger {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
    fleet: String,
}

impl Ledger {
    /// The ledger in a table.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, table: &str, fleet: &str) -> Self {
        Self { dynamodb, table: table.to_owned(), fleet: fleet.to_owned() }
    }

    /// Reads the memory of a concern and the overrides with one call.
    ///
    /// # Errors
    /// The table cannot be read, or what it holds is not ours.
    pub async fn read<M: DeserializeOwned + Default>(
        &self,
        concern: &str,
    ) -> Result<LedgerRead<M>, CallError> {
        self.read_beside(concern, None).await
    }

    /// The same, and in the same call what another concern remembers.
    ///
    /// # Errors
    /// The table cannot be read, or what it holds of this concern is not ours.
    pub async fn read_beside<M: DeserializeOwned + Default>(
        &self,
        concern: &str,
        beside: Option<&str>,
    ) -> Result<LedgerRead<M>, CallError> {
        let (key, beside) = (memory_key(concern), beside.map(memory_key));
        let mut keys = if key == OVERRIDES { vec![OVERRIDES] } else { vec![key.as_str(), OVERRIDES] };
        keys.extend(beside.as_deref());
        let items = self.items(&keys).await?;
        let written = |key: String| {
            let item = items.get(&key).filter(|item| known_format(item).is_ok())?;
            text(item, "memory").map(str::to_owned)
        };
        let overrides: LedgerItem<Overrides> = self.understand(&items, OVERRIDES)?;
        Ok(LedgerRead {
            item: self.understand(&items, &key)?,
            overrides: overrides.memory,
            beside: beside.and_then(written),
            unreachable: None,
        })
    }

    /// Items by their sort key; those that do not exist are left out.
    async fn items(&self, keys: &[&str]) -> Result<BTreeMap<String, Item>, CallError> {
        let step = || Step::ReadLedger { table: self.table.clone() };
        let keys = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.iter().map(|key| self.key(key)).collect()))
            .build()
            .map_err(|error| CallError::unbuilt(step(), error))?;
        let mut wanted = HashMap::from([(self.table.clone(), keys)]);
        let mut items = BTreeMap::new();
        for _ in 0..READS_MAX {
            let call = self.dynamodb.batch_get_item().set_request_items(Some(wanted.clone()));
            let answer = call.send().await.map_err(|error| CallError::aws(step(), &error))?;
            let found = answer.responses().and_then(|all| all.get(&self.table)).into_iter().flatten();
            items.extend(found.filter_map(|item| Some((text(item, "sk")?.to_owned(), item.clone()))));
            match answer.unprocessed_keys().filter(|left| !left.is_empty()) {
                Some(left) => wanted.clone_from(left),
                None => return Ok(items),
            }
        }
        Err(CallError::new(step(), Failure::LeftUnprocessed { what: "keys" }))
    }

    /// One of the items; none is one that was never written.
    fn understand<M: DeserializeOwned + Default>(
        &self,
        items: &BTreeMap<String, Item>,
        key: &str,
    ) -> Result<LedgerItem<M>, CallError> {
        items.get(key).map_or_else(|| Ok(LedgerItem::default()), understand_item).map_err(|error| {
            let step = Step::UnderstandItem { key: key.to_owned(), table: self.table.clone() };
            CallError::new(step, Failure::NotUnderstood(error))
        })
    }

    /// Writes the memory of a concern after `item.version`, if no other writer has.
    ///
    /// # Errors
    /// The table cannot be written; the item may or may not be there, and the next evaluation finds out.
    pub async fn write<M: Serialize>(
        &self,
        concern: &str,
        item: &LedgerItem<M>,
        evaluation: &str,
        now: Timestamp,
    ) -> Result<WriteResult, CallError> {
        let step = || Step::WriteMemory { table: self.table.clone() };
        let version = item.version.wrapping_add(1);
        let not_writable = |error| CallError::not_writable(step(), error);
        let memory = serde_json::to_string(&item.memory).map_err(not_writable)?;
        let room = ITEM_BYTES_MAX.saturating_sub(memory.len());
        let unreported = newest_that_fit(&item.unreported, room).map_err(not_writable)?;
        let bytes = memory.len().saturating_add(unreported.len());
        if bytes > ITEM_BYTES_MAX {
            let too_large = Failure::TooLarge { bytes, max: ITEM_BYTES_MAX, fleet: self.fleet.clone() };
            return Err(CallError::new(step(), too_large));
        }
        let call = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(self.key(&memory_key(concern))))
            .item("format", AttributeValue::N(FORMAT.to_string()))
            .item("version", AttributeValue::N(version.to_string()))
            .item("writer", AttributeValue::S(evaluation.to_owned()))
            .item("written_at", AttributeValue::S(now.to_string()))
            .item("memory", AttributeValue::S(memory))
            .item("unreported", AttributeValue::S(unreported))
            .condition_expression("attribute_not_exists(version) OR version = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(item.version.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(_) => Ok(WriteResult::Won),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(lost_or_own(failed.item(), evaluation, version))
                }
                _ => Err(CallError::aws(step(), &error)),
            },
        }
    }

    /// Reading it took too long.
    #[must_use]
    pub fn read_too_slowly(&self) -> CallError {
        CallError::new(Step::ReadLedger { table: self.table.clone() }, Failure::OutOfTime)
    }

    /// What came of the intents could not be written.
    #[must_use]
    pub fn outcome_unwritten(&self, why: Failure) -> CallError {
        CallError::new(Step::WriteOutcome { table: self.table.clone() }, why)
    }

    fn key(&self, sort: &str) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.fleet.clone())),
            ("sk".to_owned(), AttributeValue::S(sort.to_owned())),
        ])
    }
}

/// The sort key of a concern's memory.
fn memory_key(concern: &str) -> String {
    if concern == EMERGENCY_MAX { OVERRIDES.to_owned() } else { format!("memory#{concern}") }
}

/// An item of the table.
type Item = HashMap<String, AttributeValue>;

/// An item; one of another format is refused, and never misread.
fn understand_item<M: DeserializeOwned + Default>(item: &Item) -> Result<LedgerItem<M>, ItemError> {
    known_format(item)?;
    // An item without a version was put there by hand.
    let version = number(item, "version").unwrap_or(0);
    let memory = text(item, "memory").ok_or(ItemError::Missing("memory"))?;
    let memory = parse("memory", memory)?;
    let unreported = parse("unreported", text(item, "unreported").unwrap_or("[]"))?;
    Ok(LedgerItem { version, memory, unreported })
}

/// What waits for a report gives way to what is remembered, the oldest first; the activities hold it all.
fn newest_that_fit(unreported: &[Unreported], room: usize) -> serde_json::Result<String> {
    let mut kept = unreported;
    loop {
        let text = serde_json::to_string(kept)?;
        match kept {
            [_, newer @ ..] if text.len() > room => kept = newer,
            _ => return Ok(text),
        }
    }
}

/// Whether this program knows how an item is written. An item without a format was written by hand, in the format of now.
fn known_format(item: &Item) -> Result<(), ItemError> {
    match item.get("format") {
        None => Ok(()),
        Some(AttributeValue::N(digits)) if *digits == FORMAT.to_string() => Ok(()),
        Some(AttributeValue::N(other) | AttributeValue::S(other)) => {
            Err(ItemError::OtherFormat { found: other.clone(), known: FORMAT })
        }
        Some(other) => Err(ItemError::OtherFormat { found: format!("{other:?}"), known: FORMAT }),
    }
}

/// The JSON of an attribute.
fn parse<T: DeserializeOwned>(attribute: &'static str, json: &str) -> Result<T, ItemError> {
    serde_json::from_str(json).map_err(|error| ItemError::NotJson { attribute, cause: Cause::new(error) })
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok())
}

/// Another version stands in the item than the one expected: another writer's, or the one that this evaluation wrote, where the first
/// attempt went through and its answer did not.
fn lost_or_own(found: Option<&Item>, evaluation: &str, version: u64) -> WriteResult {
    let is_own =
        |item: &Item| text(item, "writer") == Some(evaluation) && number(item, "version") == Some(version);
    if found.is_some_and(is_own) {
        return WriteResult::Won;
    }
    let began = found.and_then(|item| text(item, "written_at")?.parse().ok());
    WriteResult::Lost(OtherWriter { began })
}

#[cfg(test)]
mod tests {
    use tidegate_policy::Severity;

    use super::*;

    #[test]
    fn what_waits_for_a_report_never_keeps_a_memory_from_being_written() {
        let late = |text: &str| Unreported {
            severity: Severity::Info,
            target: "worker".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            text: text.to_owned(),
        };
        let all = ["oldest", "older", "newest"].map(late);
        let whole = newest_that_fit(&all, 10_000).expect("it can be written");
        assert!(whole.contains("oldest") && whole.contains("newest"));
        let cut = newest_that_fit(&all, whole.len() - 1).expect("it can be written");
        assert!(!cut.contains("oldest") && cut.contains("older") && cut.contains("newest"), "{cut}");
        assert_eq!(newest_that_fit(&all, 0).expect("it can be written"), "[]");
    }
}
