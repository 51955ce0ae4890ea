//! ECS services and EC2 Auto Scaling groups without a queue follow alarms and metrics.
//!
//! The look itself is [`tidegate_look`]'s; here stands whose services it is about.

use tidegate_aws::Clients;
use tidegate_look::{Concern, NoQueues, ReadQueues};

/// Services that have no queue.
pub const CONCERN: Concern =
    Concern { name: "service-load", takes: |service| service.queue().is_none(), kind: "without a queue" };

/// They have none to read.
#[must_use]
pub fn queues(_: &Clients) -> Box<dyn ReadQueues> {
    Box::new(NoQueues)
}
