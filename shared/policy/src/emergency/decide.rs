//! One evaluation of everything that operators asked for: rows end, an emergency goes on, what was found is put back.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::emergency::begin;
use crate::emergency::decision::{Aim, EmergencyDecision, Event, Skip, Work};
use crate::emergency::engage::{self, Limit, Size};
use crate::emergency::incident::{
    FAILURES_AT_ONCE, Incident, Lease, Overrides, Phase, Progress, REMINDED_BEFORE, Snapshot, Targeted,
};
use crate::emergency::missed::MissedActions;
use crate::emergency::request::{Member, Request, Turn};
use crate::emergency::restore::{self, Kept, Owner, Restored};
use crate::emergency::target::{Change, Seen};
use crate::observation::OtherAutoscaler;
use crate::reading::AbsenceKind;

/// Decides. Pure and total; deciding twice from the same memory changes nothing twice.
#[must_use]
pub fn decide(before: &Overrides, request: &Request, turn: Turn<'_>) -> EmergencyDecision {
    let mut events = Vec::new();
    let Overrides { rows, incident, mut set } = begin::corrected(before.clone(), turn, &mut events);
    let rows = begin::rows(rows, request, turn.now, &mut events);
    let (mut incident, mut work) = (begin::asked(incident, request, turn, &mut events), Vec::new());
    let leased = |incident: &Incident| incident.is_leased(turn.invocation, turn.now);
    if let Some(incident) = incident.as_mut().filter(|incident| !leased(incident)) {
        incident.at_work = None;
        each(incident, request, turn, &mut work, &mut events);
        match incident.phase {
            Phase::Engaging | Phase::Engaged => go_on(incident, turn.now, &work, &mut events),
            Phase::Restoring => {}
        }
        if work.iter().any(|work| !work.changes.is_empty()) {
            let until = turn.now.saturating_add(turn.lasting).unwrap_or(turn.now);
            incident.at_work = Some(Lease { invocation: turn.invocation.to_owned(), until });
        }
    }
    let is_over =
        |it: &mut Incident| it.phase == Phase::Restoring && it.at_work.is_none() && it.is_restored();
    if let Some(over) = incident.take_if(is_over) {
        events.push(Event::Restored(Box::new(over)));
    }
    set.remember(work.iter().filter_map(|work| Some((work.target.as_str(), work.size()?))), turn.now);
    EmergencyDecision { overrides: Overrides { rows, incident, set }, work, events }
}

/// Every target, the most important first: brought to its size and looked at, or put back.
fn each(
    incident: &mut Incident,
    request: &Request,
    turn: Turn<'_>,
    work: &mut Vec<Work>,
    events: &mut Vec<Event>,
) {
    let is_restore = incident.phase == Phase::Restoring;
    let members: BTreeMap<&str, &Member<'_>> = turn.members.iter().map(|it| (it.name, it)).collect();
    let listed = turn.members.iter().map(|member| member.name.to_owned());
    let unlisted = incident.targets.keys().filter(|name| !members.contains_key(name.as_str())).cloned();
    let names: Vec<String> = listed.chain(unlisted).collect();
    for name in &names {
        let Some(targeted) = incident.targets.get_mut(name) else { continue };
        let ends = is_restore || targeted.progress == Progress::Ending;
        if *request != Request::Resume {
            targeted.failures = 0;
        }
        // AWS may show what was set a moment ago only after a while: it is looked at in the next minute.
        let was_just_set = !ends
            && *request == Request::Resume
            && matches!(targeted.progress, Progress::Set | Progress::Starting);
        if was_just_set || matches!(targeted.progress, Progress::Skipped | Progress::Restored) {
            continue;
        }
        if ends && targeted.snapshot.is_none() {
            targeted.progress = Progress::Restored;
            continue;
        }
        let next = match (members.get(name.as_str()), turn.seen.get(name)) {
            (None, _) => Err(Skip::NotInFleet),
            (Some(member), _) if member.observe && !ends => Err(Skip::Observed),
            (Some(_), None) => continue,
            (Some(_), Some(Err(absence))) if absence.kind == AbsenceKind::NotFound => {
                Err(Skip::NotFound(absence.clone()))
            }
            (Some(_), Some(Err(_))) => {
                if ends || targeted.progress == Progress::Pending {
                    targeted.failures = targeted.failures.saturating_add(1);
                }
                continue;
            }
            (Some(member), Some(Ok(seen))) if ends => put_back(targeted, member, seen, turn.now),
            (Some(member), Some(Ok(seen))) => advance(targeted, member, seen, turn.now),
        };
        match next {
            Ok(some) => work.extend(some),
            Err(why) => skip(targeted, name, why, events),
        }
    }
}

