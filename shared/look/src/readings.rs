//! The CloudWatch metrics of one look: what each service needs, and what was read for it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::Clients;
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_aws::targets::Targets;
use tidegate_fleet::source::QueueSource;
use tidegate_fleet::{MetricSource, Service, Source};
use tidegate_policy::{Absence, AbsenceKind, MetricName, MetricReading, Queue};
use tokio::time::{Instant, timeout_at};

/// What was read for each service, by its name in the fleet file.
pub(crate) type Readings<'a> = BTreeMap<&'a str, OfService>;

/// What was read for one service.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfService {
    /// The metrics that its rules name.
    pub(crate) metrics: BTreeMap<MetricName, MetricReading>,
    /// Its queue, where metrics are all that is known of it.
    pub(crate) queue: Option<Result<Queue, Absence>>,
}

/// One metric that a service needs.
struct Question<'a> {
    service: &'a Service,
    about: About<'a>,
    source: Cow<'a, Source>,
    limit: Option<f64>,
}

/// What a metric is to its service.
#[derive(Clone, Copy)]
enum About<'a> {
    /// A metric that its rules name.
    Named(&'a MetricName),
    /// The jobs that wait in its queue.
    Waiting,
    /// The jobs that its workers have taken.
    InFlight,
}

/// Whether the metrics of these services can be asked for only when their target groups are known.
pub(crate) fn need_target_groups(services: &[&Service]) -> bool {
    services
        .iter()
        .flat_map(|service| service.metrics())
        .any(|metric| matches!(metric.source, Source::LoadBalancer(_)))
}

/// Reads every metric of these services; what is not answered in time is missing.
pub(crate) async fn read<'a>(
    clients: &Clients,
    load_balancers: &LoadBalancers,
    services: &[&'a Service],
    targets: &Targets,
    deadline: Instant,
    now: Timestamp,
) -> Readings<'a> {
    let questions: Vec<Question<'a>> = services.iter().flat_map(|service| questions(service)).collect();
    let wanted: Vec<Wanted<'_>> = questions.iter().map(|question| question.wanted(targets)).collect();
    let answers = timeout_at(deadline, metrics::read(clients, load_balancers, &wanted, now)).await;
    let answers = answers.unwrap_or_else(|_| {
        let late = Absence::new(AbsenceKind::TimedOut, "not read within the time of a look");
        vec![MetricReading::Failed(late); questions.len()]
    });
    let mut readings: Readings<'a> =
        services.iter().map(|service| (service.name(), OfService::default())).collect();
    let (mut waiting, mut in_flight) = (BTreeMap::new(), BTreeMap::new());
    for (question, answer) in questions.iter().zip(answers) {
        let name = question.service.name();
        match question.about {
            About::Named(metric) => {
                readings.entry(name).or_default().metrics.insert(metric.clone(), answer);
            }
            About::Waiting => drop(waiting.insert(name, answer)),
            About::InFlight => drop(in_flight.insert(name, answer)),
        }
    }
    for service in services {
        let Some(QueueSource::Cloudwatch(source)) = service.queue() else { continue };
        let name = service.name();
        let waiting = waiting.get(name).unwrap_or(&MetricReading::NotRead);
        let queue = metrics::queue(source, waiting, in_flight.get(name), now);
        readings.entry(name).or_default().queue = Some(queue);
    }
    readings
}

/// Every metric that one service needs: those that it names, and those that are its queue.
fn questions(service: &Service) -> impl Iterator<Item = Question<'_>> {
    let named = service.metrics().iter().map(|metric| Question {
        service,
        about: About::Named(&metric.name),
        source: Cow::Borrowed(&metric.source),
        limit: metric.limit,
    });
    let queue = match service.queue() {
        Some(QueueSource::Cloudwatch(queue)) => {
            [Some((About::Waiting, &queue.waiting)), queue.in_flight.as_ref().map(|it| (About::InFlight, it))]
        }
        Some(_) | None => [None, None],
    };
    let of_queue = move |(about, source): (About<'static>, &MetricSource)| Question {
        service,
        about,
        source: Cow::Owned(Source::Metric(source.clone())),
        limit: None,
    };
    named.chain(queue.into_iter().flatten().map(of_queue))
}

impl Question<'_> {
    fn wanted<'a>(&'a self, targets: &'a Targets) -> Wanted<'a> {
        let target_groups: &[String] = match targets.get(self.service.target()) {
            Some(Ok(seen)) => &seen.target_groups,
            Some(Err(_)) | None => &[],
        };
        Wanted { source: &self.source, limit: self.limit, target_groups, longest_for: self.longest_for() }
    }

    /// The longest `for` of the conditions that name it.
    fn longest_for(&self) -> SignedDuration {
        let About::Named(name) = self.about else { return SignedDuration::ZERO };
        let policy = self.service.policy();
        let rules = policy.rules.iter().map(|rule| &rule.when);
        let conditions = rules.chain(policy.notify.iter().map(|notify| &notify.when));
        let named = conditions.filter(|when| when.signal.metric() == Some(name));
        named.map(|when| when.hold_for).max().unwrap_or(SignedDuration::ZERO)
    }
}
