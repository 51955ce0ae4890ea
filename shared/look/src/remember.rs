//! What a look leaves behind: its activities, and the outcomes of its intents.

use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::activity::{self, Activity};
use tidegate_aws::ledger::{Page, UNREPORTED_MAX, Written};
use tidegate_aws::report::{LookReport, Section, Unreported};
use tidegate_policy::AbsenceKind;
use tokio::time::timeout;

use crate::concern::Concern;
use crate::{Decided, Evaluator, budget};

/// Another look may write between this look's two writes; then the outcome is put into its page. More tries than
/// this means a storm of looks, and the next one settles the intent by comparing it with the world.
const WRITES_MAX: usize = 5;

impl<C: Concern> Evaluator<C> {
    /// Records what was tried and what begins or ends.
    pub(crate) async fn record(&self, report: &LookReport) -> Result<(), CallError> {
        let activities: Vec<Activity> = worth_remembering(report)
            .map(|section| Activity { target: section.target.clone(), detail: section.json.clone() })
            .collect();
        if activities.is_empty() {
            return Ok(());
        }
        let (dynamodb, table, header) = (&self.clients.dynamodb, &self.settings.ledger, &report.header);
        activity::record(dynamodb, table, &self.fleet, &header.look, &activities, header.at).await
    }

    /// Writes what came of the intents, and what people know now. Without either there is nothing to write.
    pub(crate) async fn remember_outcome(
        &self,
        decided: &Decided<C>,
        report: &LookReport,
        told: bool,
    ) -> Result<(), CallError> {
        if !report.is_news() && worth_remembering(report).next().is_none() {
            return Ok(());
        }
        let late = |_| {
            Err(CallError::plain("remember the outcome", AbsenceKind::TimedOut, "the next look compares"))
        };
        timeout(budget::REMEMBER, self.settle_in_ledger(decided, report, told)).await.unwrap_or_else(late)
    }

    /// Writes the outcome into whichever page is the newest.
    async fn settle_in_ledger(
        &self,
        decided: &Decided<C>,
        report: &LookReport,
        told: bool,
    ) -> Result<(), CallError> {
        let Decided { header, page, targets } = decided;
        let mut page = Page { version: page.version.saturating_add(1), ..page.clone() };
        for _ in 0..WRITES_MAX {
            self.concern.settle(&mut page.memory, targets, header, told);
            settle_unreported(&mut page.unreported, report, told, header.at);
            if self.ledger.write(self.concern.name(), &page, &header.look, header.at).await? == Written::Won {
                return Ok(());
            }
            page = self.ledger.read(self.concern.name()).await?.page;
        }
        Err(CallError::plain(
            "remember the outcome",
            AbsenceKind::Throttled,
            "other looks kept writing first",
        ))
    }
}

/// The targets with an outcome to settle or news to mark, told or not.
fn worth_remembering(report: &LookReport) -> impl Iterator<Item = &Section> {
    report.sections.iter().filter(|section| section.outcome.is_some() || section.is_news)
}

/// What was reported is forgotten, and what was not is kept for the next report, but for what is told again by itself.
fn settle_unreported(unreported: &mut Vec<Unreported>, report: &LookReport, told: bool, now: Timestamp) {
    if told {
        unreported.retain(|late| !report.unreported.contains(late));
        return;
    }
    let changed = report.news().filter(|section| !section.is_told_again);
    unreported.extend(changed.map(|section| Unreported {
        severity: section.severity,
        target: section.target.clone(),
        at: now,
        text: section.headline(),
    }));
    let surplus = unreported.len().saturating_sub(UNREPORTED_MAX);
    unreported.drain(..surplus);
}
