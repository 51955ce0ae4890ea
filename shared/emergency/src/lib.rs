//! What operators ask for, the concern of `emergency-max`: hold, pin, release, and an emergency of the whole fleet.
//!
//! What is decided is [`tidegate_policy::emergency`]'s; here it is asked for, seen, done and reported.

pub mod asked;
pub mod concern;
pub mod seen;
pub mod subject;
mod afterwards;
mod arguments;
mod named;
mod capacity;
mod standing;
mod words;

pub use crate::concern::{Emergencies, NAME};
