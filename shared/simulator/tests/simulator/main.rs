//! The simulator, from outside.

mod stage;
mod loads;
mod trace;
mod formats;
mod counts;
mod differential;
mod world;
mod shows;
mod bill;
mod synthetic;
mod disruptions;
mod production;
mod wait;
mod steady_state;
mod short_jobs;
