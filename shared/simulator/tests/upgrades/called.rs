//! What must hold of every call about a class, and of what RDS really applied.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::INTENT_LEASE;
use tidegate_policy::WeeklyWindow;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use tidegate_simulator::rds::{Actor, AppliedBy, ClassDeed, Deed, Happening, SimulatedRds};

use crate::made::{AskedOnce, ClassCallMade};
use crate::process::UpgradeProcess;
use crate::rules::{ClassChecker, STALE, window_of};

/// How old the answer of a last look may be: what was queued within it was not shown.
const UNSEEN: SignedDuration = SignedDuration::from_mins(2);

/// A day, for the changes of a day.
const ONE_DAY: SignedDuration = SignedDuration::from_hours(24);

impl ClassChecker {
    /// Time passed: what RDS applied meanwhile, and by whose doing.
    pub(crate) fn time_passes(&mut self, world: &SimulatedRds, known: usize) {
        let now = world.now();
        let window = &world.classes().maintenance_window;
        match self.windows.last_mut() {
            Some((last, until)) if last == window => *until = now,
            Some(_) | None => self.windows.push((window.clone(), now)),
        }
        for Happening { what, .. } in world.happenings().iter().skip(known) {
            match what {
                Deed::Class(deed) => self.applied(deed, now),
                Deed::Took(_) | Deed::Refused(..) | Deed::Lost(_) | Deed::Records(_) | Deed::Changed(_) => {}
            }
        }
    }

    fn applied(&mut self, deed: &ClassDeed, now: Timestamp) {
        let ours = AppliedBy::Call(Actor::Tidegate);
        match deed {
            ClassDeed::Applied { instance, pending, by } if *by == ours => {
                self.tale.tell(format!("{now} really applied: {deed:?}"));
                self.count(format!("applied {}", pending.value.name()));
                if pending.by != Actor::Tidegate {
                    self.was_queued_after_the_look(instance, pending.at, now, deed);
                }
            }
            ClassDeed::Restarted { instance, since, by } if *by == ours => {
                self.was_queued_after_the_look(instance, *since, now, deed);
            }
            ClassDeed::GivenUp { .. } => self.count("given up"),
            ClassDeed::Applied { .. }
            | ClassDeed::Restarted { .. }
            | ClassDeed::Took(_)
            | ClassDeed::Refused(..)
            | ClassDeed::Lost(_) => {}
        }
    }

    /// The one exception: what somebody queued after the last look, or so shortly before it that its answer did not show it, is
    /// applied by our `ApplyImmediately` too. The API of RDS has no condition that would prevent it.
    fn was_queued_after_the_look(
        &mut self,
        instance: &str,
        queued: Timestamp,
        now: Timestamp,
        deed: &ClassDeed,
    ) {
        let looked = self.looks.get(instance).copied();
        if looked.is_none_or(|looked| queued < looked - UNSEEN) {
            self.tale.fault(now, format!("applied by our call, and looked {looked:?}: {deed:?}"));
        } else {
            self.count("applied what nobody could see");
        }
    }

    /// What an operator asked for is remembered, begun, or told to be impossible. Where RDS is not readable the answer says so,
    /// and the operator asks again.
    pub(crate) fn answered(&mut self, process: &UpgradeProcess, after: &UpgradeMemory) {
        let Some(asked) = process.orders.asked.as_ref().filter(|_| process.seen.instances.is_ok()) else {
            return;
        };
        let is_new = |it: &&UpgradeOutcome| !process.before.outcomes.contains(it);
        let is_told = after.outcomes.iter().any(|it| is_new(&it) && it.end != UpgradeEnd::Started);
        let is_kept = match asked {
            ClassAsked::To(_) | ClassAsked::Next(_) => after.request.is_some() || after.change.is_some(),
            ClassAsked::Withdraw { .. } => {
                process.before.request.is_none() && process.before.change.is_none()
            }
        };
        if !is_told && !is_kept {
            self.tale.fault(process.now, format!("{asked:?} is neither kept nor answered: {after:?}"));
        }
    }

    /// What an evaluation has done, as it really was.
    pub(crate) fn acted(
        &mut self,
        process: &UpgradeProcess,
        world: &SimulatedRds,
        known: usize,
        under_way: &[(String, AppliedBy, Option<String>)],
    ) {
        let now = world.now();
        if let (Some(looked), Some(ClassCall::Modify { instance, .. })) =
            (process.looked, &process.decision.call)
        {
            self.looks.insert(instance.clone(), looked);
        }
        for Happening { what, by, .. } in world.happenings().iter().skip(known) {
            if *by != Actor::Tidegate {
                continue;
            }
            self.tale.tell(format!("{now} {} really: {what:?}", process.id));
            let (call, took) = match what {
                Deed::Class(ClassDeed::Took(call)) => {
                    self.count("took");
                    (call, true)
                }
                Deed::Class(ClassDeed::Refused(call, refusal)) => {
                    self.count(refusal.code());
                    (call, false)
                }
                Deed::Class(ClassDeed::Lost(call)) => {
                    self.count("lost");
                    (call, false)
                }
                Deed::Class(
                    ClassDeed::Applied { .. } | ClassDeed::Restarted { .. } | ClassDeed::GivenUp { .. },
                )
                | Deed::Took(_)
                | Deed::Refused(..)
                | Deed::Lost(_)
                | Deed::Records(_)
                | Deed::Changed(_) => {
                    self.tale.fault(now, format!("Tidegate cannot do this: {what:?}"));
                    continue;
                }
            };
            match call {
                ClassCall::Modify { instance, to, .. } => {
                    self.called(instance, to, process, world);
                    self.has_its_snapshot(process, world);
                    self.leaves_no_reservation(process, to, world);
                    if took {
                        self.is_alone(instance, to, under_way, now);
                    }
                }
                ClassCall::TakeSnapshot { instance, snapshot } => {
                    self.snapshot_asked_for((instance, snapshot), process, world, under_way);
                }
                ClassCall::RaiseMaxStorage { to_gib, .. } => self.storage_raised(*to_gib, process, now),
            }
        }
    }

