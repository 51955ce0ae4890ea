//! What the signals say in one evaluation, what of it has settled, and how long each condition has held.

pub(crate) mod signal_reading;
pub(crate) mod at_limit;
pub(crate) mod metric;
pub(crate) mod running;
pub(crate) mod readings;
pub(crate) mod conditions;
