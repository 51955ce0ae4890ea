//! Read replicas of databases, the concern of `replica-lag`: how far they lag, how many there are, and which answer reads.
//!
//! What is decided is [`tidegate_policy::replicas`]'s; here it is seen, done, remembered and reported.

pub mod known;
pub mod databases;
pub mod database;
pub mod memory;
mod observe;
mod decide;
mod apply;
mod concern;

pub use crate::databases::{NAME, Replicas};
pub use crate::memory::ReplicasMemory;
