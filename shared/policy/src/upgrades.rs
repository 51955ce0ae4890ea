//! Changes of a database's instance class: one rung of a ladder at a time, inside a maintenance window, after a rehearsal.
//!
//! ```text
//! decide(&UpgradeObservation, &UpgradePolicy, &UpgradeMemory, UpgradeTurn) -> UpgradeDecision
//! ```
//!
//! A change of the class is minutes of downtime, and RDS may take it and not make it. So each one is a state in the memory
//! ([`memory::ClassChange`]), sent by an evaluation that has just looked once more, and over when RDS shows the new class with
//! nothing left to be done, not when it was asked for.

pub mod observation;
pub mod policy;
pub mod memory;
pub mod refusal;
pub mod reason;
mod sentence;
mod code;
pub mod decision;

pub(crate) mod turn;
mod steps;
mod scene;
mod sustained;
mod want;
mod fits;
mod reservations;
mod rehearse;
mod plan;
mod downtime;
mod ends;
pub mod snapshot;
mod follow;
mod asked;
pub mod storage;
pub mod notices;
mod believed;
mod settle;
pub mod decide;
