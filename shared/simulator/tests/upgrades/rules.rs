//! What must hold in every story about a class. The first thing that does not hold is kept, with what led to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::WeeklyWindow;
use tidegate_policy::database::notice::NoticePhase;
use tidegate_policy::database_class::memory_mib;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::memory::{
    ClassChange, PlannedChange, UpgradeEnd, UpgradeMemory, UpgradeOutcome,
};
use tidegate_policy::upgrades::observation::ClassedInstance;
use tidegate_policy::upgrades::policy::{ChangeWindow, UpgradePolicy};
use tidegate_simulator::rds::{Actor, AppliedBy, ClassDeed, Deed, SimulatedInstance, SimulatedRds};

use crate::made::{AskedOnce, ClassCallMade, SnapshotMade};
use crate::process::UpgradeProcess;
use crate::tale::Tale;

/// What RDS shows is at most 2 minutes old in this world, and an evaluation lasts at most another.
pub(crate) const STALE: SignedDuration = SignedDuration::from_mins(4);

/// In a world that is well again every change is over within this: until the end of its window it is asked for again (up to an hour
/// here), 40 minutes of `modifying`, 10 of a restart, half an hour of an upgrade that was queued after the look, and what is left
/// is waited for for an hour; the evaluations of a quiet time are an hour apart.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_hours(6);

/// Outcomes that are kept while SNS is down.
const OUTCOMES_KEPT: usize = 16;

/// What must hold, and what of the past is needed to know it.
#[derive(Debug, Clone)]
pub(crate) struct ClassChecker {
    pub(crate) policy: UpgradePolicy,
    pub(crate) observe: bool,
    pub(crate) source: String,
    pub(crate) asked: Vec<AskedOnce>,
    pub(crate) calls: Vec<ClassCallMade>,
    pub(crate) snapshots: Vec<SnapshotMade>,
    /// When `MaxAllocatedStorage` was last asked for.
    pub(crate) raised: Option<Timestamp>,
    /// `PreferredMaintenanceWindow`, and until when it was so.
    pub(crate) windows: Vec<(String, Timestamp)>,
    /// Looks that found nothing against a call, by instance.
    pub(crate) looks: BTreeMap<String, Timestamp>,
    /// How changes ended, and what came of calls: what the stories are about.
    pub(crate) seen: BTreeMap<String, usize>,
    /// Outcomes that are written.
    ends: Vec<(UpgradeOutcome, Timestamp)>,
    well_since: Option<Timestamp>,
    /// SNS was down for so long that the oldest outcomes were forgotten, as stated.
    forgets: bool,
    /// What operators were told, and when.
    reports: Vec<(Timestamp, String)>,
    /// Why the last decision was what it was.
    because: String,
    pub(crate) tale: Tale,
}

/// The window in which a change may begin.
pub(crate) fn window_of(policy: &UpgradePolicy, maintenance: &str) -> Option<WeeklyWindow> {
    match policy.ladder.as_ref().map(|ladder| ladder.window)? {
        ChangeWindow::Maintenance => maintenance.parse().ok(),
        ChangeWindow::Weekly(window) => Some(window),
    }
}

impl ClassChecker {
    pub(crate) fn new(policy: &UpgradePolicy, observe: bool, source: &str) -> Self {
        Self {
            policy: policy.clone(),
            observe,
            source: source.to_owned(),
            asked: Vec::new(),
            calls: Vec::new(),
            snapshots: Vec::new(),
            raised: None,
            windows: Vec::new(),
            looks: BTreeMap::new(),
            seen: BTreeMap::new(),
            ends: Vec::new(),
            well_since: None,
            forgets: false,
            reports: Vec::new(),
            because: String::new(),
            tale: Tale::default(),
        }
    }

    pub(crate) fn asked(&mut self, asked: &ClassAsked, at: Timestamp) {
        self.tale.tell(format!("{at} an operator asks: {asked:?}"));
        match asked {
            ClassAsked::To(request) => {
                let to = Some(request.to.clone());
                let (now, snapshot) = (request.now, request.snapshot);
                self.asked.push(AskedOnce { at, to, now, snapshot });
            }
            ClassAsked::Next(request) => {
                self.asked.push(AskedOnce { at, to: None, now: request.now, snapshot: request.snapshot });
            }
            ClassAsked::Withdraw { .. } => {}
        }
    }

    pub(crate) fn is_well(&mut self, now: Timestamp) {
        self.well_since = Some(now);
    }

