//! What the ledger holds of a database is believed only as far as it can be true: whoever may write the table can put
//! anything there.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::database::call::DatabaseCall;
use crate::database::watch::ActiveDatabaseNotice;
use crate::one_line::one_line;
use crate::replicas::capacity::MOST_ZONES;
use crate::replicas::ends::MOST_OUTCOMES;
use crate::replicas::memory::{
    DatabaseMemory, FailedReplicaChanges, ReplicaChange, ReplicaMemory, ReplicaOutcome, ReplicaPlace,
    ZoneWithoutCapacity,
};

/// The clocks of two processes differ by so much at most.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// A source has at most 15 replicas of RDS, and those of the last minutes are remembered.
const MOST_REPLICAS: usize = 64;
const MOST_NOTICES: usize = 256;

/// `DBInstanceIdentifier`.
const LONGEST_ID: usize = 63;
const LONGEST_TEXT: usize = 250;

impl DatabaseMemory {
    /// Takes times of the future for now, and texts and lists only as long as Tidegate makes them. Every field is named, so that
    /// a new one cannot be forgotten.
    pub fn believe(&mut self, now: Timestamp) {
        let Self { change, replicas, changed_at, failure, no_capacity, active, outcomes } = self;
        fewer(replicas, MOST_REPLICAS);
        fewer(active, MOST_NOTICES);
        outcomes.drain(..outcomes.len().saturating_sub(MOST_OUTCOMES));
        no_capacity.drain(..no_capacity.len().saturating_sub(MOST_ZONES));
        let mut times: Vec<&mut Timestamp> = changed_at.iter_mut().collect();
        if let Some(ReplicaChange { replica, step: _, since, began, call, failed: _, place }) = change {
            one_line(replica, LONGEST_ID);
            times.extend([since, began]);
            if let Some(ReplicaPlace { class, zone }) = place {
                believe_place(class, zone);
            }
            if let Some(DatabaseCall { evaluation, at, taken: _, failures: _ }) = call {
                one_line(evaluation, LONGEST_TEXT);
                times.push(at);
            }
        }
        for remembered in replicas.values_mut() {
            let ReplicaMemory {
                created_at,
                caught_up_at,
                answers_since,
                lags_since,
                is_critical: _,
                broken_since,
                is_new: _,
                gone_since,
            } = remembered;
            let all = [created_at, caught_up_at, answers_since, lags_since, broken_since, gone_since];
            times.extend(all.into_iter().flatten());
        }
        if let Some(FailedReplicaChanges { count: _, at, cause, no_capacity: _ }) = failure {
            one_line(cause, LONGEST_TEXT);
            times.push(at);
        }
        for ZoneWithoutCapacity { class, zone, at } in no_capacity {
            believe_place(class, zone);
            times.push(at);
        }
        for ActiveDatabaseNotice { since, severity: _, notified: _, ended: _, detail } in active.values_mut()
        {
            one_line(detail, LONGEST_TEXT);
            times.push(since);
        }
        for ReplicaOutcome { replica, end: _, at, began, cause } in outcomes {
            one_line(replica, LONGEST_ID);
            one_line(cause, LONGEST_TEXT);
            times.extend([at, began]);
        }
        let latest = now.saturating_add(CLOCKS_DIFFER).unwrap_or(now);
        times.into_iter().filter(|time| **time > latest).for_each(|time| *time = now);
    }
}

fn believe_place(class: &mut String, zone: &mut Option<String>) {
    one_line(class, LONGEST_ID);
    if let Some(zone) = zone {
        one_line(zone, LONGEST_ID);
    }
}

/// Keeps as many names as there can be.
fn fewer<V>(map: &mut BTreeMap<String, V>, most: usize) {
    if let Some(first_too_many) = map.keys().nth(most).cloned() {
        map.split_off(&first_too_many);
    }
}
