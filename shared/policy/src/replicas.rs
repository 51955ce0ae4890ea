//! Read replicas of a database: how far they lag, how many there are, and which of them answer reads.
//!
//! ```text
//! decide(&DatabaseObservation, &DatabasePolicy, &DatabaseMemory, ReplicaTurn) -> ReplicaDecision
//! ```
//!
//! Creating a replica takes minutes to hours, and removing one loses the reads that still go to it. So one change of a
//! database is under way at a time, its steps are remembered ([`memory::ReplicaChange`]), and each is over when AWS shows it,
//! not when it was asked for.

pub mod observation;
pub mod policy;
pub mod memory;
pub mod why;
pub mod reason;
mod sentence;
mod code;
pub mod decision;
pub mod standing;

mod lag;
mod slots;
mod in_force;
mod scene;
mod ends;
mod calls;
mod create;
pub mod capacity;
mod drain;
mod follow;
mod records;
mod load;
mod count;
mod needed;
mod notices;
mod told;
mod believed;
pub mod decide;
mod settle;
