//! What is remembered of an emergency, in the item that every function reads with its own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::emergency::engage::Size;
use crate::emergency::lately::SetLately;
use crate::emergency::target::{Change, Process, ScalableTarget};
use crate::one_line::one_line;
use crate::overrides::{Held, Override, OverrideKind};

/// What operators asked for, of the whole fleet: the memory of `emergency-max`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// Hold, pin and the like, in the order in which they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Override>,
    /// The emergency, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The desired counts that were set a moment ago.
    #[serde(skip_serializing_if = "SetLately::is_empty")]
    pub set: SetLately,
}

/// An emergency. There is one at most: a second one of another profile becomes a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The evaluation that began it.
    pub id: String,
    /// The profile asked for last.
    pub profile: String,
    /// Which part of its life it is in.
    pub phase: Phase,
    /// When it began.
    pub since: Timestamp,
    /// It ends by itself at this moment.
    pub until: Timestamp,
    /// Who asked for it, in their own words.
    pub who: String,
    /// Why.
    pub why: String,
    /// The request id of the invocation, by which `CloudTrail` names its principal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
    /// What was named when it was asked for last, for the line that keeps it. An earlier version wrote nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<LastEngage>,
    /// Its targets by name.
    pub targets: BTreeMap<String, Targeted>,
    /// Databases by name, and the least number of replicas of each while it lasts. `replica-lag` adds them: `emergency-max`
    /// asks RDS nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub replicas: BTreeMap<String, u32>,
    /// The invocation that makes changes now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_work: Option<Lease>,
    /// Operators know that it ends soon.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub reminded: bool,
    /// Operators know that everything asked for runs.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub complete: bool,
}

/// What was named when an emergency was asked for last. The same once more keeps all of it: an emergency has one end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastEngage {
    /// Services and databases of the profile, as many as a line has room for; none: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Its sizes may exceed the fleet file's budgets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_budgets: bool,
    /// More is in force than the same would ask for once this emergency is over.
    #[serde(rename = "part", skip_serializing_if = "std::ops::Not::not")]
    pub is_part: bool,
}

/// Which part of its life an emergency is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Sizes are being set.
    Engaging,
    /// Each was set, or cannot be.
    Engaged,
    /// What was found is being put back.
    Restoring,
}

/// The invocation that makes changes, until its time is over. Another one leaves the targets alone until then: AWS counts the
/// calls of both together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its id.
    pub invocation: String,
    /// It sends nothing after this moment.
    pub until: Timestamp,
}

/// One target of an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targeted {
    /// The size asked for.
    #[serde(rename = "to")]
    pub asked: u32,
    /// Only ever raised to it; otherwise set to exactly that.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub raise: bool,
    /// How far it is.
    #[serde(rename = "is")]
    pub progress: Progress,
    /// What was found before the first change: written before that, once for each emergency.
    #[serde(rename = "was", skip_serializing_if = "Option::is_none", default)]
    pub snapshot: Option<Snapshot>,
    /// The desired counts that it was given, or was to be given: what is none of them was set by someone else.
    #[serde(rename = "sized", skip_serializing_if = "Vec::is_empty", default)]
    pub sizes: Vec<u32>,
    /// What Application Auto Scaling was set to, or was to be set to.
    #[serde(rename = "set", skip_serializing_if = "Vec::is_empty", default)]
    pub registered: Vec<ScalableTarget>,
    /// The processes that were suspended.
    #[serde(rename = "stopped", skip_serializing_if = "Vec::is_empty", default)]
    pub suspended: Vec<Process>,
    /// How often the change failed, one time after the other.
    #[serde(rename = "f", skip_serializing_if = "is_zero", default)]
    pub failures: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// How far one target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// A change is still to be made.
    Pending,
    /// AWS took the change.
    Set,
    /// Its desired count was seen at its size; its tasks start.
    Starting,
    /// It was seen at its size, and all of its tasks run.
    Seen,
    /// What was found is to be put back, while the emergency goes on: it is not asked for any more.
    Ending,
    /// It cannot be changed, is not there any more, or was changed by hand.
    Skipped,
    /// What was found is put back.
    Restored,
}

/// What was found of a target before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The desired count.
    #[serde(rename = "d")]
    pub desired: u32,
    /// Its scalable target, if it had one.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none", default)]
    pub scalable: Option<ScalableTarget>,
    /// When that was. Scheduled actions that came due later did not run.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
}

/// A change that failed this often, one time after the other, waits for the next minute.
pub const FAILURES_AT_ONCE: u8 = 3;