/// What is said of an emergency that goes on.
fn go_on(incident: &mut Incident, now: Timestamp, work: &[Work], events: &mut Vec<Event>) {
    let was_engaging = incident.phase == Phase::Engaging;
    let pending = incident.count(Progress::Pending);
    if pending <= work.iter().filter(|work| work.aim != Aim::Restore).count() {
        incident.phase = Phase::Engaged;
        events.extend(was_engaging.then_some(Event::AllSet));
    }
    let starting = incident.count(Progress::Set).saturating_add(incident.count(Progress::Starting));
    let runs = pending == 0 && starting == 0;
    if runs && !incident.complete && incident.count(Progress::Seen) > 0 {
        incident.complete = true;
        events.push(Event::Complete);
    }
    let is_near = incident.until.duration_since(now) <= REMINDED_BEFORE;
    let is_long = incident.until.duration_since(incident.since) > REMINDED_BEFORE.saturating_mul(2);
    if is_near && is_long && !incident.reminded {
        incident.reminded = true;
        events.push(Event::EndsSoon);
    }
}

/// One target: brought to its size, or looked at. What was found of it is remembered before the first change.
fn advance(
    targeted: &mut Targeted,
    member: &Member<'_>,
    seen: &Seen,
    now: Timestamp,
) -> Result<Option<Work>, Skip> {
    let size = Size { asked: targeted.asked, raise: targeted.raise };
    let engage::Changes { changes, to, limit } = engage::changes(size, seen).map_err(Skip::Refused)?;
    if let Some(kept) = by_hand(targeted, member.owner, seen, &changes) {
        return Err(Skip::ByHand(kept));
    }
    let from = seen.service.desired_count;
    let found = Snapshot { desired: from, scalable: seen.scalable, at: Some(now) };
    let found = targeted.snapshot.get_or_insert(found);
    if targeted.registered.is_empty() && found.scalable.is_none() {
        // At first it could not be read.
        found.scalable = seen.scalable;
    }
    if changes.is_empty() {
        targeted.progress = match (is_unread(seen), seen.service.running_count >= to) {
            (true, _) => Progress::Set,
            (false, true) => Progress::Seen,
            (false, false) => Progress::Starting,
        };
        return Ok(None);
    }
    targeted.progress = Progress::Pending;
    if targeted.failures >= FAILURES_AT_ONCE {
        return Ok(None);
    }
    for change in &changes {
        targeted.intend(change);
    }
    let (target, aim) = (member.name.to_owned(), Aim::Size(size));
    let (kept, missed) = (Vec::new(), MissedActions::default());
    Ok(Some(Work { target, changes, from, to, limit, kept, missed, aim }))
}

/// What of a target that was seen at its size is not as the emergency set it any more: it was changed by hand, and stays. A
/// service with rules is kept at its size by them as well, so there it is set again.
fn by_hand(targeted: &Targeted, owner: Owner, seen: &Seen, changes: &[Change]) -> Option<Kept> {
    let was_seen = matches!(targeted.progress, Progress::Starting | Progress::Seen);
    if !was_seen || owner != Owner::Unmanaged {
        return None;
    }
    let desired = seen.service.desired_count;
    changes.iter().find_map(|change| match change {
        Change::SetCapacity(_) => (!targeted.sizes.contains(&desired)).then_some(Kept::Capacity { desired }),
        Change::Register(_) => {
            let is_ours = seen.scalable.is_some_and(|found| targeted.registered.contains(&found));
            (!is_ours).then_some(Kept::Registration)
        }
        Change::Suspend(_) => Some(Kept::Processes),
        Change::Resume(_) => None,
    })
}

