//! The steps of a decision about replicas, top to bottom.

use jiff::Timestamp;

use crate::overrides::Override;
use crate::replicas::decision::ReplicaDecision;
use crate::replicas::memory::DatabaseMemory;
use crate::replicas::observation::DatabaseObservation;
use crate::replicas::policy::DatabasePolicy;
use crate::replicas::reason::ReplicaReason;

/// One evaluation, as far as it concerns one database.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaTurn<'a> {
    /// The name of the database in the fleet file, which overrides use.
    pub database: &'a str,
    /// The id of the evaluation.
    pub evaluation: &'a str,
    /// What operators asked for, of every target.
    pub overrides: &'a [Override],
    /// Nothing is changed: no call is intended.
    pub observe: bool,
    /// The time.
    pub now: Timestamp,
}

/// What came of the call of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// AWS took it, or it was made already.
    Taken,
    /// It was not sent: too late.
    NotSent,
    /// AWS refused it, and would again: no capacity, a quota, a permission, a state; its own words.
    Refused(String),
    /// Whether it was made is not known, or it may work the next time: no answer, throttled.
    Unknown(String),
}

/// Decides about the replicas of one database.
pub fn decide(
    seen: &DatabaseObservation,
    policy: &DatabasePolicy,
    memory: &DatabaseMemory,
    turn: ReplicaTurn<'_>,
) -> ReplicaDecision {
    let _ = (policy, turn);
    let reason = match &seen.instances {
        Err(absence) => ReplicaReason::Unreadable { absence: absence.clone() },
        Ok(_) => ReplicaReason::NothingToDo,
    };
    ReplicaDecision {
        call: None,
        records: Vec::new(),
        reasons: vec![reason],
        notices: Vec::new(),
        memory: memory.clone(),
        count: None,
    }
}
