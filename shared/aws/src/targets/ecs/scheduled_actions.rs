//! The scheduled actions of scalable targets, by which Application Auto Scaling moves their bounds.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::primitives::DateTime;
use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction, ScheduledAction as AwsScheduledAction, ServiceNamespace,
};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use tidegate_fleet::EcsService;
use tidegate_policy::Absence;
use tidegate_policy::emergency::schedule::{Schedule, ScheduledAction};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::targets::calls::{in_time, late};
use crate::targets::ecs::scalable_targets::resource_id;

/// The scheduled actions of each service, or why they are not known. The API takes one service or none, so those of several are
/// asked for at once, with whatever else the account has.
pub(crate) async fn describe(
    clients: &Clients,
    names: &[&EcsService],
    deadline: Instant,
) -> BTreeMap<EcsService, Result<Vec<ScheduledAction>, Absence>> {
    let found = match names {
        [] => return BTreeMap::new(),
        [one] => in_time(deadline, describe_once(clients, Some(resource_id(one)))).await,
        [_, _, ..] => in_time(deadline, describe_once(clients, None)).await,
    };
    let found = found.unwrap_or_else(|| Err(late()));
    let of = |name: &EcsService| {
        let resource = resource_id(name);
        let actions = found.as_ref().map_err(Clone::clone)?;
        let mine = actions.iter().filter(|action| {
            action.resource_id() == resource
                && action.scalable_dimension() == Some(&ScalableDimension::EcsServiceDesiredCount)
        });
        Ok(mine.map(understand).collect())
    };
    names.iter().map(|name| ((*name).clone(), of(name))).collect()
}

/// One call with its pages; AWS takes a dimension with a resource only.
async fn describe_once(
    clients: &Clients,
    resource: Option<String>,
) -> Result<Vec<AwsScheduledAction>, Absence> {
    clients.buckets.describe_scalable_targets.take().await;
    let pages = clients
        .application_auto_scaling
        .describe_scheduled_actions()
        .service_namespace(ServiceNamespace::Ecs)
        .set_resource_id(resource)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await;
    pages.map_err(|error| absence(&error))
}

/// From AWS's type to ours. A schedule without a zone is in UTC (Application Auto Scaling API reference).
fn understand(action: &AwsScheduledAction) -> ScheduledAction {
    let bounds = action.scalable_target_action();
    let bound = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let start = action.start_time().and_then(moment);
    let first = start.or_else(|| moment(action.creation_time())).unwrap_or(Timestamp::UNIX_EPOCH);
    let zone =
        action.timezone().map_or(Some(TimeZone::UTC), |name| TimeZoneDatabase::bundled().get(name).ok());
    let schedule = zone.and_then(|zone| Schedule::parse(action.schedule(), zone, first));
    ScheduledAction {
        name: action.scheduled_action_name().to_owned(),
        schedule: schedule.ok_or_else(|| action.schedule().to_owned()),
        start,
        end: action.end_time().and_then(moment),
        min: bound(bounds.and_then(ScalableTargetAction::min_capacity)),
        max: bound(bounds.and_then(ScalableTargetAction::max_capacity)),
    }
}

fn moment(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
