//! What a valid fleet file says, in types that cannot hold anything else; what its signals are, and what they cost.

pub(crate) mod built_in;
pub mod cost;
pub(crate) mod database;
pub(crate) mod emergency;
pub(crate) mod fleet;
mod keyword;
pub(crate) mod metric;
pub(crate) mod mode;
pub(crate) mod queue;
pub mod signals;
pub(crate) mod target;
