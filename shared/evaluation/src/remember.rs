//! What an evaluation leaves behind: its activities, and the outcomes of its intents.

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::activity::{self, Activity};
use tidegate_aws::error::Failure;
use tidegate_aws::ledger::{LedgerItem, UNREPORTED_MAX, WriteResult};
use tidegate_aws::report::{EvaluationReport, Section, Unreported};
use tokio::time::timeout;

use crate::budget;
use crate::concern::Concern;
use crate::evaluator::{Evaluator, FleetDecision};

/// Another evaluation may write between this evaluation's two writes; then the outcome is put into its item. More tries
/// than this means a storm of evaluations, and the next one settles the intent by comparing it with the world.
const WRITES_MAX: usize = 5;

impl<C: Concern> Evaluator<C> {
    /// Records what was tried and what begins or ends.
    pub(crate) async fn record(
        &self,
        decided: &FleetDecision<C>,
        report: &EvaluationReport,
    ) -> Result<(), CallError> {
        if decided.unreachable.is_some() {
            return Ok(());
        }
        let activities: Vec<Activity> = worth_recording(report)
            .map(|section| Activity { target: section.target.clone(), detail: section.json.clone() })
            .collect();
        if activities.is_empty() {
            return Ok(());
        }
        let (dynamodb, table, header) = (&self.clients.dynamodb, &self.settings.ledger, &report.header);
        activity::record(dynamodb, table, &self.fleet, &header.evaluation, &activities, header.at).await
    }

    /// Writes what came of the intents, and what operators know now. Without either there is nothing to write.
    pub(crate) async fn remember_outcome(
        &self,
        decided: &FleetDecision<C>,
        report: &EvaluationReport,
        notified: bool,
    ) -> Result<(), CallError> {
        let nothing = !report.is_worth_reporting() && worth_recording(report).next().is_none();
        if nothing || decided.unreachable.is_some() {
            return Ok(());
        }
        let settled = timeout(budget::REMEMBER, self.settle_in_ledger(decided, report, notified)).await;
        settled.unwrap_or_else(|_| Err(self.ledger.outcome_unwritten(Failure::OutOfTime)))
    }

    /// Writes the outcome into whichever item is the newest.
    async fn settle_in_ledger(
        &self,
        decided: &FleetDecision<C>,
        report: &EvaluationReport,
        notified: bool,
    ) -> Result<(), CallError> {
        let FleetDecision { header, item, targets, .. } = decided;
        let mut item = LedgerItem { version: item.version.wrapping_add(1), ..item.clone() };
        for _ in 0..WRITES_MAX {
            self.concern.settle(&mut item.memory, targets, header, notified);
            settle_unreported(&mut item.unreported, report, notified, header.at);
            if self.ledger.write(self.concern.name(), &item, &header.evaluation, header.at).await?
                == WriteResult::Won
            {
                return Ok(());
            }
            item = self.ledger.read(self.concern.name()).await?.item;
        }
        Err(self.ledger.outcome_unwritten(Failure::Contended))
    }
}

/// The targets with an outcome to settle or reports to mark, published or not.
fn worth_recording(report: &EvaluationReport) -> impl Iterator<Item = &Section> {
    report.sections.iter().filter(|section| section.outcome.is_some() || section.is_worth_reporting)
}

/// What was reported is forgotten, and what was not is kept for the next report, but for what is reported again by itself.
fn settle_unreported(
    unreported: &mut Vec<Unreported>,
    report: &EvaluationReport,
    notified: bool,
    now: Timestamp,
) {
    if notified {
        unreported.retain(|late| !report.unreported.contains(late));
        return;
    }
    let changed = report.worth_reporting().filter(|section| !section.is_reported_again);
    unreported.extend(changed.map(|section| Unreported {
        severity: section.severity,
        target: section.target.clone(),
        at: now,
        text: section.headline(),
    }));
    let surplus = unreported.len().saturating_sub(UNREPORTED_MAX);
    unreported.drain(..surplus);
}
