//! What is in force after a request: rows that begin and end, an emergency that begins, grows or ends.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::emergency::decision::{Correction, Event};
use crate::emergency::engage::Size;
use crate::emergency::incident::{Incident, LastEngage, Overrides, Phase, Progress, Targeted};
use crate::emergency::request::{Asker, Engage, Request, Turn};
use crate::overrides::{self, Override};

/// The rows with the one that is asked for, without those that are over.
pub(super) fn rows(
    mut rows: Vec<Override>,
    request: &Request,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> Vec<Override> {
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
pub(super) fn asked(
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
        (Some(mut incident), Request::Restore { asker, from }) => {
            taken_in(&mut incident, from, events);
            if incident.phase == Phase::Restoring {
                return Some(incident);
            }
            events.push(Event::Restoring { expired: false });
            Some(Incident { until: turn.now, ..restoring(incident, asker) })
        }
        (None, Request::Restore { asker, from }) if !from.is_empty() => {
            events.push(Event::Restoring { expired: false });
            let targets = from.clone();
            Some(restoring(Incident { targets, ..Incident::new(turn) }, asker))
        }
        (Some(incident), _) if incident.phase != Phase::Restoring && turn.now >= incident.until => {
            events.push(Event::Restoring { expired: true });
            Some(ending(incident))
        }
        (before, _) => before,
    }
}

/// A new emergency, or the one in force with more in it. What was found before the first change of a target is kept: a
/// second emergency would find what the first one set.
fn engaged(before: Option<Incident>, engage: &Engage, turn: Turn<'_>) -> Incident {
    let Engage { profile, named, ignore_budgets, sizes, replicas, until, asker } = engage;
    let Asker { who, why, request } = asker.clone();
    let mut incident = before.unwrap_or_else(|| Incident::new(turn));
    let in_force = incident.phase != Phase::Restoring;
    if !in_force {
        // It was ended, and was not put back as a whole: what is not asked for again still is.
        let not_asked = |name: &String| !sizes.iter().any(|(asked, _)| asked == name);
        incident.targets.iter_mut().filter(|(name, _)| not_asked(name)).for_each(|(_, it)| it.end());
        incident.replicas.clear();
    }
    let is_asked =
        |name: &str| sizes.iter().any(|(it, _)| it == name) || replicas.iter().any(|(it, _)| it == name);
    let is_part = incident.has_others(is_asked);
    incident.last = Some(LastEngage::new(named, *ignore_budgets, is_part));
    incident.replicas.extend(replicas.iter().cloned());
    for (name, Size { asked, raise }) in sizes {
        let found = incident.targets.remove(name);
        let same = found.as_ref().is_some_and(|it| in_force && it.asked == *asked && it.raise == *raise);
        let progress = match found.as_ref().map(|it| it.progress).filter(|_| same) {
            // It is looked at once more, and set again where it was changed by hand: it is asked for once more.
            Some(Progress::Set | Progress::Seen) => Progress::Set,
            // A size that was changed by hand meanwhile is set once more: it is asked for once more.
            Some(
                Progress::Pending
                | Progress::Starting
                | Progress::Ending
                | Progress::Skipped
                | Progress::Restored,
            )
            | None => Progress::Pending,
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

/// Saved snapshots beside an emergency that the ledger holds: it may have been engaged while the ledger was down, and again
/// later. Targets that the ledger does not know are added; of those that it knows what was found first is kept.
fn taken_in(incident: &mut Incident, from: &BTreeMap<String, Targeted>, events: &mut Vec<Event>) {
    let (mut added, mut known) = (0_usize, 0_usize);
    for (name, said) in from {
        if let Some(it) = incident.targets.get_mut(name) {
            it.merge(said);
            known = known.saturating_add(1);
        } else {
            incident.targets.insert(name.clone(), said.clone());
            added = added.saturating_add(1);
        }
    }
    events.extend((!from.is_empty()).then_some(Event::TakenIn { added, known }));
}

/// An emergency that an operator ends.
fn restoring(incident: Incident, asker: &Asker) -> Incident {
    let Asker { who, why, request } = asker.clone();
    Incident { who, why, request, ..ending(incident) }
}

/// An emergency that is to end.
fn ending(mut incident: Incident) -> Incident {
    incident.end_all();
    incident
}

/// What the table holds beyond what anyone may ask for counts only as far as that: a writer of the table could otherwise set
/// any size for ever.
pub(super) fn corrected(mut before: Overrides, turn: Turn<'_>, events: &mut Vec<Event>) -> Overrides {
    let most = |target: &str| {
        let members = turn.members.iter();
        members.filter(|it| it.name == target || target == Override::ALL).map(|it| it.most).max()
    };
    let mut tell = |target: &str, what| events.push(Event::Corrected { target: target.to_owned(), what });
    for row in &mut before.rows {
        if let (Some(found), Some(most)) = (row.kind.size(), most(&row.target))
            && found > most
        {
            row.kind = row.kind.at_most(most);
            tell(&row.target, Correction::Size { found, most });
        }
        if let Some(latest) = row.ends(turn.now).filter(|latest| *latest < row.until) {
            tell(&row.target, Correction::End { found: row.until, latest });
            row.until = latest;
        }
    }
    if let Some(incident) = &mut before.incident {
        for (name, targeted) in &mut incident.targets {
            if let Some(most) = most(name).filter(|most| targeted.asked > *most) {
                tell(name, Correction::Size { found: targeted.asked, most });
                targeted.asked = most;
            }
        }
        incident.since = incident.since.min(turn.now);
        let latest = incident.since.saturating_add(Override::LONGEST).unwrap_or(incident.since);
        if incident.until > latest {
            tell(Override::ALL, Correction::End { found: incident.until, latest });
            incident.until = latest;
        }
    }
    before
}

impl Targeted {
    /// It is not asked for any more, and put back if it was changed.
    fn end(&mut self) {
        self.failures = 0;
        self.progress = match self.progress {
            Progress::Pending | Progress::Set | Progress::Starting | Progress::Seen | Progress::Ending => {
                if self.snapshot.is_some() {
                    Progress::Ending
                } else {
                    Progress::Restored
                }
            }
            Progress::Skipped => Progress::Skipped,
            Progress::Restored => Progress::Restored,
        };
    }

    fn new(asked: u32, raise: bool, progress: Progress) -> Self {
        let (sizes, registered, suspended) = (Vec::new(), Vec::new(), Vec::new());
        Self { asked, raise, progress, snapshot: None, sizes, registered, suspended, failures: 0 }
    }
}

impl Incident {
    /// Takes in what an evaluation did that could not write it. It was asked for last: its profile, its phase and its sizes
    /// count. What was found first of a target is kept, unless that is put back already.
    pub fn adopt(&mut self, carried: Self) {
        let Self { profile, phase, since, until, who, why, request, last, targets, replicas, .. } = carried;
        let (was_restoring, restores) = (self.phase == Phase::Restoring, phase == Phase::Restoring);
        if was_restoring && !restores {
            self.targets.values_mut().for_each(Targeted::end);
            (self.since, self.until) = (since, until);
            self.replicas.clear();
        }
        if restores && !was_restoring {
            self.end_all();
            self.until = until;
        }
        // Saved snapshots name no profile.
        if !profile.is_empty() {
            let is_part = self.has_others(|name| targets.contains_key(name) || replicas.contains_key(name));
            self.last = last.map(|last| LastEngage { is_part: last.is_part || is_part, ..last });
            self.profile = profile;
        }
        for (name, mut targeted) in targets {
            let known = self.targets.get(&name).filter(|known| known.progress != Progress::Restored);
            if let Some(known) = known {
                targeted.merge(known);
            }
            self.targets.insert(name, targeted);
        }
        self.replicas.extend(replicas);
        self.until = self.until.max(until);
        // What was engaged before may have sizes left to set.
        let is_engaging = self.phase == Phase::Engaging && !restores;
        self.phase = if is_engaging { Phase::Engaging } else { phase };
        (self.who, self.why, self.request) = (who, why, request);
        (self.reminded, self.complete) = (false, false);
    }

    /// It is to end. What was changed before it was left alone is put back too, if that is possible by now.
    fn end_all(&mut self) {
        for targeted in self.targets.values_mut() {
            targeted.failures = 0;
            if targeted.progress == Progress::Skipped && targeted.snapshot.is_some() {
                targeted.progress = Progress::Set;
            }
        }
        self.phase = Phase::Restoring;
    }

    /// Something is in force that is not asked for here.
    fn has_others(&self, is_asked: impl Fn(&str) -> bool) -> bool {
        let is_in_force =
            |it: &Targeted| !matches!(it.progress, Progress::Ending | Progress::Skipped | Progress::Restored);
        let targets = self.targets.iter().filter(|(_, it)| is_in_force(it)).map(|(name, _)| name);
        targets.chain(self.replicas.keys()).any(|name| !is_asked(name))
    }

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
            last: None,
            targets: BTreeMap::new(),
            replicas: BTreeMap::new(),
            at_work: None,
            reminded: false,
            complete: false,
        }
    }
}
