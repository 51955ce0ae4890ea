//! What the ledger holds of a database is believed only as far as it can be true.

use tidegate_policy::Severity;
use tidegate_policy::database::call::DatabaseCall;
use tidegate_policy::database::watch::ActiveDatabaseNotice;
use tidegate_policy::replicas::memory::{
    DatabaseMemory, FailedReplicaChanges, ReplicaChange, ReplicaEnd, ReplicaMemory, ReplicaOutcome,
    ReplicaPlace, ReplicaStep, ZoneWithoutCapacity,
};

use crate::stage::{noon, seconds};

/// A memory in which everything is there, at one moment.
fn full(at: jiff::Timestamp, text: &str, count: usize) -> DatabaseMemory {
    let names = || (0..count).map(|number| format!("{text}{number}"));
    let remembered = ReplicaMemory {
        created_at: Some(at),
        caught_up_at: Some(at),
        answers_since: Some(at),
        lags_since: Some(at),
        is_critical: true,
        broken_since: Some(at),
        is_new: true,
        gone_since: Some(at),
    };
    let active = ActiveDatabaseNotice {
        since: at,
        severity: Severity::Critical,
        notified: true,
        ended: true,
        detail: text.to_owned(),
    };
    let outcome = |replica| ReplicaOutcome {
        replica,
        end: ReplicaEnd::NotAdded,
        at,
        began: at,
        cause: text.to_owned(),
    };
    let without = |name: String| ZoneWithoutCapacity { class: name.clone(), zone: Some(name), at };
    DatabaseMemory {
        change: Some(ReplicaChange {
            replica: text.to_owned(),
            step: ReplicaStep::Draining,
            since: at,
            began: at,
            call: Some(DatabaseCall { evaluation: text.to_owned(), at, taken: true, failures: 3 }),
            failed: true,
            place: Some(ReplicaPlace { class: text.to_owned(), zone: Some(text.to_owned()) }),
        }),
        replicas: names().map(|name| (name, remembered.clone())).collect(),
        changed_at: Some(at),
        failure: Some(FailedReplicaChanges { count: 2, at, cause: text.to_owned(), no_capacity: true }),
        no_capacity: names().map(without).collect(),
        active: names().map(|name| (name, active.clone())).collect(),
        outcomes: names().map(outcome).collect(),
    }
}

#[test]
fn times_of_the_future_are_now() {
    let now = noon();
    let mut memory = full(now + seconds(86_400), "shop", 2);
    memory.believe(now);
    assert_eq!(memory, full(now, "shop", 2));
    let mut near = full(now + seconds(60), "shop", 2);
    near.believe(now);
    assert_eq!(near, full(now + seconds(60), "shop", 2), "clocks differ");
}

#[test]
fn texts_and_lists_are_cut() {
    let mut memory = full(noon(), &"line\n".repeat(200), 1_000);
    memory.believe(noon());
    let json = serde_json::to_string(&memory).unwrap();
    assert!(memory.outcomes.len() == 8 && memory.replicas.len() == 64 && memory.active.len() == 256);
    assert_eq!(memory.outcomes[7].replica.len(), 63, "the newest stay");
    assert_eq!((memory.no_capacity.len(), memory.no_capacity[5].class.len()), (6, 63));
    let place = memory.change.and_then(|change| change.place).unwrap();
    assert_eq!((place.class.len(), place.zone.unwrap().len()), (63, 63));
    assert!(!memory.failure.unwrap().cause.contains('\n'));
    assert!(json.len() < 600_000, "{}", json.len());
}

#[test]
fn a_memory_that_was_written_is_the_same_when_it_is_read() {
    let memory = full(noon(), "shop", 3);
    let json = serde_json::to_string(&memory).unwrap();
    assert_eq!(serde_json::from_str::<DatabaseMemory>(&json).unwrap(), memory);
    assert_eq!(serde_json::to_string(&DatabaseMemory::default()).unwrap(), "{}");
    assert_eq!(serde_json::from_str::<DatabaseMemory>("{}").unwrap(), DatabaseMemory::default());
}
