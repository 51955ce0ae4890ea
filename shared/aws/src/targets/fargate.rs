//! What limits the tasks of an account on AWS Fargate: the quota of virtual CPUs, what of it is in use, and what one task takes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicequotas::types::ServiceQuota;
use futures_util::{StreamExt, join, stream};
use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::{MetricSource, Source};
use tidegate_policy::emergency::delivery::{self, FargateCapacity};
use tidegate_policy::{Absence, AbsenceKind, MetricReading, OnAbsence};
use tokio::time::Instant;

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;
use crate::load_balancers::LoadBalancers;
use crate::metrics::{self, Wanted};
use crate::targets::calls::{in_time, late};

/// How far back CloudWatch is asked for what is in use: the newest three minutes may still change.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(15);

/// What was read. Each part is known or not by itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FargateReadings {
    /// The quota of each kind of capacity, in virtual CPUs.
    pub quotas: BTreeMap<FargateCapacity, Result<f64, Absence>>,
    /// What of it is in use, in virtual CPUs.
    pub used: BTreeMap<FargateCapacity, Result<f64, Absence>>,
    /// The virtual CPUs of one task, by the ARN of its task definition.
    pub vcpus: BTreeMap<String, Result<f64, Absence>>,
}

/// Reads all of it until the deadline, side by side: two calls for each kind of capacity, and one for each task definition, in
/// this order.
pub async fn read(
    clients: &Clients,
    kinds: &BTreeSet<FargateCapacity>,
    task_definitions: &[&str],
    now: Timestamp,
    deadline: Instant,
) -> FargateReadings {
    let kinds: Vec<(FargateCapacity, &str, &str)> =
        kinds.iter().filter_map(|kind| kind.quota().map(|(code, class)| (*kind, code, class))).collect();
    let quotas = stream::iter(&kinds).map(|(kind, code, _)| async move {
        let read = in_time(deadline, quota(clients, code)).await;
        (*kind, read.unwrap_or_else(|| Err(late())))
    });
    let definitions = stream::iter(task_definitions).map(|arn| async move {
        let read = in_time(deadline, vcpus(clients, arn)).await;
        ((*arn).to_owned(), read.unwrap_or_else(|| Err(late())))
    });
    let (quotas, used, vcpus) = join!(
        quotas.buffer_unordered(CALLS_AT_ONCE).collect(),
        in_time(deadline, used(clients, &kinds, now)),
        definitions.buffer_unordered(CALLS_AT_ONCE).collect(),
    );
    let used = used.unwrap_or_else(|| kinds.iter().map(|(kind, ..)| (*kind, Err(late()))).collect());
    FargateReadings { quotas, used, vcpus }
}

/// The quota that is applied to the account in its Region.
async fn quota(clients: &Clients, code: &str) -> Result<f64, Absence> {
    let call = clients.service_quotas.get_service_quota().service_code("fargate");
    let answer = call.quota_code(code).send().await;
    let answer = answer.map_err(|error| absence(&error))?;
    let value = answer.quota().and_then(ServiceQuota::value).filter(|value| value.is_finite());
    value.ok_or_else(|| Absence::new(AbsenceKind::Unreadable, "GetServiceQuota: no value"))
}

/// What runs, as `AWS/Usage` counts it (Amazon ECS developer guide, "AWS Fargate usage metrics").
async fn used(
    clients: &Clients,
    kinds: &[(FargateCapacity, &str, &str)],
    now: Timestamp,
) -> BTreeMap<FargateCapacity, Result<f64, Absence>> {
    let sources: Vec<Source> = kinds.iter().map(|(.., class)| Source::Metric(usage(class))).collect();
    let wanted: Vec<Wanted<'_>> = sources
        .iter()
        .map(|source| Wanted { source, limit: None, target_groups: &[], longest_for: LOOK_BACK })
        .collect();
    let readings: Vec<MetricReading> = metrics::read(clients, &LoadBalancers::default(), &wanted, now).await;
    kinds.iter().zip(&readings).map(|((kind, ..), reading)| (*kind, delivery::in_use(reading, now))).collect()
}

fn usage(class: &str) -> MetricSource {
    let dimensions = [("Class", class), ("Resource", "vCPU"), ("Service", "Fargate"), ("Type", "Resource")];
    MetricSource {
        namespace: "AWS/Usage".to_owned(),
        metric: "ResourceCount".to_owned(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        statistic: "Maximum".to_owned(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    }
}

/// The virtual CPUs of one task: `cpu` of its task definition, in units of 1/1024, which AWS Fargate requires.
async fn vcpus(clients: &Clients, task_definition: &str) -> Result<f64, Absence> {
    clients.buckets.describe_task_definition.take().await;
    let call = clients.ecs.describe_task_definition().task_definition(task_definition);
    let answer = call.send().await.map_err(|error| absence(&error))?;
    let cpu = answer.task_definition().and_then(|found| found.cpu());
    let units = cpu.and_then(|cpu| cpu.parse::<u32>().ok()).filter(|units| *units > 0);
    let what = || format!("DescribeTaskDefinition: cpu is {}", cpu.unwrap_or("missing"));
    let units = units.ok_or_else(|| Absence::new(AbsenceKind::Unreadable, what()))?;
    Ok(f64::from(units) / 1024.0)
}
