//! The change under way, followed by what RDS shows: a change is over when that shows it, not when it was asked for.

use jiff::SignedDuration;

use crate::clock::since;
use crate::replicas::calls::Sending;
use crate::replicas::capacity;
use crate::replicas::create;
use crate::replicas::decision::InstanceCall;
use crate::replicas::drain;
use crate::replicas::in_force::BoundsInForce;
use crate::replicas::lag::{CAUGHT_UP_WITHIN, Judged};
use crate::replicas::memory::{DatabaseMemory, ReplicaChange, ReplicaEnd, ReplicaPlace, ReplicaStep};
use crate::replicas::observation::Status;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::DatabaseScene;

/// A complete answer of RDS may be minutes old. What was shown once and is in none of the answers of so long is gone.
pub(crate) const GONE_WITHIN: SignedDuration = SignedDuration::from_mins(3);

/// A replica that RDS has not shown for so long after it was asked for will not come; one that RDS still shows so long after
/// its deletion was asked for will not go.
const COMES_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What one evaluation does about the change under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Followed {
    pub(crate) call: Option<InstanceCall>,
    pub(crate) reasons: Vec<ReplicaReason>,
}

impl Followed {
    pub(crate) fn because(reason: ReplicaReason) -> Self {
        Self { call: None, reasons: vec![reason] }
    }
}

/// Follows the change under way, if there is one: `memory.change` is none where it is over.
pub(crate) fn follow(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory) -> Followed {
    let Some(change) = memory.change.clone() else { return Followed::default() };
    match (change.step, scene.find(&change.replica)) {
        (ReplicaStep::Draining | ReplicaStep::Deleting, Some(old)) if is_later(old, &change) => {
            memory.change = None;
            Followed::default()
        }
        (ReplicaStep::Requested, None) => requested(scene, memory, &change),
        (ReplicaStep::Deleting, None) if scene.is_instance(&change.replica) => {
            still_there(scene, memory, &change)
        }
        (ReplicaStep::Deleting, None) => {
            let cause = if change.failed { "it had failed" } else { "" };
            let took = memory.end(ReplicaEnd::Removed, cause, scene.now);
            Followed::because(ReplicaReason::Removed { replica: change.replica, took })
        }
        (ReplicaStep::Creating | ReplicaStep::CatchingUp | ReplicaStep::Draining, None) => {
            gone(scene, memory, &change)
        }
        (ReplicaStep::Requested | ReplicaStep::Creating | ReplicaStep::CatchingUp, Some(new)) => {
            creating(scene, memory, &change, new)
        }
        (ReplicaStep::Draining, Some(old)) => drain::draining(scene, memory, &change, old).into(),
        (ReplicaStep::Deleting, Some(old)) => drain::deleting(scene, memory, &change, old).into(),
    }
}

/// An instance that was created after its removal began is another one under the same name: a ledger that was restored from before
/// asks for the end of one that is gone.
fn is_later(old: &Judged<'_>, change: &ReplicaChange) -> bool {
    old.replica.created_at.is_some_and(|created_at| created_at > change.began)
}

/// It was asked for, and RDS does not show it yet.
fn requested(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory, change: &ReplicaChange) -> Followed {
    let replica = || change.replica.clone();
    if since(change.began, scene.now) >= COMES_WITHIN {
        let cause = "RDS has not shown it for an hour";
        memory.end(ReplicaEnd::NotAdded, cause, scene.now);
        return Followed::because(ReplicaReason::NotAdded { replica: replica(), cause: cause.to_owned() });
    }
    let waits = ReplicaReason::Requested { replica: replica(), since: change.began };
    match change.sending(scene.evaluation, scene.now) {
        Sending::Waits(reason) => Followed::because(reason.unwrap_or(waits)),
        Sending::Now(call, again) => {
            let may_add = scene.in_force.as_ref().is_some_and(|in_force| !in_force.holds_out);
            // What is asked for already is no longer `taken` by anyone but it.
            let refused = scene.blocked_source().or_else(|| create::refused(scene));
            let refused = refused.or_else(|| too_many(scene));
            if scene.observe || !may_add || refused.is_some() {
                return Followed { call: None, reasons: [waits].into_iter().chain(refused).collect() };
            }
            // The same call, so that one which RDS took already is the same replica.
            let place = change.place.clone().map_or_else(|| create::place(scene, memory), Ok);
            let place = match place {
                Ok(place) => place,
                Err(class) => {
                    memory.change = None;
                    return Followed::because(capacity::none_left(scene, memory, &class));
                }
            };
            memory.change =
                Some(ReplicaChange { call: Some(call), place: Some(place.clone()), ..change.clone() });
            let new = create::replica(scene, replica(), place);
            Followed { call: Some(InstanceCall::Create(new)), reasons: vec![again.unwrap_or(waits)] }
        }
    }
}

/// Somebody else has filled the maximum since it was asked for.
fn too_many(scene: &DatabaseScene<'_>) -> Option<ReplicaReason> {
    let max = scene.in_force.as_ref().map(BoundsInForce::most)?;
    (scene.count() >= max).then_some(ReplicaReason::AtMax { max })
}

