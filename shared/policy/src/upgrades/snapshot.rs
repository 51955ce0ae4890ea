//! The manual snapshot that an operator asks for before a change: asked for once the change may begin, and waited for until RDS shows
//! it complete. Tidegate never deletes it.

use jiff::Timestamp;

use crate::clock::since;
use crate::database::call::{DatabaseCall, SHOWS_WITHIN};
use crate::replicas::policy::PREFIX;
use crate::upgrades::decision::{ClassCall, UpgradeState};
use crate::upgrades::memory::{ClassSnapshot, UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::plan;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::steps::UpgradeSteps;

/// What a snapshot does to an instance, and what becomes of it (Amazon RDS user guide, "Creating a DB snapshot for a Single-AZ DB
/// instance": I/O stops for seconds to minutes, and on MariaDB, MySQL, Oracle and PostgreSQL with Multi-AZ it does not).
pub const SNAPSHOT_STOPS_IO: &str = "on Single-AZ I/O stops while it begins";

/// Where the snapshot before a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SnapshotTurn {
    /// Nothing is to be waited for: there is none under way, or it is complete.
    GoesOn,
    /// RDS works on it, or its answer is waited for.
    Waits,
    /// RDS shows none, and may be asked once more.
    Again,
    /// It is not there, and will not be: the class stays.
    Failed,
}

/// Its identifier: the instance and the minute in which it was first asked for, so that a call that is sent again finds its own.
fn name(instance: &str, now: Timestamp) -> String {
    format!("{PREFIX}{instance}-{}", now.strftime("%Y%m%d%H%M"))
}

/// Everything allows the change: the snapshot comes before it.
pub(crate) fn begin(scene: &UpgradeScene<'_>, to: &str, memory: &mut UpgradeMemory, it: &mut UpgradeSteps) {
    let main = scene.main();
    let snapshot = ClassSnapshot {
        id: name(&main.id, scene.now),
        instance: main.id.clone(),
        from: main.class.clone(),
        to: to.to_owned(),
        began: scene.now,
        call: DatabaseCall::first(scene.evaluation, scene.now),
        refused: String::new(),
        is_started: false,
        is_ready: false,
    };
    it.state = UpgradeState::Snapshot;
    it.reasons.push(UpgradeReason::SnapshotBegins { instance: main.id.clone(), id: snapshot.id.clone() });
    it.call = Some(snapshot.call_of());
    plan::prevented(memory, being_made(&snapshot.id), scene.now);
    memory.snapshot = Some(snapshot);
}

/// Sends its call once more.
pub(crate) fn again(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory, it: &mut UpgradeSteps) {
    let Some(snapshot) = &mut memory.snapshot else { return };
    let DatabaseCall { taken, failures, .. } = snapshot.call;
    let failures = if taken { 0 } else { failures.max(1) };
    snapshot.call = DatabaseCall { taken, failures, ..DatabaseCall::first(scene.evaluation, scene.now) };
    it.state = UpgradeState::Snapshot;
    it.reasons.push(UpgradeReason::SnapshotAgain { id: snapshot.id.clone() });
    it.call = Some(snapshot.call_of());
}

/// Follows the snapshot by what RDS shows of it.
pub(crate) fn follow(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    it: &mut UpgradeSteps,
) -> SnapshotTurn {
    let Some(snapshot) = memory.snapshot.clone().filter(|snapshot| !snapshot.is_ready) else {
        return SnapshotTurn::GoesOn;
    };
    let status = match &scene.seen.snapshot {
        None => "not read".to_owned(),
        Some(Err(absence)) => format!("not known: {absence}"),
        Some(Ok(None)) => return missing(scene, memory, &snapshot, it),
        Some(Ok(Some(seen))) if !seen.is_ours => {
            let why = format!("{} exists, and is not the one that Tidegate asked for", snapshot.id);
            return failed(scene, memory, why);
        }
        Some(Ok(Some(seen))) => seen.status.clone(),
    };
    let is_shown = matches!(&scene.seen.snapshot, Some(Ok(Some(_))));
    if is_shown {
        memory.snapshot_started(scene.now);
    }
    match status.as_str() {
        "available" => {
            if let Some(snapshot) = &mut memory.snapshot {
                snapshot.is_ready = true;
            }
            SnapshotTurn::GoesOn
        }
        "failed" | "incompatible-restore" | "incompatible-parameters" if is_shown => {
            failed(scene, memory, format!("RDS shows {} as {status}", snapshot.id))
        }
        _ => waits(scene, memory, snapshot.id, status, it),
    }
}

