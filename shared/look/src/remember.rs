//! The second half of a look: telling people, recording activities, remembering outcomes.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_aws::activity::{self, Activity};
use tidegate_aws::ledger::{FleetMemory, Page, UNREPORTED_MAX, Written};
use tidegate_aws::report::{Alert, Done, TargetReport, Unreported};
use tidegate_aws::ring::Ring;
use tidegate_aws::update::Outcome;
use tidegate_aws::{CallError, log, sns};
use tidegate_policy::notice::Severity;
use tidegate_policy::{AbsenceKind, NoticeKind};
use tokio::time::timeout;

use crate::Scaler;
use crate::budget;
use crate::decide::Decided;
use crate::failure::Failure;

/// Another look may write between this look's two writes; then the outcome is put into its page. More tries than
/// this means a storm of looks, and the next one settles the intent by comparing it with the world.
const WRITES_MAX: usize = 5;

/// While the ledger cannot be reached, people are told this often by each warm process. More often would be noise
/// on top of the dead-man alarm; less often, and a long outage looks like a short one.
const ALERT_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// One passing failure is noise that the next look repairs; two in a row are news. What somebody must mend is told at
/// once.
const PASSING_FAILURES_BEFORE_TELLING: u32 = 2;

/// What this process knows of a ledger that it cannot reach: nothing else could remember it.
#[derive(Debug, Default)]
pub(crate) struct Blindness {
    /// Looks in a row that failed.
    failures: u32,
    /// When people were last told.
    told_at: Option<Timestamp>,
}

impl Scaler {
    /// Records what was tried and what begins or ends.
    pub(crate) async fn record(&self, decided: &Decided, now: Timestamp) -> Result<(), CallError> {
        let news: Vec<&TargetReport> = worth_remembering(decided).collect();
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
        if !decided.report.is_news() && worth_remembering(decided).next().is_none() {
            return Ok(());
        }
        let late = |_| {
            Err(CallError::plain("remember the outcome", AbsenceKind::TimedOut, "the next look compares"))
        };
        timeout(budget::REMEMBER, self.settle_in_ledger(decided, told, now)).await.unwrap_or_else(late)
    }

    /// Writes the outcome into whichever page is the newest.
    async fn settle_in_ledger(&self, decided: &Decided, told: bool, now: Timestamp) -> Result<(), CallError> {
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
        if ring.is_plan() {
            return error.into();
        }
        let mut report = self.empty_report(look, ring, now);
        report.alert = Some(self.alert(Severity::Critical, format!("nothing is scaled: {error}")));
        let told = if self.is_news_that_blind(&error, now) {
            sns::publish(&self.clients.sns, &self.settings.topic, &report).await
        } else {
            Ok(())
        };
        if told.is_err() {
            self.blindness().told_at = None;
        }
        let mut answer = report.to_json();
        let report_failed = told.is_err();
        answer["troubles"] = told.err().iter().map(ToString::to_string).collect();
        log::lines(&report, &answer, report_failed).iter().for_each(log::write);
        error.into()
    }

    /// Counts a failed look; true when people are to be told of it.
    fn is_news_that_blind(&self, error: &CallError, now: Timestamp) -> bool {
        let mut blindness = self.blindness();
        blindness.failures = blindness.failures.saturating_add(1);
        let due = blindness.told_at.is_none_or(|last| now.duration_since(last) >= ALERT_EVERY);
        let lasting = !error.is_retryable() || blindness.failures >= PASSING_FAILURES_BEFORE_TELLING;
        let news = due && lasting;
        if news {
            blindness.told_at = Some(now);
        }
        news
    }

    /// The ledger answers; news if people were told that it did not.
    pub(crate) fn sees_again(&self) -> Option<Alert> {
        let mut blindness = self.blindness();
        let failures = std::mem::take(&mut blindness.failures);
        blindness.told_at?;
        let text = format!("scaling again: the ledger answers after {failures} failed looks");
        Some(self.alert(Severity::Info, text))
    }

    /// People know that it does.
    pub(crate) fn told_of_seeing(&self) {
        self.blindness().told_at = None;
    }

    fn blindness(&self) -> MutexGuard<'_, Blindness> {
        self.blindness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An alert about every service of the concern.
    fn alert(&self, severity: Severity, text: String) -> Alert {
        let targets = self.services().map(|service| service.name().to_owned()).collect();
        Alert { severity, text, targets }
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
        log::lines(&decided.report, &answer, report_failed).iter().for_each(log::write);
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

/// The services with an outcome to settle or news to mark, told or not.
fn worth_remembering(decided: &Decided) -> impl Iterator<Item = &TargetReport> {
    decided.report.targets.iter().filter(|target| tried(target).is_some() || target.is_news())
}

/// Puts outcomes and what was told into a page, whoever wrote it last.
fn settle(memory: &mut FleetMemory, decided: &Decided, told: bool, now: Timestamp) {
    for target in worth_remembering(decided) {
        let pages = if target.observe { &mut memory.observe } else { &mut memory.enforce };
        let Some(mine) = pages.get_mut(&target.target) else { continue };
        if let Some(outcome) = tried(target) {
            mine.settle(&decided.report.look, outcome.settled(), now);
        }
        if told {
            mine.mark_told(&target.decision.notices);
            if matches!(tried(target), Some(Outcome::Failed(_))) {
                mine.begin_told(NoticeKind::ActionFailing, now);
            }
        } else {
            mine.observed = None;
        }
    }
    if told {
        memory.unreported.retain(|late| !decided.report.unreported.contains(late));
        return;
    }
    // Conditions are told again by themselves; changes, made or found, are not.
    let is_change = |target: &&TargetReport| tried(target).is_some() || target.decision.notices.is_empty();
    let changed = decided.report.news().filter(|target| !target.observe).filter(is_change);
    memory.unreported.extend(changed.map(|target| Unreported {
        severity: target.severity(),
        target: target.target.clone(),
        at: now,
        text: target.headline(),
    }));
    let surplus = memory.unreported.len().saturating_sub(UNREPORTED_MAX);
    memory.unreported.drain(..surplus);
}
