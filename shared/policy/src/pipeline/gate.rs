//! The last step: a change passes unless another evaluation is making one, or the last one failed a moment ago.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::decision::Verdict;
use crate::memory::{FailedChanges, Intent, Memory};
use crate::reason::Reason;

/// A change is left to the evaluation that remembered it for this long. It is longer than the function's time-out (45 s), so that
/// the evaluation is certainly over, and longer than a frozen process was ever seen (60 s in the race tests). A longer lease would
/// leave a service alone for longer after a crash; a shorter one could let two evaluations act.
pub const INTENT_LEASE: SignedDuration = SignedDuration::from_secs(90);

/// Every evaluation ends within this time (`shared/evaluation/src/budget.rs`). A change that is found made within it is left to the
/// evaluation that made it, which is about to report it; after it, no other evaluation will. Longer, and the reports of an
/// evaluation that was killed would come later; shorter, and each would be reported twice.
const EVALUATION_LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// What passed, and what is left of earlier changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Passed {
    pub(crate) verdict: Verdict,
    /// A change of an earlier evaluation that is not settled yet.
    pub(crate) intent: Option<Intent>,
    /// Failed changes in a row.
    pub(crate) failure: Option<FailedChanges>,
    pub(crate) reasons: Vec<Reason>,
}

impl Passed {
    /// Nothing, of a service that cannot be scaled now: what is pending stays so.
    pub(crate) fn nothing(at: Option<u32>, memory: &Memory) -> Self {
        let (intent, failure) = (memory.intent.clone(), memory.failure);
        Self { verdict: Verdict::Hold { at }, intent, failure, reasons: vec![] }
    }
}

/// Settles what earlier evaluations began, and lets a change pass or holds it back. While what was set a moment ago is not
/// shown, `to` follows from an old desired count, and only what is more than both passes.
pub(crate) fn pass(desired: u32, to: u32, not_shown: Option<u32>, memory: &Memory, now: Timestamp) -> Passed {
    let hold = Passed::nothing(Some(desired), memory);
    if let Some(set) = not_shown.filter(|set| to != desired && to <= desired.max(*set)) {
        return Passed { reasons: vec![Reason::ChangeNotShown { to: set }], ..hold };
    }
    let passed = match &memory.intent {
        Some(intent) => match settle(intent, desired, now) {
            IntentState::Pending { until } => {
                let Intent { to, evaluation, .. } = intent.clone();
                return Passed { reasons: vec![Reason::IntentPending { to, evaluation, until }], ..hold };
            }
            IntentState::Made => {
                let reasons = vec![Reason::IntentFoundApplied { to: intent.to }];
                Passed { intent: None, failure: None, reasons, ..hold }
            }
            IntentState::Lost => {
                let reasons = vec![Reason::IntentFoundLost { from: intent.from, to: intent.to }];
                Passed { intent: None, reasons, ..hold }
            }
        },
        None => hold,
    };
    unless_backing_off(passed, desired, to, now)
}

/// What became of a pending intent.
enum IntentState {
    /// It is still another evaluation's to make.
    Pending { until: Timestamp },
    /// It was made.
    Made,
    /// It was not.
    Lost,
}

/// Compares a pending intent with the world.
fn settle(intent: &Intent, desired: u32, now: Timestamp) -> IntentState {
    let until = intent.at.saturating_add(INTENT_LEASE).unwrap_or(intent.at);
    if desired == intent.to && since(intent.at, now) >= EVALUATION_LIFETIME {
        IntentState::Made
    } else if now < until {
        IntentState::Pending { until }
    } else {
        IntentState::Lost
    }
}

/// Lets the change pass unless the last one failed a moment ago. One that seemed to fail and is found made did not.
fn unless_backing_off(mut passed: Passed, desired: u32, to: u32, now: Timestamp) -> Passed {
    if let Some(to) = passed.failure.and_then(|failure| failure.to).filter(|to| *to == desired) {
        passed.reasons.push(Reason::IntentFoundApplied { to });
        passed.failure = None;
    }
    let verdict = Verdict::change(desired, to);
    let backing_off = passed.failure.map(|failure| (failure.count, failure.retry_at()));
    match backing_off.filter(|(_, until)| now < *until && verdict.as_change().is_some()) {
        Some((failures, until)) => passed.reasons.push(Reason::BackingOff { failures, until }),
        None => passed.verdict = verdict,
    }
    passed
}
