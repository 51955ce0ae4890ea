//! Whether an instance refresh is in progress: one group per `DescribeInstanceRefreshes` call.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_autoscaling::types::InstanceRefreshStatus;
use futures_util::{StreamExt, stream};
use tidegate_policy::{Absence, ServiceState};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;
use crate::targets::calls::{in_time, late, until};

/// All refreshes are asked for within this time: one call per group is far slower than all the rest, and a group whose
/// answer is late can still scale out.
const WITHIN: Duration = Duration::from_secs(4);

/// `DescribeInstanceRefreshes` returns at most so many (EC2 Auto Scaling API reference).
const REFRESHES_PER_CALL: i32 = 100;

/// What is known of a group's instance refreshes.
pub(super) enum Refresh {
    /// None is in progress.
    Idle,
    /// Instances are being replaced.
    Running,
    /// It could not be asked.
    Unknown(Absence),
}

impl Default for Refresh {
    /// Not answered in time.
    fn default() -> Self {
        Self::Unknown(late())
    }
}

impl Refresh {
    /// A refresh is a rollout. One that is not known holds scale-in only.
    pub(super) fn apply(self, service: &mut ServiceState) {
        match self {
            Self::Idle => {}
            Self::Running => service.rollout = true,
            Self::Unknown(absence) => {
                let why = format!("whether an instance refresh is in progress is not known ({absence})");
                service.constraints.no_scale_in.get_or_insert(why);
            }
        }
    }
}

/// Asks for every group, in parallel; those whose turn comes too late are not asked.
pub(super) async fn describe(
    clients: &Clients,
    names: &[&str],
    deadline: Instant,
) -> BTreeMap<String, Refresh> {
    let end = until(deadline, WITHIN);
    let calls = stream::iter(names).map(|name| async move {
        let answer = in_time(end, describe_one(clients, name)).await;
        ((*name).to_owned(), answer.unwrap_or_default())
    });
    calls.buffer_unordered(CALLS_AT_ONCE).collect().await
}

/// Whether any refresh of one group is in progress. AWS documents no order of them, so all are evaluated; it keeps
/// those of a few weeks, which is one page.
async fn describe_one(clients: &Clients, name: &str) -> Refresh {
    clients.buckets.read_auto_scaling.take().await;
    let mut pages = clients
        .auto_scaling
        .describe_instance_refreshes()
        .auto_scaling_group_name(name)
        .max_records(REFRESHES_PER_CALL)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) if page.instance_refreshes().iter().filter_map(|it| it.status()).any(is_running) => {
                return Refresh::Running;
            }
            Ok(_) => {}
            Err(error) => return Refresh::Unknown(absence(&error)),
        }
    }
    Refresh::Idle
}

/// Every status that is not an end, those that AWS may add included.
fn is_running(status: &InstanceRefreshStatus) -> bool {
    !matches!(
        status,
        InstanceRefreshStatus::Successful
            | InstanceRefreshStatus::Failed
            | InstanceRefreshStatus::Cancelled
            | InstanceRefreshStatus::RollbackSuccessful
            | InstanceRefreshStatus::RollbackFailed
    )
}
