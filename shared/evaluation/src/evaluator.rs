//! One evaluation, from trigger to report, once for every concern.

use std::hash::{BuildHasher, RandomState};

use futures_util::join;
use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::ledger::{Ledger, LedgerItem, LedgerRead, OtherWriter, WriteResult};
use tidegate_aws::report::{AccountAndRegion, Alert, EvaluationReport, Header};
use tidegate_aws::sqs::delayed_evaluations;
use tidegate_aws::trigger::{Trigger, TriggerError};
use tidegate_aws::{CallError, Clients, log, sns};
use tidegate_policy::Severity;
use tokio::time::{sleep, timeout};

use crate::budget;
use crate::clock::Clock;
use crate::concern::Concern;
use crate::ends::StepResults;
use crate::failure::InvocationError;
use crate::invocation::Invocation;
use crate::outage::Outage;
use crate::settings::Settings;

/// A function, ready to evaluate.
pub struct Evaluator<C> {
    pub(crate) concern: C,
    pub(crate) settings: Settings,
    pub(crate) fleet: String,
    pub(crate) clients: Clients,
    pub(crate) ledger: Ledger,
    clock: Clock,
    outage: Outage,
}

/// What one evaluation decided: the item to write, and the targets that it is about.
pub(crate) struct FleetDecision<C: Concern> {
    pub(crate) header: Header,
    pub(crate) item: LedgerItem<C::Memory>,
    pub(crate) targets: Vec<C::Target>,
    /// There is nothing to say, to do or to remember.
    is_idle: bool,
    /// The ledger cannot be reached, and the concern acts all the same.
    pub(crate) unreachable: Option<CallError>,
}

/// How one evaluation ended.
pub(crate) struct Ended {
    answer: Value,
    /// Something is left to do at once.
    unfinished: bool,
    /// It made changes, or tried to.
    changed: bool,
    /// Which evaluation wrote first, if another one did.
    dropped: Option<OtherWriter>,
}

impl Ended {
    /// There was nothing to do, or only to answer.
    fn nothing(answer: Value) -> Self {
        Self { answer, unfinished: false, changed: false, dropped: None }
    }

    /// After another evaluation: an answer that says nothing leaves that of the one before it, and what went wrong is kept.
    fn after(self, before: Self) -> Self {
        let says = |it: &Self| it.answer["targets"].as_array().is_some_and(|targets| !targets.is_empty());
        let (mut answer, other) = if says(&self) || before.dropped.is_some() {
            (self.answer, before.answer)
        } else {
            (before.answer, self.answer)
        };
        if let (Some(errors), Some(more)) = (answer["errors"].as_array_mut(), other["errors"].as_array()) {
            errors.extend(more.iter().cloned());
            errors.dedup();
        }
        let reports = |answer: &Value| answer["reports_published"].as_u64().unwrap_or(0);
        answer["reports_published"] = (reports(&answer) + reports(&other)).into();
        Self { answer, ..self }
    }
}

impl<C: Concern> Evaluator<C> {
    /// A function for its concern's part of a fleet.
    #[must_use]
    pub fn new(concern: C, settings: Settings, fleet: &str, clients: Clients, clock: Clock) -> Self {
        let ledger = Ledger::new(clients.dynamodb.clone(), &settings.ledger, fleet);
        Self { concern, settings, fleet: fleet.to_owned(), clients, ledger, clock, outage: Outage::default() }
    }

    /// What an unknown event is refused with says what may be asked by hand.
    fn with_actions(&self, error: TriggerError) -> TriggerError {
        match error {
            TriggerError::Unknown { shape } => {
                let (name, actions) = (self.concern.name(), self.concern.actions().join("`, `"));
                TriggerError::Unknown {
                    shape: format!("{shape}; by hand `{name}` takes an `action`: `{actions}`"),
                }
            }
            malformed @ TriggerError::Malformed { .. } => malformed,
        }
    }

    /// Answers one event with what was seen, decided and done. What one evaluation leaves to do at once is done by the next
    /// one, as long as the invocation has time.
    ///
    /// # Errors
    /// The event is unknown, the ledger cannot be reached, every change failed, or what was asked for by hand was dropped and there is no
    /// time to repeat it.
    pub async fn handle(&self, event: Value, invocation: &Invocation) -> Result<Value, InvocationError> {
        let trigger = Trigger::parse(&event).map_err(|error| self.with_actions(error))?;
        let header = self.header(trigger.clone(), invocation);
        let began = header.at;
        let mut ended = self.evaluate(header).await?;
        let mut is_open = self.is_open(&ended, &trigger, began);
        while (is_open || ended.unfinished) && invocation.has_time((self.clock)()) {
            if !ended.changed && !is_open {
                sleep(budget::PAUSE).await;
            }
            let next = if is_open { trigger.clone() } else { Trigger::Resume };
            match self.evaluate(self.header(next, invocation)).await {
                Ok(next) => {
                    is_open = is_open && self.is_open(&next, &trigger, began);
                    ended = next.after(ended);
                }
                Err(error) if is_open => return Err(error),
                Err(error) => {
                    // What was done stands, and the schedule goes on with the rest.
                    if let Some(errors) = ended.answer["errors"].as_array_mut() {
                        errors.push(error.to_string().into());
                    }
                    break;
                }
            }
        }
        if is_open && self.concern.is_asked_once(&trigger) {
            return Err(InvocationError::Dropped);
        }
        Ok(ended.answer)
    }

