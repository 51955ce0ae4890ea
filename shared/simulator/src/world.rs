//! The queue world: jobs arrive, tasks start and stop, an autoscaler evaluates and scales.

mod setting;
mod waits;
mod run;
mod model;
mod pool;
mod disruptions;
mod minutes;
mod fluid;
mod jobs;
mod sensing;
mod simulation;
mod demand;

pub use crate::evaluation::Shows;
pub(crate) use demand::demand;
pub(crate) use pool::LEAST_BILLED_SECONDS;
pub use run::{Run, SizeChange};
pub use setting::{
    Disruptions, Evaluations, JobTime, Moments, ScaleIn, Sensing, ServiceModel, Starts, WorldSettings,
};
pub use simulation::simulate;
pub(crate) use simulation::supplied;
pub use waits::Waits;
