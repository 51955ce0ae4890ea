//! The setting that policies are compared in: that of the reference simulation.

use std::num::NonZeroU32;

use tidegate_policy::Capacity;
use tidegate_simulator::WorldSettings;
use tidegate_simulator::world::{Disruptions, Evaluations, Moments, Sensing, ServiceModel, Starts};

/// 5 to 50 workers of 0.5 jobs per second, 90 s to start, 60 s acceptable, an evaluation every 15 s.
pub(crate) fn setting() -> WorldSettings {
    WorldSettings {
        capacity: Capacity::new(5, 50).expect("5 is below 50"),
        throughput: 0.5,
        concurrency: NonZeroU32::MIN,
        prefetch: 1,
        acceptable_wait_seconds: 60.0,
        starts: Starts { seconds: 90.0, spread: 0.0, failing: 0.0 },
        moments: Moments::Steps,
        service: ServiceModel::Fluid,
        evaluations: Evaluations { every_seconds: 15, act_from_seconds: 15 },
        sensing: Sensing::EXACT,
        disruptions: Disruptions::NONE,
        seed: 7,
    }
}