    /// What an event is about is in no evaluation yet. What is asked for by hand is in none until one of this invocation has written
    /// it; what has happened is in each that began after it.
    fn is_open(&self, ended: &Ended, trigger: &Trigger, since: Timestamp) -> bool {
        ended.dropped.is_some_and(|other| {
            let saw_it = other.began.is_some_and(|began| began >= since);
            self.concern.is_asked_once(trigger) || (trigger.comes_once() && !saw_it)
        })
    }

    /// One evaluation.
    async fn evaluate(&self, header: Header) -> Result<Ended, InvocationError> {
        let (trigger, now) = (&header.trigger, header.at);
        let subjects = self.concern.select(trigger)?;
        if subjects.is_empty() {
            return Ok(Ended::nothing(empty(&EvaluationReport::empty(header))));
        }

        // On the heap: it is by far the largest part of this future, and would be copied with it.
        let observed = Box::pin(self.concern.observe(&subjects, trigger, self.read_ledger(now), now));
        let (found, seen) = match observed.await {
            Ok(observed) => observed,
            Err(error) => return Err(self.ledger_outage(&header, error).await),
        };
        let mut decided = self.decide(seen, found, header.clone());
        if trigger.is_question() {
            return Ok(Ended::nothing(self.report(&decided, None).plan()));
        }
        if decided.is_idle && decided.item.unreported.is_empty() && self.outage.is_over() {
            let unfinished = *trigger == Trigger::Resume && self.is_unfinished(&decided);
            let metric = self.concern.metric(&decided.item.memory);
            let report = EvaluationReport { metric, ..EvaluationReport::empty(header.clone()) };
            return Ok(Ended { unfinished, ..Ended::nothing(empty(&report)) });
        }
        match self.remember_intents(&decided).await {
            Ok(WriteResult::Won) => {}
            Ok(WriteResult::Lost(other)) => return Ok(self.dropped(&decided, other).await),
            Err(error) if self.concern.carries(&decided.item.memory, trigger) => {
                decided.unreachable = Some(error);
            }
            Err(error) => return Err(self.ledger_outage(&header, error).await),
        }
        let alert = if decided.unreachable.is_some() { None } else { self.recovered() };

        let moving = self.concern.is_moving(&decided.targets);
        let not_after = now.saturating_add(budget::ACT_WITHIN).unwrap_or(now);
        let ((), evaluations_sent) = join!(
            self.concern.apply(&mut decided.targets, not_after, &self.clock),
            self.send_evaluations(trigger, moving)
        );

        let report = self.report(&decided, alert);
        let (published, recorded) = join!(self.publish(&report), self.record(&decided, &report));
        let remembered = self.remember_outcome(&decided, &report, published.is_ok()).await;
        let unfinished = self.is_unfinished(&decided);
        let changed = report.sections.iter().any(|section| section.outcome.is_some());
        let results = StepResults { evaluations_sent, published, recorded, remembered };
        let mut answer = results.answer(&report, self.concern.fails_with_its_changes())?;
        if let (Some(error), Some(errors)) = (&decided.unreachable, answer["errors"].as_array_mut()) {
            errors.insert(0, error.to_string().into());
        }
        Ok(Ended { answer, unfinished, changed, dropped: None })
    }

    /// The first write, which makes exactly one of two evaluations the actor. Without a ledger each acts.
    async fn remember_intents(&self, decided: &FleetDecision<C>) -> Result<WriteResult, CallError> {
        if decided.unreachable.is_some() {
            return Ok(WriteResult::Won);
        }
        let Header { evaluation, at, .. } = &decided.header;
        self.ledger.write(self.concern.name(), &decided.item, evaluation, *at).await
    }

    /// Which evaluation this is. Its time is in the whole milliseconds that the ledger keeps.
    fn header(&self, trigger: Trigger, invocation: &Invocation) -> Header {
        let now = (self.clock)();
        let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Header {
            fleet: self.fleet.clone(),
            place: AccountAndRegion::of_arn(&self.settings.topic),
            concern: self.concern.name(),
            function: self.settings.function.clone(),
            evaluation: format!("{:08x}", RandomState::new().hash_one(at) >> 32),
            at,
            trigger,
            request: invocation.request.clone(),
        }
    }

