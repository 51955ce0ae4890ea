//! One look at the world: independent reads in parallel, batched.

use std::collections::BTreeMap;

use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use tidegate_aws::CallError;
use tidegate_aws::ledger::Page;
use tidegate_aws::metrics::{self, READ_EVERY, Wanted};
use tidegate_aws::overrides::Rows;
use tidegate_aws::ring::Ring;
use tidegate_aws::targets::{self, Targets};
use tidegate_fleet::source::{QueueSource, RedisUrl, SqsQueue};
use tidegate_fleet::{Service, Source, TargetName};
use tidegate_policy::{Absence, AbsenceKind, MetricName, MetricReading, Observation, Override, Queue};
use tidegate_queues::{RedisRequest, sqs};
use tokio::time::timeout;

use crate::QueueDepth;
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

impl QueueDepth {
    /// The services this look is about.
    pub(crate) fn select(&self, ring: &Ring) -> Result<Vec<&Service>, Failure> {
        let ours: Vec<&Service> =
            self.fleet.services().iter().filter(|service| service.queue().is_some()).collect();
        let Ring::Manual { services: wanted, .. } = ring else { return Ok(ours) };
        let known: Vec<&str> = ours.iter().map(|service| service.name()).collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join("`, `");
            let message = format!(
                "no service `{unknown}` with a queue in fleet `{}`; known: `{known}`",
                self.fleet.name()
            );
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
            timeout(budget::QUEUES, self.read_queues(targets, now)),
        );
        let queues = queues.unwrap_or_default();
        let (page, overrides, services, readings) = ledger?;
        let whole = !matches!(ring, Ring::Manual { services, .. } if !services.is_empty());
        let late = || Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
        let targets = targets.iter().filter_map(|service| {
            let mine =
                readings.as_ref().map(|readings| readings.get(service.name()).cloned().unwrap_or_default());
            let queue = match (service.queue()?, &mine) {
                (QueueSource::Cloudwatch(source), Some(mine)) => {
                    let waiting = mine.of_queue.first().unwrap_or(&MetricReading::NotRead);
                    metrics::queue(source, waiting, mine.of_queue.get(1), now)
                }
                (QueueSource::Cloudwatch(_), None) => return None,
                _ => queues.get(service.name()).cloned().unwrap_or_else(|| Err(late())),
            };
            let seen = services.get(service.target()).cloned().unwrap_or_else(|| Err(late()));
            let metrics = service.metrics().iter().map(|metric| {
                let reading = mine.as_ref().and_then(|mine| mine.by_name.get(&metric.name));
                (metric.name.clone(), reading.cloned().unwrap_or(MetricReading::NotRead))
            });
            let seen = Observation {
                service: seen.map(|seen| seen.service),
                queue: Some(queue),
                metrics: metrics.collect(),
                alarms: BTreeMap::new(),
            };
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
    ) -> Result<(Page, Vec<Override>, Targets, Option<Readings>), CallError> {
        let (page, Rows { rows: overrides, .. }) = self.read_ledger().await?;
        let names: Vec<&TargetName> = targets.iter().map(|service| service.target()).collect();
        let (services, readings) = join!(
            timeout(budget::AWS, targets::describe(&self.clients, &names)),
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
        let sources: Vec<Vec<(Source, SignedDuration)>> =
            targets.iter().map(|service| sources_of_queue(service)).collect();
        let mut wanted = Vec::new();
        for (service, of_queue) in targets.iter().zip(&sources) {
            wanted.extend(wanted_metrics(service));
            wanted.extend(of_queue.iter().map(|(source, longest_for)| Wanted {
                source,
                limit: None,
                target_groups: &[],
                longest_for: *longest_for,
            }));
        }
        let read = metrics::read(&self.clients, &self.load_balancers, &wanted, now);
        let mut readings = timeout(budget::AWS, read)
            .await
            .unwrap_or_else(|_| {
                let late = Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
                vec![MetricReading::Failed(late); wanted.len()]
            })
            .into_iter();
        let mut by_service = Readings::new();
        for (service, of_queue) in targets.iter().zip(&sources) {
            let names = service.metrics().iter().map(|metric| metric.name.clone());
            let by_name = readings
                .by_ref()
                .take(service.metrics().len())
                .zip(names)
                .map(|(reading, name)| (name, reading))
                .collect();
            let of_queue = readings.by_ref().take(of_queue.len()).collect();
            by_service.insert(service.name().to_owned(), OfService { by_name, of_queue });
        }
        Some(by_service)
    }

    /// Redis and SQS, each queue with its own result.
    async fn read_queues(
        &self,
        targets: &[&Service],
        now: Timestamp,
    ) -> BTreeMap<String, Result<Queue, Absence>> {
        let mut redis: Vec<(&str, &RedisUrl, &QueueSource)> = Vec::new();
        let mut from_sqs: Vec<(&str, &SqsQueue)> = Vec::new();
        for service in targets {
            match service.queue() {
                Some(source @ QueueSource::Celery(queue)) => redis.push((service.name(), &queue.url, source)),
                Some(source @ QueueSource::Bullmq(queue)) => redis.push((service.name(), &queue.url, source)),
                Some(source @ QueueSource::List(queue)) => redis.push((service.name(), &queue.url, source)),
                Some(QueueSource::Sqs(queue)) => from_sqs.push((service.name(), queue)),
                Some(QueueSource::Cloudwatch(_)) | None => {}
            }
        }
        let wanted: Vec<&SqsQueue> = from_sqs.iter().map(|(_, queue)| *queue).collect();
        let (redis, sqs) = join!(self.read_redis(&redis, now), sqs::read(&self.clients.sqs, &wanted));
        let names = from_sqs.iter().map(|(name, _)| (*name).to_owned());
        redis.into_iter().chain(names.zip(sqs)).collect()
    }

    /// Resolves the servers' URLs, then asks each server once.
    async fn read_redis(
        &self,
        queues: &[(&str, &RedisUrl, &QueueSource)],
        now: Timestamp,
    ) -> Vec<(String, Result<Queue, Absence>)> {
        let urls: Vec<&RedisUrl> = queues.iter().map(|(_, url, _)| *url).collect();
        let resolved = self.secrets.resolve(&self.clients, &urls, now).await;
        let mut results = Vec::with_capacity(queues.len());
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for (name, url, source) in queues {
            match resolved.get(url) {
                Some(Ok(text)) => {
                    asked.push((*name, *url));
                    requests.push(RedisRequest { url: text, source });
                }
                Some(Err(absence)) => results.push(((*name).to_owned(), Err(absence.clone()))),
                None => {}
            }
        }
        let answers = self.redis.read(&requests, now).await;
        for ((name, url), answer) in asked.into_iter().zip(answers) {
            if answer.as_ref().is_err_and(|absence| absence.kind == AbsenceKind::Denied) {
                self.secrets.forget(url);
            }
            results.push((name.to_owned(), answer));
        }
        results
    }
}

/// What was read of one service's metrics.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfService {
    by_name: BTreeMap<MetricName, MetricReading>,
    /// The metrics that are its queue: waiting, and in flight where there is one.
    of_queue: Vec<MetricReading>,
}

/// By service name in the fleet file.
pub(crate) type Readings = BTreeMap<String, OfService>;

/// Every metric that one service names, with the longest `for` of the rules that name it.
fn wanted_metrics(service: &Service) -> Vec<Wanted<'_>> {
    let longest_for = |name: &MetricName| {
        let rules = service.policy().rules.iter().map(|rule| &rule.when);
        let named = rules.filter(|when| when.signal.metric() == Some(name));
        named.map(|when| when.hold_for).max().unwrap_or(SignedDuration::ZERO)
    };
    let wanted = service.metrics().iter().map(|metric| Wanted {
        source: &metric.source,
        limit: metric.limit,
        target_groups: &[],
        longest_for: longest_for(&metric.name),
    });
    wanted.collect()
}

/// The metrics that are its queue.
fn sources_of_queue(service: &Service) -> Vec<(Source, SignedDuration)> {
    let metrics = match service.queue() {
        Some(QueueSource::Cloudwatch(queue)) => [Some(&queue.waiting), queue.in_flight.as_ref()],
        Some(_) | None => [None, None],
    };
    let source =
        |metric: &tidegate_fleet::MetricSource| (Source::Metric(metric.clone()), SignedDuration::ZERO);
    metrics.into_iter().flatten().map(source).collect()
}
