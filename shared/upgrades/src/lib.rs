//! Instance classes of databases, the concern of `rds-upgrade`: which class is wanted, what stands against it, what became of it, and
//! how far RDS may raise the storage.
//!
//! What is decided is [`tidegate_policy::upgrades`]'s; here it is seen, done, remembered and reported.

pub mod databases;
pub mod asked;
pub mod database;
pub mod memory;
mod observe;
mod decide;
mod apply;
mod concern;

pub use crate::databases::{NAME, Upgrades};
pub use crate::memory::UpgradesMemory;
