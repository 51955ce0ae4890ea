//! A replica that is removed: out of the records, then without connections, then deleted. Up to the call it can be kept.

use jiff::SignedDuration;

use crate::clock::since;
use crate::database::points::LoadPoints;
use crate::replicas::calls::Sending;
use crate::replicas::lag::Judged;
use crate::replicas::load;
use crate::replicas::memory::{DatabaseMemory, ReplicaChange, ReplicaEnd, ReplicaStep};
use crate::replicas::observation::Status;
use crate::replicas::policy::OUR_RECORDS;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::DatabaseScene;
use crate::replicas::why::KeptWhy;

/// Route 53 brings a change to all of its servers within so long; then the TTL begins.
const RECORDS_SPREAD: SignedDuration = SignedDuration::from_mins(1);

/// So many minutes without a connection are none: one alone may fall between two connections of a pool.
const MINUTES_WITHOUT: usize = 3;

/// A removal that could not be finished for so long after its time, since the load of the others is not known, is given up.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_mins(30);

/// A removal that another change, or observe mode, has kept from its end for so long after its time is given up: what holds it back
/// may last for days, and the replica is well and paid for.
const BLOCKED_FOR: SignedDuration = SignedDuration::from_hours(2);

/// What one evaluation does about a replica that is removed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RemovalStep {
    /// The replica to delete.
    pub(crate) deletes: Option<String>,
    pub(crate) reason: ReplicaReason,
    /// What keeps it from being deleted although its time is over.
    pub(crate) blocked: Option<ReplicaReason>,
}

impl RemovalStep {
    fn waits(reason: ReplicaReason) -> Self {
        Self { deletes: None, reason, blocked: None }
    }

    fn deletes(replica: String, reason: ReplicaReason) -> Self {
        Self { deletes: Some(replica), reason, blocked: None }
    }
}

/// Whether a removal that has begun is still right.
enum StillRight {
    Yes,
    /// The load of the others is not known.
    Unknown,
    No(KeptWhy),
}

/// The replica answers no reads any more, and waits for its connections to end.
pub(crate) fn draining(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    change: &ReplicaChange,
    old: &Judged<'_>,
) -> RemovalStep {
    let (now, replica) = (scene.now, || change.replica.clone());
    let drain = scene.policy.count.as_ref().map_or(SignedDuration::ZERO, |count| count.drain);
    let still_right = still_right(scene, old);
    if let StillRight::No(why) = still_right {
        return kept(memory, why, scene);
    }
    if let Status::Failed(_) = &old.replica.status {
        return kept(memory, KeptWhy::Failed, scene);
    }
    if has_record(scene, &change.replica) {
        memory.change = Some(ReplicaChange { since: now, ..change.clone() });
        return RemovalStep::waits(ReplicaReason::DrainingRecord { replica: replica() });
    }
    let (until, waited) = (change.since.saturating_add(drain).unwrap_or(now), since(change.since, now));
    let connections = LoadPoints::of(&old.replica.connections, None, now);
    let newest = connections.as_ref().and_then(|points| points.newest(now)).map(|point| point.value);
    let is_drained = waited >= drain || is_without_connections(scene, change, connections.as_ref());
    let is_out = waited >= out_of_resolvers(scene);
    // A replica that is not available blocks too, the one that is removed included.
    let blocked = scene.observe.then_some(ReplicaReason::Observed).or_else(|| scene.blocked());
    if let Some(blocked) = blocked.clone().filter(|_| waited >= drain.saturating_add(BLOCKED_FOR)) {
        return kept_from_its_end(memory, blocked, scene);
    }
    if !is_drained || !is_out || blocked.is_some() {
        let waits = ReplicaReason::Draining { replica: replica(), connections: newest, until };
        let blocked = blocked.filter(|_| is_drained && is_out);
        return RemovalStep { blocked, ..RemovalStep::waits(waits) };
    }
    if matches!(still_right, StillRight::Unknown) {
        if waited >= drain.saturating_add(UNKNOWN_FOR) {
            return kept(memory, KeptWhy::LoadUnknown, scene);
        }
        return RemovalStep::waits(ReplicaReason::DrainingUnknown { replica: replica() });
    }
    let deleting = ReplicaChange::calling(replica(), ReplicaStep::Deleting, scene.evaluation, now);
    memory.change = Some(ReplicaChange { began: change.began, ..deleting });
    RemovalStep::deletes(replica(), ReplicaReason::Delete { replica: replica() })
}

