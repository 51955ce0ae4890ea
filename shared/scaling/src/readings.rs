//! The CloudWatch metrics of one evaluation: what each service needs, and what was read for it.

mod queue;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::Clients;
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_aws::targets::{Targets, late};
use tidegate_fleet::{MetricSource, QueueSource, Service, Source};
use tidegate_policy::{Absence, MetricName, MetricReading, Queue};
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
    let asked: Vec<Result<Wanted<'_>, Absence>> =
        questions.iter().map(|question| question.wanted(targets)).collect();
    let wanted: Vec<Wanted<'_>> = asked.iter().flatten().cloned().collect();
    let answers = timeout_at(deadline, metrics::read(clients, load_balancers, &wanted, now)).await;
    let answers = answers.unwrap_or_else(|_| vec![MetricReading::Failed(late()); wanted.len()]);
    let mut answers = answers.into_iter();
    let answers = asked.into_iter().map(|asked| match asked {
        Ok(_) => answers.next().unwrap_or(MetricReading::NotRead),
        Err(absence) => MetricReading::Failed(absence),
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
        let queue = queue::of_metrics(source, waiting, in_flight.get(name), now);
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
    /// What to ask for.
    ///
    /// # Errors
    /// It is found by the target groups of the service, and the service was not read: why not.
    fn wanted<'a>(&'a self, targets: &'a Targets) -> Result<Wanted<'a>, Absence> {
        let target_groups: &[String] = match (&*self.source, targets.get(self.service.target())) {
            (Source::LoadBalancer(_), Some(Ok(seen))) => &seen.target_groups,
            (Source::LoadBalancer(_), Some(Err(absence))) => return Err(absence.clone()),
            (Source::LoadBalancer(_), None) => return Err(late()),
            (Source::Metric(_) | Source::Math(_), _) => &[],
        };
        let (limit, longest_for) = (self.limit, self.longest_for());
        Ok(Wanted { source: &self.source, limit, target_groups, longest_for })
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

#[cfg(test)]
mod tests {
    use tidegate_aws::targets::TargetState;
    use tidegate_policy::{AbsenceKind, Constraints, ServiceState};

    use super::*;

    const FLEET: &str = "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: api\n    \
        ecs: { cluster: shop, service: api }\n    capacity: { min: 2, max: 20 }\n    \
        rules: [{ when: requests > 1000, notify: warning }, { when: cpu > 80%, notify: warning }]\n";

    /// To each metric of the service: the target groups it is asked for with, or why it is not asked for.
    fn asked(seen: Option<Result<TargetState, Absence>>) -> BTreeMap<String, Result<Vec<String>, Absence>> {
        let fleet = tidegate_fleet::parse(FLEET).expect("a fleet");
        let service = fleet.service("api").expect("it is in the fleet");
        let targets: Targets = seen.map(|seen| (service.target().clone(), seen)).into_iter().collect();
        let wanted = |question: Question<'_>| {
            let About::Named(name) = question.about else { unreachable!("there is no queue") };
            let groups = question.wanted(&targets).map(|wanted| wanted.target_groups.to_vec());
            (name.as_str().to_owned(), groups)
        };
        questions(service).map(wanted).collect()
    }

    #[test]
    fn a_load_balancers_metric_of_a_service_that_was_not_read_fails_as_the_service_did() {
        let denied = Absence::new(AbsenceKind::Denied, "no");
        for (seen, why) in [(Some(Err(denied.clone())), denied), (None, late())] {
            let asked = asked(seen);
            assert_eq!(asked["requests"], Err(why));
            assert_eq!(asked["cpu"], Ok(Vec::new()), "it needs no target group");
        }
    }

    #[test]
    fn a_load_balancers_metric_is_asked_for_with_the_target_groups_of_the_service() {
        let service = ServiceState {
            desired_count: 2,
            running_count: 2,
            pending_count: 0,
            rollout: false,
            active: true,
            daemon: false,
            constraints: Constraints::default(),
        };
        for groups in [vec![], vec!["arn:tg/api".to_owned()]] {
            let seen = TargetState::new(service.clone(), groups.clone());
            assert_eq!(asked(Some(Ok(seen)))["requests"], Ok(groups));
        }
    }
}
