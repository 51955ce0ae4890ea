//! The databases whose class or storage is looked after.

use tidegate_aws::Clients;
use tidegate_fleet::{Database, Fleet};

/// The function's name.
pub const NAME: &str = "rds-upgrade";

/// The databases of a fleet whose class or storage is looked after.
pub struct Upgrades {
    pub(crate) fleet: Fleet,
    pub(crate) clients: Clients,
}

impl Upgrades {
    /// The databases of a fleet.
    #[must_use]
    pub fn new(fleet: Fleet, clients: &Clients) -> Self {
        Self { fleet, clients: clients.clone() }
    }

    /// Those with `classes` or `storage`, in the order of the fleet file.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Database> {
        of(&self.fleet)
    }
}

/// The databases of a fleet file that have `classes` or `storage`.
pub(crate) fn of(fleet: &Fleet) -> impl Iterator<Item = &Database> {
    fleet.databases().iter().filter(|database| database.upgrade_policy().is_some())
}

impl std::fmt::Debug for Upgrades {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upgrades").field("fleet", &self.fleet.name()).finish_non_exhaustive()
    }
}
