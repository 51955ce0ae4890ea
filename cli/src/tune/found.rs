//! What tuning found.

use crate::replay::Replay;
use crate::tune::options::TuneOptions;
use crate::tune::search::Tried;

/// Everything that was found out.
pub(super) struct Tuned<'a> {
    pub(super) options: &'a TuneOptions,
    pub(super) replay: &'a Replay,
    /// How many settings were replayed.
    pub(super) tried: usize,
    /// The fleet file's own setting.
    pub(super) own: &'a Tried,
    /// What no other beats, the cheapest first.
    pub(super) frontier: Vec<&'a Tried>,
    /// The cheapest within the limit, if any is.
    pub(super) chosen: Option<&'a Tried>,
    pub(super) warnings: Vec<String>,
}

impl Tuned<'_> {
    pub(super) fn is_chosen(&self, tried: &Tried) -> bool {
        self.chosen.is_some_and(|chosen| chosen.variation == tried.variation)
    }
}
