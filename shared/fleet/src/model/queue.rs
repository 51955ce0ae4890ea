//! Where a service's work waits.

use std::fmt;

use crate::model::keyword::keywords;
use crate::model::metric::MetricSource;

keywords! {
    /// The kinds of queue.
    QueueKind {
        /// Celery on Redis.
        Celery = "celery",
        /// BullMQ.
        Bullmq = "bullmq",
        /// A plain Redis list.
        List = "list",
        /// Amazon SQS.
        Sqs = "sqs",
        /// CloudWatch metrics.
        Cloudwatch = "cloudwatch",
    }
}

/// Where a service's work waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueSource {
    /// Celery on Redis.
    Celery(CeleryQueue),
    /// BullMQ, version 5 or 6.
    Bullmq(BullmqQueue),
    /// A plain Redis list.
    List(RedisList),
    /// Amazon SQS.
    Sqs(SqsQueue),
    /// Any CloudWatch metric, RabbitMQ on Amazon MQ for one.
    Cloudwatch(CloudwatchQueue),
}

/// Where a Redis URL comes from; secrets never stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RedisUrl {
    /// `url: "redis://host:6379/0"`, refused by `fleet` when it holds a password.
    Plain(String),
    /// `url_from`: kept elsewhere, usually as a secret.
    From(Reference),
}

/// Where a text is kept that does not stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `ssm:/path/name`: an SSM parameter.
    Ssm(String),
    /// `secretsmanager:name` or `secretsmanager:name#json-key`.
    SecretsManager {
        /// The secret's name or ARN.
        secret: String,
        /// The key within a JSON secret; `None` takes the whole string.
        key: Option<String>,
    },
}

/// A Celery queue on Redis; the settings are kombu's `broker_transport_options`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeleryQueue {
    /// The broker.
    pub url: RedisUrl,
    /// The certificate authorities that its certificate may come from, in PEM; without them, those of the system.
    pub ca: Option<Reference>,
    /// The queue's name.
    pub queue: String,
    /// The exchange that binds the queue, which proves that it exists; the queue's own name by default. That one and
    /// Celery's default exchange are read in any case.
    pub exchange: String,
    /// `global_keyprefix`; empty by default.
    pub prefix: String,
    /// `sep`; `\x06\x16` by default.
    pub separator: String,
    /// `priority_steps`; `[0, 3, 6, 9]` by default. The lists of all priorities from 0 to 9 are read in any case.
    pub priority_steps: Vec<u8>,
    /// `unacked_key`; `unacked` by default.
    pub unacked_key: String,
    /// `task_acks_late`: running jobs stay in `unacked` until they end. False by default, as in Celery.
    pub acks_late: bool,
}

/// A BullMQ queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BullmqQueue {
    /// The Redis server.
    pub url: RedisUrl,
    /// The certificate authorities that its certificate may come from, in PEM; without them, those of the system.
    pub ca: Option<Reference>,
    /// The queue's name.
    pub queue: String,
    /// `prefix`; `bull` by default.
    pub prefix: String,
}

/// A plain Redis list: its length is the waiting work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisList {
    /// The Redis server.
    pub url: RedisUrl,
    /// The certificate authorities that its certificate may come from, in PEM; without them, those of the system.
    pub ca: Option<Reference>,
    /// The list's key.
    pub key: String,
    /// A key that exists whenever the application is deployed; without it an empty list is Missing, not zero.
    pub proof: Option<String>,
}

/// An SQS queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsQueue {
    /// The queue's URL.
    pub url: String,
}

/// A queue known by CloudWatch metrics only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudwatchQueue {
    /// Jobs waiting.
    pub waiting: MetricSource,
    /// Jobs taken and not finished; without it they are unknown.
    pub in_flight: Option<MetricSource>,
}

impl QueueSource {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> QueueKind {
        match self {
            Self::Celery(_) => QueueKind::Celery,
            Self::Bullmq(_) => QueueKind::Bullmq,
            Self::List(_) => QueueKind::List,
            Self::Sqs(_) => QueueKind::Sqs,
            Self::Cloudwatch(_) => QueueKind::Cloudwatch,
        }
    }

    /// The Redis server of the queue, and who may sign its certificate, where it is kept in Redis.
    #[must_use]
    pub fn server(&self) -> Option<(&RedisUrl, Option<&Reference>)> {
        match self {
            Self::Celery(CeleryQueue { url, ca, .. })
            | Self::Bullmq(BullmqQueue { url, ca, .. })
            | Self::List(RedisList { url, ca, .. }) => Some((url, ca.as_ref())),
            Self::Sqs(_) | Self::Cloudwatch(_) => None,
        }
    }

    /// The CloudWatch metrics that one reading of the queue costs.
    #[must_use]
    pub fn metrics(&self) -> usize {
        match self {
            Self::Cloudwatch(queue) => 1 + usize::from(queue.in_flight.is_some()),
            Self::Celery(_) | Self::Bullmq(_) | Self::List(_) | Self::Sqs(_) => 0,
        }
    }
}

/// `celery `emails` at ssm:/shop/redis-url`.
impl fmt::Display for QueueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Celery(CeleryQueue { url, queue, .. }) | Self::Bullmq(BullmqQueue { url, queue, .. }) => {
                write!(f, "{kind} `{queue}` at {url}")
            }
            Self::List(RedisList { url, key, .. }) => write!(f, "{kind} `{key}` at {url}"),
            Self::Sqs(SqsQueue { url }) => write!(f, "{kind} {url}"),
            Self::Cloudwatch(CloudwatchQueue { waiting, .. }) => write!(f, "{kind} {waiting}"),
        }
    }
}

/// As the fleet file writes it; a reference stays a reference.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(url) => f.write_str(url),
            Self::From(reference) => write!(f, "{reference}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssm(name) => write!(f, "ssm:{name}"),
            Self::SecretsManager { secret, key: None } => write!(f, "secretsmanager:{secret}"),
            Self::SecretsManager { secret, key: Some(key) } => write!(f, "secretsmanager:{secret}#{key}"),
        }
    }
}
