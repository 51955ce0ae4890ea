//! Which instance class databases have: changed one rung at a time, inside a maintenance window, after a rehearsal, and followed until
//! RDS shows that it happened.
//!
//! How it is done is [`tidegate_upgrades`]'s.

use tidegate_aws::Clients;
use tidegate_fleet::Fleet;
use tidegate_upgrades::Upgrades;

/// The function's name.
pub const NAME: &str = tidegate_upgrades::NAME;

/// The databases of a fleet whose class or storage is looked after.
#[must_use]
pub fn concern(fleet: Fleet, clients: &Clients) -> Upgrades {
    Upgrades::new(fleet, clients)
}
