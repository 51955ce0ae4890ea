//! One evaluation of everything that operators asked for: rows end, an emergency goes on, what was found is put back.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::emergency::engage::{self, Limit, Size};
use crate::emergency::incident::{
    FAILURES_AT_ONCE, Incident, Lease, Overrides, Phase, Progress, REMINDED_BEFORE, Snapshot, Targeted,
};
use crate::emergency::request::{Asker, Engage, Member, Request, Turn};
use crate::emergency::restore::{self, Kept, Owner};
use crate::emergency::target::{Change, Seen};
use crate::overrides::{self, Override};
use crate::reading::{Absence, AbsenceKind};
use crate::reason::Reason;

/// What is decided.
#[derive(Debug, Clone, PartialEq)]
pub struct EmergencyDecision {
    /// What is remembered next, with every intent.
    pub overrides: Overrides,
    /// What is to be changed now, the most important first.
    pub work: Vec<Work>,
    /// What begins or ends.
    pub events: Vec<Event>,
}

/// The changes of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its name.
    pub target: String,
    /// In this order; none where something is only to be said.
    pub changes: Vec<Change>,
    /// The desired count that was found.
    pub from: u32,
    /// The desired count that it will have.
    pub to: u32,
    /// AWS's own bounds do not allow what was asked for.
    pub limit: Option<Limit>,
    /// What stays as someone set it meanwhile.
    pub kept: Vec<Kept>,
}

/// Something that operators are notified of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A row comes into force, or releases what was.
    Row(Override),
    /// The time of a row is over.
    RowEnded(Override),
    /// An emergency begins, or grows.
    Engaged,
    /// Every size is set, or cannot be.
    AllSet,
    /// Everything that was asked for runs.
    Complete,
    /// It ends soon.
    EndsSoon,
    /// What was found begins to be put back.
    Restoring {
        /// By itself: its time is over.
        expired: bool,
    },
    /// Everything is put back. The emergency as it was.
    Restored(Box<Incident>),
    /// A target cannot be changed.
    Skipped {
        /// Its name.
        target: String,
        /// Why.
        why: Skip,
    },
}

impl Event {
    /// The emergency that is over, if one is.
    #[must_use]
    pub fn as_restored(&self) -> Option<&Incident> {
        if let Self::Restored(incident) = self { Some(incident) } else { None }
    }

    /// Why a target is left alone, if it is.
    #[must_use]
    pub fn as_skipped(&self, name: &str) -> Option<&Skip> {
        if let Self::Skipped { target, why } = self { (target == name).then_some(why) } else { None }
    }
}

/// Why a target is left alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Skip {
    /// It is only observed.
    Observed,
    /// It is in the fleet file no more.
    NotInFleet,
    /// It does not exist, or not any more.
    NotFound(Absence),
    /// AWS would refuse.
    Refused(Reason),
}

/// Decides. Pure and total; deciding twice from the same memory changes nothing twice.
#[must_use]
pub fn decide(before: &Overrides, request: &Request, turn: Turn<'_>) -> EmergencyDecision {
    let mut events = Vec::new();
    let rows = rows(&before.rows, request, turn.now, &mut events);
    let incident = asked(before.incident.clone(), request, turn, &mut events);
    let (mut incident, mut work) = (incident, Vec::new());
    if let Some(incident) = incident.as_mut().filter(|incident| !incident.is_leased(turn.id, turn.now)) {
        incident.at_work = None;
        match incident.phase {
            Phase::Engaging | Phase::Engaged => go_on(incident, request, turn, &mut work, &mut events),
            Phase::Restoring => put_back(incident, turn, &mut work, &mut events),
        }
        if !work.is_empty() {
            let until = turn.now.saturating_add(turn.lasting).unwrap_or(turn.now);
            incident.at_work = Some(Lease { evaluation: turn.id.to_owned(), until });
        }
    }
    let is_over =
        |it: &mut Incident| it.phase == Phase::Restoring && it.at_work.is_none() && it.is_restored();
    if let Some(over) = incident.take_if(is_over) {
        events.push(Event::Restored(Box::new(over)));
    }
    EmergencyDecision { overrides: Overrides { rows, incident }, work, events }
}

