//! What the load of the replicas asks for: one more, one fewer, or nothing.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::database::points::LoadPoints;
use crate::replicas::lag::Judged;
use crate::replicas::policy::ReplicaCount;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::{DatabaseScene, is_there};
use crate::replicas::why::VetoWhy;
use crate::rule::Condition;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountAsked {
    OneMore,
    OneFewer,
    Nothing,
}

/// By the load alone. What was measured before the last change asks for nothing further: it was another number of replicas.
pub(crate) fn ask(
    scene: &DatabaseScene<'_>,
    count: &ReplicaCount,
    changed_at: Option<Timestamp>,
) -> (CountAsked, Option<ReplicaReason>) {
    let busiest = count.scale_out.as_ref().and_then(|out| busiest(scene, out, changed_at));
    if let (Some(busiest), Some(out)) = (&busiest, &count.scale_out) {
        let (condition, replica) = (out.clone(), busiest.replica.clone());
        let (value, held) = (busiest.value, busiest.held);
        return if held >= out.hold_for {
            (CountAsked::OneMore, Some(ReplicaReason::ScaleOut { condition, replica, value }))
        } else {
            (CountAsked::Nothing, Some(ReplicaReason::NotLongEnough { condition, replica, value, held }))
        };
    }
    match &count.scale_in {
        Some(condition) => one_fewer(scene, count, condition, changed_at),
        None => (CountAsked::Nothing, None),
    }
}

/// The replica that breaches for longest, and of several the busiest.
struct Busiest {
    replica: String,
    value: f64,
    held: SignedDuration,
}

fn busiest(scene: &DatabaseScene<'_>, out: &Condition, from: Option<Timestamp>) -> Option<Busiest> {
    let breach = |judged: &Judged<'_>| {
        let points = points(judged, out, from, scene.now)?;
        let held = points.held_upward(out, scene.now);
        let value = points.largest(held, scene.now)?;
        let value =
            points.load(scene.now).filter(|it| out.comparison.holds(*it, out.threshold)).unwrap_or(value);
        (held > SignedDuration::ZERO).then(|| Busiest { replica: judged.replica.id.clone(), value, held })
    };
    let serving = scene.judged.iter().filter(|judged| judged.is_serving() && judged.is_available());
    serving
        .filter_map(breach)
        .max_by(|one, other| one.held.cmp(&other.held).then_with(|| one.value.total_cmp(&other.value)))
}

