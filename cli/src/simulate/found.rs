//! What a simulation found.

use tidegate_simulator::Score;

use crate::replay::Replay;
use crate::simulate::options::SimulateOptions;

/// Everything that was found out.
pub(super) struct Simulated<'a> {
    pub(super) options: &'a SimulateOptions,
    pub(super) replay: &'a Replay,
    pub(super) rows: Vec<ScoreRow>,
}

/// One policy and its scores; the first row is the fleet file's own.
pub(super) struct ScoreRow {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) score: Score,
}