    fn storage_raised(&mut self, to_gib: u32, process: &UpgradeProcess, now: Timestamp) {
        self.count("raised the largest storage");
        let soon = self.raised.is_some_and(|last| process.now.duration_since(last) < INTENT_LEASE);
        if soon {
            self.tale.fault(now, format!("{to_gib} GiB again within 90 seconds"));
        }
        self.raised = Some(process.now);
        let asked = self.policy.storage.and_then(|storage| storage.max_gib);
        if asked != Some(to_gib) {
            self.tale.fault(now, format!("{to_gib} GiB, and {asked:?} is asked for"));
        }
    }

    fn called(&mut self, instance: &str, to: &str, process: &UpgradeProcess, world: &SimulatedRds) {
        let now = process.now;
        let Some(change) = &process.decision.memory.change else { return };
        let (from, began) = (change.from.as_str(), change.began);
        let last = self.calls.iter().rev().find(|it| it.instance == instance);
        if last.is_some_and(|last| now.duration_since(last.at) < INTENT_LEASE && last.began == began) {
            self.tale.fault(now, format!("{instance} to {to} again within 90 seconds"));
        }
        let Some(new) = self.place(to) else {
            self.tale.fault(now, format!("outside the ladder: {instance} from {from} to {to}"));
            return;
        };
        // An operator, and only one, brings a class back into the ladder.
        let old = self.place(from);
        let is_main = instance == self.source;
        let is_of_ladder = !self.is_asked_for(to, began);
        let has_down = self.policy.ladder.as_ref().is_some_and(|ladder| !ladder.down.is_empty());
        if is_of_ladder && !has_down && old.is_none_or(|old| new < old) {
            self.tale.fault(now, format!("nobody asked for a smaller one: {instance} from {from} to {to}"));
        }
        if is_main && is_of_ladder && old.is_none_or(|old| new.abs_diff(old) != 1) {
            self.tale.fault(now, format!("not one rung: {from} to {to}"));
        }
        self.is_in_the_window(instance, to, began, process, world);
        self.calls.push(ClassCallMade {
            at: now,
            instance: instance.to_owned(),
            to: to.to_owned(),
            began,
            is_of_window: change.window_end.is_some(),
        });
        self.counts_of_window_and_day(now, world);
    }

    /// An operator asked for this class before the change began.
    fn is_asked_for(&self, to: &str, began: Timestamp) -> bool {
        self.asked.iter().any(|it| it.at <= began && it.to.as_deref().is_none_or(|asked| asked == to))
    }

    fn is_in_the_window(
        &mut self,
        instance: &str,
        to: &str,
        began: Timestamp,
        process: &UpgradeProcess,
        world: &SimulatedRds,
    ) {
        let now = process.now;
        // A window that somebody moved a moment ago was shown as it was.
        let recent = self.windows.iter().filter(|(_, until)| now.duration_since(*until) <= STALE);
        let current = [world.classes().maintenance_window.as_str()];
        let mut windows = recent.map(|(window, _)| window.as_str()).chain(current);
        let is_open = windows.any(|it| window_of(&self.policy, it).is_some_and(|it| it.contains(now)));
        let asks =
            |it: &AskedOnce| it.now && it.at <= began && it.to.as_deref().is_none_or(|asked| asked == to);
        let is_asked_now = self.asked.iter().any(asks);
        if !is_open && !is_asked_now {
            self.tale.fault(now, format!("outside the window: {instance} to {to}"));
        }
    }

    /// Nothing else that Tidegate asked for is under way, and the same only where its answer was lost.
    fn is_alone(
        &mut self,
        instance: &str,
        to: &str,
        under_way: &[(String, AppliedBy, Option<String>)],
        now: Timestamp,
    ) {
        let ours = AppliedBy::Call(Actor::Tidegate);
        for (id, _, class) in under_way.iter().filter(|(_, by, _)| *by == ours) {
            let is_same = id == instance && class.as_deref() == Some(to);
            if !is_same {
                self.tale.fault(now, format!("{instance} to {to} while {id} changes to {class:?}"));
            }
        }
    }

    fn counts_of_window_and_day(&mut self, now: Timestamp, world: &SimulatedRds) {
        let Some(ladder) = &self.policy.ladder else { return };
        let begun = |counts: fn(&ClassCallMade) -> bool| {
            let of_main = self.calls.iter().filter(|it| it.instance == self.source && counts(it));
            let mut begun: Vec<Timestamp> = of_main.map(|it| it.began).collect();
            begun.sort();
            begun.dedup();
            begun
        };
        let (all, of_window) = (begun(|_| true), begun(|it| it.is_of_window));
        let today = all.iter().filter(|at| now.duration_since(**at) < ONE_DAY).count();
        if today > usize::try_from(ladder.per_day).unwrap_or(usize::MAX) {
            self.tale.fault(now, format!("{today} changes within a day: {all:?}"));
        }
        let window = window_of(&self.policy, &world.classes().maintenance_window);
        let opened = window.and_then(|window| WeeklyWindow::began(window, now));
        if let Some(opened) = opened {
            let here = of_window.iter().filter(|at| **at >= opened).count();
            if here > 1 {
                self.tale.fault(now, format!("{here} changes in the window of {opened}: {of_window:?}"));
            }
        }
    }
}
