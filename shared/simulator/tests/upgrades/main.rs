//! Classes in the simulated RDS, and the policy of upgrades in it.

mod ground;
mod modified;
mod measured;
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
mod made;
mod rules;
mod snapshot_rules;
mod called;
mod act;
mod story;
mod arbitrary;
mod properties;
mod killed;
mod resent;
mod short;
