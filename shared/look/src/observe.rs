//! One look at the world: independent reads in parallel, batched.

use std::collections::BTreeMap;

use futures_util::join;
use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::alarms::{self, Alarms};
use tidegate_aws::ledger::Page;
use tidegate_aws::metrics::READ_EVERY;
use tidegate_aws::overrides::Rows;
use tidegate_aws::ring::Ring;
use tidegate_aws::targets::{self, Targets};
use tidegate_fleet::{QueueSource, Service, TargetName};
use tidegate_policy::{Absence, AbsenceKind, AlarmName, MetricReading, Observation, Override};
use tokio::time::{Instant, timeout, timeout_at};

use crate::Scaler;
use crate::budget;
use crate::concern::QueuesSeen;
use crate::failure::Failure;
use crate::readings::{self, Readings};

/// Everything one look saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The ledger's page as it was found.
    pub(crate) page: Page,
    /// What people asked for.
    pub(crate) overrides: Vec<Override>,
    /// By service name in the fleet file; a service whose queue is a metric is left out between two metric reads.
    pub(crate) services: BTreeMap<String, Observation>,
    /// Whether the metrics of the whole fleet were read.
    pub(crate) metrics_read: bool,
}

/// What AWS showed.
struct FromAws<'a> {
    targets: Targets,
    alarms: Alarms,
    /// `None` between two reads.
    readings: Option<Readings<'a>>,
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

    /// Looks at everything: queues beside the ledger, AWS after it.
    pub(crate) async fn observe(
        &self,
        services: &[&Service],
        ring: &Ring,
        now: Timestamp,
    ) -> Result<Seen, CallError> {
        let (ledger, queues) = join!(
            self.ledger_then_aws(services, ring, now),
            timeout(budget::QUEUES, self.queues.read(services, now)),
        );
        let queues = queues.unwrap_or_default();
        let (page, overrides, aws) = ledger?;
        let whole = !matches!(ring, Ring::Manual { services, .. } if !services.is_empty());
        let seen = services.iter().filter_map(|service| {
            let seen = aws.observation(service, &queues)?;
            Some((service.name().to_owned(), seen))
        });
        Ok(Seen { page, overrides, services: seen.collect(), metrics_read: aws.readings.is_some() && whole })
    }

    /// The ledger first, then AWS. What is remembered must never be newer than what is seen: a look
    /// that saw the desired count of before another look's change, and read the memory of after it, would take its
    /// own colleague for somebody else (found by the race test). The conditional write does the rest.
    async fn ledger_then_aws<'a>(
        &self,
        services: &[&'a Service],
        ring: &Ring,
        now: Timestamp,
    ) -> Result<(Page, Vec<Override>, FromAws<'a>), CallError> {
        let (page, Rows { rows: overrides, .. }) = self.read_ledger().await?;
        let last = page.memory.metrics_read_at;
        let due = ring.is_plan() || last.is_none_or(|last| now.duration_since(last).abs() >= READ_EVERY);
        Ok((page, overrides, self.read_aws(services, due, now).await))
    }

    /// Targets, alarms and, when they are due, metrics: side by side, as far as none needs another.
    async fn read_aws<'a>(&self, services: &[&'a Service], metrics_due: bool, now: Timestamp) -> FromAws<'a> {
        let deadline = Instant::now() + budget::AWS;
        let names: Vec<&TargetName> = services.iter().map(|service| service.target()).collect();
        let alarms: Vec<&AlarmName> = services.iter().flat_map(|service| service.alarms()).collect();
        let targets = targets::describe(&self.clients, &names, deadline);
        let alarms = async {
            timeout_at(deadline, alarms::describe(&self.clients, &alarms)).await.unwrap_or_default()
        };
        let read = async |targets: &Targets| {
            if !metrics_due {
                return None;
            }
            let (clients, balancers) = (&self.clients, &self.load_balancers);
            Some(readings::read(clients, balancers, services, targets, deadline, now).await)
        };
        if metrics_due && readings::need_target_groups(services) {
            let targets_then_metrics = async {
                let targets = targets.await;
                let readings = read(&targets).await;
                (targets, readings)
            };
            let ((targets, readings), alarms) = join!(targets_then_metrics, alarms);
            FromAws { targets, alarms, readings }
        } else {
            let none = Targets::new();
            let (targets, alarms, readings) = join!(targets, alarms, read(&none));
            FromAws { targets, alarms, readings }
        }
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
}

impl FromAws<'_> {
    /// What was seen of one service; `None` while its queue, which is a metric, is not due.
    fn observation(&self, service: &Service, queues: &QueuesSeen) -> Option<Observation> {
        let late = || Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
        let mine = self.readings.as_ref().and_then(|readings| readings.get(service.name()));
        let queue = match service.queue() {
            None => None,
            Some(QueueSource::Cloudwatch(_)) => Some(mine?.queue.clone()?),
            Some(_) => Some(queues.get(service.name()).cloned().unwrap_or_else(|| Err(late()))),
        };
        let seen = self.targets.get(service.target()).cloned().unwrap_or_else(|| Err(late()));
        let metrics = service.metrics().iter().map(|metric| {
            let reading = mine.and_then(|mine| mine.metrics.get(&metric.name));
            (metric.name.clone(), reading.cloned().unwrap_or(MetricReading::NotRead))
        });
        let alarms = service.alarms().iter().map(|name| {
            let seen = self.alarms.get(name).cloned().unwrap_or_else(|| Err(late()));
            (name.clone(), seen)
        });
        let (metrics, alarms) = (metrics.collect(), alarms.collect());
        Some(Observation { service: seen.map(|seen| seen.service), queue, metrics, alarms })
    }
}
