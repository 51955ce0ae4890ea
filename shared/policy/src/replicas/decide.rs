//! The steps of a decision about replicas, top to bottom.

use jiff::Timestamp;

use crate::clock::{since, to_the_millisecond};
use crate::overrides::{self, Override};
use crate::reading::Absence;
use crate::replicas::count;
use crate::replicas::decision::ReplicaDecision;
use crate::replicas::follow::{Followed, GONE_WITHIN, follow, note_readers};
use crate::replicas::in_force::BoundsInForce;
use crate::replicas::lag::{self, Judged};
use crate::replicas::memory::{DatabaseMemory, ReplicaOutcome};
use crate::replicas::notices;
use crate::replicas::observation::{DatabaseObservation, Instances, Replica, Status};
use crate::replicas::policy::DatabasePolicy;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::records::{RecordsDecision, records};
use crate::replicas::scene::{DatabaseScene, missed};
use crate::replicas::slots::{self, SlotsSeen};
use crate::replicas::told::told;

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

/// Decides about the replicas of one database. Pure and total: the same arguments give the same decision, and none panics.
pub fn decide(
    seen: &DatabaseObservation,
    policy: &DatabasePolicy,
    memory: &DatabaseMemory,
    turn: ReplicaTurn<'_>,
) -> ReplicaDecision {
    let now = to_the_millisecond(turn.now);
    let mut memory = memory.clone();
    let instances = match &seen.instances {
        Ok(instances) => instances,
        Err(absence) => return unread(absence, memory, now),
    };
    let mut scene = look(seen, instances, policy, &mut memory, ReplicaTurn { now, ..turn });
    note_readers(&scene, &mut memory);
    let Followed { call, mut reasons } = follow(&scene, &mut memory);
    reasons.extend(forget(&scene, &mut memory));
    scene.missed = missed(&memory);
    reasons.extend(scene.judged.iter().flat_map(|judged| judged.reasons.clone()));
    reasons.extend(slot_disk(&scene));
    let counted = count::count(&scene, &mut memory);
    // A removal that begins in this evaluation takes its record out in it.
    let RecordsDecision { changes, reasons: of_records, state } = records(&scene, memory.removing());
    reasons.extend(of_records);
    reasons.extend(counted.reasons);
    // It is told once, whatever it holds back.
    reasons.extend(scene.blue_green().filter(|reason| !reasons.contains(reason)));
    let watches = notices::all(&scene, &memory, &state, &reasons);
    let notices = told(&mut memory, watches, true, now);
    if reasons.is_empty() {
        reasons.push(ReplicaReason::NothingToDo);
    }
    ReplicaDecision {
        call: call.or(counted.call),
        records: changes,
        reasons,
        notices,
        memory,
        count: counted.count,
    }
}

/// RDS could not be read completely: what is missing in a part of the answer may exist, so nothing is changed.
fn unread(absence: &Absence, mut memory: DatabaseMemory, now: Timestamp) -> ReplicaDecision {
    let notices = told(&mut memory, notices::unreadable(absence), false, now);
    let reasons = vec![ReplicaReason::Unreadable { absence: absence.clone() }];
    ReplicaDecision { call: None, records: Vec::new(), reasons, notices, memory, count: None }
}

/// Everything that is seen and remembered, put together; the memory of each replica is brought up to date.
fn look<'a>(
    seen: &'a DatabaseObservation,
    instances: &'a Instances,
    policy: &'a DatabasePolicy,
    memory: &mut DatabaseMemory,
    turn: ReplicaTurn<'a>,
) -> DatabaseScene<'a> {
    let now = turn.now;
    let judge = |replica: &'a Replica| {
        let before = memory.replicas.get(&replica.id).cloned().unwrap_or_default();
        lag::judge(replica, &instances.source, policy.lag, before, now)
    };
    let judged: Vec<Judged<'a>> = instances.replicas.iter().map(judge).collect();
    // Before it was known as the green side, it may have been taken for a replica: it is not missed as one.
    if let Some(green) = &instances.green {
        memory.replicas.remove(green);
    }
    for one in &judged {
        // One that is being deleted and was forgotten is not missed once more when it is gone.
        let is_known = memory.replicas.contains_key(&one.replica.id);
        if is_known || one.replica.status != Status::Deleting {
            memory.replicas.insert(one.replica.id.clone(), one.memory.clone());
        }
    }
    for (id, remembered) in &mut memory.replicas {
        if !judged.iter().any(|one| one.replica.id == *id) {
            remembered.gone_since.get_or_insert(now);
            remembered.answers_since = None;
        }
    }
    let rows = overrides::of(turn.overrides, turn.database, now);
    DatabaseScene {
        seen,
        instances,
        policy,
        missed: missed(memory),
        judged,
        in_force: policy.count.as_ref().map(|count| BoundsInForce::of(count, &rows)),
        evaluation: turn.evaluation,
        observe: turn.observe,
        now,
    }
}

/// Replicas that are gone for good, other than the one whose change says so, are told and forgotten.
fn forget(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory) -> Vec<ReplicaReason> {
    let of_change = memory.change.as_ref().map(|change| change.replica.clone());
    let is_gone = |at: &Timestamp| since(*at, scene.now) >= GONE_WITHIN;
    let missed = scene.missed.iter().filter(|(id, at)| Some(id) != of_change.as_ref() && is_gone(at));
    let mut reasons = Vec::new();
    for (replica, gone_since) in missed {
        if memory.replicas.remove(replica).is_some() {
            let end = scene.became(replica);
            memory.tell(ReplicaOutcome {
                replica: replica.clone(),
                end,
                at: scene.now,
                began: *gone_since,
                cause: String::new(),
            });
            reasons.push(ReplicaReason::gone(end, replica.clone()));
        }
    }
    reasons
}

/// What replication slots keep, where that is much.
fn slot_disk(scene: &DatabaseScene<'_>) -> Option<ReplicaReason> {
    let allocated = scene.instances.source.allocated_storage;
    match slots::look(&scene.instances.source, scene.now) {
        SlotsSeen::Full { used, free, .. } => Some(ReplicaReason::SlotDisk { used, free, allocated }),
        SlotsSeen::Calm | SlotsSeen::Unclear => None,
    }
}