    /// The ledger, within its time, as far as it can be true.
    async fn read_ledger(&self, now: Timestamp) -> Result<LedgerRead<C::Memory>, CallError> {
        let reading = self.ledger.read_beside(self.concern.name(), self.concern.reads_beside());
        let read = timeout(budget::LEDGER, reading).await;
        let mut found: LedgerRead<C::Memory> = read.unwrap_or_else(|_| Err(self.ledger.read_too_slowly()))?;
        found.believe(now);
        self.concern.believe(&mut found.item.memory, now);
        Ok(found)
    }

    /// Decides about everything that was seen.
    fn decide(
        &self,
        seen: C::FleetObservation,
        found: LedgerRead<C::Memory>,
        header: Header,
    ) -> FleetDecision<C> {
        let LedgerRead { mut item, overrides, beside: _, unreachable } = found;
        let targets = self.concern.decide(seen, &mut item, &overrides, &header);
        let is_idle = targets.is_none();
        FleetDecision { header, item, targets: targets.unwrap_or_default(), is_idle, unreachable }
    }

    /// Something is left that this invocation can do at once.
    fn is_unfinished(&self, decided: &FleetDecision<C>) -> bool {
        let FleetDecision { header, item, targets, .. } = decided;
        self.concern.is_unfinished(&item.memory, targets, header)
    }

    /// The report of an evaluation.
    fn report(&self, decided: &FleetDecision<C>, alert: Option<Alert>) -> EvaluationReport {
        let FleetDecision { header, item, targets, .. } = decided;
        let sections = targets.iter().map(|target| self.concern.section(target, header)).collect();
        let (header, unreported) = (header.clone(), item.unreported.clone());
        let metric = self.concern.metric(&item.memory);
        EvaluationReport { header, sections, unreported, alert, metric }
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
        self.outage.forget_notified();
        Ok(1)
    }

    /// The ledger cannot be reached: nothing is acted on, and operators are notified directly, since nothing is remembered.
    async fn ledger_outage(&self, header: &Header, error: CallError) -> InvocationError {
        if header.trigger.is_question() {
            return error.into();
        }
        let mut report = EvaluationReport::empty(header.clone());
        let (ledger, failed) = (&self.settings.ledger, error.predicate());
        let cause = format!("DynamoDB table `{ledger}` {failed}; {}", self.concern.unchanged());
        let why = format!(
            "failed to {error}. Each function that uses this table reports this outage by itself: without the table none knows \
             what another one reported"
        );
        let text = format!("{} paused ({})", self.concern.paused(), self.concern.name());
        report.alert = Some(self.alert(Severity::Critical, text, cause, Some(why)));
        let notified = if self.outage.failed_evaluation(&error, header.at) {
            sns::publish(&self.clients.sns, &self.settings.topic, &report).await
        } else {
            Ok(())
        };
        if notified.is_err() {
            self.outage.forget_notified();
        }
        let mut answer: Value = report.to_json();
        let report_failed = notified.is_err();
        answer["errors"] = notified.err().iter().map(ToString::to_string).collect();
        log::write_evaluation(&report, &answer, report_failed);
        error.into()
    }

    /// The ledger answers; reported if operators were notified that it did not.
    fn recovered(&self) -> Option<Alert> {
        let failures = self.outage.ends()?;
        let (ledger, plural) = (&self.settings.ledger, if failures == 1 { "" } else { "s" });
        let cause =
            format!("DynamoDB table `{ledger}` answers again after {failures} failed evaluation{plural}");
        let text = format!("RESOLVED: {} resumed ({})", self.concern.paused(), self.concern.name());
        Some(self.alert(Severity::Info, text, cause, None))
    }

    /// An alert about everything of the concern.
    fn alert(&self, severity: Severity, text: String, cause: String, because: Option<String>) -> Alert {
        Alert { severity, text, cause, because, targets: self.concern.names() }
    }

    /// Another evaluation wrote first; this one only keeps the delayed evaluations going.
    async fn dropped(&self, decided: &FleetDecision<C>, by: OtherWriter) -> Ended {
        let moving = self.concern.is_moving(&decided.targets);
        let evaluations_sent = self.send_evaluations(&decided.header.trigger, moving).await;
        let report = EvaluationReport::empty(decided.header.clone());
        let mut answer = report.to_json();
        answer["dropped"] = true.into();
        answer["evaluations_sent"] = evaluations_sent.as_ref().copied().unwrap_or(0).into();
        answer["errors"] = json!(evaluations_sent.err().iter().map(ToString::to_string).collect::<Vec<_>>());
        log::write_evaluation(&report, &answer, false);
        Ended { answer, unfinished: self.is_unfinished(decided), changed: false, dropped: Some(by) }
    }
}

/// There is nothing to say: the fleet has nothing of this concern, or nothing is asked of it.
fn empty(report: &EvaluationReport) -> Value {
    if report.header.trigger.is_question() {
        return report.plan();
    }
    let answer = report.to_json();
    log::write_evaluation(report, &answer, false);
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
