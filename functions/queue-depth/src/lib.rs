//! Queue workers on ECS follow the work that waits in Redis or SQS.
//!
//! How services are scaled is [`tidegate_scaling`]'s; here stands how their queues are read.

pub mod queues;

use tidegate_aws::Clients;
use tidegate_fleet::Fleet;
use tidegate_scaling::{QUEUE_DEPTH, Services};

/// The function's name.
pub const NAME: &str = QUEUE_DEPTH.name;

/// The services of a fleet that have a queue, and the readers of their queues.
#[must_use]
pub fn concern(fleet: Fleet, clients: &Clients) -> Services {
    Services::new(QUEUE_DEPTH, fleet, clients, Box::new(queues::Queues::new(clients)))
}