/// RDS shows no such snapshot: its call was not taken, or what RDS shows is minutes old.
fn missing(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    snapshot: &ClassSnapshot,
    it: &mut UpgradeSteps,
) -> SnapshotTurn {
    let ClassSnapshot { id, call, refused, .. } = snapshot;
    let pause = if call.taken || !refused.is_empty() { SHOWS_WITHIN } else { call.pause() };
    if since(call.at, scene.now) < pause {
        return waits(scene, memory, id.clone(), "asked for".to_owned(), it);
    }
    if !refused.is_empty() {
        return failed(scene, memory, format!("{id}: {refused}"));
    }
    SnapshotTurn::Again
}

fn waits(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    id: String,
    status: String,
    it: &mut UpgradeSteps,
) -> SnapshotTurn {
    plan::prevented(memory, being_made(&id), scene.now);
    it.state = UpgradeState::Snapshot;
    it.reasons.push(UpgradeReason::SnapshotUnderWay { id, status });
    SnapshotTurn::Waits
}

fn being_made(id: &str) -> String {
    format!("the snapshot {id} was being made")
}

fn failed(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory, why: String) -> SnapshotTurn {
    memory.snapshot_failed(why, scene.now);
    SnapshotTurn::Failed
}

/// After a snapshot the instance is `backing-up` for a moment more, which stands against nothing that was asked for at once.
pub(crate) fn is_backing_up(memory: &UpgradeMemory, refusals: &[ClassRefusal]) -> bool {
    let is_after = memory.snapshot.as_ref().is_some_and(|snapshot| snapshot.is_ready);
    let backs_up =
        |it: &ClassRefusal| matches!(it, ClassRefusal::NotAvailable { status, .. } if status == "backing-up");
    is_after && refusals.iter().all(backs_up)
}

impl ClassSnapshot {
    fn call_of(&self) -> ClassCall {
        ClassCall::TakeSnapshot { instance: self.instance.clone(), snapshot: self.id.clone() }
    }

    fn outcome(&self, end: UpgradeEnd, detail: String, now: Timestamp) -> UpgradeOutcome {
        let Self { instance, from, to, began, .. } = self;
        let [instance, from, to] = [instance, from, to].map(Clone::clone);
        UpgradeOutcome { instance, from, to, snapshot: true, end, at: now, began: *began, detail }
    }
}

impl UpgradeMemory {
    /// AWS took its call, or shows it: operators are told that it began, once.
    pub(crate) fn snapshot_started(&mut self, now: Timestamp) {
        let Some(snapshot) = self.snapshot.as_mut().filter(|snapshot| !snapshot.is_started) else { return };
        snapshot.is_started = true;
        let detail = format!("{}: {SNAPSHOT_STOPS_IO}, and it stays and costs", snapshot.id);
        let outcome = snapshot.outcome(UpgradeEnd::SnapshotBegan, detail, now);
        self.tell(outcome);
    }

    /// It is not there, and will not be. What was asked for is over with it.
    pub(crate) fn snapshot_failed(&mut self, why: String, now: Timestamp) {
        let Some(snapshot) = self.snapshot.take() else { return };
        (self.request, self.planned) = (None, None);
        self.forget_the_plan_told();
        self.tell(snapshot.outcome(UpgradeEnd::SnapshotFailed, why, now));
    }

    /// The change that it was taken for does not come: that it stays is told.
    pub(crate) fn snapshot_kept(&mut self, now: Timestamp) {
        let Some(snapshot) = self.snapshot.take() else { return };
        let id = &snapshot.id;
        let detail = if snapshot.is_started {
            format!("{id} stays, and costs: Tidegate deletes none")
        } else {
            format!("whether RDS makes {id} is not known; if it does, it stays and costs")
        };
        self.tell(snapshot.outcome(UpgradeEnd::SnapshotKept, detail, now));
    }
}
