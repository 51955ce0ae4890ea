//! A service's `queue`.

use crate::model::queue::{
    BullmqQueue, CeleryQueue, CloudwatchQueue, QueueKind, QueueSource, RedisList, RedisUrl, Reference,
    SqsQueue,
};
use crate::problem::{Code, Problem, Problems};
use crate::read::metrics;
use crate::read::url;
use crate::yaml::object::Object;
use crate::yaml::tree::{Node, Value};

/// Reads a service's `queue`; `None` only after reporting why.
pub(crate) fn read(service: &Object<'_>, problems: &mut Problems) -> Option<QueueSource> {
    if let Some(Node { value: Value::List(_), place }) = service.node("queue") {
        let message = "`queue` must be a mapping, found a list: a service has one queue";
        let help = "make an entry of `services` for each queue with workers of its own; for one service with several \
                    queues, add up their lengths in one `queue: { cloudwatch: … }`";
        problems.push(Problem::new(Code::WrongShape, *place, message).help(help));
        return None;
    }
    let queue = service.map("queue", problems)?;
    let (key, kind) = queue.chosen(QueueKind::TABLE)?;
    let object = queue.map(key, problems)?;
    Some(match kind {
        QueueKind::Celery => QueueSource::Celery(celery(&object, problems)?),
        QueueKind::Bullmq => QueueSource::Bullmq(bullmq(&object, problems)?),
        QueueKind::List => QueueSource::List(list(&object, problems)?),
        QueueKind::Sqs => QueueSource::Sqs(SqsQueue { url: object.parsed("url", problems, url::sqs)? }),
        QueueKind::Cloudwatch => QueueSource::Cloudwatch(cloudwatch(&object, problems)?),
    })
}

fn celery(object: &Object<'_>, problems: &mut Problems) -> Option<CeleryQueue> {
    let url = redis_url(object, problems);
    let ca = authorities(object, url.as_ref(), problems);
    let queue = object.text("queue", problems);
    let exchange = match object.node("exchange") {
        Some(_) => object.text("exchange", problems),
        None => queue.clone(),
    };
    let prefix = object.text("prefix", problems);
    let separator = object.text("separator", problems);
    let priority_steps = priority_steps(object, problems);
    let unacked_key = object.text("unacked_key", problems);
    let acks_late = object.boolean("acks_late", problems);
    Some(CeleryQueue {
        url: url?,
        ca,
        queue: queue?,
        exchange: exchange?,
        prefix: prefix?,
        separator: separator?,
        priority_steps: priority_steps?,
        unacked_key: unacked_key?,
        acks_late: acks_late?,
    })
}

/// `ca_from`, which means something only with TLS.
fn authorities(object: &Object<'_>, url: Option<&RedisUrl>, problems: &mut Problems) -> Option<Reference> {
    object.node("ca_from")?;
    let ca = object.parsed("ca_from", problems, url::reference)?;
    if let Some(RedisUrl::Plain(url)) = url
        && !url.starts_with("rediss://")
    {
        let message = format!("`ca_from` has no effect on `{url}`, which does not use TLS");
        let problem = Problem::new(Code::BadUrl, object.place_of("ca_from"), message);
        problems.push(problem.help("write `rediss://` for TLS, or leave `ca_from` out"));
    }
    Some(ca)
}

/// Ascending, as kombu's bisection needs them.
fn priority_steps(object: &Object<'_>, problems: &mut Problems) -> Option<Vec<u8>> {
    let steps = object.counts("priority_steps", problems)?;
    let ascending = steps.iter().zip(steps.iter().skip(1)).all(|(one, next)| one < next);
    if !ascending {
        let message = "`priority_steps` are not ascending";
        let problem = Problem::new(Code::OutOfRange, object.place_of("priority_steps"), message);
        problems.push(problem.help("write them in ascending order, as kombu's default `[0, 3, 6, 9]`"));
    }
    steps.into_iter().map(|step| u8::try_from(step).ok()).collect()
}

fn bullmq(object: &Object<'_>, problems: &mut Problems) -> Option<BullmqQueue> {
    let url = redis_url(object, problems);
    let ca = authorities(object, url.as_ref(), problems);
    let queue = object.text("queue", problems);
    let prefix = object.text("prefix", problems);
    Some(BullmqQueue { url: url?, ca, queue: queue?, prefix: prefix? })
}

fn list(object: &Object<'_>, problems: &mut Problems) -> Option<RedisList> {
    let url = redis_url(object, problems);
    let ca = authorities(object, url.as_ref(), problems);
    let key = object.text("key", problems);
    let proof = object.text("proof", problems);
    Some(RedisList { url: url?, ca, key: key?, proof })
}

fn cloudwatch(object: &Object<'_>, problems: &mut Problems) -> Option<CloudwatchQueue> {
    let waiting = object.map("waiting", problems).and_then(|metric| metrics::source(&metric, problems));
    let in_flight = match object.node("in_flight") {
        Some(_) => {
            let metric = object.map("in_flight", problems)?;
            Some(metrics::source(&metric, problems)?)
        }
        None => None,
    };
    Some(CloudwatchQueue { waiting: waiting?, in_flight })
}

/// The `url` or `url_from` of a Redis queue; that there is exactly one is checked already.
fn redis_url(object: &Object<'_>, problems: &mut Problems) -> Option<RedisUrl> {
    let parse: [(_, fn(&str) -> _); 2] =
        [("url", url::redis), ("url_from", |text| url::reference(text).map(RedisUrl::From))];
    let (key, parse) = object.chosen(&parse)?;
    object.parsed(key, problems, parse)
}
