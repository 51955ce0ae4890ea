//! The second half of a look: telling people, recording activities, remembering outcomes.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_aws::activity::{self, Activity};
use tidegate_aws::ledger::{FleetMemory, Page, Written};
use tidegate_aws::report::{Done, TargetReport};
use tidegate_aws::ring::Ring;
use tidegate_aws::update::Outcome;
use tidegate_aws::{CallError, log, sns};
use tidegate_policy::AbsenceKind;

use crate::QueueDepth;
use crate::decide::{Decided, empty_report};
use crate::failure::Failure;

/// Another look may write between this look's two writes; then the outcome is put into its page. More tries than
/// this means a storm of looks, and the next one settles the intent by comparing it with the world.
const WRITES_MAX: usize = 5;
/// Sentences kept for the next report while SNS cannot be reached.
const UNREPORTED_MAX: usize = 20;

/// While the ledger cannot be reached, people are told this often by each warm process. More often would be noise
/// on top of the dead-man alarm; less often, and a long outage looks like a short one.
const ALERT_EVERY: SignedDuration = SignedDuration::from_mins(15);

impl QueueDepth {
    /// Records what was tried and what begins or ends.
    pub(crate) async fn record(&self, decided: &Decided, now: Timestamp) -> Result<(), CallError> {
        let news: Vec<&TargetReport> = decided.report.news().collect();
        if news.is_empty() {
            return Ok(());
        }
        let activities: Vec<Activity> = news
            .iter()
            .map(|target| Activity { target: target.target.clone(), detail: target.to_json() })
            .collect();
        let (dynamodb, table) = (&self.clients.dynamodb, &self.settings.ledger);
        activity::record(dynamodb, table, self.fleet.name(), &decided.report.look, &activities, now).await
    }

    /// Writes what came of the intents, and what people know now. Without either there is nothing to write.
    pub(crate) async fn remember_outcome(
        &self,
        decided: &Decided,
        told: bool,
        now: Timestamp,
    ) -> Result<(), CallError> {
        if !decided.report.is_news() {
            return Ok(());
        }
        let look = decided.report.look.as_str();
        let mut page = Page { version: decided.page.version.saturating_add(1), ..decided.page.clone() };
        for _ in 0..WRITES_MAX {
            settle(&mut page.memory, decided, told, now);
            if self.ledger.write(&page, look, now).await? == Written::Won {
                return Ok(());
            }
            page = self.ledger.read().await?.0;
        }
        Err(CallError::plain(
            "remember the outcome",
            AbsenceKind::Throttled,
            "other looks kept writing first",
        ))
    }

    /// The ledger cannot be reached: nothing is acted on, and people are told directly, since nothing is remembered.
    pub(crate) async fn blind(&self, look: &str, ring: &Ring, error: CallError, now: Timestamp) -> Failure {
        let mut report = empty_report(&self.fleet, look, ring, now);
        report.alert = Some(format!("nothing is scaled: {error}"));
        let told = if self.may_alert(now) {
            sns::publish(&self.clients.sns, &self.settings.topic, &report).await
        } else {
            Ok(())
        };
        let mut answer = report.to_json();
        answer["troubles"] = told.err().map(|error| error.to_string()).into_iter().collect();
        log::write(&log::line(&report, &answer, false));
        error.into()
    }

    /// Whether people were not told lately; from now on they were.
    fn may_alert(&self, now: Timestamp) -> bool {
        let mut alerted = self.alerted.lock().unwrap_or_else(PoisonError::into_inner);
        let due = alerted.is_none_or(|last| now.duration_since(last) >= ALERT_EVERY);
        if due {
            *alerted = Some(now);
        }
        due
    }
}

/// How the parts of a look's second half ended.
#[derive(Debug)]
pub(crate) struct Ends {
    /// Short looks that were sent.
    pub(crate) looks_sent: Result<usize, CallError>,
    /// Reports that SNS took.
    pub(crate) published: Result<usize, CallError>,
    /// Whether the activities are in the ledger.
    pub(crate) recorded: Result<(), CallError>,
    /// Whether the outcomes are.
    pub(crate) remembered: Result<(), CallError>,
}

impl Ends {
    /// The answer, and the one log line. Fails if there were changes to make and none could be made.
    pub(crate) fn answer(self, decided: &Decided) -> Result<Value, Failure> {
        let Self { looks_sent, published, recorded, remembered } = self;
        let report_failed = published.is_err();
        let mut answer = decided.report.to_json();
        answer["dropped"] = false.into();
        answer["looks_sent"] = looks_sent.as_ref().copied().unwrap_or(0).into();
        answer["reports_published"] = published.as_ref().copied().unwrap_or(0).into();
        let troubles = [looks_sent.err(), published.err(), recorded.err(), remembered.err()];
        answer["troubles"] = troubles.into_iter().flatten().map(|error| error.to_string()).collect();
        log::write(&log::line(&decided.report, &answer, report_failed));
        let tried: Vec<&Outcome> = decided.report.targets.iter().filter_map(tried).collect();
        match tried.first() {
            Some(Outcome::Failed(error))
                if tried.iter().all(|outcome| matches!(outcome, Outcome::Failed(_))) =>
            {
                Err(error.clone().into())
            }
            _ => Ok(answer),
        }
    }
}

/// The outcome of a change that was tried.
fn tried(target: &TargetReport) -> Option<&Outcome> {
    match &target.done {
        Done::Tried(outcome) => Some(outcome),
        Done::Nothing | Done::CarriedOver | Done::Observed { .. } => None,
    }
}

/// Puts outcomes and what was told into a page, whoever wrote it last.
fn settle(memory: &mut FleetMemory, decided: &Decided, told: bool, now: Timestamp) {
    for target in decided.report.news() {
        let pages = if target.observe { &mut memory.observe } else { &mut memory.enforce };
        let Some(mine) = pages.get_mut(&target.target) else { continue };
        if let Some(outcome) = tried(target) {
            mine.settle(&decided.report.look, outcome.settled(), now);
        }
        if told {
            mine.mark_told(&target.decision.notices);
        } else {
            mine.observed = None;
        }
    }
    if told {
        memory.unreported.retain(|sentence| !decided.report.unreported.contains(sentence));
        return;
    }
    let at = now.strftime("%H:%M:%S UTC");
    let changed = decided.report.targets.iter().filter(|target| tried(target).is_some());
    memory.unreported.extend(changed.map(|target| format!("{at} {}", target.headline())));
    let surplus = memory.unreported.len().saturating_sub(UNREPORTED_MAX);
    memory.unreported.drain(..surplus);
}
