//! Makes the changes: at most one call to RDS and one batch of records for each database.

use futures_util::{future, join};
use jiff::Timestamp;
use tidegate_aws::rds::{self, CallResult};
use tidegate_aws::report::section::Outcome;
use tidegate_aws::route53;
use tidegate_evaluation::Clock;

use crate::database::DatabaseReport;
use crate::databases::Replicas;

impl Replicas {
    /// Makes the changes of all databases side by side; one that fails never stops the others. None is sent after `not_after`.
    pub(crate) async fn apply_all(
        &self,
        reports: &mut [DatabaseReport],
        not_after: Timestamp,
        clock: &Clock,
    ) {
        let changes = reports.iter_mut().filter(|report| !report.observe).map(|report| async move {
            let (called, records) =
                join!(self.call(report, not_after, clock), self.change_records(report, not_after, clock));
            report.is_enforced = true;
            report.called = called;
            report.records = records;
        });
        future::join_all(changes).await;
    }

    /// The call to RDS, if there is one.
    async fn call(&self, report: &DatabaseReport, not_after: Timestamp, clock: &Clock) -> Option<CallResult> {
        let (call, described) = (report.decision.call.as_ref()?, report.described.as_deref()?);
        let tags = rds::ReplicaTags { fleet: self.fleet.name(), database: &report.name };
        Some(rds::apply(&self.clients, call, described, tags, not_after, clock.as_ref()).await)
    }

    /// The batch of records, if there is one.
    async fn change_records(
        &self,
        report: &DatabaseReport,
        not_after: Timestamp,
        clock: &Clock,
    ) -> Option<Outcome> {
        let (dns, changes) = (report.dns.as_ref()?, &report.decision.records);
        if changes.is_empty() {
            return None;
        }
        let answer =
            route53::change(&self.clients, &dns.zone, &dns.name, changes, not_after, clock.as_ref()).await;
        Some(answer.map_or(Outcome::TooLate, |made| made.map_or_else(Outcome::Failed, |()| Outcome::Applied)))
    }
}
