//! The simulator, from outside.

mod stage;
mod trace;
mod differential;
mod world;
mod production;