/// So long before its end operators are reminded of an emergency.
pub const REMINDED_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// An evaluation makes no changes for longer than this.
const LEASE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// An emergency of more targets than a fleet may have was not written by `emergency-max`.
const TARGETS_MAX: usize = 2_000;

/// Of each target so many of its sizes and bounds are remembered: profiles are few, and each sets one.
const INTENTS_MAX: usize = 16;

/// The names of the last engage, all together: with more, the line that keeps an emergency would push the other lines out of a
/// chat message, which has 6 KB. Some of them do: one target that is asked for again moves the end of all.
const NAMED_BYTES_MAX: usize = 1_000;

impl LastEngage {
    /// Remembers the first names, where they are many.
    pub(crate) fn new(named: &[String], ignore_budgets: bool, is_part: bool) -> Self {
        let mut it = Self { services: named.to_vec(), ignore_budgets, is_part };
        it.limit();
        it
    }

    fn limit(&mut self) {
        let (mut known, mut bytes) = (BTreeSet::new(), 0_usize);
        self.services.retain(|name| known.insert(name.clone()));
        let has_room = |name: &&String| {
            bytes = bytes.saturating_add(name.len()).saturating_add(1);
            bytes <= NAMED_BYTES_MAX
        };
        let fitting = self.services.iter().take_while(has_room).count();
        self.is_part |= fitting < self.services.len();
        self.services.truncate(fitting);
    }
}

impl Overrides {
    /// What speaks of one target: the rows, and the emergency as a row of its own, the newest of all.
    #[must_use]
    pub fn of(&self, target: &str) -> Cow<'_, [Override]> {
        match self.of_emergency(target) {
            Some(row) => self.rows.iter().cloned().chain([row]).collect(),
            None => Cow::Borrowed(&self.rows),
        }
    }

    /// The emergency as a row of one target. `tidegate release` does not end it.
    #[must_use]
    pub fn of_emergency(&self, target: &str) -> Option<Override> {
        self.incident.as_ref().and_then(|incident| incident.row(target))
    }

    /// What the emergency asks of a target, where that outranks a row of this kind: the row is remembered, and is in effect once
    /// the emergency is over.
    #[must_use]
    pub fn outranking(&self, target: &str, kind: OverrideKind) -> Option<Size> {
        let incident = self.incident.as_ref().filter(|incident| incident.row(target).is_some())?;
        let of_service = incident.targets.get(target).map(|it| Size { asked: it.asked, raise: it.raise });
        let of_database = || Some(Size { asked: *incident.replicas.get(target)?, raise: true });
        let size = of_service.or_else(of_database)?;
        let is_met = match kind {
            OverrideKind::Pin(asked) => asked == size.asked || (size.raise && asked > size.asked),
            OverrideKind::Max(most) => most >= size.asked,
            OverrideKind::Min(least) => size.raise || least <= size.asked,
            OverrideKind::Hold(Held::ScaleIn) => size.raise,
            OverrideKind::Hold(Held::Both) => false,
            OverrideKind::Raise(_) | OverrideKind::Release => true,
        };
        (!is_met).then_some(size)
    }

    /// Believes what was read only as far as it can be true.
    pub fn believe(&mut self, rows_max: usize, now: Timestamp) {
        self.rows.drain(..self.rows.len().saturating_sub(rows_max));
        self.rows.iter_mut().for_each(Override::believe);
        if let Some(incident) = &mut self.incident {
            incident.believe(now);
        }
    }
}

impl Targeted {
    /// Remembers a change before it is made.
    pub fn intend(&mut self, change: &Change) {
        match change {
            Change::Register(set) if !self.registered.contains(set) => self.registered.push(*set),
            Change::SetCapacity(to) if !self.sizes.contains(to) => self.sizes.push(*to),
            Change::Suspend(processes) => self.suspended.extend(processes),
            Change::Register(_) | Change::SetCapacity(_) | Change::Resume(_) => {}
        }
        self.limit();
    }

