//! How the queues of services are read: each function brings its own readers, and links no others.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tidegate_fleet::Service;
use tidegate_policy::{Absence, Queue};

/// Queues by the name of their service. One that is left out was not read in time.
pub type QueuesSeen = BTreeMap<String, Result<Queue, Absence>>;

/// Reads queues: `queue-depth` brings Redis and SQS, `service-load` brings nothing and links neither.
pub trait ReadQueues: Send + Sync {
    /// Reads the queues of these services, each with its own result. A queue known by CloudWatch metrics is none of its.
    fn read<'a>(&'a self, services: &'a [&'a Service], now: Timestamp) -> BoxFuture<'a, QueuesSeen>;
}

/// For services that have none.
#[derive(Debug, Clone, Copy)]
pub struct NoQueues;

impl ReadQueues for NoQueues {
    fn read<'a>(&'a self, _: &'a [&'a Service], _: Timestamp) -> BoxFuture<'a, QueuesSeen> {
        Box::pin(std::future::ready(QueuesSeen::new()))
    }
}
