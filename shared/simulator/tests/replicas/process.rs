//! Evaluations as processes: they read the ledger, observe, decide, write the intent, act, and write the outcome; and
//! each of them may end after any of these.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decide::{ReplicaTurn, decide};
use tidegate_policy::replicas::decision::ReplicaDecision;
use tidegate_policy::replicas::memory::DatabaseMemory;
use tidegate_policy::replicas::observation::DatabaseObservation;
use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_simulator::rds::SimulatedRds;

use crate::interleaved::{InterleavedProcess, in_words};
use crate::ledger::{ProcessStep, VersionedMemory};

/// After so long an evaluation sends nothing (`shared/evaluation/src/budget.rs`).
const ACT_WITHIN: SignedDuration = SignedDuration::from_secs(17);

/// The name of the database in the fleet file.
pub(crate) const DATABASE: &str = "main";

/// One evaluation.
#[derive(Debug, Clone)]
pub(crate) struct EvaluationProcess {
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    pub(crate) progress: ProcessStep,
    pub(crate) seen: DatabaseObservation,
    /// What it read, as far as it was believed.
    pub(crate) before: DatabaseMemory,
    pub(crate) decision: ReplicaDecision,
    read: u64,
    outcome: Option<CallOutcome>,
}

impl EvaluationProcess {
    /// Reads the ledger, observes and decides.
    pub(crate) fn begin(
        id: String,
        world: &mut SimulatedRds,
        ledger: &VersionedMemory<DatabaseMemory>,
        policy: &DatabasePolicy,
        overrides: &[Override],
        observe: bool,
    ) -> Self {
        let now = world.now();
        let read = ledger.version();
        let mut before = ledger.memory();
        before.believe(now);
        let seen = world.observe();
        let turn = ReplicaTurn { database: DATABASE, evaluation: &id, overrides, observe, now };
        let decision = decide(&seen, policy, &before, turn);
        Self { id, now, progress: ProcessStep::Decided, seen, before, decision, read, outcome: None }
    }

    /// The first write. Where another evaluation wrote first, this one is over.
    pub(crate) fn intend(&mut self, ledger: &mut VersionedMemory<DatabaseMemory>) {
        let won = ledger.write(self.read, &self.decision.memory);
        self.progress = if won { ProcessStep::Intended } else { ProcessStep::Over };
    }

    /// Sends what it meant to send, unless it is too late for that.
    pub(crate) fn act(&mut self, world: &mut SimulatedRds) {
        self.progress = ProcessStep::Acted;
        if world.now().duration_since(self.now) > ACT_WITHIN {
            self.outcome = self.decision.call.as_ref().map(|_| CallOutcome::NotSent);
            return;
        }
        if !self.decision.records.is_empty() {
            let _ = world.change_records(&self.decision.records);
        }
        self.outcome = self.decision.call.as_ref().map(|call| world.call(call).outcome());
    }

    /// The second write, into whichever item is the newest. Returns the notices that SNS took.
    pub(crate) fn settle(&mut self, ledger: &mut VersionedMemory<DatabaseMemory>, sns_takes: bool) -> bool {
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

impl InterleavedProcess for EvaluationProcess {
    fn progress(&self) -> ProcessStep {
        self.progress
    }
}