/// The rows with the one that is asked for, without those that are over.
fn rows(before: &[Override], request: &Request, now: Timestamp, events: &mut Vec<Event>) -> Vec<Override> {
    let mut rows = before.to_vec();
    if let Request::Row(row) = request {
        rows.push(row.clone());
        events.push(Event::Row(row.clone()));
    }
    let kept = overrides::kept(&rows, now);
    let has_ended = |row: &&Override| row.until <= now || row.ends(now).is_some_and(|end| end <= now);
    events.extend(rows.iter().filter(has_ended).cloned().map(Event::RowEnded));
    kept
}

/// The emergency after what is asked for.
fn asked(
    before: Option<Incident>,
    request: &Request,
    turn: Turn<'_>,
    events: &mut Vec<Event>,
) -> Option<Incident> {
    match (before, request) {
        (before, Request::Engage(engage)) => {
            events.push(Event::Engaged);
            Some(engaged(before, engage, turn))
        }
        (Some(incident), Request::Restore { asker, from: _ }) if incident.phase != Phase::Restoring => {
            events.push(Event::Restoring { expired: false });
            Some(restoring(incident, asker, turn.now))
        }
        (None, Request::Restore { asker, from }) if !from.is_empty() => {
            events.push(Event::Restoring { expired: false });
            let targets = from.clone();
            Some(restoring(Incident { targets, ..Incident::new(turn) }, asker, turn.now))
        }
        (Some(incident), _) if incident.phase != Phase::Restoring && turn.now >= incident.until => {
            events.push(Event::Restoring { expired: true });
            Some(Incident { phase: Phase::Restoring, ..incident })
        }
        (before, _) => before,
    }
}

/// A new emergency, or the one in force with more in it. What was found before the first change of a target is kept: a
/// second emergency would find what the first one set.
fn engaged(before: Option<Incident>, engage: &Engage, turn: Turn<'_>) -> Incident {
    let Engage { profile, sizes, until, asker } = engage;
    let Asker { who, why, request } = asker.clone();
    let mut incident = before.unwrap_or_else(|| Incident { until: *until, ..Incident::new(turn) });
    let in_force = incident.phase != Phase::Restoring;
    for (name, Size { asked, raise }) in sizes {
        let found = incident.targets.remove(name);
        let same = found.as_ref().is_some_and(|it| in_force && it.asked == *asked && it.raise == *raise);
        let progress = match found.as_ref().map(|it| it.progress).filter(|_| same) {
            Some(Progress::Set) => Progress::Set,
            Some(Progress::Seen) => Progress::Seen,
            Some(Progress::Pending | Progress::Skipped | Progress::Restored) | None => Progress::Pending,
        };
        // What is put back already is found anew.
        let found = found.filter(|it| it.progress != Progress::Restored);
        let (asked, raise) = (*asked, *raise);
        let targeted = match found {
            Some(found) => Targeted { asked, raise, progress, failures: 0, ..found },
            None => Targeted::new(asked, raise, progress),
        };
        incident.targets.insert(name.clone(), targeted);
    }
    let until = if in_force { incident.until.max(*until) } else { *until };
    let (profile, phase) = (profile.clone(), Phase::Engaging);
    // The time that it may last counts from the last time it was asked for.
    let since = if in_force { incident.since } else { turn.now };
    Incident { profile, phase, since, until, who, why, request, reminded: false, complete: false, ..incident }
}

