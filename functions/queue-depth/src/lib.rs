//! Queue workers on ECS follow the work that waits in Redis or SQS.
//!
//! The look itself is [`tidegate_look`]'s; here stands whose services it is about, and how their queues are read.

pub mod queues;

use tidegate_aws::Clients;
use tidegate_look::{Concern, ReadQueues};

/// Services that have a queue.
pub const CONCERN: Concern =
    Concern { name: "queue-depth", takes: |service| service.queue().is_some(), kind: "with a queue" };

/// The reader of their queues.
#[must_use]
pub fn queues(clients: &Clients) -> Box<dyn ReadQueues> {
    Box::new(queues::Queues::new(clients))
}
