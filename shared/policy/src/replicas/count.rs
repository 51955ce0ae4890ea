//! How many replicas there are to be, and the change that begins for it: one at a time.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::replicas::capacity;
use crate::replicas::create;
use crate::replicas::decision::{CountOf, InstanceCall};
use crate::replicas::drain;
use crate::replicas::in_force::BoundsInForce;
use crate::replicas::lag::Judged;
use crate::replicas::load::{self, CountAsked};
use crate::replicas::memory::{DatabaseMemory, ReplicaChange, ReplicaStep};
use crate::replicas::observation::Status;
use crate::replicas::policy::ReplicaCount;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::DatabaseScene;

/// What the count asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CountDecision {
    pub(crate) call: Option<InstanceCall>,
    pub(crate) reasons: Vec<ReplicaReason>,
    pub(crate) count: Option<CountOf>,
}

/// Where a change is asked for by the bounds, the cooldown does not wait: it is for what the load asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Bounds,
    Load,
}

/// Decides about the count, and begins a change if none is under way.
pub(crate) fn count(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory) -> CountDecision {
    let (Some(policy), Some(in_force)) = (&scene.policy.count, &scene.in_force) else {
        return CountDecision::default();
    };
    let there = scene.count();
    let mut counted = CountDecision { reasons: in_force.reasons.clone(), ..CountDecision::default() };
    let (asked, by, reason) = asked(scene, policy, in_force, memory.changed_at);
    let wanted = load::after(asked, there).clamp(in_force.least().min(in_force.most()), in_force.most());
    let serving = scene.answering_count(memory.removing());
    counted.count = Some(CountOf { serving, existing: there, wanted });
    if memory.change.is_some() {
        return counted;
    }
    if let Some(failed) = failed(scene, memory) {
        let step = drain::clean_up(scene, memory, failed.0, failed.1);
        counted.reasons.push(step.reason);
        counted.call = step.deletes.map(|replica| InstanceCall::Delete { replica });
        if memory.change.is_some() {
            memory
                .count_failure(&format!("the status of {} is {}", failed.0.replica.id, failed.1), scene.now);
            return counted;
        }
    }
    if asked == CountAsked::OneFewer && there <= in_force.least() {
        return counted;
    }
    counted.reasons.extend(reason);
    if asked == CountAsked::OneMore {
        counted.reasons.extend(passed_over(scene, memory));
    }
    let begun = match asked {
        CountAsked::Nothing => return counted,
        CountAsked::OneMore if there >= in_force.most() => Err(ReplicaReason::AtMax { max: in_force.most() }),
        // What does not pass by itself is told first: a notice of it must not end while the source makes a backup.
        CountAsked::OneMore => advised(scene, true)
            .and_then(|()| create::refused(scene).map_or(Ok(()), Err))
            .and_then(|()| gate(scene, policy, memory, in_force.holds_out, by))
            .and_then(|()| add(scene, memory)),
        CountAsked::OneFewer => advised(scene, false)
            .and_then(|()| gate(scene, policy, memory, in_force.holds_in, by))
            .and_then(|()| remove(scene, memory, in_force)),
    };
    match begun {
        Ok((call, reason)) => {
            counted.call = call;
            counted.reasons.push(reason);
        }
        Err(reason) => {
            // From now on all zones wait for the same moment.
            if matches!(reason, ReplicaReason::NoCapacity { .. }) {
                counted.reasons.retain(|it| !matches!(it, ReplicaReason::ZonePassedOver { .. }));
            }
            counted.reasons.push(reason);
        }
    }
    counted
}

/// What is asked for: by the bounds before the load.
fn asked(
    scene: &DatabaseScene<'_>,
    policy: &ReplicaCount,
    in_force: &BoundsInForce,
    changed_at: Option<Timestamp>,
) -> (CountAsked, By, Option<ReplicaReason>) {
    let (count, min, max) = (scene.count(), in_force.min, in_force.max);
    let by_bounds = |asked, reason| (asked, By::Bounds, Some(reason));
    match in_force.pin.map(|to| (count.cmp(&to), to)) {
        Some((Ordering::Less, to)) => by_bounds(CountAsked::OneMore, ReplicaReason::Pinned { count, to }),
        Some((Ordering::Greater, to)) => by_bounds(CountAsked::OneFewer, ReplicaReason::Pinned { count, to }),
        Some((Ordering::Equal, _)) => (CountAsked::Nothing, By::Bounds, None),
        None if count < min => by_bounds(CountAsked::OneMore, ReplicaReason::BelowMin { count, min }),
        None if count > max => by_bounds(CountAsked::OneFewer, ReplicaReason::AboveMax { count, max }),
        None => {
            let (asked, reason) = load::ask(scene, policy, changed_at);
            (asked, By::Load, reason)
        }
    }
}

