//! The simulated RDS, and the policy of replicas in it.

mod stage;
mod world;
mod calls;
#[path = "../interleaving/chance.rs"]
mod chance;
#[path = "../interleaving/ledger.rs"]
mod ledger;
#[path = "../interleaving/tale.rs"]
mod tale;
#[path = "../interleaving/interleaved.rs"]
mod interleaved;
#[path = "../interleaving/cases.rs"]
mod cases;
mod process;
mod rules;
mod called;
mod story;
mod arbitrary;
mod properties;
mod resent;