/// One fewer, where every replica that counts is low by what has settled, and the remaining ones would not ask for one again.
fn one_fewer(
    scene: &DatabaseScene<'_>,
    count: &ReplicaCount,
    condition: &Condition,
    from: Option<Timestamp>,
) -> (CountAsked, Option<ReplicaReason>) {
    let mut shortest: Option<(SignedDuration, &Judged<'_>)> = None;
    let mut highest: Option<(f64, &Judged<'_>)> = None;
    for judged in scene.judged.iter().filter(|judged| judged.is_serving()) {
        let replica = || judged.replica.id.clone();
        let low = match lowness(scene, judged, condition, from) {
            Ok(low) => low,
            Err(why) => {
                let veto = |why| ReplicaReason::ScaleInVeto { replica: replica(), why };
                return (CountAsked::Nothing, why.map(veto));
            }
        };
        if shortest.is_none_or(|(held, _)| low.held < held) {
            shortest = Some((low.held, judged));
        }
        if highest.is_none_or(|(value, _)| low.value > value) {
            highest = Some((low.value, judged));
        }
    }
    let (Some((held, newest)), Some((value, highest))) = (shortest, highest) else {
        return (CountAsked::Nothing, None);
    };
    let (rule, replica) = (condition.clone(), newest.replica.id.clone());
    if held < condition.hold_for {
        let reason = ReplicaReason::ScaleInNotLongEnough { condition: rule, replica, held };
        return (CountAsked::Nothing, Some(reason));
    }
    if let Some(reason) = too_new(scene, condition).or_else(|| would_scale_out(scene, count, condition)) {
        return (CountAsked::Nothing, Some(reason));
    }
    let replica = highest.replica.id.clone();
    (CountAsked::OneFewer, Some(ReplicaReason::ScaleIn { condition: rule, replica, value }))
}

/// How low one replica is, and for how long.
struct Low {
    value: f64,
    held: SignedDuration,
}

/// # Errors
/// It proves nothing, and why; none where it is above the threshold.
fn lowness(
    scene: &DatabaseScene<'_>,
    judged: &Judged<'_>,
    condition: &Condition,
    from: Option<Timestamp>,
) -> Result<Low, Option<VetoWhy>> {
    if !judged.answers() {
        return Err(Some(VetoWhy::NotAnswering));
    }
    let points = points(judged, condition, from, scene.now).ok_or(Some(VetoWhy::Unknown))?;
    let value = points.load(scene.now).ok_or(Some(VetoWhy::Unknown))?;
    let held = points.held_downward(condition, scene.now);
    if held.is_zero() { Err(None) } else { Ok(Low { value, held }) }
}

/// One that has not answered reads over the whole time of the condition was low because nothing came to it.
fn too_new(scene: &DatabaseScene<'_>, condition: &Condition) -> Option<ReplicaReason> {
    let is_new = |judged: &&Judged<'_>| {
        let answers_since = judged.memory.answers_since;
        answers_since.is_some_and(|from| since(from, scene.now) < condition.hold_for)
    };
    let new = scene.answering(None).find(is_new)?;
    Some(ReplicaReason::ScaleInVeto { replica: new.replica.id.clone(), why: VetoWhy::TooNew })
}

/// What the busiest one showed, shared by one fewer, would breach the condition of scale-out; or that is not known.
fn would_scale_out(
    scene: &DatabaseScene<'_>,
    count: &ReplicaCount,
    condition: &Condition,
) -> Option<ReplicaReason> {
    let out = count.scale_out.as_ref()?;
    let replicas = scene.answering_count(None);
    let mut largest = 0.0_f64;
    for judged in scene.answering(None) {
        let points = points(judged, out, None, scene.now);
        let known = points.filter(|points| points.newest(scene.now).is_some());
        let Some(value) = known.and_then(|points| points.largest(condition.hold_for, scene.now)) else {
            let replica = judged.replica.id.clone();
            return Some(ReplicaReason::ScaleInVeto { replica, why: VetoWhy::Unknown });
        };
        largest = largest.max(value);
    }
    let fewer = replicas.saturating_sub(1).max(1);
    let predicted = largest * f64::from(replicas) / f64::from(fewer);
    let breaches = out.comparison.holds(predicted, out.threshold);
    let condition = out.clone();
    breaches.then_some(ReplicaReason::WouldScaleOut { condition, predicted, replicas })
}

/// Whether the load of every replica is known, so that what is not asked for is not needed. One that has failed or is being deleted
/// carries none.
pub(crate) fn is_known(
    scene: &DatabaseScene<'_>,
    count: &ReplicaCount,
    changed_at: Option<Timestamp>,
) -> bool {
    let is_known = |judged: &Judged<'_>, out: &Condition| {
        points(judged, out, changed_at, scene.now).is_some_and(|points| points.load(scene.now).is_some())
    };
    let mut serving = scene.judged.iter().filter(|judged| judged.is_serving() && is_there(judged.replica));
    count.scale_out.as_ref().is_none_or(|out| serving.all(|judged| is_known(judged, out)))
}

/// The datapoints that a condition compares: those of this replica, and of now.
pub(crate) fn points(
    judged: &Judged<'_>,
    condition: &Condition,
    from: Option<Timestamp>,
    now: Timestamp,
) -> Option<LoadPoints> {
    let created = judged.replica.created_at;
    LoadPoints::of(judged.load_of(condition)?, created.into_iter().chain(from).max(), now)
}

/// How many that may be.
pub(crate) fn after(asked: CountAsked, count: u32) -> u32 {
    match asked {
        CountAsked::OneMore => count.saturating_add(1),
        CountAsked::OneFewer => count.saturating_sub(1),
        CountAsked::Nothing => count,
    }
}
