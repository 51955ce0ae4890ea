//! The setting of the issue and of the reference simulation.

use std::num::NonZeroU32;

use tidegate_policy::Capacity;
use tidegate_simulator::Setting;
use tidegate_simulator::world::{Looks, Mishaps, Moments, Sensing, Service, Starts};

/// 5 to 50 workers of 0.5 jobs per second, 90 s to start, 60 s acceptable, a look every 15 s.
pub(crate) fn setting() -> Setting {
    Setting {
        capacity: Capacity::new(5, 50).expect("5 is below 50"),
        throughput: 0.5,
        concurrency: NonZeroU32::MIN,
        prefetch: 1,
        acceptable_wait_seconds: 60.0,
        starts: Starts { seconds: 90.0, spread: 0.0, failing: 0.0 },
        moments: Moments::Steps,
        service: Service::Fluid,
        looks: Looks { every_seconds: 15, act_from_seconds: 15 },
        sensing: Sensing::EXACT,
        mishaps: Mishaps::NONE,
        seed: 7,
    }
}
