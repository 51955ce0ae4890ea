//! The services of one part of a fleet: which there are, and with what they are read.

use tidegate_aws::Clients;
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::rds::DatabaseClasses;
use tidegate_fleet::{DatabaseName, Fleet, Service};

use crate::queues::ReadQueues;

/// What distinguishes one function that scales services from another. A service belongs to exactly one part, so no two functions
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
/// Services that have none. Each service of a fleet is in exactly one of the two.
pub const SERVICE_LOAD: Part =
    Part { name: "service-load", takes: |service| service.queue().is_none(), kind: "without a queue" };

/// The services of one part of a fleet.
pub struct Services {
    pub(crate) part: Part,
    pub(crate) fleet: Fleet,
    pub(crate) clients: Clients,
    pub(crate) queues: Box<dyn ReadQueues>,
    pub(crate) load_balancers: LoadBalancers,
    pub(crate) classes: DatabaseClasses,
}

impl Services {
    /// One part of a fleet; `queues` reads the queues of its services.
    #[must_use]
    pub fn new(part: Part, fleet: Fleet, clients: &Clients, queues: Box<dyn ReadQueues>) -> Self {
        let (clients, load_balancers) = (clients.clone(), LoadBalancers::default());
        Self { part, fleet, clients, queues, load_balancers, classes: DatabaseClasses::default() }
    }

    /// Its services, in the order of the fleet file.
    pub(crate) fn services(&self) -> impl Iterator<Item = &Service> {
        self.fleet.services().iter().filter(|service| (self.part.takes)(service))
    }

    /// The instance whose class says how many connections a guarded database takes; `None` where the file says it, and of
    /// Aurora, whose classes have no such default.
    pub(crate) fn guarded_instance(&self, service: &Service) -> Option<&str> {
        let guard = service.guard().filter(|guard| guard.max_connections.is_none())?;
        match self.fleet.database(&guard.database)?.instance() {
            DatabaseName::Rds(id) => Some(id),
            DatabaseName::Aurora(_) => None,
        }
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("part", &self.part.name).finish_non_exhaustive()
    }
}
