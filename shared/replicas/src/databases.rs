//! The databases whose replicas are watched.

use tidegate_aws::Clients;
use tidegate_aws::ledger::REPLICA_LAG;
use tidegate_fleet::{Database, Fleet};

/// The function's name.
pub const NAME: &str = REPLICA_LAG;

/// The databases of a fleet whose replicas are watched.
pub struct Replicas {
    pub(crate) fleet: Fleet,
    pub(crate) clients: Clients,
}

impl Replicas {
    /// The databases of a fleet.
    #[must_use]
    pub fn new(fleet: Fleet, clients: &Clients) -> Self {
        Self { fleet, clients: clients.clone() }
    }

    /// Those whose replicas are watched, in the order of the fleet file. Of the others only the connections matter, to guards.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Database> {
        self.fleet.databases().iter().filter(|database| database.watches_replicas())
    }
}

impl std::fmt::Debug for Replicas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replicas").field("fleet", &self.fleet.name()).finish_non_exhaustive()
    }
}
