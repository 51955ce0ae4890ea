//! The simulated RDS, and the policy of replicas in it.

mod stage;
mod world;
mod calls;
