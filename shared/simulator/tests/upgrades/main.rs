//! Classes in the simulated RDS, and the policy of upgrades in it.

mod ground;
mod modified;
mod measured;
