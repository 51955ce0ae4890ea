//! One evaluation, from trigger to report: the handler that all functions share.
//!
//! Parse the event → read the ledger → observe → decide → remember the intent → act → report → remember the outcome.
//! What a function brings is a [`Concern`].

pub mod budget;
pub mod concern;
pub mod failure;
pub mod function;
pub mod settings;
mod ends;
mod outage;
mod remember;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use futures_util::join;
use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::ledger::{Found, Ledger, LedgerItem, WriteResult};
use tidegate_aws::report::{Alert, EvaluationReport, Header, Place};
use tidegate_aws::trigger::Trigger;
use tidegate_aws::{CallError, Clients, delayed_evaluations, log, sns};
use tidegate_policy::AbsenceKind;
use tokio::time::timeout;

pub use crate::concern::Concern;
use crate::ends::StepResults;
pub use crate::failure::InvocationError;
pub use crate::function::Function;
use crate::outage::Outage;
pub use crate::settings::Settings;

/// Where the time comes from; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A function, ready to evaluate.
pub struct Evaluator<C> {
    concern: C,
    settings: Settings,
    fleet: String,
    clients: Clients,
    ledger: Ledger,
    clock: Clock,
    outage: Mutex<Outage>,
}

/// What one evaluation decided: the item to write, and the targets that it is about.
pub(crate) struct FleetDecision<C: Concern> {
    pub(crate) header: Header,
    pub(crate) item: LedgerItem<C::Memory>,
    pub(crate) targets: Vec<C::Target>,
}

impl<C: Concern> Evaluator<C> {
    /// A function for its concern's part of a fleet.
    #[must_use]
    pub fn new(concern: C, settings: Settings, fleet: &str, clients: Clients, clock: Clock) -> Self {
        let ledger = Ledger::new(clients.dynamodb.clone(), &settings.ledger, fleet);
        Self { concern, settings, fleet: fleet.to_owned(), clients, ledger, clock, outage: Mutex::default() }
    }

    /// Answers one event with what was seen, decided and done.
    ///
    /// # Errors
    /// The event is unknown, the ledger cannot be reached, or every change failed.
    pub async fn handle(&self, event: Value) -> Result<Value, InvocationError> {
        let header = self.header(Trigger::parse(&event)?);
        let (trigger, now) = (&header.trigger, header.at);
        let subjects = self.concern.select(trigger)?;
        if subjects.is_empty() {
            return Ok(nothing_to_evaluate(&header));
        }

        // On the heap: it is by far the largest part of this future, and would be copied with it.
        let observed = Box::pin(self.concern.observe(&subjects, trigger, self.read_ledger(now), now));
        let (found, seen) = match observed.await {
            Ok(observed) => observed,
            Err(error) => return Err(self.outage(&header, error).await),
        };
        let mut decided = self.decide(seen, found, header.clone());
        if trigger.is_plan() {
            return Ok(self.report(&decided, None).plan());
        }
        match self.ledger.write(self.concern.name(), &decided.item, &header.evaluation, now).await {
            Ok(WriteResult::Won) => {}
            Ok(WriteResult::Lost) => return Ok(self.dropped(&decided).await),
            Err(error) => return Err(self.outage(&header, error).await),
        }
        let alert = self.recovered();

        let moving = self.concern.is_moving(&decided.targets);
        let not_after = now.saturating_add(budget::ACT_WITHIN).unwrap_or(now);
        let ((), evaluations_sent) = join!(
            self.concern.apply(&mut decided.targets, not_after, &self.clock),
            self.send_evaluations(trigger, moving)
        );

        let report = self.report(&decided, alert);
        let (published, recorded) = join!(self.publish(&report), self.record(&report));
        let remembered = self.remember_outcome(&decided, &report, published.is_ok()).await;
        StepResults { evaluations_sent, published, recorded, remembered }.answer(&report)
    }

