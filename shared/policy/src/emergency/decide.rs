//! One evaluation of everything that operators asked for: rows end, an emergency goes on, what was found is put back.

use crate::emergency::begin;
use crate::emergency::decision::{Aim, EmergencyDecision, Event, Skip, Work};
use crate::emergency::engage::{self, Size};
use crate::emergency::incident::{
    FAILURES_AT_ONCE, Incident, Lease, Overrides, Phase, Progress, REMINDED_BEFORE, Snapshot, Targeted,
};
use crate::emergency::request::{Member, Request, Turn};
use crate::emergency::restore::{self, Owner};
use crate::emergency::target::{Change, Seen};
use crate::observation::OtherAutoscaler;
use crate::reading::AbsenceKind;
use crate::reason::Reason;

/// Decides. Pure and total; deciding twice from the same memory changes nothing twice.
#[must_use]
pub fn decide(before: &Overrides, request: &Request, turn: Turn<'_>) -> EmergencyDecision {
    let mut events = Vec::new();
    let Overrides { rows, incident } = begin::corrected(before.clone(), turn, &mut events);
    let rows = begin::rows(rows, request, turn.now, &mut events);
    let (mut incident, mut work) = (begin::asked(incident, request, turn, &mut events), Vec::new());
    let leased = |incident: &Incident| incident.is_leased(turn.invocation, turn.now);
    if let Some(incident) = incident.as_mut().filter(|incident| !leased(incident)) {
        incident.at_work = None;
        match incident.phase {
            Phase::Engaging | Phase::Engaged => go_on(incident, request, turn, &mut work, &mut events),
            Phase::Restoring => put_back(incident, request, turn, &mut work, &mut events),
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
    EmergencyDecision { overrides: Overrides { rows, incident }, work, events }
}

/// What is still to be set is set, and what was set is looked at.
fn go_on(
    incident: &mut Incident,
    request: &Request,
    turn: Turn<'_>,
    work: &mut Vec<Work>,
    events: &mut Vec<Event>,
) {
    let was_engaging = incident.phase == Phase::Engaging;
    let names: Vec<String> = incident.targets.keys().cloned().collect();
    for name in in_order(&names, turn.members) {
        let Some(targeted) = incident.targets.get_mut(name) else { continue };
        if *request != Request::Resume {
            targeted.failures = 0;
        }
        // AWS may show what was set a moment ago only after a while: it is looked at in the next minute.
        let was_just_set = *request == Request::Resume && targeted.progress == Progress::Set;
        if was_just_set || matches!(targeted.progress, Progress::Skipped | Progress::Restored) {
            continue;
        }
        let member = turn.members.iter().find(|member| member.name == name);
        match (member, turn.seen.get(name)) {
            (None, _) => skip(targeted, name, Skip::NotInFleet, events),
            (Some(member), _) if member.observe => skip(targeted, name, Skip::Observed, events),
            (Some(_), None) => {}
            (Some(_), Some(Err(absence))) if absence.kind == AbsenceKind::NotFound => {
                skip(targeted, name, Skip::NotFound(absence.clone()), events);
            }
            (Some(_), Some(Err(_))) => {
                if targeted.progress == Progress::Pending {
                    targeted.failures = targeted.failures.saturating_add(1);
                }
            }
            (Some(_), Some(Ok(seen))) => match advance(targeted, name, seen) {
                Ok(some) => work.extend(some),
                Err(why) => skip(targeted, name, Skip::Refused(why), events),
            },
        }
    }
    let pending = incident.count(Progress::Pending);
    if pending <= work.len() {
        incident.phase = Phase::Engaged;
        events.extend(was_engaging.then_some(Event::AllSet));
    }
    let runs = pending == 0 && incident.count(Progress::Set) == 0;
    if runs && !incident.complete && incident.count(Progress::Seen) > 0 {
        incident.complete = true;
        events.push(Event::Complete);
    }
    let is_near = incident.until.duration_since(turn.now) <= REMINDED_BEFORE;
    let is_long = incident.until.duration_since(incident.since) > REMINDED_BEFORE.saturating_mul(2);
    if is_near && is_long && !incident.reminded {
        incident.reminded = true;
        events.push(Event::EndsSoon);
    }
}

/// One target: brought to its size, or looked at. What was found of it is remembered before the first change.
fn advance(targeted: &mut Targeted, name: &str, seen: &Seen) -> Result<Option<Work>, Reason> {
    let size = Size { asked: targeted.asked, raise: targeted.raise };
    let engage::Changes { changes, to, limit } = engage::changes(size, seen)?;
    let from = seen.service.desired_count;
    let found = targeted.snapshot.get_or_insert(Snapshot { desired: from, scalable: seen.scalable });
    if targeted.registered.is_empty() && found.scalable.is_none() {
        // At first it could not be read.
        found.scalable = seen.scalable;
    }
    if changes.is_empty() {
        let runs = seen.service.running_count >= to && !is_unread(seen);
        targeted.progress = if runs { Progress::Seen } else { Progress::Set };
        return Ok(None);
    }
    targeted.progress = Progress::Pending;
    if targeted.failures >= FAILURES_AT_ONCE {
        return Ok(None);
    }
    for change in &changes {
        targeted.intend(change);
    }
    let (target, kept, aim) = (name.to_owned(), Vec::new(), Aim::Size(size));
    Ok(Some(Work { target, changes, from, to, limit, kept, aim }))
}

/// AWS's own autoscaling of it could not be read.
fn is_unread(seen: &Seen) -> bool {
    matches!(seen.service.constraints.other_autoscaler, OtherAutoscaler::Unknown(_))
}

/// What was found is put back, target by target.
fn put_back(
    incident: &mut Incident,
    request: &Request,
    turn: Turn<'_>,
    work: &mut Vec<Work>,
    events: &mut Vec<Event>,
) {
    let names: Vec<String> = incident.targets.keys().cloned().collect();
    for name in in_order(&names, turn.members) {
        let Some(targeted) = incident.targets.get_mut(name) else { continue };
        if matches!(targeted.progress, Progress::Skipped | Progress::Restored) {
            continue;
        }
        if targeted.snapshot.is_none() {
            targeted.progress = Progress::Restored;
            continue;
        }
        if *request != Request::Resume {
            targeted.failures = 0;
        }
        let Some(member) = turn.members.iter().find(|member| member.name == name) else {
            skip(targeted, name, Skip::NotInFleet, events);
            continue;
        };
        match turn.seen.get(name) {
            None => {}
            Some(Err(absence)) if absence.kind == AbsenceKind::NotFound => {
                skip(targeted, name, Skip::NotFound(absence.clone()), events);
            }
            Some(Err(_)) => targeted.failures = targeted.failures.saturating_add(1),
            // Whether its bounds are still those of the emergency is not known.
            Some(Ok(seen)) if is_unread(seen) && !targeted.registered.is_empty() => {
                targeted.failures = targeted.failures.saturating_add(1);
            }
            Some(Ok(seen)) => match engage::changeable(&seen.service) {
                Ok(()) => work.extend(put_back_one(targeted, name, member.owner, seen)),
                Err(why) => skip(targeted, name, Skip::Refused(why), events),
            },
        }
    }
}

/// One target: put back, or left as someone set it.
fn put_back_one(targeted: &mut Targeted, name: &str, owner: Owner, seen: &Seen) -> Option<Work> {
    let restore::Restored { changes, kept } = restore::changes(targeted, owner, seen);
    if changes.is_empty() {
        targeted.progress = Progress::Restored;
    } else if targeted.failures >= FAILURES_AT_ONCE {
        return None;
    }
    let (target, from) = (name.to_owned(), seen.service.desired_count);
    let set = changes.iter().find_map(|change| match change {
        Change::SetCapacity(to) => Some(*to),
        Change::Register(_) | Change::Suspend(_) | Change::Resume(_) => None,
    });
    let (to, limit, aim) = (set.unwrap_or(from), None, Aim::Restore);
    let is_something = !changes.is_empty() || !kept.is_empty();
    is_something.then_some(Work { target, changes, from, to, limit, kept, aim })
}

fn skip(targeted: &mut Targeted, target: &str, why: Skip, events: &mut Vec<Event>) {
    targeted.progress = Progress::Skipped;
    events.push(Event::Skipped { target: target.to_owned(), why });
}

/// The most important first; those that the fleet file has no more come last.
fn in_order<'a>(names: &'a [String], members: &[Member<'_>]) -> Vec<&'a str> {
    let place = |name: &str| members.iter().position(|member| member.name == name).unwrap_or(usize::MAX);
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_by_cached_key(|name| place(name));
    names
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
            (Aim::Restore, Progress::Pending | Progress::Set | Progress::Seen) if restoring => {
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