/// An emergency that is to end.
fn restoring(incident: Incident, asker: &Asker, now: Timestamp) -> Incident {
    let Asker { who, why, request } = asker.clone();
    Incident { phase: Phase::Restoring, until: now, who, why, request, ..incident }
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
    targeted
        .snapshot
        .get_or_insert(Snapshot { desired: seen.service.desired_count, scalable: seen.scalable });
    if changes.is_empty() {
        let runs = seen.service.running_count >= to;
        targeted.progress = if runs { Progress::Seen } else { Progress::Set };
        return Ok(None);
    }
    for change in &changes {
        match change {
            Change::Register(set) => targeted.registered = Some(*set),
            Change::Suspend(processes) => targeted.suspended.extend(processes),
            Change::Resume(_) | Change::SetCapacity(_) => {}
        }
    }
    targeted.suspended.sort_unstable();
    targeted.suspended.dedup();
    targeted.progress = Progress::Pending;
    if targeted.failures >= FAILURES_AT_ONCE {
        return Ok(None);
    }
    let (target, from, kept) = (name.to_owned(), seen.service.desired_count, Vec::new());
    Ok(Some(Work { target, changes, from, to, limit, kept }))
}

/// What was found is put back, target by target.
fn put_back(incident: &mut Incident, turn: Turn<'_>, work: &mut Vec<Work>, events: &mut Vec<Event>) {
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
        let owner = turn.members.iter().find(|member| member.name == name);
        let owner = owner.map_or(Owner::Nobody, |member| member.owner);
        match turn.seen.get(name) {
            None => {}
            Some(Err(absence)) if absence.kind == AbsenceKind::NotFound => {
                skip(targeted, name, Skip::NotFound(absence.clone()), events);
            }
            Some(Err(_)) => targeted.failures = targeted.failures.saturating_add(1),
            Some(Ok(seen)) => {
                let restore::Restored { changes, kept } = restore::changes(targeted, owner, seen);
                targeted.progress = if changes.is_empty() { Progress::Restored } else { targeted.progress };
                let (target, from) = (name.to_owned(), seen.service.desired_count);
                let set = changes.iter().find_map(|change| match change {
                    Change::SetCapacity(to) => Some(*to),
                    Change::Register(_) | Change::Suspend(_) | Change::Resume(_) => None,
                });
                if !changes.is_empty() || !kept.is_empty() {
                    let to = set.unwrap_or(from);
                    work.push(Work { target, changes, from, to, limit: None, kept });
                }
            }
        }
    }
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

impl Targeted {
    fn new(asked: u32, raise: bool, progress: Progress) -> Self {
        let (snapshot, registered, suspended, failures) = (None, None, Vec::new(), 0);
        Self { asked, raise, progress, snapshot, registered, suspended, failures }
    }
}

impl Incident {
    /// One without targets.
    fn new(turn: Turn<'_>) -> Self {
        Self {
            id: turn.id.to_owned(),
            profile: String::new(),
            phase: Phase::Engaging,
            since: turn.now,
            until: turn.now,
            who: String::new(),
            why: String::new(),
            request: None,
            targets: BTreeMap::new(),
            at_work: None,
            reminded: false,
            complete: false,
        }
    }

    /// Nothing of it is left to put back.
    fn is_restored(&self) -> bool {
        self.targets.values().all(|it| matches!(it.progress, Progress::Skipped | Progress::Restored))
    }

    /// Puts in what came of an evaluation's changes, whichever evaluation wrote this last.
    pub fn settle(&mut self, target: &str, is_made: bool) {
        let restoring = self.phase == Phase::Restoring;
        let Some(targeted) = self.targets.get_mut(target) else { return };
        if is_made {
            targeted.failures = 0;
            let done = if restoring { Progress::Restored } else { Progress::Set };
            if matches!(targeted.progress, Progress::Pending) || restoring {
                targeted.progress = done;
            }
        } else {
            targeted.failures = targeted.failures.saturating_add(1);
        }
    }

    /// The evaluation makes no more changes.
    pub fn release_lease(&mut self, evaluation: &str) {
        self.at_work.take_if(|lease| lease.evaluation == evaluation);
    }
}