/// AWS's own autoscaling of it could not be read.
fn is_unread(seen: &Seen) -> bool {
    matches!(seen.service.constraints.other_autoscaler, OtherAutoscaler::Unknown(_))
}

/// One target: put back, or left as someone set it.
fn put_back(
    targeted: &mut Targeted,
    member: &Member<'_>,
    seen: &Seen,
    now: Timestamp,
) -> Result<Option<Work>, Skip> {
    if is_unread(seen) && !targeted.registered.is_empty() {
        // Whether its bounds are still those of the emergency is not known.
        targeted.failures = targeted.failures.saturating_add(1);
        return Ok(None);
    }
    engage::changeable(&seen.service).map_err(Skip::Refused)?;
    let Restored { mut changes, kept, missed, is_to_be_read } =
        restore::changes(targeted, member.owner, seen, now);
    let tried = targeted.failures.saturating_add(1);
    if is_to_be_read && tried < FAILURES_AT_ONCE {
        // Nothing sets bounds again that a missed action would have set. After the last try those before the emergency are put
        // back, and that is said: a service must not stay suspended because of it.
        targeted.failures = tried;
        return Ok(None);
    }
    if changes.is_empty() {
        targeted.progress = Progress::Restored;
    } else if targeted.failures >= FAILURES_AT_ONCE {
        return Ok(None);
    }
    let mut is_limited = false;
    for change in &mut changes {
        is_limited |= at_most(change, member.most);
    }
    let limit = is_limited.then_some(Limit::FleetFile(member.most));
    let (target, from) = (member.name.to_owned(), seen.service.desired_count);
    let is_something = !changes.is_empty() || !kept.is_empty();
    let mut work = Work { target, changes, from, to: from, limit, kept, missed, aim: Aim::Restore };
    work.to = work.size().unwrap_or(from);
    Ok(is_something.then_some(work))
}

/// A snapshot comes from the table or from an event, whose writers may set no more than anyone may ask for. Whether it was more.
fn at_most(change: &mut Change, most: u32) -> bool {
    let size = match change {
        Change::SetCapacity(size) => size,
        Change::Register(bounds) => &mut bounds.min,
        Change::Suspend(_) | Change::Resume(_) => return false,
    };
    let is_more = *size > most;
    *size = (*size).min(most);
    is_more
}

fn skip(targeted: &mut Targeted, target: &str, why: Skip, events: &mut Vec<Event>) {
    targeted.progress = Progress::Skipped;
    events.push(Event::Skipped { target: target.to_owned(), why });
}

impl Incident {
    /// Nothing of it is left to put back.
    fn is_restored(&self) -> bool {
        self.targets.values().all(|it| matches!(it.progress, Progress::Skipped | Progress::Restored))
    }

    /// Puts in what came of one target's changes, whichever evaluation wrote this last. Where something else was asked for
    /// meanwhile, the next evaluation looks at the target.
    pub fn settle(&mut self, work: &Work, is_made: bool) {
        let restoring = self.phase == Phase::Restoring;
        let Some(targeted) = self.targets.get_mut(&work.target) else { return };
        if !is_made {
            targeted.failures = targeted.failures.saturating_add(1);
            return;
        }
        targeted.failures = 0;
        let size = Size { asked: targeted.asked, raise: targeted.raise };
        match (work.aim, targeted.progress) {
            (Aim::Restore, Progress::Ending) => targeted.progress = Progress::Restored,
            (Aim::Restore, Progress::Pending | Progress::Set | Progress::Starting | Progress::Seen)
                if restoring =>
            {
                targeted.progress = Progress::Restored;
            }
            (Aim::Size(made), Progress::Pending) if !restoring && made == size => {
                targeted.progress = Progress::Set;
            }
            (Aim::Restore | Aim::Size(_), _) => {}
        }
    }

    /// The invocation makes no more changes, unless it goes on with them at once.
    pub fn release_lease(&mut self, invocation: &str) {
        let unfinished = self.is_unfinished();
        self.at_work.take_if(|lease| lease.invocation == invocation && !unfinished);
    }
}
