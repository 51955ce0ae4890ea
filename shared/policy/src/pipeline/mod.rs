//! The steps of a decision: each takes what it needs and returns its part. [`crate::evaluation::decide`] names them in
//! their order.

pub(crate) mod floor_reading;
pub(crate) mod startup;
pub(crate) mod ceiling;
pub(crate) mod known;
pub(crate) mod bounds;
pub(crate) mod overwritten;
pub(crate) mod changes;
pub(crate) mod scale_out;
pub(crate) mod scale_in;
pub(crate) mod surplus;
pub(crate) mod window;
pub(crate) mod recommend;
pub(crate) mod gate;
pub(crate) mod notices;
