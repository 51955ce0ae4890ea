//! What `rds-upgrade` brings to the evaluation that all functions share.

use std::future::Future;

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::ledger::{LedgerItem, LedgerRead};
use tidegate_aws::report::{Header, Section};
use tidegate_aws::trigger::Trigger;
use tidegate_evaluation::{Clock, Concern, InvocationError};
use tidegate_fleet::Database;
use tidegate_policy::emergency::incident::Overrides;

use crate::asked::{ACTIONS, asked, select};
use crate::database::UpgradeReport;
use crate::databases::{NAME, Upgrades};
use crate::memory::UpgradesMemory;
use crate::observe::{ClassContext, UpgradesSeen};

impl Concern for Upgrades {
    type Memory = UpgradesMemory;
    type Subject = Database;
    type FleetObservation = Option<UpgradesSeen>;
    type Target = UpgradeReport;

    fn name(&self) -> &'static str {
        NAME
    }

    fn actions(&self) -> &'static [&'static str] {
        &ACTIONS
    }

    fn names(&self) -> Vec<String> {
        self.databases().map(|database| database.name().to_owned()).collect()
    }

    fn select(&self, trigger: &Trigger) -> Result<Vec<&Database>, InvocationError> {
        select(&self.fleet, trigger)
    }

    async fn observe(
        &self,
        databases: &[&Database],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<UpgradesMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<UpgradesMemory>, Option<UpgradesSeen>), CallError> {
        // The ledger first, then AWS: what is remembered must never be newer than what is seen.
        let found = ledger.await?;
        let by_hand = matches!(trigger, Trigger::Manual { .. });
        if !by_hand && !found.item.memory.is_due(now) {
            return Ok((found, None));
        }
        let asked = asked(&self.fleet, trigger, None, now).ok().flatten();
        let known = ClassContext {
            memory: &found.item.memory,
            overrides: &found.overrides,
            asked: asked.as_ref(),
            now,
        };
        // On the heap: it is by far the largest part of this future, and would be copied with it.
        let seen = Box::pin(self.see(databases, known)).await;
        Ok((found, Some(seen)))
    }

    fn believe(&self, memory: &mut UpgradesMemory, now: Timestamp) {
        memory.believe(now);
    }

    fn decide(
        &self,
        seen: Option<UpgradesSeen>,
        item: &mut LedgerItem<UpgradesMemory>,
        overrides: &Overrides,
        header: &Header,
    ) -> Option<Vec<UpgradeReport>> {
        // AWS was read less than a minute ago: nothing is decided on what is known already.
        Some(self.decide_all(seen?, &mut item.memory, overrides, header))
    }

    /// A change takes minutes: the schedule and the events of RDS follow it.
    fn is_moving(&self, _databases: &[UpgradeReport]) -> bool {
        false
    }

    /// A class that is asked for, or taken back, is in no other evaluation.
    fn is_asked_once(&self, trigger: &Trigger) -> bool {
        !trigger.is_question()
            && asked(&self.fleet, trigger, None, Timestamp::UNIX_EPOCH).is_ok_and(|asked| asked.is_some())
    }

    fn paused(&self) -> &'static str {
        "class changes"
    }

    fn unchanged(&self) -> &'static str {
        "no class is changed; a change under way goes on in RDS and is not followed"
    }

    /// A refused call is an outcome, which is remembered and reported, and the next one waits.
    fn fails_with_its_changes(&self) -> bool {
        false
    }

    async fn apply(&self, databases: &mut [UpgradeReport], not_after: Timestamp, clock: &Clock) {
        self.apply_all(databases, not_after, clock).await;
    }

    fn section(&self, database: &UpgradeReport, header: &Header) -> Section {
        database.section(header)
    }

    fn settle(
        &self,
        memory: &mut UpgradesMemory,
        databases: &[UpgradeReport],
        header: &Header,
        notified: bool,
    ) {
        memory.settle(databases, header, notified);
    }
}
