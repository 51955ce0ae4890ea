//! What the ledger holds of a database's class is believed only as far as it can be true: whoever may write the table can put
//! anything there.

use jiff::{SignedDuration, Timestamp};

use crate::database::call::DatabaseCall;
use crate::database::watch::ActiveDatabaseNotice;
use crate::one_line::one_line;
use crate::upgrades::ends::{MOST_FIRST, MOST_OUTCOMES};
use crate::upgrades::memory::{
    ClassChange, ClassChangeBegan, ClassRequest, ClassSnapshot, PlannedChange, StorageChange, UpgradeMemory,
    UpgradeOutcome, WentFirst,
};

/// The clocks of two processes differ by so much at most.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

const MOST_NOTICES: usize = 32;
const MOST_BEGUN: usize = 64;

/// `DBInstanceIdentifier` and `DBInstanceClass`.
const LONGEST_ID: usize = 63;
/// The name of a snapshot: our prefix, that of the instance, and a minute.
const LONGEST_SNAPSHOT: usize = 100;
const LONGEST_TEXT: usize = 600;
/// Why a change ended as it did: there are many ends in an outage of SNS, and the memories of 20 databases share one item.
const LONGEST_DETAIL: usize = 300;

impl UpgradeMemory {
    /// Takes times of the future for now, and texts and lists only as long as Tidegate makes them. Every field is named, so that
    /// a new one cannot be forgotten.
    pub fn believe(&mut self, now: Timestamp) {
        let Self {
            request,
            planned,
            snapshot,
            change,
            first,
            began,
            class,
            changed_at,
            storage,
            active,
            outcomes,
        } = self;
        one_line(class, LONGEST_ID);
        first.iter_mut().for_each(believed_first);
        began.drain(..began.len().saturating_sub(MOST_BEGUN));
        outcomes.drain(..outcomes.len().saturating_sub(MOST_OUTCOMES));
        while active.len() > MOST_NOTICES {
            active.pop_last();
        }
        let mut times: Vec<&mut Timestamp> = changed_at.iter_mut().collect();
        if let Some(ClassRequest { to, now: _, snapshot: _, from, at, who, why, request }) = request {
            one_line(to, LONGEST_ID);
            one_line(from, LONGEST_ID);
            one_line(who, 64);
            one_line(why, 300);
            if let Some(request) = request {
                one_line(request, 64);
            }
            times.push(at);
        }
        // The window of a plan lies ahead.
        if let Some(PlannedChange { to, why, since, window: _, told, refused }) = planned {
            one_line(to, LONGEST_ID);
            one_line(why, LONGEST_TEXT);
            one_line(refused, LONGEST_TEXT);
            times.push(since);
            times.extend(told);
        }
        if let Some(snapshot) = snapshot {
            times.extend(believed_snapshot(snapshot));
        }
        if let Some(change) = change {
            times.extend(believed_change(change));
        }
        for ClassChangeBegan { at, window, observed: _ } in began {
            times.push(at);
            times.extend(window);
        }
        if let Some(StorageChange { to_gib: _, from_gib: _, call, refused }) = storage {
            one_line(refused, LONGEST_DETAIL);
            one_line(&mut call.evaluation, LONGEST_TEXT);
            times.push(&mut call.at);
        }
        for ActiveDatabaseNotice { since, severity: _, notified: _, ended: _, detail } in active.values_mut()
        {
            one_line(detail, LONGEST_TEXT);
            times.push(since);
        }
        for UpgradeOutcome { instance, from, to, snapshot: _, end: _, at, began, detail } in outcomes {
            for id in [instance, from, to] {
                one_line(id, LONGEST_ID);
            }
            one_line(detail, LONGEST_DETAIL);
            times.extend([at, began]);
        }
        let latest = now.saturating_add(CLOCKS_DIFFER).unwrap_or(now);
        times.into_iter().filter(|time| **time > latest).for_each(|time| *time = now);
    }
}

/// The replicas that went first: no more of them than RDS takes.
fn believed_first(WentFirst { from, to, replicas }: &mut WentFirst) {
    replicas.truncate(MOST_FIRST);
    for id in [from, to].into_iter().chain(replicas) {
        one_line(id, LONGEST_ID);
    }
}

/// The times of a snapshot; its texts are shortened.
fn believed_snapshot(snapshot: &mut ClassSnapshot) -> [&mut Timestamp; 2] {
    let ClassSnapshot { id, instance, from, to, began, call, refused, is_started: _, is_ready: _ } = snapshot;
    one_line(id, LONGEST_SNAPSHOT);
    for id in [instance, from, to] {
        one_line(id, LONGEST_ID);
    }
    one_line(refused, LONGEST_DETAIL);
    one_line(&mut call.evaluation, LONGEST_TEXT);
    [began, &mut call.at]
}

/// The times of a change; its texts are shortened. The end of its window lies ahead.
fn believed_change(change: &mut ClassChange) -> Vec<&mut Timestamp> {
    let ClassChange {
        instance,
        from,
        to,
        why,
        step: _,
        since,
        began,
        window_end: _,
        call,
        snapshot,
        offered,
        refused,
        is_started: _,
        was_seen: _,
        back_since,
    } = change;
    for id in [instance, from, to] {
        one_line(id, LONGEST_ID);
    }
    one_line(snapshot, LONGEST_SNAPSHOT);
    one_line(why, LONGEST_TEXT);
    // Both become a part of why it ended.
    one_line(offered, LONGEST_DETAIL);
    one_line(refused, LONGEST_DETAIL);
    let mut times = vec![since, began];
    times.extend(back_since);
    if let Some(DatabaseCall { evaluation, at, taken: _, failures: _ }) = call {
        one_line(evaluation, LONGEST_TEXT);
        times.push(at);
    }
    times
}
