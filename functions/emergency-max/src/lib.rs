//! What operators ask for, with one command, and back: hold, pin, release, and an emergency of the whole fleet.
//!
//! How it is done is [`tidegate_emergency`]'s.

use tidegate_aws::Clients;
use tidegate_emergency::Emergencies;
use tidegate_fleet::Fleet;

/// The function's name.
pub const NAME: &str = tidegate_emergency::NAME;

/// Everything of a fleet that an operator may ask for.
#[must_use]
pub fn concern(fleet: Fleet, clients: &Clients) -> Emergencies {
    Emergencies::new(fleet, clients)
}
