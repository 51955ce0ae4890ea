//! What a load needs.

use crate::load::Load;
use crate::number::tasks;
use crate::world::setting::WorldSettings;

/// The tasks that the load of each step needs so that its queue does not grow, within the bounds.
pub(crate) fn demand(load: &Load, setting: &WorldSettings) -> Vec<u32> {
    let needed = |rate: &f64| setting.capacity.clamp(tasks(rate / setting.throughput));
    load.rate().iter().map(needed).collect()
}
