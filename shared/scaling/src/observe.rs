//! One observation: independent reads in parallel, batched.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::join;
use jiff::Timestamp;
use tidegate_aws::CallError;
use tidegate_aws::alarms::{self, Alarms};
use tidegate_aws::ledger::LedgerRead;
use tidegate_aws::metrics::READ_EVERY;
use tidegate_aws::rds::Classes;
use tidegate_aws::targets::{self, Targets, late};
use tidegate_aws::trigger::Trigger;
use tidegate_evaluation::budget;
use tidegate_fleet::{QueueSource, Service, TargetName};
use tidegate_policy::{AlarmName, MetricReading, Observation};
use tokio::time::{Instant, timeout};

use crate::memory::FleetMemory;
use crate::queues::QueuesSeen;
use crate::readings::{self, Readings};
use crate::services::Services;

/// Everything one evaluation saw.
#[derive(Debug)]
pub struct FleetObservation {
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
    /// Of the instances whose class a guard needs.
    classes: Classes,
}

impl Services {
    /// Reads everything: queues beside the ledger, AWS after it.
    pub(crate) async fn see(
        &self,
        services: &[&Service],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<FleetMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<FleetMemory>, FleetObservation), CallError> {
        let (ledger, queues) = join!(
            self.ledger_then_aws(services, trigger, ledger, now),
            timeout(budget::QUEUES, self.queues.read(services, now)),
        );
        let queues = queues.unwrap_or_default();
        let (found, aws) = ledger?;
        let seen = services.iter().filter_map(|service| {
            let seen = aws.observation(service, self.guarded_instance(service), &queues)?;
            Some((service.name().to_owned(), seen))
        });
        let whole = services.len() == self.services().count();
        Ok((
            found,
            FleetObservation { services: seen.collect(), metrics_read: aws.readings.is_some() && whole },
        ))
    }

    /// The ledger first, then AWS. What is remembered must never be newer than what is seen: an evaluation that saw the
    /// desired count of before another evaluation's change, and read the memory of after it, would take another
    /// evaluation's change for one made outside Tidegate (found by the race test). The conditional write does the rest.
    async fn ledger_then_aws<'a>(
        &self,
        services: &[&'a Service],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<FleetMemory>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<FleetMemory>, FromAws<'a>), CallError> {
        let found = ledger.await?;
        let last = found.item.memory.metrics_read_at;
        let is_old = last.is_none_or(|last| now.duration_since(last).abs() >= READ_EVERY);
        // A service whose queue is a metric has no part in an evaluation without metrics, and an alarm may be about it.
        let by_metrics =
            services.iter().any(|service| matches!(service.queue(), Some(QueueSource::Cloudwatch(_))));
        let due = is_old || trigger.is_question() || (trigger.comes_once() && by_metrics);
        Ok((found, self.read_aws(services, due, now).await))
    }

    /// Targets, alarms and, when they are due, metrics: side by side, as far as none needs another.
    async fn read_aws<'a>(&self, services: &[&'a Service], metrics_due: bool, now: Timestamp) -> FromAws<'a> {
        let deadline = Instant::now() + budget::AWS;
        let names: Vec<&TargetName> = services.iter().map(|service| service.target()).collect();
        let alarms: Vec<&AlarmName> = services.iter().flat_map(|service| service.alarms()).collect();
        let guarded: Vec<&str> =
            services.iter().filter_map(|service| self.guarded_instance(service)).collect();
        let classes = self.classes.find(&self.clients, &guarded, deadline, now);
        let targets = targets::describe(&self.clients, &names, deadline);
        let alarms = alarms::describe(&self.clients, &alarms, deadline);
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
            let ((targets, readings), alarms, classes) = join!(targets_then_metrics, alarms, classes);
            FromAws { targets, alarms, readings, classes }
        } else {
            let none = Targets::new();
            let (targets, alarms, readings, classes) = join!(targets, alarms, read(&none), classes);
            FromAws { targets, alarms, readings, classes }
        }
    }
}

impl FromAws<'_> {
    /// What was seen of one service; `None` while its queue, which is a metric, is not due.
    fn observation(
        &self,
        service: &Service,
        guarded: Option<&str>,
        queues: &QueuesSeen,
    ) -> Option<Observation> {
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
        let database = guarded.map(|id| self.classes.get(id).cloned().unwrap_or_else(|| Err(late())));
        Some(Observation { service: seen.map(|seen| seen.service), queue, metrics, alarms, database })
    }
}