/// The call to delete it was meant to be sent, and RDS still shows it.
pub(crate) fn deleting(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    change: &ReplicaChange,
    old: &Judged<'_>,
) -> RemovalStep {
    let replica = || change.replica.clone();
    let (id, since) = (replica(), change.since);
    if old.replica.status == Status::Deleting {
        return RemovalStep::waits(ReplicaReason::Deleting { replica: id, since });
    }
    let waits = ReplicaReason::DeleteRequested { replica: id, since };
    match change.sending(scene.evaluation, scene.now) {
        Sending::Waits(reason) => RemovalStep::waits(reason.unwrap_or(waits)),
        Sending::Now(..) if scene.observe => RemovalStep::waits(waits),
        Sending::Now(call, again) => {
            let still_right =
                if change.failed { still_failed(scene, memory, old) } else { still_right(scene, old) };
            match still_right {
                // Whether it is kept is not known before the last call certainly shows.
                StillRight::No(_) if change.may_be_taken(scene.now) => return RemovalStep::waits(waits),
                StillRight::No(why) => return kept(memory, why, scene),
                // A ledger that was restored from before: reads go there, and it is drained first.
                StillRight::Yes | StillRight::Unknown
                    if !change.failed && has_record(scene, &change.replica) =>
                {
                    return if change.may_be_taken(scene.now) {
                        RemovalStep::waits(waits)
                    } else {
                        drained_again(scene, memory, change)
                    };
                }
                StillRight::Unknown if change.failed => return RemovalStep::waits(waits),
                StillRight::Unknown => {
                    return RemovalStep::waits(ReplicaReason::DrainingUnknown { replica: replica() });
                }
                StillRight::Yes if !change.failed && scene.blocked().is_some() => {
                    return RemovalStep::waits(waits);
                }
                StillRight::Yes => {}
            }
            memory.change = Some(ReplicaChange { call: Some(call), ..change.clone() });
            RemovalStep::deletes(replica(), again.unwrap_or(waits))
        }
    }
}

/// Its record goes first once more, and its connections after it.
fn drained_again(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    change: &ReplicaChange,
) -> RemovalStep {
    let (step, since, replica) = (ReplicaStep::Draining, scene.now, change.replica.clone());
    memory.change = Some(ReplicaChange { step, since, call: None, ..change.clone() });
    RemovalStep::waits(ReplicaReason::DrainingRecord { replica })
}

/// A replica of ours that failed before it ever served is removed, where that is allowed now. One that served is left to
/// operators: `incompatible-…` may be repaired, and the data or the settings that caused it may be needed.
pub(crate) fn clean_up(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    old: &Judged<'_>,
    status: &str,
) -> RemovalStep {
    let replica = old.replica.id.clone();
    if scene.observe || !matches!(still_failed(scene, memory, old), StillRight::Yes) {
        let (instance, status) = (replica, status.to_owned());
        return RemovalStep::waits(ReplicaReason::NotAvailable { instance, status });
    }
    let change = ReplicaChange::calling(replica.clone(), ReplicaStep::Deleting, scene.evaluation, scene.now);
    memory.change = Some(ReplicaChange { failed: true, ..change });
    let reason = ReplicaReason::CleanedUp { replica: replica.clone(), status: status.to_owned() };
    RemovalStep::deletes(replica, reason)
}

/// The removal is given up; the replica answers reads again.
fn kept(memory: &mut DatabaseMemory, why: KeptWhy, scene: &DatabaseScene<'_>) -> RemovalStep {
    let replica = memory.change.as_ref().map(|change| change.replica.clone()).unwrap_or_default();
    memory.end(ReplicaEnd::Kept, why.in_words(), scene.now);
    RemovalStep::waits(ReplicaReason::Kept { replica, why })
}

/// The removal is given up, since something else has kept it from its end for long.
fn kept_from_its_end(
    memory: &mut DatabaseMemory,
    blocked: ReplicaReason,
    scene: &DatabaseScene<'_>,
) -> RemovalStep {
    let (replica, why) = (memory.removing().unwrap_or_default().to_owned(), KeptWhy::Blocked);
    memory.end(ReplicaEnd::Kept, &format!("{}: {blocked}", why.in_words()), scene.now);
    RemovalStep { blocked: Some(blocked), ..RemovalStep::waits(ReplicaReason::Kept { replica, why }) }
}

