//! The steps of a decision, in their order.

pub(crate) mod readings;
pub(crate) mod metric;
pub(crate) mod evidence;
pub(crate) mod footing;
pub(crate) mod bounds;
pub(crate) mod scale_out;
pub(crate) mod scale_in;
pub(crate) mod startup;
pub(crate) mod gate;
