//! Whether Application Auto Scaling scales a service too: 50 services per `DescribeScalableTargets` call.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget as AwsScalableTarget, ServiceNamespace, SuspendedState,
};
use futures_util::{StreamExt, stream};
use tidegate_fleet::EcsService;
use tidegate_policy::emergency::target::{ScalableTarget, Suspended};
use tidegate_policy::{Absence, OtherAutoscaler};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::{CallError, Step, absence};
use crate::place::{AccountAndRegion, aws_cli};
use crate::targets::calls::{OTHER_AUTOSCALERS_WITHIN, in_time, late, until};

/// `DescribeScalableTargets` takes at most 50 resource ids (Application Auto Scaling API reference).
const RESOURCES_PER_CALL: usize = 50;

/// Whether it scales a service beside Tidegate, and between which bounds.
pub(super) type AutoscalerReading = (OtherAutoscaler, Option<ScalableTarget>);

/// Asks for every service. A service that is not in the answer has no other autoscaler; a call that fails or is late leaves its own 50
/// unknown.
pub(super) async fn describe(
    clients: &Clients,
    names: &[&EcsService],
    deadline: Instant,
) -> BTreeMap<EcsService, AutoscalerReading> {
    let mut by_resource: BTreeMap<String, Vec<&EcsService>> = BTreeMap::new();
    for name in names {
        by_resource.entry(resource_id(name)).or_default().push(name);
    }
    let resources: Vec<String> = by_resource.keys().cloned().collect();
    let end = until(deadline, OTHER_AUTOSCALERS_WITHIN);
    let calls = stream::iter(resources.chunks(RESOURCES_PER_CALL)).map(|chunk| async move {
        in_time(end, describe_once(clients, chunk)).await.unwrap_or_else(|| unknown(chunk, &late()))
    });
    let answers: Vec<(String, AutoscalerReading)> =
        calls.buffer_unordered(CALLS_AT_ONCE).flat_map(stream::iter).collect().await;
    let everyone = |(resource, other): (String, AutoscalerReading)| {
        let names = by_resource.get(&resource).into_iter().flatten();
        names.map(|name| ((*name).clone(), other.clone())).collect::<Vec<_>>()
    };
    answers.into_iter().flat_map(everyone).collect()
}

/// One call.
async fn describe_once(clients: &Clients, resources: &[String]) -> Vec<(String, AutoscalerReading)> {
    clients.buckets.describe_scalable_targets.take().await;
    let pages = clients
        .application_auto_scaling
        .describe_scalable_targets()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .set_resource_ids(Some(resources.to_vec()))
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await;
    match pages {
        Ok(targets) => resources
            .iter()
            .map(|resource| {
                let target = targets.iter().find(|target| target.resource_id() == resource);
                (resource.clone(), target.map_or((OtherAutoscaler::Absent, None), understand))
            })
            .collect(),
        Err(error) => unknown(resources, &absence(&error)),
    }
}

/// What was not answered.
fn unknown(resources: &[String], why: &Absence) -> Vec<(String, AutoscalerReading)> {
    let unknown = || (OtherAutoscaler::Unknown(why.clone()), None);
    resources.iter().map(|resource| (resource.clone(), unknown())).collect()
}

/// A registered target scales unless all three kinds of scaling are suspended.
fn understand(target: &AwsScalableTarget) -> AutoscalerReading {
    let state = target.suspended_state();
    let flag = |read: fn(&SuspendedState) -> Option<bool>| state.and_then(read).unwrap_or(false);
    let suspended = Suspended {
        scale_in: flag(SuspendedState::dynamic_scaling_in_suspended),
        scale_out: flag(SuspendedState::dynamic_scaling_out_suspended),
        scheduled: flag(SuspendedState::scheduled_scaling_suspended),
    };
    let bound = |value: i32| u32::try_from(value).unwrap_or(0);
    let (min, max) = (bound(target.min_capacity()), bound(target.max_capacity()));
    (other_autoscaler(min, max, suspended), Some(ScalableTarget { min, max, suspended }))
}

/// What it does beside Tidegate.
fn other_autoscaler(min: u32, max: u32, suspended: Suspended) -> OtherAutoscaler {
    let kinds = [
        ("dynamic scale-out", suspended.scale_out),
        ("dynamic scale-in", suspended.scale_in),
        ("scheduled scaling", suspended.scheduled),
    ];
    let active: Vec<&str> =
        kinds.into_iter().filter(|(_, suspended)| !suspended).map(|(kind, _)| kind).collect();
    let what = match active.as_slice() {
        [] => return OtherAutoscaler::Suspended,
        [one] => format!("{one} is not suspended"),
        [first, second] => format!("{first} and {second} are not suspended"),
        [_, _, _, ..] => "none of its scaling is suspended".to_owned(),
    };
    OtherAutoscaler::Active(format!("Application Auto Scaling (min {min}, max {max}; {what})"))
}

/// Sets bounds and flags in one call; AWS moves the service into the bounds at once.
pub(crate) async fn register(
    clients: &Clients,
    service: &EcsService,
    ScalableTarget { min, max, suspended }: ScalableTarget,
) -> Result<(), CallError> {
    let bound = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let flags = SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended.scale_in)
        .dynamic_scaling_out_suspended(suspended.scale_out)
        .scheduled_scaling_suspended(suspended.scheduled)
        .build();
    let call = clients
        .application_auto_scaling
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(resource_id(service))
        .min_capacity(bound(min))
        .max_capacity(bound(max))
        .suspended_state(flags);
    let step = || Step::RegisterScalableTarget { service: service.clone() };
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}

/// The command that suspends all three, or resumes them. AWS then moves the service into the registered bounds at once, if it is
/// outside.
pub(crate) fn suspend_by_hand(
    service: &EcsService,
    suspended: bool,
    place: Option<&AccountAndRegion>,
) -> String {
    let command = aws_cli(place, "application-autoscaling register-scalable-target");
    format!(
        "{command} --service-namespace ecs --scalable-dimension \
         ecs:service:DesiredCount --resource-id {} --suspended-state DynamicScalingInSuspended={suspended},\
         DynamicScalingOutSuspended={suspended},ScheduledScalingSuspended={suspended}",
        resource_id(service)
    )
}

/// `service/CLUSTER/SERVICE`, with names also where the fleet file has ARNs.
pub(super) fn resource_id(EcsService { cluster, service }: &EcsService) -> String {
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    format!("service/{}/{}", name(cluster), name(service))
}
