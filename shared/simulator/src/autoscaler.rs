//! Every autoscaler, in one shape: what an evaluation sees goes in, an absolute number of tasks comes out.

mod production;
mod log;
mod fixed;
mod steps;
mod target_tracking;
mod keda;
mod rivals;

pub use crate::evaluation::{Autoscaler, AutoscalerInput, Minute, QueueReading};
pub use fixed::Fixed;
pub use keda::Keda;
pub use log::{Log, LoggedDecision};
pub use production::Production;
pub use rivals::{Rival, rivals};
pub use steps::StepRules;
pub use target_tracking::TargetTracking;
