//! How a change ends: what is remembered of it, and what operators are to be told.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::replicas::memory::{DatabaseMemory, FailedReplicaChanges, ReplicaEnd, ReplicaOutcome};
use crate::replicas::reason::ReplicaReason;

/// After a change that failed the next one waits for so long. Creating a replica takes ten minutes and more, and what makes it
/// fail (a quota, no capacity, a permission) lasts; shorter would only fill the list of failed instances.
const FIRST_BACKOFF: SignedDuration = SignedDuration::from_mins(10);
/// The longest wait, after six failures in a row: capacity of an instance class comes back within hours.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_hours(6);

/// What operators were not notified of: of more than these the oldest are forgotten.
pub(crate) const MOST_OUTCOMES: usize = 8;

impl FailedReplicaChanges {
    /// No new attempt before this moment: 10, 20, 40 … minutes after the last failure, 6 hours at most.
    #[must_use]
    pub fn retry_at(&self) -> Timestamp {
        let doublings = self.count.saturating_sub(1).min(6);
        let factor = 1_i32.checked_shl(doublings).unwrap_or(64);
        let wait = FIRST_BACKOFF.saturating_mul(factor).min(LONGEST_BACKOFF);
        self.at.saturating_add(wait).unwrap_or(self.at)
    }

    /// In an emergency it is never longer than after the first failure: it may be over before the longest wait is.
    pub(crate) fn retry_in_emergency(&self) -> Timestamp {
        self.at.saturating_add(FIRST_BACKOFF).unwrap_or(self.at)
    }
}

impl ReplicaReason {
    /// A replica is none any more, and no change of Tidegate made it so.
    pub(crate) fn gone(end: ReplicaEnd, replica: String) -> Self {
        match end {
            ReplicaEnd::Promoted => Self::Promoted { replica },
            ReplicaEnd::Writer => Self::Writer { replica },
            ReplicaEnd::Vanished
            | ReplicaEnd::Added
            | ReplicaEnd::NotAdded
            | ReplicaEnd::Removed
            | ReplicaEnd::NotRemoved
            | ReplicaEnd::Kept => Self::Vanished { replica },
        }
    }
}

impl DatabaseMemory {
    /// The change is over. How long it took.
    pub(crate) fn end(&mut self, end: ReplicaEnd, cause: &str, now: Timestamp) -> SignedDuration {
        let Some(change) = self.change.take() else { return SignedDuration::ZERO };
        match end {
            ReplicaEnd::Added => self.failure = None,
            ReplicaEnd::Removed if !change.failed => self.failure = None,
            ReplicaEnd::NotAdded | ReplicaEnd::NotRemoved => self.count_failure(cause, now),
            ReplicaEnd::Vanished if change.step.adds() => self.count_failure(cause, now),
            ReplicaEnd::Removed
            | ReplicaEnd::Vanished
            | ReplicaEnd::Promoted
            | ReplicaEnd::Writer
            | ReplicaEnd::Kept => {}
        }
        if end != ReplicaEnd::NotAdded && end != ReplicaEnd::NotRemoved {
            self.changed_at = Some(now);
        }
        if matches!(
            end,
            ReplicaEnd::Removed | ReplicaEnd::Vanished | ReplicaEnd::Promoted | ReplicaEnd::Writer
        ) {
            self.replicas.remove(&change.replica);
        }
        self.tell(ReplicaOutcome {
            replica: change.replica,
            end,
            at: now,
            began: change.began,
            cause: cause.to_owned(),
        });
        since(change.began, now)
    }

    /// One more change has failed: the next one waits longer.
    pub(crate) fn count_failure(&mut self, cause: &str, now: Timestamp) {
        let count = self.failure.as_ref().map_or(0, |failure| failure.count).saturating_add(1);
        self.failure =
            Some(FailedReplicaChanges { count, at: now, cause: cause.to_owned(), no_capacity: false });
    }

    /// Operators are to be told of it, until SNS has taken that.
    pub(crate) fn tell(&mut self, outcome: ReplicaOutcome) {
        self.outcomes.retain(|told| (&told.replica, told.end) != (&outcome.replica, outcome.end));
        self.outcomes.push(outcome);
        self.outcomes.drain(..self.outcomes.len().saturating_sub(MOST_OUTCOMES));
    }
}
