//! The queues of one look: Redis and SQS, each server asked once.

use futures_util::future::BoxFuture;
use futures_util::join;
use jiff::Timestamp;
use tidegate_aws::Clients;
use tidegate_aws::secrets::Secrets;
use tidegate_fleet::{QueueSource, RedisUrl, Service, SqsQueue};
use tidegate_look::{QueuesSeen, ReadQueues};
use tidegate_policy::{Absence, AbsenceKind, Queue};
use tidegate_queues::{Redis, RedisRequest, sqs};

/// The readers of queues, with the connections and secrets that a warm process keeps.
#[derive(Debug)]
pub struct Queues {
    clients: Clients,
    redis: Redis,
    secrets: Secrets,
}

impl Queues {
    /// Readers without a connection yet.
    #[must_use]
    pub fn new(clients: &Clients) -> Self {
        Self { clients: clients.clone(), redis: Redis::new(), secrets: Secrets::default() }
    }

    /// Redis and SQS side by side.
    async fn read_all(&self, services: &[&Service], now: Timestamp) -> QueuesSeen {
        let mut redis: Vec<(&str, &RedisUrl, &QueueSource)> = Vec::new();
        let mut from_sqs: Vec<(&str, &SqsQueue)> = Vec::new();
        for service in services {
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

impl ReadQueues for Queues {
    fn read<'a>(&'a self, services: &'a [&'a Service], now: Timestamp) -> BoxFuture<'a, QueuesSeen> {
        Box::pin(self.read_all(services, now))
    }
}
