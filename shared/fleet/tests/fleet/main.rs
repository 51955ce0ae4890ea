//! The fleet file from outside: what is taken, what is refused and how that is said.

mod mistakes;
mod properties;
mod refused;
mod schema;
mod taken;
mod yaml;
