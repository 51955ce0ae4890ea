//! What `simulate` and `tune` share: a service and a recorded load, put into a world, and how both speak of it.

mod options;
mod queue;
mod setting;
mod prepare;
mod facts;
mod scores;
mod charts;
mod answer;

pub(crate) use answer::{add, assumed};
pub(crate) use charts::{ChartLines, DECISIONS_MAX};
pub(crate) use facts::{facts, head, overloaded, title};
pub(crate) use options::ReplayOptions;
pub(crate) use prepare::Replay;
pub(crate) use scores::{COLUMNS, columns};
