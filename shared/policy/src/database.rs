//! What replicas and classes of a database share: calls and what came of them, notices, datapoints.

pub mod notice;
pub mod call;
pub mod watch;
pub(crate) mod points;
