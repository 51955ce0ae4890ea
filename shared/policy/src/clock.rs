//! Times: as the ledger keeps them, and how long ago they are.

use jiff::{SignedDuration, Timestamp};

/// Evaluations come once a minute, somewhere within the minute, so two may be almost two minutes apart. What happened in a
/// longer gap is not known, and proves nothing.
pub(crate) const LONGEST_GAP: SignedDuration = SignedDuration::from_secs(150);

/// The time as the ledger keeps it, so that a memory that was written and read again is the same memory.
pub(crate) fn to_the_millisecond(now: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// How long ago, never negative: clocks of two writers may differ by seconds.
pub(crate) fn since(then: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(then).max(SignedDuration::ZERO)
}
