//! The simulator, from outside.

mod stage;
mod field;
mod trace;
mod differential;
mod world;
mod production;
mod wait;
