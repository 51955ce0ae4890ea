//! The simulator, from outside.

mod stage;
mod field;
mod trace;
mod formats;
mod counts;
mod differential;
mod world;
mod shows;
mod bill;
mod synthetic;
mod mishaps;
mod production;
mod wait;
