//! How far the read replicas of databases lag, how many there are, and which of them answer reads.
//!
//! How it is done is [`tidegate_replicas`]'s.

use tidegate_aws::Clients;
use tidegate_fleet::Fleet;
use tidegate_replicas::Replicas;

/// The function's name.
pub const NAME: &str = tidegate_replicas::NAME;

/// The databases of a fleet whose replicas are watched.
#[must_use]
pub fn concern(fleet: Fleet, clients: &Clients) -> Replicas {
    Replicas::new(fleet, clients)
}
