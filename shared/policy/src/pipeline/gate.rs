//! The last step: a change passes unless another look is making one, or the last one failed a moment ago.

use jiff::Timestamp;

use crate::decision::Verdict;
use crate::look::{INTENT_LEASE, LOOK_LIFE};
use crate::memory::{Failure, Intent, Memory, since};
use crate::reason::Reason;

/// Settles what earlier looks began, and lets a change pass or holds it back.
pub(crate) fn pass(
    desired: u32,
    to: u32,
    next: &mut Memory,
    now: Timestamp,
    reasons: &mut Vec<Reason>,
) -> Verdict {
    let verdict = Verdict::change(desired, to);
    let hold = Verdict::Hold { at: Some(desired) };
    if !settled(desired, next, now, reasons) {
        return hold;
    }
    if let Some(to) = next.failure.and_then(|failure| failure.to).filter(|to| *to == desired) {
        reasons.push(Reason::IntentFoundApplied { to });
        next.failure = None;
    }
    let waiting = next.failure.map(|failure| (failure.count, Failure::retry_at(failure)));
    match waiting.filter(|(_, until)| now < *until && verdict.as_change().is_some()) {
        Some((failures, until)) => {
            reasons.push(Reason::BackingOff { failures, until });
            hold
        }
        None => verdict,
    }
}

/// Compares a pending intent with the world: made, lost, or still another look's to make.
fn settled(desired: u32, next: &mut Memory, now: Timestamp, reasons: &mut Vec<Reason>) -> bool {
    let Some(intent) = next.intent.take() else { return true };
    let until = intent.at.saturating_add(INTENT_LEASE).unwrap_or(intent.at);
    let Intent { from, to, look, at } = intent.clone();
    let alive = since(at, now) < LOOK_LIFE;
    if desired == to && !alive {
        reasons.push(Reason::IntentFoundApplied { to });
        next.failure = None;
    } else if now < until {
        reasons.push(Reason::IntentPending { to, look, until });
        next.intent = Some(intent);
        return false;
    } else {
        reasons.push(Reason::IntentFoundLost { from, to });
    }
    true
}
