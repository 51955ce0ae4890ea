//! Makes the changes: at most one call to RDS for each database.

use std::time::Duration;

use futures_util::future;
use jiff::Timestamp;
use tidegate_aws::rds::{self, ReplicaTags};
use tidegate_evaluation::Clock;

use crate::database::UpgradeReport;
use crate::databases::Upgrades;

impl Upgrades {
    /// Makes the changes of all databases side by side; one that fails never stops the others. None is sent after `not_after`.
    pub(crate) async fn apply_all(&self, reports: &mut [UpgradeReport], not_after: Timestamp, clock: &Clock) {
        let changes = reports.iter_mut().filter(|report| !report.observe).map(|report| async move {
            let Some(call) = &report.decision.call else { return };
            let left = Duration::try_from(not_after.duration_since(clock())).unwrap_or_default();
            let tags = ReplicaTags { fleet: self.fleet.name(), database: &report.name };
            report.called = Some(rds::change_class(&self.clients, call, tags, left).await);
        });
        future::join_all(changes).await;
    }
}
