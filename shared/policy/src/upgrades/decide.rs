//! The steps of a decision about a class, top to bottom.

use jiff::Timestamp;

use crate::overrides::Override;
use crate::upgrades::decision::{UpgradeDecision, UpgradeState};
use crate::upgrades::memory::{ClassRequest, UpgradeMemory};
use crate::upgrades::observation::UpgradeObservation;
use crate::upgrades::policy::UpgradePolicy;

/// One evaluation, as far as it concerns one database.
#[derive(Debug, Clone, Copy)]
pub struct UpgradeTurn<'a> {
    /// The name of the database in the fleet file, which overrides use.
    pub database: &'a str,
    /// The id of the evaluation.
    pub evaluation: &'a str,
    /// What operators asked for, of every target.
    pub overrides: &'a [Override],
    /// The profile of the emergency, while one is in force.
    pub emergency: Option<&'a str>,
    /// What an operator asks for in this evaluation.
    pub asked: Option<&'a ClassAsked>,
    /// Nothing is changed: no call is intended.
    pub observe: bool,
    /// The time.
    pub now: Timestamp,
}

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassAsked {
    /// A class of the ladder.
    To(ClassRequest),
    /// The next larger class; the request names none yet.
    Next(ClassRequest),
    /// Nothing any more: what was asked for is withdrawn, unless it is under way.
    Withdraw,
}

/// The class whose rehearsal is to be read for this decision: that of the change which is wanted, where nothing is under way.
#[must_use]
pub fn rehearsed(
    _seen: &UpgradeObservation,
    _policy: &UpgradePolicy,
    _memory: &UpgradeMemory,
    _turn: UpgradeTurn<'_>,
) -> Option<String> {
    None
}

/// Decides about the class and the storage of one database. Pure and total: the same arguments give the same decision, and none
/// panics.
pub fn decide(
    _seen: &UpgradeObservation,
    _policy: &UpgradePolicy,
    memory: &UpgradeMemory,
    _turn: UpgradeTurn<'_>,
) -> UpgradeDecision {
    UpgradeDecision {
        call: None,
        state: UpgradeState::Idle,
        wanted: None,
        refusals: Vec::new(),
        reasons: Vec::new(),
        notices: Vec::new(),
        memory: memory.clone(),
    }
}
