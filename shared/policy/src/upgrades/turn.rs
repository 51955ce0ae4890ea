//! One evaluation, and what an operator asks for in it.

use jiff::Timestamp;

use crate::overrides::Override;
use crate::upgrades::memory::ClassRequest;

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
    Withdraw {
        /// Who takes it back, in their own words.
        who: String,
        /// Why.
        why: String,
    },
}
