//! Where the time comes from.

use std::sync::Arc;

use jiff::Timestamp;

/// Where the time comes from; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