/// It was shown once, and is not any more.
fn gone(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory, change: &ReplicaChange) -> Followed {
    let replica = change.replica.clone();
    let gone_since = memory.replicas.get(&replica).and_then(|it| it.gone_since).unwrap_or(change.since);
    if since(gone_since, scene.now) < GONE_WITHIN {
        return Followed::because(ReplicaReason::Missed { replica, since: gone_since });
    }
    let end = scene.became(&replica);
    let cause = if end == ReplicaEnd::Vanished { "RDS does not show it any more" } else { "" };
    memory.end(end, cause, scene.now);
    Followed::because(ReplicaReason::gone(end, replica))
}

/// It was to be deleted, and is no replica any more, although RDS still shows the instance. The writer of a cluster is not
/// deleted any more; another instance may be on its way out, and is promoted if it stays.
fn still_there(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory, change: &ReplicaChange) -> Followed {
    let is_promoted = since(change.since, scene.now) >= COMES_WITHIN;
    if is_promoted || scene.became(&change.replica) == ReplicaEnd::Writer {
        return gone(scene, memory, change);
    }
    let (replica, since) = (change.replica.clone(), change.since);
    Followed::because(ReplicaReason::DeleteRequested { replica, since })
}

/// A replica that somebody may read from is new no more, whatever becomes of that: nothing says then that nobody ever did.
pub(crate) fn note_readers(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory) {
    for judged in scene.judged.iter().filter(|judged| scene.may_be_read(judged.replica)) {
        if let Some(remembered) = memory.replicas.get_mut(&judged.replica.id) {
            remembered.is_new = false;
        }
    }
}

/// RDS shows the new replica.
fn creating(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    change: &ReplicaChange,
    new: &Judged<'_>,
) -> Followed {
    let replica = || change.replica.clone();
    // It stays so until it counts, or somebody may read from it.
    if change.step == ReplicaStep::Requested
        && let Some(remembered) = memory.replicas.get_mut(&change.replica)
    {
        remembered.is_new = !new.is_serving() && !scene.may_be_read(new.replica);
    }
    let step = match &new.replica.status {
        Status::Failed(status) => return failed(scene, memory, change, new, status),
        Status::Deleting => {
            let status = "deleting".to_owned();
            let reason = ReplicaReason::NotAvailable { instance: replica(), status };
            return Followed::because(reason);
        }
        Status::Available if new.is_serving() => {
            let took = memory.end(ReplicaEnd::Added, "", scene.now);
            return Followed::because(ReplicaReason::Added { replica: replica(), took });
        }
        Status::Available => ReplicaStep::CatchingUp,
        Status::Creating | Status::Changing(_) => ReplicaStep::Creating,
    };
    let since = if change.step == step { change.since } else { scene.now };
    memory.change = Some(ReplicaChange { step, since, call: None, ..change.clone() });
    Followed::because(match step {
        ReplicaStep::CatchingUp => ReplicaReason::CatchingUp {
            replica: replica(),
            lag: new.lag,
            is_initialized: new.replica.is_initialized,
            limit: scene.policy.lag.map_or(CAUGHT_UP_WITHIN, |lag| lag.warning).as_secs_f64(),
        },
        ReplicaStep::Requested | ReplicaStep::Creating | ReplicaStep::Draining | ReplicaStep::Deleting => {
            ReplicaReason::Creating { replica: replica(), since: change.began }
        }
    })
}

/// The new replica has failed: that is told, and it is removed.
fn failed(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    change: &ReplicaChange,
    new: &Judged<'_>,
    status: &str,
) -> Followed {
    let cause = format!("its status is {status}");
    let lacks_capacity = status == capacity::STATUS;
    let was_without = memory.failure.as_ref().is_some_and(|failure| failure.no_capacity);
    if lacks_capacity {
        // RDS may show no zone of an instance that never was in one: what was asked for is known.
        let shown = || ReplicaPlace { class: new.replica.class.clone(), zone: new.replica.zone.clone() };
        memory.note_no_capacity(change.place.clone().unwrap_or_else(shown), scene.now);
    }
    memory.end(ReplicaEnd::NotAdded, &cause, scene.now);
    if let Some(failure) = memory.failure.as_mut().filter(|_| lacks_capacity && was_without) {
        failure.no_capacity = true;
    }
    let not_added = ReplicaReason::NotAdded { replica: change.replica.clone(), cause };
    let mut followed: Followed = drain::clean_up(scene, memory, new, status).into();
    followed.reasons.insert(0, not_added);
    followed
}

impl From<drain::RemovalStep> for Followed {
    fn from(step: drain::RemovalStep) -> Self {
        let drain::RemovalStep { deletes, reason, blocked } = step;
        let reasons = [reason].into_iter().chain(blocked).collect();
        Self { call: deletes.map(|replica| InstanceCall::Delete { replica }), reasons }
    }
}
