//! What the scaling of services brings to the evaluation that all functions share.

use std::future::Future;

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::ledger::{LedgerItem, LedgerRead};
use tidegate_aws::report::{Header, Section};
use tidegate_aws::trigger::Trigger;
use tidegate_evaluation::{Clock, Concern, InvocationError, Selection};
use tidegate_fleet::Service;
use tidegate_policy::emergency::incident::Overrides;

use crate::decide;
use crate::memory::FleetMemory;
use crate::observe::FleetObservation;
use crate::services::Services;
use crate::target::TargetReport;

impl Concern for Services {
    type Memory = FleetMemory;
    type Subject = Service;
    type FleetObservation = FleetObservation;
    type Target = TargetReport;

    fn name(&self) -> &'static str {
        self.part.name
    }

    fn names(&self) -> Vec<String> {
        self.services().map(|service| service.name().to_owned()).collect()
    }

    fn select(&self, trigger: &Trigger) -> Result<Vec<&Service>, InvocationError> {
        let (kind, fleet) = (self.part.kind, self.fleet.name());
        let selection = Selection { key: "services", one: "service", kind, fleet };
        selection.of(trigger, self.services(), Service::name)
    }

    async fn observe(
        &self,
        services: &[&Service],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<FleetMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<FleetMemory>, FleetObservation), CallError> {
        self.see(services, trigger, ledger, now).await
    }

    fn believe(&self, memory: &mut FleetMemory, now: Timestamp) {
        memory.believe(now);
    }

    fn decide(
        &self,
        seen: FleetObservation,
        item: &mut LedgerItem<FleetMemory>,
        overrides: &Overrides,
        header: &Header,
    ) -> Option<Vec<TargetReport>> {
        Some(decide::decide(self, seen, &mut item.memory, overrides, header))
    }

    fn is_moving(&self, targets: &[TargetReport]) -> bool {
        targets.iter().any(|target| target.decision.moving)
    }

    async fn apply(&self, targets: &mut [TargetReport], not_after: Timestamp, clock: &Clock) {
        decide::apply(&self.clients, targets, not_after, clock).await;
    }

    fn section(&self, target: &TargetReport, header: &Header) -> Section {
        target.section(header)
    }

    fn settle(&self, memory: &mut FleetMemory, targets: &[TargetReport], header: &Header, notified: bool) {
        memory.settle(targets, header, notified);
    }
}
