//! Scaling of services, the concern of `queue-depth` and `service-load`: what they read, decide, change and report.

pub mod concern;
pub mod memory;
pub mod queues;
pub mod services;
pub mod target;
mod asked;
mod decide;
mod moment;
mod observe;
mod readings;

pub use crate::asked::AskingOverride;
pub use crate::memory::FleetMemory;
pub use crate::queues::{NoQueues, QueuesSeen, ReadQueues};
pub use crate::services::{Part, QUEUE_DEPTH, SERVICE_LOAD, Services};
pub use crate::target::{ActionTaken, TargetReport};
