//! Evaluations as processes: they read the ledger, observe, rehearse, decide, write the intent, look once more, act, and write the
//! outcome; and each of them may end after any of these.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide, rehearsed};
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeDecision};
use tidegate_policy::upgrades::memory::UpgradeMemory;
use tidegate_policy::upgrades::observation::{ClassedInstance, UpgradeObservation};
use tidegate_policy::upgrades::policy::{ClassLadder, UpgradePolicy};
use tidegate_simulator::rds::{CallAnswer, CallRefusal, SimulatedRds};

use crate::interleaved::{InterleavedProcess, in_words};
use crate::ledger::{ProcessStep, VersionedMemory};

/// After so long an evaluation sends nothing (`shared/evaluation/src/budget.rs`).
const ACT_WITHIN: SignedDuration = SignedDuration::from_secs(17);

/// The name of the database in the fleet file.
pub(crate) const DATABASE: &str = "main";

/// What is in force, and what an operator asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    pub(crate) overrides: Vec<Override>,
    pub(crate) emergency: bool,
    pub(crate) asked: Option<ClassAsked>,
    pub(crate) observe: bool,
}

/// One evaluation.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeProcess {
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    pub(crate) progress: ProcessStep,
    pub(crate) seen: UpgradeObservation,
    /// What it read, as far as it was believed.
    pub(crate) before: UpgradeMemory,
    pub(crate) orders: Orders,
    pub(crate) decision: UpgradeDecision,
    /// When it looked once more and found nothing against its call.
    pub(crate) looked: Option<Timestamp>,
    read: u64,
    outcome: Option<CallOutcome>,
}

impl UpgradeProcess {
    /// Reads the ledger, observes, rehearses and decides.
    pub(crate) fn begin(
        id: String,
        world: &mut SimulatedRds,
        ledger: &VersionedMemory<UpgradeMemory>,
        policy: &UpgradePolicy,
        orders: Orders,
    ) -> Self {
        let now = world.now();
        let read = ledger.version();
        let mut before = ledger.memory();
        before.believe(now);
        // As `shared/aws` asks for it: averages for the longest `for` upward, the heaviest moments for all that is looked at.
        let (up, history) = policy.ladder.as_ref().map(asked_of_metrics).unwrap_or_default();
        let mut seen = world.observe_classes(up, history);
        if let Some(change) = &before.change {
            seen.messages = Some(world.messages(&change.instance, change.began));
        }
        if let Some(snapshot) = before.snapshot.as_ref().filter(|snapshot| !snapshot.is_ready) {
            seen.snapshot = Some(world.see_snapshot(&snapshot.id));
        }
        let turn = UpgradeTurn {
            database: DATABASE,
            evaluation: &id,
            overrides: &orders.overrides,
            emergency: orders.emergency.then_some("flood"),
            asked: orders.asked.as_ref(),
            observe: orders.observe,
            now,
        };
        if let Some(class) = rehearsed(&seen, policy, &before, turn) {
            seen.rehearsal = Some(world.rehearse(&class));
        }
        let decision = decide(&seen, policy, &before, turn);
        let progress = ProcessStep::Decided;
        Self { id, now, progress, seen, before, orders, decision, looked: None, read, outcome: None }
    }

    /// The first write. Where another evaluation wrote first, this one is over.
    pub(crate) fn intend(&mut self, ledger: &mut VersionedMemory<UpgradeMemory>) {
        let won = ledger.write(self.read, &self.decision.memory);
        self.progress = if won { ProcessStep::Intended } else { ProcessStep::Over };
    }

    /// Looks once more, and sends what it meant to send, unless it is too late for that or something stands against it.
    /// Between the look and the call somebody else may do something.
    pub(crate) fn act(&mut self, world: &mut SimulatedRds, meanwhile: impl FnOnce(&mut SimulatedRds)) {
        self.progress = ProcessStep::Acted;
        let Some(call) = &self.decision.call else { return };
        if world.now().duration_since(self.now) > ACT_WITHIN {
            self.outcome = Some(CallOutcome::NotSent);
            return;
        }
        if let ClassCall::Modify { instance, from, .. } = call {
            let Ok(found) = world.look_once_more(instance) else {
                self.outcome = Some(CallOutcome::NotSent);
                return;
            };
            if against(&found, from).is_some() {
                self.outcome = Some(CallOutcome::NotSent);
                return;
            }
            self.looked = Some(world.now());
        }
        meanwhile(world);
        self.outcome = Some(match world.call_of_class(call) {
            // As `shared/aws` has it: what RDS shows of it says whose it is.
            CallAnswer::Taken | CallAnswer::Refused(CallRefusal::SnapshotExists) => CallOutcome::Taken,
            CallAnswer::Refused(refusal) => CallOutcome::Refused(refusal.code().to_owned()),
            CallAnswer::Throttled => CallOutcome::Unknown("Throttling".to_owned()),
            CallAnswer::NoAnswer => CallOutcome::Unknown("no answer".to_owned()),
        });
    }

    /// The second write, into whichever item is the newest. Returns whether there was one.
    pub(crate) fn settle(&mut self, ledger: &mut VersionedMemory<UpgradeMemory>, sns_takes: bool) -> bool {
        self.progress = ProcessStep::Over;
        if self.outcome.is_none() && self.decision.notices.is_empty() {
            return false;
        }
        let mut memory = ledger.memory();
        if let Some(outcome) = &self.outcome {
            memory.settle_call(outcome, &self.id, self.now);
        }
        memory.settle_notices(&self.decision, sns_takes);
        ledger.write(ledger.version(), &memory)
    }

    /// The notices that it sends, in words.
    pub(crate) fn told(&self) -> impl Iterator<Item = String> {
        in_words(&self.decision.notices)
    }
}

impl InterleavedProcess for UpgradeProcess {
    fn progress(&self) -> ProcessStep {
        self.progress
    }
}

/// How far back a ladder needs averages, and heaviest moments.
fn asked_of_metrics(ladder: &ClassLadder) -> (SignedDuration, SignedDuration) {
    let up = ladder.up.iter().map(|condition| condition.hold_for).max();
    (up.unwrap_or_default(), ladder.history())
}

/// What stands against a change in the last look.
fn against(found: &ClassedInstance, from: &str) -> Option<String> {
    if found.status != Status::Available || found.is_storage_busy {
        return Some(format!("it is {:?}", found.status));
    }
    if found.class != from {
        return Some(format!("its class is {}", found.class));
    }
    let is_pending =
        found.pending_class.is_some() || !found.pending.is_empty() || !found.parameters.is_empty();
    is_pending.then(|| "something is pending".to_owned())
}
