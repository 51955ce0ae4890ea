//! What must hold of the snapshots before a change, and of reservations.

use jiff::Timestamp;
use tidegate_simulator::rds::{Actor, AppliedBy, SimulatedRds};

use crate::made::SnapshotMade;
use crate::process::UpgradeProcess;
use crate::rules::{ClassChecker, window_of};

impl ClassChecker {
    /// A snapshot was asked for: of the database's own instance, by who wanted one, when the change might begin, and beside none.
    pub(crate) fn snapshot_asked_for(
        &mut self,
        (instance, name): (&str, &str),
        process: &UpgradeProcess,
        world: &SimulatedRds,
        under_way: &[(String, AppliedBy, Option<String>)],
    ) {
        let now = process.now;
        self.count("snapshot asked for");
        let intent = process.decision.memory.snapshot.as_ref();
        let is_intended = intent.is_some_and(|it| it.id == name && it.call.evaluation == process.id);
        if !is_intended || instance != self.source {
            self.tale.fault(now, format!("{name} of {instance} without its intent: {intent:?}"));
        }
        if !self.asked.iter().any(|it| it.snapshot && it.at <= now) {
            self.tale.fault(now, format!("nobody asked for a snapshot, and yet: {name}"));
        }
        let is_open = self.windows.iter().any(|(it, _)| is_in(self, it, now));
        let current = &world.classes().maintenance_window;
        let is_asked_now = self.asked.iter().any(|it| it.now && it.snapshot && it.at <= now);
        if !is_open && !is_in(self, current, now) && !is_asked_now {
            self.tale.fault(now, format!("outside the window: {name}"));
        }
        let ours = AppliedBy::Call(Actor::Tidegate);
        if under_way.iter().any(|(_, by, _)| *by == ours) {
            self.tale.fault(now, format!("{name} while a change is under way"));
        }
        if process.orders.emergency {
            self.tale.fault(now, format!("an emergency is in force, and yet: {name}"));
        }
        self.is_the_only_one(name, process, world);
    }

    /// One request has no second snapshot in one window while the first one is there.
    fn is_the_only_one(&mut self, name: &str, process: &UpgradeProcess, world: &SimulatedRds) {
        let memory = &process.decision.memory;
        let asked = memory.request.as_ref().map(|request| request.at);
        let window = memory.planned.as_ref().map(|planned| planned.window);
        let earlier = self.snapshots.iter().filter(|it| (it.asked, it.window) == (asked, window));
        let other = earlier.filter(|it| it.name != name).find(|it| is_complete(&it.name, world)).cloned();
        if let Some(other) = other {
            self.tale.fault(process.now, format!("{name} beside {other:?}"));
        }
        self.snapshots.push(SnapshotMade { name: name.to_owned(), asked, window });
    }

    /// A change that was asked for with a snapshot has one that is complete.
    pub(crate) fn has_its_snapshot(&mut self, process: &UpgradeProcess, world: &SimulatedRds) {
        let memory = &process.decision.memory;
        let Some(change) = &memory.change else { return };
        let is_wanted = memory.request.as_ref().is_some_and(|it| it.snapshot && it.to == change.to);
        // A replica that goes first has none of its own.
        let is_needed = is_wanted && change.instance == self.source;
        if change.snapshot.is_empty() && !is_needed {
            return;
        }
        let found = world.snapshots().iter().find(|it| it.id == change.snapshot);
        if !is_complete(&change.snapshot, world) {
            self.tale.fault(process.now, format!("{change:?} before its snapshot: {found:?}"));
        }
        self.count("changed after a snapshot");
    }

    /// The one instance of a family that is reserved does not leave it.
    pub(crate) fn leaves_no_reservation(&mut self, process: &UpgradeProcess, to: &str, world: &SimulatedRds) {
        let Some(change) = &process.decision.memory.change else { return };
        let family = |class: &str| class.rsplit_once('.').map(|(family, _)| family.to_owned());
        let is_alone = world.instances().len() == 1 && world.classes().others.is_empty();
        let mut reserved = world.classes().reservations.iter();
        let leaves = reserved.any(|it| family(&it.class) == family(&change.from))
            && family(to) != family(&change.from);
        if is_alone && leaves {
            self.tale.fault(process.now, format!("{change:?} leaves a reservation"));
        }
    }
}

/// RDS has it, and Tidegate asked for it.
fn is_complete(name: &str, world: &SimulatedRds) -> bool {
    let found = world.snapshots().iter().find(|it| it.id == name);
    found.is_some_and(|it| it.is_ours && !it.fails && it.until <= world.now())
}

fn is_in(checker: &ClassChecker, window: &str, now: Timestamp) -> bool {
    window_of(&checker.policy, window).is_some_and(|it| it.contains(now))
}
