//! The simulated RDS, and the policy of replicas in it.

mod stage;
mod world;
mod calls;
mod chance;
mod process;
mod rules;
mod called;
mod story;
mod arbitrary;
mod properties;
mod resent;