    pub(crate) fn count(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    /// What an evaluation decided, beside what it saw.
    pub(crate) fn decided(&mut self, process: &UpgradeProcess) {
        let UpgradeProcess { decision, seen, before, orders, now, .. } = process;
        let because = decision.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if self.because != because || decision.call.is_some() {
            self.tale.tell(format!("{now} {}: {because} {:?}", process.id, decision.call));
            self.because = because;
        }
        if decision.reasons.is_empty() {
            self.tale.fault(*now, "a decision without a reason");
        }
        self.told_twice(process);
        self.is_done_as_shown(process);
        let Some(call) = &decision.call else { return };
        if seen.instances.is_err() {
            self.tale.fault(*now, format!("RDS was not read, and yet: {call:?}"));
        }
        if self.observe {
            self.tale.fault(*now, format!("the mode is observe, and yet: {call:?}"));
        }
        let ClassCall::Modify { instance, from, to } = call else { return };
        if self.policy.is_aurora {
            self.tale.fault(*now, format!("it is Aurora, and yet: {call:?}"));
        }
        let shown = shown(process, instance);
        if !shown.is_some_and(|it| it.class == *from && is_free(it)) {
            self.tale.fault(*now, format!("{call:?}, and it is shown as {shown:?}"));
        }
        let intent = decision.memory.change.as_ref();
        let is_intended = intent.is_some_and(|it| {
            (&it.instance, &it.to) == (instance, to)
                && it.call.as_ref().is_some_and(|call| call.evaluation == process.id)
        });
        if !is_intended {
            self.tale.fault(*now, format!("{call:?} without its intent: {intent:?}"));
        }
        let begins = !intent.is_some_and(|it| is_same_class_change(it, before.change.as_ref()));
        if begins && orders.emergency {
            self.tale.fault(*now, format!("an emergency is in force, and yet: {call:?}"));
        }
        let is_down = self.place(to) < self.place(from);
        let held = orders.overrides.iter().rev().filter(|it| *now < it.until).find_map(|it| match it.kind {
            OverrideKind::Hold(held) => Some(held),
            OverrideKind::Min(_)
            | OverrideKind::Max(_)
            | OverrideKind::Pin(_)
            | OverrideKind::Raise(_)
            | OverrideKind::Release => None,
        });
        if begins && (held == Some(Held::Both) || (held == Some(Held::ScaleIn) && is_down)) {
            self.tale.fault(*now, format!("an operator holds, and yet: {call:?}"));
        }
    }

    /// A change is done when it is shown with the new class and nothing left; or what is left is told.
    fn is_done_as_shown(&mut self, process: &UpgradeProcess) {
        let UpgradeProcess { before, decision, .. } = process;
        let new = decision.memory.outcomes.iter().filter(|it| !before.outcomes.contains(it));
        let done: Vec<_> =
            new.filter(|it| it.end == UpgradeEnd::Done && !it.detail.contains("still")).collect();
        for outcome in done {
            let shown = shown(process, &outcome.instance);
            let is_applying = |it: &ClassedInstance| it.parameters.iter().any(|(_, word)| word == "applying");
            let is_over = |it: &ClassedInstance| {
                it.class == outcome.to && it.status == Status::Available && it.pending_class.is_none()
            };
            if !shown.is_some_and(|it| is_over(it) && !is_applying(it)) {
                self.tale.fault(process.now, format!("{outcome:?}, and it is shown as {shown:?}"));
            }
        }
    }

    /// The place of a class in the ladder.
    pub(crate) fn place(&self, class: &str) -> Option<usize> {
        self.policy.ladder.as_ref().and_then(|ladder| ladder.place(class))
    }

    /// What SNS took once is not told again while it lasts: another class or another window is another plan.
    fn told_twice(&mut self, process: &UpgradeProcess) {
        for notice in process.decision.notices.iter().filter(|it| it.phase == NoticePhase::Begins) {
            let known = process.before.active.get(&notice.about);
            if known.is_some_and(|it| {
                it.notified && !it.ended && it.severity >= notice.severity && it.detail == notice.verdict
            }) {
                self.tale.fault(process.now, format!("told again: {notice:?}"));
            }
        }
    }

    /// One write of the ledger follows another.
    pub(crate) fn written(&mut self, before: &UpgradeMemory, after: &UpgradeMemory, world: &SimulatedRds) {
        let now = world.now();
        self.forgets |= after.outcomes.len() >= OUTCOMES_KEPT;
        let new: Vec<_> = after.outcomes.iter().filter(|it| !before.outcomes.contains(it)).collect();
        for outcome in new {
            self.count(format!("{:?}", outcome.end));
            self.tale.tell(format!("{now} comes out: {outcome:?}"));
            self.is_true(outcome, world);
            self.ends.push((outcome.clone(), now));
        }
        if let Some(planned) = &before.planned {
            self.window_is_used_or_told(planned, after, world);
        }
        let Some(change) = before.change.as_ref() else { return };
        if is_same_class_change(change, after.change.as_ref()) {
            return;
        }
        let is_of_it = |it: &&ClassCallMade| it.instance == change.instance && it.began == change.began;
        if !self.calls.iter().any(|it| is_of_it(&it)) && after.change.is_none() {
            // It was withdrawn before anything was asked for.
            return;
        }
        let ends = |it: &UpgradeOutcome| it.instance == change.instance && it.end != UpgradeEnd::Started;
        if !after.outcomes.iter().any(|it| ends(it) && it.to == change.to && it.at >= change.began) {
            self.tale.fault(now, format!("{change:?} ended without an outcome: {:?}", after.outcomes));
        }
        if let Some(well) = self.well_since {
            let lasted = now.duration_since(change.began.max(well));
            if lasted > ENDS_WITHIN {
                self.tale.fault(now, format!("{change:?} took {lasted}"));
            }
        }
    }

    /// A change that waited for a window began in it, or operators are told that it did not.
    fn window_is_used_or_told(
        &mut self,
        planned: &PlannedChange,
        after: &UpgradeMemory,
        world: &SimulatedRds,
    ) {
        let now = world.now();
        let still = after.planned.as_ref().is_some_and(|it| it.window == planned.window);
        let window = window_of(&self.policy, &world.classes().maintenance_window);
        let Some(length) = window.map(WeeklyWindow::length) else { return };
        let end = planned.window.saturating_add(length).unwrap_or(planned.window);
        let is_moved = self.windows.len() > 1;
        if still || now < end || is_moved {
            return;
        }
        let in_window = |at: Timestamp| planned.window <= at && at <= end;
        let is_used = self.calls.iter().any(|it| in_window(it.at));
        let tells = |it: &UpgradeOutcome| it.end != UpgradeEnd::Started && it.at >= planned.window;
        let is_told = after.outcomes.iter().any(tells) || self.ends.iter().any(|(it, _)| tells(it));
        if !is_used && !is_told {
            self.tale.fault(now, format!("the window of {planned:?} passed, and nobody is told: {after:?}"));
        }
    }

    /// What is told to be done is done, and what is told to have failed is not.
    fn is_true(&mut self, outcome: &UpgradeOutcome, world: &SimulatedRds) {
        let now = world.now();
        let found = world.instances().iter().find(|it| it.id == outcome.instance);
        let works = |it: &SimulatedInstance| {
            it.modified_by() == Some(AppliedBy::Call(Actor::Tidegate))
                && it.pending.class() == Some(outcome.to.as_str())
        };
        let is_false = match (outcome.end, found) {
            (UpgradeEnd::Done, Some(it)) => it.class != outcome.to && !changed_a_moment_ago(world, &it.id),
            (UpgradeEnd::Failed, Some(it)) => {
                let is_ours = self.calls.iter().any(|call| call.instance == it.id && call.to == outcome.to);
                is_ours && (works(it) || it.class == outcome.to)
            }
            (UpgradeEnd::ChangedByOthers, Some(it)) => it.class == outcome.to && works(it),
            (UpgradeEnd::Vanished, found) => found.is_some_and(|it| it.status.serves()),
            (
                UpgradeEnd::Started
                | UpgradeEnd::Refused
                | UpgradeEnd::Observed
                | UpgradeEnd::StorageRaised
                | UpgradeEnd::SnapshotBegan
                | UpgradeEnd::SnapshotFailed
                | UpgradeEnd::SnapshotKept
                | UpgradeEnd::WindowPassed
                | UpgradeEnd::Withdrawn
                | UpgradeEnd::NothingToWithdraw
                | UpgradeEnd::GoesOn
                | UpgradeEnd::Done
                | UpgradeEnd::Failed
                | UpgradeEnd::ChangedByOthers,
                _,
            ) => false,
        };
        if is_false {
            let state = found.map(|it| (it.status.word(), it.class.clone(), it.pending.clone()));
            self.tale.fault(now, format!("{outcome:?}, and really {state:?}"));
        }
    }

    /// SNS took a report.
    pub(crate) fn told(&mut self, process: &UpgradeProcess) {
        self.reports.extend(process.told().map(|told| (process.now, told)));
    }

    /// In a world that is well a busy instance got the next class in its window, or operators know why not.
    pub(crate) fn is_not_stuck(&mut self, before: &str, world: &SimulatedRds, memory: &UpgradeMemory) {
        let Some(ladder) = self.policy.ladder.as_ref().filter(|_| !self.observe) else { return };
        let Some(place) = ladder.place(before) else { return };
        let memory_of =
            |class: &str| memory_mib(class).and_then(|mib| u32::try_from(mib).ok()).map(f64::from);
        let cpu = memory_of(before).map(|mib| world.classes().demand.work * 8_192.0 / mib);
        let is_busy = cpu.is_some_and(|cpu| cpu.min(100.0) > 81.0);
        let class = world.instances().first().map(|it| it.class.clone()).unwrap_or_default();
        if !is_busy || place + 1 == ladder.classes.len() || class != before {
            self.count(if is_busy { "moved, or at the top" } else { "not busy" });
            return;
        }
        let well = self.well_since.unwrap_or(world.now());
        let is_why =
            |told: &str| ["`refused", "`failed", "`window passed"].iter().any(|it| told.contains(it));
        let is_told = self.reports.iter().any(|(at, told)| *at >= well && is_why(told));
        self.count("busy, and told why");
        // What is wanted for less than a day before a window waits for the next one, and is told a day before that.
        let is_new = memory.planned.as_ref().is_some_and(|planned| {
            planned.since > planned.window - SignedDuration::from_hours(8 * 24)
                && planned.window > world.now()
        });
        if !is_told && !is_new && !memory.active.contains_key("refused") {
            self.tale.fault(world.now(), format!("stuck at {before}, and nobody knows why: {memory:?}"));
        }
    }

    /// What must be true at the end of a story, in a world that has been well for long enough.
    pub(crate) fn ended(&mut self, world: &SimulatedRds, memory: &UpgradeMemory) {
        let now = world.now();
        if !memory.outcomes.is_empty() {
            self.tale.fault(now, format!("never told: {:?}", memory.outcomes));
        }
        if let Some(change) = &memory.change
            && now.duration_since(change.began) > ENDS_WITHIN
        {
            self.tale.fault(now, format!("never ends: {change:?}"));
        }
        for (outcome, at) in self.ends.clone() {
            let hears = |(heard, told): &(Timestamp, String)| {
                *heard >= at - STALE && (told.contains(&outcome.to) || told.contains(&outcome.instance))
            };
            if !self.forgets && !self.reports.iter().any(hears) {
                self.tale.fault(at, format!("operators never heard of {outcome:?}"));
            }
        }
        let ladder = self.policy.ladder.as_ref().map(|ladder| ladder.classes.len()).unwrap_or_default();
        if self.calls.len() > 40 * ladder.max(1) {
            self.tale.fault(now, format!("{} calls in one story", self.calls.len()));
        }
    }
}

/// An instance as the evaluation saw it.
fn shown<'a>(process: &'a UpgradeProcess, id: &str) -> Option<&'a ClassedInstance> {
    let instances = process.seen.instances.as_ref().ok()?;
    std::iter::once(&instances.main).chain(&instances.replicas).find(|it| it.id == id)
}

