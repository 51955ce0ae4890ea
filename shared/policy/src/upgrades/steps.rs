//! What the steps of a decision have found so far.

use crate::upgrades::decision::{ClassCall, UpgradeState, WantedChange};
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;

/// What the steps have found so far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UpgradeSteps {
    pub(crate) call: Option<ClassCall>,
    pub(crate) state: UpgradeState,
    pub(crate) wanted: Option<WantedChange>,
    pub(crate) refusals: Vec<ClassRefusal>,
    pub(crate) reasons: Vec<UpgradeReason>,
}
