//! The queues of one evaluation: Redis and SQS, each server asked once.

use futures_util::future::BoxFuture;
use futures_util::join;
use jiff::Timestamp;
use tidegate_aws::Clients;
use tidegate_aws::secrets::{Resolved, Secrets};
use tidegate_aws::sqs;
use tidegate_fleet::{QueueSource, RedisUrl, Reference, Service, SqsQueue};
use tidegate_policy::{Absence, AbsenceKind, Queue};
use tidegate_queues::{Redis, RedisRequest, check_url};
use tidegate_scaling::{QueuesSeen, ReadQueues};

/// A Redis server as the fleet file names it: its URL, and who may sign its certificate.
type ServerAddress<'a> = (&'a RedisUrl, Option<&'a Reference>);

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
        let mut redis: Vec<(&str, ServerAddress<'_>, &QueueSource)> = Vec::new();
        let mut from_sqs: Vec<(&str, &SqsQueue)> = Vec::new();
        for service in services {
            match service.queue() {
                Some(QueueSource::Sqs(queue)) => from_sqs.push((service.name(), queue)),
                Some(source) => {
                    redis.extend(source.server().map(|server| (service.name(), server, source)));
                }
                None => {}
            }
        }
        let wanted: Vec<&SqsQueue> = from_sqs.iter().map(|(_, queue)| *queue).collect();
        let (redis, sqs) = join!(self.read_redis(&redis, now), sqs::queues::read(&self.clients.sqs, &wanted));
        let names = from_sqs.iter().map(|(name, _)| (*name).to_owned());
        redis.into_iter().chain(names.zip(sqs)).collect()
    }

    /// Resolves what is kept elsewhere, then asks each server once.
    async fn read_redis(
        &self,
        queues: &[(&str, ServerAddress<'_>, &QueueSource)],
        now: Timestamp,
    ) -> Vec<(String, Result<Queue, Absence>)> {
        let references: Vec<&Reference> =
            queues.iter().flat_map(|(_, server, _)| kept_elsewhere(*server)).collect();
        let resolved = self.secrets.resolve(&self.clients, &references, now).await;
        let mut results = Vec::with_capacity(queues.len());
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        for (name, server, source) in queues {
            match written_out(*server, &resolved) {
                Ok((url, authorities)) => {
                    asked.push((*name, *server));
                    requests.push(RedisRequest { url, authorities, source });
                }
                Err(absence) => results.push(((*name).to_owned(), Err(absence))),
            }
        }
        let answers = self.redis.read(&requests, now).await;
        for ((name, server), answer) in asked.into_iter().zip(answers) {
            if answer.as_ref().is_err_and(|absence| absence.kind == AbsenceKind::Denied) {
                kept_elsewhere(server).for_each(|reference| self.secrets.forget(reference));
            }
            results.push((name.to_owned(), answer));
        }
        results
    }
}

/// What of a server is kept elsewhere.
fn kept_elsewhere((url, ca): ServerAddress<'_>) -> impl Iterator<Item = &Reference> {
    let url = match url {
        RedisUrl::Plain(_) => None,
        RedisUrl::From(reference) => Some(reference),
    };
    url.into_iter().chain(ca)
}

/// A server's URL and the certificates of its authorities, or why one of them is not known.
fn written_out<'a>(
    (url, ca): ServerAddress<'a>,
    resolved: &'a Resolved,
) -> Result<(&'a str, Option<&'a str>), Absence> {
    let text = |reference: &Reference| match resolved.get(reference) {
        Some(Ok(text)) => Ok(text.as_str()),
        Some(Err(absence)) => Err(absence.clone()),
        None => Err(Absence::new(AbsenceKind::NotFound, format!("`{reference}` was not resolved"))),
    };
    let url = match url {
        RedisUrl::Plain(url) => check_url(url).map(|()| url.as_str())?,
        RedisUrl::From(reference) => {
            let url = text(reference)?;
            check_url(url).map(|()| url).map_err(|absence| of_reference(&absence, reference))?
        }
    };
    Ok((url, ca.map(text).transpose()?))
}

/// A URL that cannot be used is mended where it is kept.
fn of_reference(absence: &Absence, reference: &Reference) -> Absence {
    Absence::new(absence.kind, format!("`url_from: {reference}`: {}", absence.detail))
}

impl ReadQueues for Queues {
    fn read<'a>(&'a self, services: &'a [&'a Service], now: Timestamp) -> BoxFuture<'a, QueuesSeen> {
        Box::pin(self.read_all(services, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_names_the_parameter_or_secret_that_holds_it() {
        let why = check_url("host:6379").expect_err("it has no scheme");
        let secret =
            Reference::SecretsManager { secret: "shop/redis".to_owned(), key: Some("url".to_owned()) };
        for (url, place) in [
            (Reference::Ssm("/shop/redis-url".to_owned()), "ssm:/shop/redis-url"),
            (secret, "secretsmanager:shop/redis#url"),
        ] {
            let told = of_reference(&why, &url).detail;
            assert!(
                told.starts_with(&format!("`url_from: {place}`: the Redis URL cannot be used")),
                "{told}"
            );
        }
    }
}
