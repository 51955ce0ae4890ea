//! What one function brings to the evaluation that all share.

use std::future::Future;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_aws::CallError;
use tidegate_aws::ledger::{LedgerItem, LedgerRead};
use tidegate_aws::report::{Header, Section};
use tidegate_aws::trigger::{EVALUATE, PLAN, Trigger};
use tidegate_policy::emergency::incident::Overrides;

use crate::clock::Clock;
use crate::failure::InvocationError;

/// One function's part of an evaluation: what it remembers, reads, decides, changes and reports. Everything else is in
/// `Evaluator::handle`, once for all.
pub trait Concern {
    /// What it remembers from one evaluation to the next, in its own item of the ledger.
    type Memory: Clone + Default + PartialEq + Serialize + DeserializeOwned;
    /// What it is about: a service, a database.
    type Subject;
    /// What it saw of its subjects.
    type FleetObservation;
    /// One subject in an evaluation: what was seen and decided, and what came of it.
    type Target;

    /// The function's name through every layer: `queue-depth`.
    fn name(&self) -> &'static str;

    /// What may be asked of it by name.
    fn actions(&self) -> &'static [&'static str] {
        &[EVALUATE, PLAN]
    }

    /// The concern whose memory is read beside its own, in the same call.
    fn reads_beside(&self) -> Option<&'static str> {
        None
    }

    /// The names of all of its subjects, in the order of the fleet file.
    fn names(&self) -> Vec<String>;

    /// The subjects that an evaluation is about.
    ///
    /// # Errors
    /// What is asked for by hand is nothing that it knows.
    fn select(&self, trigger: &Trigger) -> Result<Vec<&Self::Subject>, InvocationError>;

    /// Sees the world. What the ledger holds is awaited here, so that what does not depend on it is read meanwhile.
    ///
    /// # Errors
    /// The ledger cannot be read. Everything else that cannot be read is a part of what was seen.
    fn observe(
        &self,
        subjects: &[&Self::Subject],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<Self::Memory>, CallError>>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(LedgerRead<Self::Memory>, Self::FleetObservation), CallError>>;

    /// Believes a memory that was read only as far as it can be true: any writer of the table can put anything there.
    fn believe(&self, memory: &mut Self::Memory, now: Timestamp);

    /// Decides, and puts the next memory, with every intent, into the item. `None` where there is nothing to say, to do or to
    /// remember: nothing is written then.
    fn decide(
        &self,
        seen: Self::FleetObservation,
        item: &mut LedgerItem<Self::Memory>,
        overrides: &Overrides,
        header: &Header,
    ) -> Option<Vec<Self::Target>>;

    /// Something moves: the next evaluation is worth its price before the schedule triggers.
    fn is_moving(&self, targets: &[Self::Target]) -> bool;

    /// Something is left that this invocation can do at once, with another evaluation: of what is remembered, after what came
    /// of the changes.
    fn is_unfinished(&self, memory: &Self::Memory, targets: &[Self::Target], header: &Header) -> bool {
        let _ = (memory, targets, header);
        false
    }

    /// A metric of its own for each log line, by what is remembered.
    fn metric(&self, memory: &Self::Memory) -> Option<(&'static str, u32)> {
        let _ = memory;
        None
    }

    /// What is asked for is asked once: an evaluation that is dropped is followed by another one that does it.
    fn is_asked_once(&self, trigger: &Trigger) -> bool {
        let _ = trigger;
        false
    }

    /// The ledger cannot be written. True where the concern acts all the same, and carries the memory itself.
    fn carries(&self, memory: &Self::Memory, trigger: &Trigger) -> bool {
        let _ = (memory, trigger);
        false
    }

    /// What is paused while nothing is decided, since the ledger does not answer: `scaling` before `paused` and `resumed`.
    fn paused(&self) -> &'static str {
        "scaling"
    }

    /// What stays as it is while nothing is decided, since the ledger does not answer; it follows a semicolon.
    fn unchanged(&self) -> &'static str {
        "desired counts unchanged"
    }

    /// An invocation fails if it had changes to make and none could be made. Otherwise its answer says so.
    fn fails_with_its_changes(&self) -> bool {
        true
    }

    /// Makes the changes, none after `not_after`, and keeps what came of each.
    fn apply(
        &self,
        targets: &mut [Self::Target],
        not_after: Timestamp,
        clock: &Clock,
    ) -> impl Future<Output = ()>;

    /// Its part of the report.
    fn section(&self, target: &Self::Target, header: &Header) -> Section;

    /// Puts what came of the changes, and what operators were notified of, into the newest memory, whichever evaluation wrote it.
    fn settle(&self, memory: &mut Self::Memory, targets: &[Self::Target], header: &Header, notified: bool);
}
