//! What `replica-lag` brings to the evaluation that all functions share.

use std::future::Future;

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::ledger::{LedgerItem, LedgerRead};
use tidegate_aws::report::{Header, Section};
use tidegate_aws::trigger::Trigger;
use tidegate_evaluation::{Clock, Concern, InvocationError, Selection};
use tidegate_fleet::Database;
use tidegate_policy::emergency::incident::Overrides;

use crate::database::DatabaseReport;
use crate::databases::{NAME, Replicas};
use crate::memory::ReplicasMemory;
use crate::observe::DatabasesSeen;

impl Concern for Replicas {
    type Memory = ReplicasMemory;
    type Subject = Database;
    type FleetObservation = Option<DatabasesSeen>;
    type Target = DatabaseReport;

    fn name(&self) -> &'static str {
        NAME
    }

    fn names(&self) -> Vec<String> {
        self.databases().map(|database| database.name().to_owned()).collect()
    }

    fn select(&self, trigger: &Trigger) -> Result<Vec<&Database>, InvocationError> {
        let fleet = self.fleet.name();
        let selection = Selection { key: "databases", one: "database", kind: "with `replicas`", fleet };
        selection.of(trigger, self.databases(), Database::name)
    }

    async fn observe(
        &self,
        databases: &[&Database],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<ReplicasMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<ReplicasMemory>, Option<DatabasesSeen>), CallError> {
        // The ledger first, then AWS: what is remembered must never be newer than what is seen.
        let found = ledger.await?;
        let by_hand = matches!(trigger, Trigger::Manual { .. });
        if !by_hand && !found.item.memory.is_due(now) {
            return Ok((found, None));
        }
        // On the heap: it is by far the largest part of this future, and would be copied with it.
        let seen = Box::pin(self.see(databases, &found.item.memory, now)).await;
        Ok((found, Some(seen)))
    }

    fn believe(&self, memory: &mut ReplicasMemory, now: Timestamp) {
        memory.believe(now);
    }

    fn decide(
        &self,
        seen: Option<DatabasesSeen>,
        item: &mut LedgerItem<ReplicasMemory>,
        overrides: &Overrides,
        header: &Header,
    ) -> Option<Vec<DatabaseReport>> {
        // AWS was read less than a minute ago: nothing is decided on what is known already.
        Some(self.decide_all(seen?, &mut item.memory, overrides, header))
    }

    /// CloudWatch has nothing newer before the next minute.
    fn is_moving(&self, _databases: &[DatabaseReport]) -> bool {
        false
    }

    fn paused(&self) -> &'static str {
        "replica changes"
    }

    fn unchanged(&self) -> &'static str {
        "replicas and records unchanged"
    }

    /// A refused call is an outcome, which is remembered and reported, and the next one waits.
    fn fails_with_its_changes(&self) -> bool {
        false
    }

    async fn apply(&self, databases: &mut [DatabaseReport], not_after: Timestamp, clock: &Clock) {
        self.apply_all(databases, not_after, clock).await;
    }

    fn section(&self, database: &DatabaseReport, header: &Header) -> Section {
        database.section(header)
    }

    fn settle(
        &self,
        memory: &mut ReplicasMemory,
        databases: &[DatabaseReport],
        header: &Header,
        notified: bool,
    ) {
        memory.settle(databases, header, notified);
    }
}
