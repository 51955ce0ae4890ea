//! One look at the world: independent reads in parallel, batched.

use std::collections::BTreeMap;

use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use tidegate_aws::CallError;
use tidegate_aws::ledger::Page;
use tidegate_aws::metrics::{self, Key, READ_EVERY, Readings, Wanted};
use tidegate_aws::overrides::Rows;
use tidegate_aws::ring::Ring;
use tidegate_aws::services::{self, ServiceName};
use tidegate_fleet::Service;
use tidegate_fleet::source::{QueueSource, RedisUrl, SqsQueue};
use tidegate_policy::{
    Absence, AbsenceKind, MetricName, MetricReading, Observation, Override, Queue, Signal,
};
use tidegate_queues::{RedisRequest, sqs};
use tokio::time::timeout;

use crate::Scaler;
use crate::budget;
use crate::failure::Failure;

/// Everything one look saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The ledger's page as it was found.
    pub(crate) page: Page,
    /// What people asked for.
    pub(crate) overrides: Vec<Override>,
    /// By service name in the fleet file; a service whose queue is a metric is left out between two metric reads.
    pub(crate) targets: BTreeMap<String, Observation>,
    /// Whether the metrics of the whole fleet were read.
    pub(crate) metrics_read: bool,
}

impl Scaler {
    /// The services this look is about.
    pub(crate) fn select(&self, ring: &Ring) -> Result<Vec<&Service>, Failure> {
        let ours: Vec<&Service> = self.services().collect();
        let Ring::Manual { services: wanted, .. } = ring else { return Ok(ours) };
        let known: Vec<&str> = ours.iter().map(|service| service.name()).collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join("`, `");
            let (kind, fleet) = (self.concern.kind, self.fleet.name());
            let message = format!("no service `{unknown}` {kind} in fleet `{fleet}`; known: `{known}`");
            return Err(Failure::non_retryable(message));
        }
        let asked =
            |service: &&Service| wanted.is_empty() || wanted.iter().any(|name| name == service.name());
        Ok(ours.into_iter().filter(asked).collect())
    }

    /// Looks at everything: queues beside the ledger, services and metrics after it.
    pub(crate) async fn observe(
        &self,
        targets: &[&Service],
        ring: &Ring,
        now: Timestamp,
    ) -> Result<Seen, CallError> {
        let (ledger, queues) = join!(
            self.ledger_then_aws(targets, ring, now),
            timeout(budget::QUEUES, self.queues.read(targets, now)),
        );
        let queues = queues.unwrap_or_default();
        let (page, overrides, services, readings) = ledger?;
        let whole = !matches!(ring, Ring::Manual { services, .. } if !services.is_empty());
        let late = || Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
        let targets = targets.iter().filter_map(|service| {
            let queue = match (service.queue(), &readings) {
                (None, _) => None,
                (Some(QueueSource::Cloudwatch(source)), Some(readings)) => {
                    Some(metrics::queue(source, readings, now))
                }
                (Some(QueueSource::Cloudwatch(_)), None) => return None,
                (Some(_), _) => Some(queues.get(service.name()).cloned().unwrap_or_else(|| Err(late()))),
            };
            let service_seen = services.get(&name(service)).cloned().unwrap_or_else(|| Err(late()));
            let metrics = service.metrics().iter().map(|metric| {
                let reading = readings.as_ref().and_then(|readings| readings.get(&Key::of(&metric.source)));
                (metric.name.clone(), reading.cloned().unwrap_or(MetricReading::NotRead))
            });
            let metrics = metrics.collect();
            let seen = Observation { service: service_seen, queue, metrics, alarms: BTreeMap::new() };
            Some((service.name().to_owned(), seen))
        });
        Ok(Seen { page, overrides, targets: targets.collect(), metrics_read: readings.is_some() && whole })
    }

    /// The ledger first, then ECS and CloudWatch. What is remembered must never be newer than what is seen: a look
    /// that saw the desired count of before another look's change, and read the memory of after it, would take its
    /// own colleague for somebody else (found by the race test). The conditional write does the rest.
    async fn ledger_then_aws(
        &self,
        targets: &[&Service],
        ring: &Ring,
        now: Timestamp,
    ) -> Result<(Page, Vec<Override>, services::Seen, Option<Readings>), CallError> {
        let (page, Rows { rows: overrides, .. }) = self.read_ledger().await?;
        let names: Vec<ServiceName> = targets.iter().map(|service| name(service)).collect();
        let (services, readings) = join!(
            timeout(budget::AWS, services::describe(&self.clients.ecs, &names)),
            self.read_metrics(targets, ring, &page, now)
        );
        Ok((page, overrides, services.unwrap_or_default(), readings))
    }

    /// The ledger, within its time.
    async fn read_ledger(&self) -> Result<(Page, Rows), CallError> {
        timeout(budget::LEDGER, self.ledger.read()).await.unwrap_or_else(|_| {
            Err(CallError::plain(
                "read the ledger",
                AbsenceKind::TimedOut,
                "not read within the time of a look",
            ))
        })
    }

    /// The metrics, if it is time for them.
    async fn read_metrics(
        &self,
        targets: &[&Service],
        ring: &Ring,
        page: &Page,
        now: Timestamp,
    ) -> Option<Readings> {
        let plan = matches!(ring, Ring::Manual { plan: true, .. });
        let last = page.memory.metrics_read_at;
        if !plan && last.is_some_and(|last| now.duration_since(last).abs() < READ_EVERY) {
            return None;
        }
        let wanted: Vec<Wanted> = targets.iter().flat_map(|service| wanted_metrics(service)).collect();
        if wanted.is_empty() {
            return Some(Readings::new());
        }
        let readings = timeout(budget::AWS, metrics::read(&self.clients.cloudwatch, &wanted, now)).await;
        Some(readings.unwrap_or_else(|_| {
            let late = Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
            wanted.into_iter().map(|metric| (metric.key, MetricReading::Failed(late.clone()))).collect()
        }))
    }
}

/// The ECS service of a service in the fleet file.
pub(crate) fn name(service: &Service) -> ServiceName {
    ServiceName { cluster: service.cluster().to_owned(), service: service.service().to_owned() }
}

/// Every metric one service needs, with the longest `for` of the rules that name it.
fn wanted_metrics(service: &Service) -> Vec<Wanted> {
    let longest_for = |name: &MetricName| {
        let rules = service.policy().rules.iter().map(|rule| &rule.when);
        let named = rules.filter(|when| matches!(&when.signal, Signal::Metric(metric) if metric == name));
        named.map(|when| when.hold_for).max().unwrap_or(SignedDuration::ZERO)
    };
    let of_rules = service
        .metrics()
        .iter()
        .map(|metric| Wanted { key: Key::of(&metric.source), longest_for: longest_for(&metric.name) });
    let of_queue = match service.queue() {
        Some(QueueSource::Cloudwatch(queue)) => [Some(&queue.waiting), queue.in_flight.as_ref()],
        Some(_) | None => [None, None],
    };
    let of_queue = of_queue.into_iter().flatten();
    of_rules
        .chain(of_queue.map(|source| Wanted { key: Key::of(source), longest_for: SignedDuration::ZERO }))
        .collect()
}