/// A replica of ours that failed before it ever served, while no change is under way.
fn failed<'a>(scene: &'a DatabaseScene<'_>, memory: &DatabaseMemory) -> Option<(&'a Judged<'a>, &'a str)> {
    let may = memory.failure.as_ref().is_none_or(|failure| scene.now >= failure.retry_at());
    let failed = |judged: &'a Judged<'a>| match &judged.replica.status {
        Status::Failed(status)
            if scene.is_removable(judged.replica) && memory.has_never_served(&judged.replica.id) =>
        {
            Some((judged, status.as_str()))
        }
        Status::Failed(_) | Status::Available | Status::Creating | Status::Deleting | Status::Changing(_) => {
            None
        }
    };
    scene.judged.iter().find_map(failed).filter(|_| may)
}

/// The zones that are not tried now, since they had no capacity a while ago.
fn passed_over(scene: &DatabaseScene<'_>, memory: &DatabaseMemory) -> Vec<ReplicaReason> {
    let class = create::class(scene.policy, scene.instances);
    let zones = memory.without_capacity(&class, scene.now).filter_map(|it| {
        let until = it.at.saturating_add(capacity::PASSED_OVER_FOR).unwrap_or(it.at);
        Some(ReplicaReason::ZonePassedOver { class: class.clone(), zone: it.zone.clone()?, until })
    });
    zones.collect()
}

/// What lets no change begin now.
fn gate(
    scene: &DatabaseScene<'_>,
    policy: &ReplicaCount,
    memory: &DatabaseMemory,
    is_held: bool,
    by: By,
) -> Result<(), ReplicaReason> {
    if is_held {
        return Err(ReplicaReason::Held);
    }
    if let Some(blocked) = scene.blocked() {
        return Err(blocked);
    }
    let is_emergency = scene.in_force.as_ref().is_some_and(|in_force| in_force.is_emergency);
    if let Some(failure) = &memory.failure {
        let until = if is_emergency { failure.retry_in_emergency() } else { failure.retry_at() };
        if scene.now < until {
            let (failures, cause) = (failure.count, failure.cause.clone());
            return Err(ReplicaReason::BackingOff { failures, cause, until });
        }
    }
    let changed_at = memory.changed_at.filter(|at| since(*at, scene.now) < policy.cooldown);
    match changed_at.filter(|_| by == By::Load) {
        Some(at) => {
            let until = at.saturating_add(policy.cooldown).unwrap_or(at);
            Err(ReplicaReason::Cooldown { until })
        }
        None => Ok(()),
    }
}

/// RDS has no endpoint of readers: without a record reads reach no new replica, and go on to one that is removed.
fn advised(scene: &DatabaseScene<'_>, adds: bool) -> Result<(), ReplicaReason> {
    let is_reached = scene.policy.is_aurora || scene.policy.dns.is_some();
    if is_reached { Ok(()) } else { Err(ReplicaReason::NoDns { adds }) }
}

type Begun = Result<(Option<InstanceCall>, ReplicaReason), ReplicaReason>;

fn add(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory) -> Begun {
    if scene.observe {
        return Err(ReplicaReason::Observed);
    }
    let place = match create::place(scene, memory) {
        Ok(place) => place,
        Err(class) => return Err(capacity::none_left(scene, memory, &class)),
    };
    let new = create::replica(scene, create::name(scene, memory), place.clone());
    let change = ReplicaChange::calling(new.id.clone(), ReplicaStep::Requested, scene.evaluation, scene.now);
    memory.change = Some(ReplicaChange { place: Some(place), ..change });
    let (replica, class, zone) = (new.id.clone(), new.class.clone(), new.zone.clone());
    Ok((Some(InstanceCall::Create(new)), ReplicaReason::Create { replica, class, zone }))
}

fn remove(scene: &DatabaseScene<'_>, memory: &mut DatabaseMemory, in_force: &BoundsInForce) -> Begun {
    let candidate = candidate(scene).ok_or(ReplicaReason::NoneToRemove)?;
    let replica = candidate.replica.id.clone();
    let (answering, least) = (scene.answering_count(Some(&replica)), in_force.least());
    if answering < least {
        return Err(ReplicaReason::TooFewLeft { replica, answering, least });
    }
    if scene.observe {
        return Err(ReplicaReason::Observed);
    }
    let draining = ReplicaChange {
        call: None,
        ..ReplicaChange::calling(replica.clone(), ReplicaStep::Draining, scene.evaluation, scene.now)
    };
    memory.change = Some(draining);
    let drain = scene.policy.count.as_ref().map_or(SignedDuration::ZERO, |count| count.drain);
    Ok((None, ReplicaReason::Remove { replica, drain, is_aurora: scene.policy.is_aurora }))
}

/// Of those that may be removed one that answers no reads, then one of the fullest zone, then the newest.
fn candidate<'a>(scene: &'a DatabaseScene<'_>) -> Option<&'a Judged<'a>> {
    let in_zone = |judged: &Judged<'_>| {
        scene.judged.iter().filter(|other| other.replica.zone == judged.replica.zone).count()
    };
    let may_be = |judged: &&Judged<'_>| judged.is_available() && scene.is_removable(judged.replica);
    scene.judged.iter().filter(may_be).max_by_key(|judged| {
        let id = judged.replica.id.clone();
        (!judged.answers(), in_zone(judged), judged.replica.created_at, id.len(), id)
    })
}
