//! What the scaling of services brings to the look that all functions share.

use std::future::Future;

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::ledger::{Found, Page};
use tidegate_aws::report::{Header, Section};
use tidegate_aws::ring::{EVALUATE, PLAN, Ring, RingError};
use tidegate_fleet::Service;
use tidegate_look::{Clock, Concern, Failure};
use tidegate_policy::Override;

use crate::decide;
use crate::memory::FleetMemory;
use crate::observe::Seen;
use crate::services::Services;
use crate::target::TargetReport;

impl Concern for Services {
    type Memory = FleetMemory;
    type Subject = Service;
    type Seen = Seen;
    type Target = TargetReport;

    fn name(&self) -> &'static str {
        self.part.name
    }

    fn names(&self) -> Vec<String> {
        self.services().map(|service| service.name().to_owned()).collect()
    }

    fn select(&self, ring: &Ring) -> Result<Vec<&Service>, Failure> {
        match ring {
            Ring::Manual { action, arguments } => match action.as_str() {
                EVALUATE | PLAN => self.named(arguments),
                other => {
                    let problem = format!("unknown action `{other}`; known are `{EVALUATE}` and `{PLAN}`");
                    Err(RingError::manual(&problem).into())
                }
            },
            Ring::Schedule | Ring::Look | Ring::Alarm { .. } => Ok(self.services().collect()),
        }
    }

    async fn observe(
        &self,
        services: &[&Service],
        ring: &Ring,
        ledger: impl Future<Output = Result<Found<FleetMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(Found<FleetMemory>, Seen), CallError> {
        self.see(services, ring, ledger, now).await
    }

    fn believe(&self, memory: &mut FleetMemory, now: Timestamp) {
        memory.believe(now);
    }

    fn decide(
        &self,
        seen: Seen,
        page: &mut Page<FleetMemory>,
        overrides: &[Override],
        header: &Header,
    ) -> Vec<TargetReport> {
        decide::decide(self, seen, &mut page.memory, overrides, header)
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

    fn settle(&self, memory: &mut FleetMemory, targets: &[TargetReport], header: &Header, told: bool) {
        memory.settle(targets, header, told);
    }
}
