//! What operators are notified of in one evaluation: what lasts, and what came of changes.

use jiff::Timestamp;

use crate::clock::since;
use crate::database::notice::{DatabaseNotice, NoticePhase};
use crate::database::watch::{self, Watch};
use crate::replicas::memory::{DatabaseMemory, ReplicaEnd, ReplicaOutcome};
use crate::rule::Span;
use crate::severity::Severity;

/// Compares what is remembered with what is found: what is to be notified of now. It stays so until SNS has taken it.
pub(crate) fn told(
    memory: &mut DatabaseMemory,
    watches: Vec<Watch>,
    is_complete: bool,
    now: Timestamp,
) -> Vec<DatabaseNotice> {
    let lasting = watch::compare(&mut memory.active, watches, is_complete, now);
    lasting.into_iter().chain(memory.outcomes.iter().map(happened)).collect()
}

/// A change that is over.
fn happened(outcome: &ReplicaOutcome) -> DatabaseNotice {
    let ReplicaOutcome { replica, end, at, began, cause } = outcome;
    let took = Span(since(*began, *at));
    let (severity, verdict) = match end {
        ReplicaEnd::Added => (Severity::Info, format!("{replica} added, caught up after {took}")),
        ReplicaEnd::NotAdded => (Severity::Warning, format!("{replica} not added")),
        ReplicaEnd::Removed => (Severity::Info, format!("{replica} removed, after {took}")),
        ReplicaEnd::NotRemoved => (Severity::Warning, format!("{replica} not removed")),
        ReplicaEnd::Kept => (Severity::Info, format!("{replica} kept, its removal given up")),
        ReplicaEnd::Vanished => (Severity::Warning, format!("{replica} is gone, not removed by Tidegate")),
        ReplicaEnd::Promoted => {
            (Severity::Warning, format!("{replica} was promoted and is no replica any more"))
        }
        ReplicaEnd::Writer => (Severity::Info, format!("{replica} is the writer now")),
    };
    let advice = match end {
        ReplicaEnd::NotAdded => Some("The next attempt waits longer each time: see the cause."),
        ReplicaEnd::NotRemoved => Some("It answers reads again: see the cause, or delete it by hand."),
        ReplicaEnd::Vanished => Some("Ask CloudTrail for DeleteDBInstance: who deleted it?"),
        ReplicaEnd::Promoted => Some("Ask CloudTrail for PromoteReadReplica: who promoted it?"),
        ReplicaEnd::Added | ReplicaEnd::Removed | ReplicaEnd::Kept | ReplicaEnd::Writer => None,
    };
    DatabaseNotice {
        about: outcome.about(),
        severity,
        phase: NoticePhase::Happened,
        verdict,
        cause: (!cause.is_empty()).then(|| cause.clone()),
        advice: advice.map(str::to_owned),
    }
}

impl ReplicaOutcome {
    /// What its notice is about: a change has one end.
    pub(crate) fn about(&self) -> String {
        let how = match self.end {
            ReplicaEnd::Added => "added",
            ReplicaEnd::NotAdded => "not added",
            ReplicaEnd::Removed => "removed",
            ReplicaEnd::NotRemoved => "not removed",
            ReplicaEnd::Kept => "kept",
            ReplicaEnd::Vanished => "gone",
            ReplicaEnd::Promoted => "promoted",
            ReplicaEnd::Writer => "writer",
        };
        format!("{how} {}", self.replica)
    }
}
