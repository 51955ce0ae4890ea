//! `tidegate release`: takes back what was pinned.

use clap::Args;

use crate::error::CommandError;
use crate::outcome::CommandOutput;
use crate::overrides::{LedgerOptions, answer, change, is_pin_of, now};

#[derive(Debug, Args)]
pub(crate) struct ReleaseOptions {
    /// The service's name in the fleet file
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) place: LedgerOptions,
}

/// Releases a service. There must be something to release.
pub(crate) fn run(options: &ReleaseOptions) -> CommandOutput {
    let ReleaseOptions { target, place } = options;
    // A write whose answer was lost is tried again, and finds its own work done.
    let found = std::cell::Cell::new(false);
    let changed = change(place, now(), None, |rows| {
        found.set(found.get() || rows.iter().any(|row| is_pin_of(row, target)));
        rows.retain(|row| !is_pin_of(row, target));
        let nothing =
            || CommandError::NothingPinned { target: target.clone(), fleet: place.fleet_name.clone() };
        found.get().then_some(()).ok_or_else(nothing)
    });
    answer(changed, place, format!("{target} is released; its rules decide again from the next evaluation\n"))
}