    /// Which evaluation this is. Its time is in the whole milliseconds that the ledger keeps.
    fn header(&self, trigger: Trigger) -> Header {
        let now = (self.clock)();
        let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Header {
            fleet: self.fleet.clone(),
            concern: self.concern.name(),
            function: self.settings.function.clone(),
            ledger: self.settings.ledger.clone(),
            place: Place::of_arn(&self.settings.topic),
            evaluation: format!("{:08x}", RandomState::new().hash_one(at) >> 32),
            at,
            trigger,
        }
    }

    /// The ledger, within its time, as far as it can be true.
    async fn read_ledger(&self, now: Timestamp) -> Result<Found<C::Memory>, CallError> {
        let read = timeout(budget::LEDGER, self.ledger.read(self.concern.name())).await;
        let mut found: Found<C::Memory> = read.unwrap_or_else(|_| {
            let late = "not read within the time of an evaluation";
            Err(CallError::plain("read the ledger", AbsenceKind::TimedOut, late))
        })?;
        found.believe(now);
        self.concern.believe(&mut found.item.memory, now);
        Ok(found)
    }

    /// Decides about everything that was seen.
    fn decide(&self, seen: C::FleetObservation, found: Found<C::Memory>, header: Header) -> FleetDecision<C> {
        let Found { mut item, overrides } = found;
        let targets = self.concern.decide(seen, &mut item, &overrides.rows, &header);
        FleetDecision { header, item, targets }
    }

    /// The report of an evaluation.
    fn report(&self, decided: &FleetDecision<C>, alert: Option<Alert>) -> EvaluationReport {
        let FleetDecision { header, item, targets } = decided;
        let sections = targets.iter().map(|target| self.concern.section(target, header)).collect();
        let (header, unreported) = (header.clone(), item.unreported.clone());
        EvaluationReport { header, sections, unreported, alert }
    }

    /// Sends the next delayed evaluations: only a scheduled evaluation that sees something move does.
    async fn send_evaluations(&self, trigger: &Trigger, moving: bool) -> Result<usize, CallError> {
        match &self.settings.evaluations {
            Some(queue) if *trigger == Trigger::Schedule && moving => {
                delayed_evaluations::send(&self.clients.sqs, queue).await
            }
            Some(_) | None => Ok(0),
        }
    }

    /// Publishes what is worth reporting, if anything is.
    async fn publish(&self, report: &EvaluationReport) -> Result<usize, CallError> {
        if !report.is_worth_reporting() {
            return Ok(0);
        }
        sns::publish(&self.clients.sns, &self.settings.topic, report).await?;
        self.recovery_reported();
        Ok(1)
    }

    /// Another evaluation wrote first. What it saw is at most moments older; this one only keeps the delayed
    /// evaluations going.
    async fn dropped(&self, decided: &FleetDecision<C>) -> Value {
        let moving = self.concern.is_moving(&decided.targets);
        let evaluations_sent = self.send_evaluations(&decided.header.trigger, moving).await;
        let report = EvaluationReport::empty(decided.header.clone());
        let mut answer = report.to_json();
        answer["dropped"] = true.into();
        answer["evaluations_sent"] = evaluations_sent.as_ref().copied().unwrap_or(0).into();
        answer["errors"] = json!(evaluations_sent.err().iter().map(ToString::to_string).collect::<Vec<_>>());
        log::lines(&report, &answer, false).iter().for_each(log::write);
        answer
    }
}

/// The fleet has nothing of this concern; the other functions have it all.
fn nothing_to_evaluate(header: &Header) -> Value {
    let report = EvaluationReport::empty(header.clone());
    if header.trigger.is_plan() {
        return report.plan();
    }
    let answer = report.to_json();
    log::lines(&report, &answer, false).iter().for_each(log::write);
    answer
}

impl<C: Concern> std::fmt::Debug for Evaluator<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluator")
            .field("concern", &self.concern.name())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