/// Nothing of it is changing, pending, or waiting for a restart.
fn is_free(it: &ClassedInstance) -> bool {
    let is_pending = it.pending_class.is_some() || !it.pending.is_empty() || !it.parameters.is_empty();
    it.status == Status::Available && !it.is_storage_busy && !is_pending
}

/// The same change, at whichever step it stands.
pub(crate) fn is_same_class_change(one: &ClassChange, other: Option<&ClassChange>) -> bool {
    other.is_some_and(|other| (&one.instance, one.began) == (&other.instance, other.began))
}

/// Instances of which RDS works on something, or is about to: what made it begin, and the class that it is to have.
pub(crate) fn under_way(world: &SimulatedRds) -> Vec<(String, AppliedBy, Option<String>)> {
    let of = |it: &SimulatedInstance| {
        it.modified_by().map(|by| (it.id.clone(), by, it.pending.class().map(str::to_owned)))
    };
    world.instances().iter().filter_map(of).collect()
}

/// Something was applied to an instance within the time that nobody can see.
fn changed_a_moment_ago(world: &SimulatedRds, id: &str) -> bool {
    let now = world.now();
    let mut recent = world.happenings().iter().rev().take_while(|it| now.duration_since(it.at) <= STALE);
    recent.any(|it| matches!(&it.what, Deed::Class(ClassDeed::Applied { instance, .. }) if instance == id))
}
