//! Changing what operators asked for: one item of the ledger, written under a condition like the memory.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use tidegate_policy::Override;

use crate::error::{CallError, Failure, Step};
use crate::ledger::{FORMAT, Ledger, OVERRIDES, OverrideRows, is_conflict};

/// Two operators may ask at once; the second one's change is put on top of the first one's.
const TRIES_MAX: usize = 5;

impl Ledger {
    /// Changes the overrides, drops those that have expired, and returns what is in force now. `edit` may refuse: then
    /// nothing is written.
    ///
    /// # Errors
    /// The ledger cannot be read or written, or others kept writing first. Inside, what `edit` refused with.
    pub async fn change_overrides<R>(
        &self,
        now: Timestamp,
        edit: impl Fn(&mut Vec<Override>) -> Result<(), R>,
    ) -> Result<Result<Vec<Override>, R>, CallError> {
        for _ in 0..TRIES_MAX {
            let OverrideRows { version, mut rows } = self.read_overrides().await?;
            rows.retain(|row| now < row.until);
            if let Err(refusal) = edit(&mut rows) {
                return Ok(Err(refusal));
            }
            if self.write_overrides(version, &rows, now).await? {
                return Ok(Ok(rows));
            }
        }
        Err(CallError::new(self.write_overrides_step(), Failure::Contended))
    }

    /// Writes the rows after a version; false when another process has written since.
    async fn write_overrides(
        &self,
        version: u64,
        rows: &[Override],
        now: Timestamp,
    ) -> Result<bool, CallError> {
        let step = || self.write_overrides_step();
        let text = serde_json::to_string(rows).map_err(|error| CallError::not_writable(step(), error))?;
        let next = version.wrapping_add(1).to_string();
        let item = HashMap::from([
            ("format".to_owned(), AttributeValue::N(FORMAT.to_string())),
            ("version".to_owned(), AttributeValue::N(next)),
            ("written_at".to_owned(), AttributeValue::S(now.to_string())),
            ("rows".to_owned(), AttributeValue::S(text)),
        ]);
        let call = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into_iter().chain(self.key(OVERRIDES)).collect()))
            .condition_expression("attribute_not_exists(pk) OR version = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(version.to_string()));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => Err(CallError::aws(step(), &error)),
        }
    }

    fn write_overrides_step(&self) -> Step {
        Step::WriteOverrides { table: self.table.clone() }
    }
}
