//! What replication slots keep of the disk of a PostgreSQL source: a replica that is broken keeps its log there, without
//! limit, until the disk is full and the source stops.

use jiff::Timestamp;

use crate::database::points::LoadPoints;
use crate::reading::number;
use crate::replicas::observation::{Engine, SourceInstance};
use crate::severity::Severity;

/// Of the last five minutes that have settled so many must be above, and all below for the end.
const ABOVE: usize = 3;
const LOOKED_AT: i32 = 5;
const BELOW: usize = 5;

/// Above this part of the disk slots keep more than a replica that is well needs.
const PART_OF_ALLOCATED: f64 = 0.10;
/// Above this part of what is free half of the room is gone already.
const PART_OF_FREE: f64 = 0.5;

/// What is seen of the slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SlotsSeen {
    /// Not known, or swinging around the limit.
    Unclear,
    Calm,
    Full {
        severity: Severity,
        used: f64,
        free: Option<f64>,
    },
}

/// Looks at the slots of a source.
pub(crate) fn look(source: &SourceInstance, now: Timestamp) -> SlotsSeen {
    let Engine::PostgreSql { .. } = source.engine else { return SlotsSeen::Calm };
    let Some(points) = LoadPoints::of(&source.slot_disk, None, now) else { return SlotsSeen::Unclear };
    let free = LoadPoints::of(&source.free_storage, None, now).and_then(|free| free.newest(now));
    let free = free.map(|point| point.value);
    let last = points.last(LOOKED_AT, now);
    let Some(newest) = last.last() else { return SlotsSeen::Unclear };
    let allocated = number(source.allocated_storage);
    let is_much = |used: f64| {
        let of_allocated = allocated > 0.0 && used > allocated * PART_OF_ALLOCATED;
        of_allocated || free.is_some_and(|free| used > free * PART_OF_FREE)
    };
    // Slots keep more than is left: when they double, the disk is full.
    let is_more_than_free = |used: f64| free.is_some_and(|free| used > free);
    let count = |is: &dyn Fn(f64) -> bool| last.iter().filter(|point| is(point.value)).count();
    if count(&is_much) >= ABOVE {
        let is_critical = count(&is_more_than_free) >= ABOVE;
        let severity = if is_critical { Severity::Critical } else { Severity::Warning };
        SlotsSeen::Full { severity, used: newest.value, free }
    } else if last.len() >= BELOW && count(&is_much) == 0 {
        SlotsSeen::Calm
    } else {
        SlotsSeen::Unclear
    }
}
