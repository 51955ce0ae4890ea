//! Scaling of services, the concern of `queue-depth` and `service-load`: what they see, decide, change and tell.

pub mod memory;
pub mod queues;
pub mod target;
mod decide;
mod observe;
mod readings;

use std::future::Future;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_aws::ledger::{Found, Page};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::report::{Header, Section};
use tidegate_aws::ring::{EVALUATE, PLAN, Ring, RingError};
use tidegate_aws::{CallError, Clients};
use tidegate_fleet::{Fleet, Service};
use tidegate_look::{Clock, Concern, Failure};
use tidegate_policy::Override;

pub use crate::memory::FleetMemory;
use crate::observe::Seen;
pub use crate::queues::{NoQueues, QueuesSeen, ReadQueues};
pub use crate::target::{Done, TargetReport};

/// What tells one function that scales services from another. A service belongs to exactly one part, so no two functions
/// fight over it.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The function's name through every layer: `queue-depth`.
    pub name: &'static str,
    /// Which services it takes.
    pub takes: fn(&Service) -> bool,
    /// What they have in common, for messages: `with a queue`.
    pub kind: &'static str,
}

/// Services that have a queue.
pub const QUEUE_DEPTH: Part =
    Part { name: "queue-depth", takes: |service| service.queue().is_some(), kind: "with a queue" };
/// Services that have none.
pub const SERVICE_LOAD: Part =
    Part { name: "service-load", takes: |service| service.queue().is_none(), kind: "without a queue" };
/// Every part; each service of a fleet is in exactly one of them.
pub const PARTS: [Part; 2] = [QUEUE_DEPTH, SERVICE_LOAD];

/// The services of one part of a fleet.
pub struct Services {
    part: Part,
    fleet: Fleet,
    clients: Clients,
    queues: Box<dyn ReadQueues>,
    load_balancers: LoadBalancers,
}

impl Services {
    /// One part of a fleet; `queues` reads the queues of its services.
    #[must_use]
    pub fn new(part: Part, fleet: Fleet, clients: &Clients, queues: Box<dyn ReadQueues>) -> Self {
        let (clients, load_balancers) = (clients.clone(), LoadBalancers::default());
        Self { part, fleet, clients, queues, load_balancers }
    }

    /// Its services, in the order of the fleet file.
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.fleet.services().iter().filter(|service| (self.part.takes)(service))
    }

    /// The services named in an event; all where none is.
    fn named(&self, arguments: &Map<String, Value>) -> Result<Vec<&Service>, Failure> {
        let wanted = Arguments::deserialize(Value::Object(arguments.clone()));
        let Arguments { services: wanted } = wanted.map_err(|error| RingError::manual(&error.to_string()))?;
        let known: Vec<&str> = self.services().map(Service::name).collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join("`, `");
            let (kind, fleet) = (self.part.kind, self.fleet.name());
            let message = format!("no service `{unknown}` {kind} in fleet `{fleet}`; known: `{known}`");
            return Err(Failure::non_retryable(message));
        }
        let asked = |service: &&Service| wanted.is_empty() || wanted.iter().any(|it| it == service.name());
        Ok(self.services().filter(asked).collect())
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("part", &self.part.name).finish_non_exhaustive()
    }
}

/// What a person may say beside the action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Only these services; empty means all.
    #[serde(default)]
    services: Vec<String>,
}

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