    /// Takes in what an answer, or the ledger, says of the same target. What was found first is what is put back: if that is something else
    /// than what was put back already, or was left alone, it is once more.
    pub(crate) fn merge(&mut self, said: &Self) {
        for change in said.registered.iter().map(|set| Change::Register(*set)) {
            self.intend(&change);
        }
        for change in said.sizes.iter().map(|size| Change::SetCapacity(*size)) {
            self.intend(&change);
        }
        self.suspended.extend(&said.suspended);
        self.limit();
        let at = |snapshot: &Option<Snapshot>| snapshot.as_ref().and_then(|it| it.at);
        let is_earlier = at(&said.snapshot).zip(at(&self.snapshot)).is_some_and(|(said, known)| said < known);
        let is_other = (is_earlier || self.snapshot.is_none()) && self.snapshot != said.snapshot;
        if is_other {
            self.snapshot.clone_from(&said.snapshot);
        }
        if is_other && matches!(self.progress, Progress::Skipped | Progress::Restored) {
            self.progress = Progress::Set;
        }
    }

    fn limit(&mut self) {
        self.suspended.sort_unstable();
        self.suspended.dedup();
        self.registered.drain(..self.registered.len().saturating_sub(INTENTS_MAX));
        self.sizes.drain(..self.sizes.len().saturating_sub(INTENTS_MAX));
    }
}

impl Incident {
    fn believe(&mut self, now: Timestamp) {
        for text in [&mut self.id, &mut self.profile, &mut self.who] {
            one_line(text, 64);
        }
        one_line(&mut self.why, 300);
        if let Some(request) = &mut self.request {
            one_line(request, 64);
        }
        if let Some(last) = &mut self.last {
            last.services.iter_mut().for_each(|name| one_line(name, 64));
            last.limit();
        }
        while self.targets.len() > TARGETS_MAX {
            self.targets.pop_last();
        }
        while self.replicas.len() > TARGETS_MAX {
            self.replicas.pop_last();
        }
        if let Some(lease) = &mut self.at_work {
            lease.until = lease.until.min(now.saturating_add(LEASE_MAX).unwrap_or(now));
        }
        for targeted in self.targets.values_mut() {
            targeted.sizes.truncate(INTENTS_MAX);
            targeted.registered.truncate(INTENTS_MAX);
            targeted.suspended.sort_unstable();
            targeted.suspended.dedup();
        }
    }

    /// What it means for the functions that scale one of its targets.
    ///
    /// What is still to be set is left alone, so that `emergency-max` alone sets it, at the pace that AWS allows. Once it is
    /// set they keep it there, until the emergency ends. Replicas are added and never removed.
    fn row(&self, target: &str) -> Option<Override> {
        let kind = match self.targets.get(target) {
            Some(targeted) => self.kind(targeted)?,
            None if self.phase == Phase::Restoring => return None,
            None => OverrideKind::Raise(*self.replicas.get(target)?),
        };
        Some(Override {
            target: target.to_owned(),
            kind,
            since: Some(self.since),
            until: self.until,
            who: self.who.clone(),
            why: format!("emergency {}: {}", self.profile, self.why),
            request: Some(self.request.clone().unwrap_or_default()),
        })
    }

    fn kind(&self, targeted: &Targeted) -> Option<OverrideKind> {
        match (self.phase, targeted.progress) {
            (Phase::Restoring, _) | (_, Progress::Ending | Progress::Skipped | Progress::Restored) => None,
            (Phase::Engaging | Phase::Engaged, Progress::Pending) => Some(OverrideKind::Hold(Held::Both)),
            (Phase::Engaging | Phase::Engaged, Progress::Set | Progress::Starting | Progress::Seen) => {
                Some(if targeted.raise {
                    OverrideKind::Raise(targeted.asked)
                } else {
                    OverrideKind::Pin(targeted.asked)
                })
            }
        }
    }

    /// How many of its targets are so far.
    #[must_use]
    pub fn count(&self, progress: Progress) -> usize {
        self.targets.values().filter(|target| target.progress == progress).count()
    }

    /// Something is left that can be tried at once: it did not fail all the time.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        let tried = |targeted: &Targeted| targeted.failures < FAILURES_AT_ONCE;
        match self.phase {
            Phase::Engaging | Phase::Engaged => {
                let is_left = |it: &&Targeted| matches!(it.progress, Progress::Pending | Progress::Ending);
                self.targets.values().filter(is_left).any(tried)
            }
            Phase::Restoring => {
                let is_left = |it: &&Targeted| !matches!(it.progress, Progress::Skipped | Progress::Restored);
                let mut left = self.targets.values().filter(is_left).peekable();
                left.peek().is_none() || left.any(tried)
            }
        }
    }

    /// Another invocation makes changes now.
    #[must_use]
    pub fn is_leased(&self, invocation: &str, now: Timestamp) -> bool {
        self.at_work.as_ref().is_some_and(|lease| lease.invocation != invocation && now < lease.until)
    }
}
