//! The decision of `functions/queue-depth`: workers follow the work that waits. A service has a `queue`, so work in
//! flight keeps capacity, zero needs an idle queue, and the `wait` method may stand beside the rules. How it decides is
//! one pipeline for all services: [`crate::look`].

pub use crate::look::{INTENT_LEASE, LOOK_LIFE, Look, decide};
