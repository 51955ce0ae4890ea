//! The decision of `functions/service-load`: ECS services and EC2 Auto Scaling groups without a queue follow metrics and
//! alarms. [`Observation::queue`](crate::Observation::queue) is `None`, so nothing is kept for work in flight, and zero
//! waits for no queue. How it decides is one pipeline for all services: [`crate::look`].

pub use crate::look::{INTENT_LEASE, LOOK_LIFE, Look, decide};
