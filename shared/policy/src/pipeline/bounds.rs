//! The bounds in force: the fleet file's capacity, then what people asked for.

use crate::capacity::Capacity;
use crate::overrides::{Override, OverrideKind};

/// What is in force for one service at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InForce<'a> {
    /// The bounds.
    pub(crate) bounds: Capacity,
    /// The size a person pinned; it outranks the signals.
    pub(crate) pin: Option<u32>,
    /// The overrides that shaped them, in the order of the ledger.
    pub(crate) overrides: Vec<&'a Override>,
}

/// Applies the overrides in force to the capacity. Later rows win over earlier ones; an override may leave the
/// capacity of the file, since a person asked for it by number.
pub(crate) fn in_force<'a>(capacity: Capacity, overrides: impl Iterator<Item = &'a Override>) -> InForce<'a> {
    let mut now = InForce { bounds: capacity, pin: None, overrides: Vec::new() };
    for row in overrides {
        let (min, max) = (now.bounds.min(), now.bounds.max());
        let (min, max, pin) = match row.kind {
            OverrideKind::Min(tasks) => (tasks, max.max(tasks), now.pin.map(|pin| pin.max(tasks))),
            OverrideKind::Max(tasks) => (min.min(tasks), tasks, now.pin.map(|pin| pin.min(tasks))),
            OverrideKind::Pin(tasks) => (min, max, Some(tasks.min(Capacity::LIMIT))),
        };
        // A `max 0` is refused by `Capacity`; stopping a service altogether is what `pin 0` is for.
        if let Ok(bounds) = Capacity::new(min, max) {
            now.bounds = bounds;
            now.pin = pin;
            now.overrides.push(row);
        }
    }
    now
}
