//! Evaluations as processes: they read the ledger, observe, decide, write the intent, act, and write the outcome; and
//! each of them may end after any of these.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::replicas::decide::{CallOutcome, ReplicaTurn, decide};
use tidegate_policy::replicas::decision::ReplicaDecision;
use tidegate_policy::replicas::memory::DatabaseMemory;
use tidegate_policy::replicas::notice::NoticePhase;
use tidegate_policy::replicas::observation::DatabaseObservation;
use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_simulator::rds::SimulatedRds;

/// After so long an evaluation sends nothing (`shared/evaluation/src/budget.rs`).
const ACT_WITHIN: SignedDuration = SignedDuration::from_secs(17);

/// The name of the database in the fleet file.
pub(crate) const DATABASE: &str = "main";

/// One item of the ledger. What is remembered is what could be written as text, and read again.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    version: u64,
    memory: DatabaseMemory,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { version: 0, memory: DatabaseMemory::default() }
    }

    pub(crate) fn memory(&self) -> DatabaseMemory {
        self.memory.clone()
    }

    /// The conditional write: exactly one of two evaluations that read the same version wins.
    fn write(&mut self, read: u64, memory: &DatabaseMemory) -> bool {
        if read != self.version {
            return false;
        }
        self.version += 1;
        let text = serde_json::to_string(memory).expect("a memory can be written");
        self.memory = serde_json::from_str(&text).expect("what was written can be read");
        true
    }
}

/// How far an evaluation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
    /// It has read the ledger, seen and decided.
    Decided,
    /// Its intent is written.
    Intended,
    /// What it meant to do is done.
    Acted,
    /// It is over.
    Over,
}

/// One evaluation.
#[derive(Debug, Clone)]
pub(crate) struct EvaluationProcess {
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    pub(crate) progress: Progress,
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
        ledger: &Ledger,
        policy: &DatabasePolicy,
        overrides: &[Override],
        observe: bool,
    ) -> Self {
        let now = world.now();
        let read = ledger.version;
        let mut before = ledger.memory();
        before.believe(now);
        let seen = world.observe();
        let turn = ReplicaTurn { database: DATABASE, evaluation: &id, overrides, observe, now };
        let decision = decide(&seen, policy, &before, turn);
        Self { id, now, progress: Progress::Decided, seen, before, decision, read, outcome: None }
    }

    /// The first write. Where another evaluation wrote first, this one is over.
    pub(crate) fn intend(&mut self, ledger: &mut Ledger) {
        let won = ledger.write(self.read, &self.decision.memory);
        self.progress = if won { Progress::Intended } else { Progress::Over };
    }

    /// Sends what it meant to send, unless it is too late for that.
    pub(crate) fn act(&mut self, world: &mut SimulatedRds) {
        self.progress = Progress::Acted;
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
    pub(crate) fn settle(&mut self, ledger: &mut Ledger, sns_takes: bool) -> bool {
        self.progress = Progress::Over;
        if self.outcome.is_none() && self.decision.notices.is_empty() {
            return false;
        }
        let mut memory = ledger.memory();
        if let Some(outcome) = &self.outcome {
            memory.settle_call(outcome, &self.id, self.now);
        }
        memory.settle_notices(&self.decision.notices, sns_takes);
        ledger.write(ledger.version, &memory)
    }

    /// The notices that it sends, in words.
    pub(crate) fn told(&self) -> impl Iterator<Item = String> {
        self.decision.notices.iter().map(|notice| {
            let phase = match notice.phase {
                NoticePhase::Begins => "begins",
                NoticePhase::Ends => "ends",
                NoticePhase::Happened => "happened",
            };
            format!("{phase} `{}`: {} ({:?})", notice.about, notice.verdict, notice.cause)
        })
    }
}