/// A replica that failed is still a failed one that never served, and may be removed.
fn still_failed(scene: &DatabaseScene<'_>, memory: &DatabaseMemory, old: &Judged<'_>) -> StillRight {
    let holds = scene.in_force.as_ref().is_none_or(|in_force| in_force.holds_in);
    let is_failed = matches!(old.replica.status, Status::Failed(_));
    if scene.instances.green.is_some() {
        StillRight::No(KeptWhy::BlueGreen)
    } else if holds {
        StillRight::No(KeptWhy::Held)
    } else if is_failed && !memory.has_never_served(&old.replica.id) {
        StillRight::No(KeptWhy::Failed)
    } else if is_failed && matches!(scene.seen.records, Some(Err(_))) {
        // Whether a record of others names it is not known.
        StillRight::Unknown
    } else if is_failed && scene.is_removable(old.replica) {
        StillRight::Yes
    } else {
        StillRight::No(KeptWhy::NotOurs)
    }
}

/// Whether removing it is still right, by what is known now.
fn still_right(scene: &DatabaseScene<'_>, old: &Judged<'_>) -> StillRight {
    let id = old.replica.id.as_str();
    let (Some(in_force), Some(count)) = (&scene.in_force, &scene.policy.count) else {
        return StillRight::No(KeptWhy::Held);
    };
    if scene.instances.green.is_some() {
        return StillRight::No(KeptWhy::BlueGreen);
    }
    if in_force.holds_in || in_force.pin.is_some_and(|pin| scene.count() <= pin) {
        return StillRight::No(KeptWhy::Held);
    }
    if !scene.is_removable(old.replica) {
        return StillRight::No(KeptWhy::NotOurs);
    }
    if scene.answering_count(Some(id)) < in_force.least() {
        return StillRight::No(KeptWhy::TooFewLeft);
    }
    if scene.count() > in_force.most() {
        return StillRight::Yes;
    }
    let Some(out) = &count.scale_out else { return StillRight::Yes };
    let load = |judged: &Judged<'_>| load::points(judged, out, None, scene.now)?.load(scene.now);
    let loads: Vec<Option<f64>> = scene.answering(Some(id)).map(load).collect();
    let breaches = |load: &f64| out.comparison.holds(*load, out.threshold);
    if loads.iter().flatten().any(breaches) {
        StillRight::No(KeptWhy::LoadRose)
    } else if loads.iter().any(Option::is_none) {
        StillRight::Unknown
    } else {
        StillRight::Yes
    }
}

/// It is still in the records, or they could not be read.
fn has_record(scene: &DatabaseScene<'_>, replica: &str) -> bool {
    let is_of = |id: &String| id.strip_prefix(OUR_RECORDS) == Some(replica);
    match &scene.seen.records {
        None => false,
        Some(Err(_)) => true,
        Some(Ok(records)) => records.iter().filter_map(|record| record.set_identifier.as_ref()).any(is_of),
    }
}

/// How long resolvers may still give out its record.
fn out_of_resolvers(scene: &DatabaseScene<'_>) -> SignedDuration {
    let ttl = scene.policy.dns.as_ref().map(|dns| SignedDuration::from_secs(i64::from(dns.ttl)));
    ttl.map_or(SignedDuration::ZERO, |ttl| ttl.saturating_add(RECORDS_SPREAD))
}

/// Every minute since its record was out of the resolvers is without a connection, by what has settled.
fn is_without_connections(
    scene: &DatabaseScene<'_>,
    change: &ReplicaChange,
    points: Option<&LoadPoints>,
) -> bool {
    let out = change.since.saturating_add(out_of_resolvers(scene)).unwrap_or(change.since);
    let Some(points) = points else { return false };
    let after = points.settled.iter().filter(|point| point.at > out);
    let newest: Vec<f64> = after.rev().take(MINUTES_WITHOUT).map(|point| point.value).collect();
    newest.len() >= MINUTES_WITHOUT && newest.iter().all(|count| *count <= 0.0)
}
