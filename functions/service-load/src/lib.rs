//! ECS services and EC2 Auto Scaling groups without a queue follow alarms and metrics.
//!
//! How services are scaled is [`tidegate_scaling`]'s; these have no queue to read.

use tidegate_aws::Clients;
use tidegate_fleet::Fleet;
use tidegate_scaling::{NoQueues, SERVICE_LOAD, Services};

/// The function's name.
pub const NAME: &str = SERVICE_LOAD.name;

/// The services of a fleet that have no queue.
#[must_use]
pub fn concern(fleet: Fleet, clients: &Clients) -> Services {
    Services::new(SERVICE_LOAD, fleet, clients, Box::new(NoQueues))
}
