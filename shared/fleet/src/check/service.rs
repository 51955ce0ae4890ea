//! What a service's settings say together.

use tidegate_policy::{Hours, ServicePolicy, rule::Span};

use crate::model::fleet::Service;
use crate::model::queue::QueueSource;
use crate::model::target::TargetKind;
use crate::problem::{Code, Problem, Problems};
use crate::yaml::object::Object;

/// A group has no queue, and so nothing that speaks of one.
pub(crate) fn without_queue(service: &Object<'_>, target: Option<TargetKind>, problems: &mut Problems) {
    match target {
        Some(TargetKind::Group) => {}
        Some(TargetKind::Ecs) | None => return,
    }
    for key in ["queue", "concurrency", "idle"] {
        if service.has(key) {
            let message = format!("`{key}` needs a queue, and an Auto Scaling group has none");
            let problem = Problem::new(Code::GroupWithQueue, service.place_of(key), message);
            problems.push(problem.help("remove it; only an ECS service (`ecs`) can have a queue"));
        }
    }
}

/// What a service's settings say together.
pub(crate) fn service(service: &Service, object: &Object<'_>, problems: &mut Problems) {
    let policy = service.policy();
    let place = object.place_of("capacity");
    let only_told = policy.rules.is_empty() && policy.track.is_empty() && !policy.notify.is_empty();
    if policy.capacity.min() == policy.capacity.max() && policy.hours.is_empty() && !only_told {
        let message = format!("`min` and `max` are both {}: nothing can ever scale", policy.capacity.max());
        problems.push(Problem::new(Code::FixedSize, place, message));
    }
    if let Some(why) = service.queue().filter(|_| policy.wait.is_some()).and_then(unseen_in_flight) {
        let message = format!("`wait` is set, and {why}");
        let help = "while no job waits, Tidegate assumes the load last measured, halves it every hour, and removes tasks \
                    accordingly; the next waiting jobs correct the estimate";
        problems.push(Problem::new(Code::WaitUnseenInFlight, object.place_of("wait"), message).help(help));
    }
    if let Some(why) = service.queue().filter(|_| sleeps(policy)).and_then(unseen_in_flight) {
        let zero =
            if policy.capacity.min() == 0 { "`min` is 0" } else { "`hours` allow removing the last task" };
        let message = format!("{zero}, and {why}");
        let help = format!(
            "the last task is removed after the queue was empty for `idle`, {}: make that longer than any job",
            Span(policy.idle)
        );
        problems.push(Problem::new(Code::ZeroUnseenInFlight, place, message).help(help));
    }
    if let Some(QueueSource::Sqs(queue)) = service.queue()
        && queue.url.strip_suffix(".fifo").is_some()
    {
        let message = "messages behind one in flight of their message group count as waiting, and no worker can receive them";
        let help = "set `max` to no more tasks than can work on different message groups at the same time";
        problems.push(Problem::new(Code::FifoQueue, object.place_of("queue"), message).help(help));
    }
}

/// Whether the bounds let the last task go at some time of the day.
fn sleeps(policy: &ServicePolicy) -> bool {
    let at_zero = |row: &Hours| row.min == Some(0) || row.max == Some(0);
    policy.capacity.min() == 0 || policy.hours.iter().any(at_zero)
}

/// Why a queue cannot show that nothing runs.
pub(crate) fn unseen_in_flight(queue: &QueueSource) -> Option<&'static str> {
    match queue {
        QueueSource::Celery(celery) if !celery.acks_late => {
            Some("Celery does not show running jobs without `acks_late`")
        }
        QueueSource::List(_) => Some("a Redis list does not show running jobs"),
        QueueSource::Cloudwatch(queue) if queue.in_flight.is_none() => {
            Some("no metric counts the jobs in flight (`in_flight`)")
        }
        QueueSource::Celery(_)
        | QueueSource::Bullmq(_)
        | QueueSource::Sqs(_)
        | QueueSource::Cloudwatch(_) => None,
    }
}
