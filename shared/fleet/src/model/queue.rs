//! Where a service's work waits, and how its metrics are found.

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use tidegate_policy::{MetricName, MetricPolicy, OnAbsence};

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
    /// Celery's default exchange are looked at in any case.
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

/// One CloudWatch metric, spelt out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricSource {
    /// `Namespace`.
    pub namespace: String,
    /// `MetricName`.
    pub metric: String,
    /// `Dimensions`.
    pub dimensions: BTreeMap<String, String>,
    /// `Stat`: `Average`, `Sum`, `p95` …
    pub statistic: String,
    /// `Period`: a multiple of 60 s.
    pub period: SignedDuration,
    /// What it means when there are no datapoints.
    pub on_absence: OnAbsence,
}

/// A metric that a service's rules name.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name in the rules.
    pub name: MetricName,
    /// How it is found.
    pub source: Source,
    /// What its values are a share of: with one, rules see percent (`db_connections > 80%`). Finite and above zero.
    pub limit: Option<f64>,
}

impl Metric {
    /// What the policy must know of it.
    pub(crate) fn policy(&self) -> MetricPolicy {
        let Self { name, source, limit: _ } = self;
        MetricPolicy { name: name.clone(), on_absence: source.on_absence(), is_ratio: source.is_ratio() }
    }
}

/// How a metric is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// One CloudWatch metric, spelt out.
    Metric(MetricSource),
    /// CloudWatch metric math.
    Math(MathSource),
    /// A metric of the load balancer, by the target groups that the service is registered with.
    LoadBalancer(LoadBalancerMetric),
}

/// CloudWatch metric math.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MathSource {
    /// `Expression`: `100 * errors / requests`.
    pub expression: String,
    /// The metrics it names, by their ids in it; all of one period.
    pub inputs: BTreeMap<String, MetricSource>,
    /// `Period`, of every input.
    pub period: SignedDuration,
    /// What it means when there are no datapoints.
    pub on_absence: OnAbsence,
}

/// What a load balancer counts for a service; once a minute. Of several target groups requests, errors and connections
/// add up, and the slowest response time counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadBalancerMetric {
    /// Requests a minute: the sum of `RequestCount`.
    Requests,
    /// Responses 5xx of the tasks, in percent of all requests.
    Errors,
    /// `TargetResponseTime` in seconds, with this statistic: `Average`, `p95` …
    ResponseTime {
        /// `Stat`.
        statistic: String,
    },
    /// Open connections: half of `ActiveConnectionCount`, which counts the side of the client and that of the task.
    Connections,
}

impl Source {
    /// The time between datapoints.
    #[must_use]
    pub fn period(&self) -> SignedDuration {
        match self {
            Self::Metric(source) => source.period,
            Self::Math(math) => math.period,
            Self::LoadBalancer(_) => SignedDuration::from_mins(1),
        }
    }

    /// What it means when there are no datapoints.
    #[must_use]
    pub fn on_absence(&self) -> OnAbsence {
        match self {
            Self::Metric(source) => source.on_absence,
            Self::Math(math) => math.on_absence,
            Self::LoadBalancer(LoadBalancerMetric::Requests | LoadBalancerMetric::Connections) => {
                OnAbsence::Zero
            }
            Self::LoadBalancer(LoadBalancerMetric::Errors | LoadBalancerMetric::ResponseTime { .. }) => {
                OnAbsence::NoVote
            }
        }
    }

    /// It is put together from several metrics, so that it is wrong in both directions while any of them grows.
    #[must_use]
    pub fn is_ratio(&self) -> bool {
        match self {
            Self::Math(_) | Self::LoadBalancer(LoadBalancerMetric::Errors) => true,
            Self::Metric(_) | Self::LoadBalancer(_) => false,
        }
    }

    /// How many metrics one reading of it costs, with one target group.
    #[must_use]
    pub fn metrics(&self) -> usize {
        match self {
            Self::Math(math) => math.inputs.len(),
            Self::LoadBalancer(LoadBalancerMetric::Errors) => 2,
            Self::Metric(_) | Self::LoadBalancer(_) => 1,
        }
    }
}

impl QueueSource {
    /// The kind, as the fleet file writes it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Celery(_) => "celery",
            Self::Bullmq(_) => "bullmq",
            Self::List(_) => "list",
            Self::Sqs(_) => "sqs",
            Self::Cloudwatch(_) => "cloudwatch",
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

/// `AWS/RDS DatabaseConnections (Average over 60 s)`, `100 * e / r (over 300 s)`, `ALB RequestCount, Sum (over 60 s)`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.period().as_secs();
        match self {
            Self::Metric(source) => write!(f, "{source}"),
            Self::Math(MathSource { expression, .. }) => write!(f, "{expression} (over {seconds} s)"),
            Self::LoadBalancer(metric) => write!(f, "{metric} (over {seconds} s)"),
        }
    }
}

/// `ALB TargetResponseTime, p95`.
impl fmt::Display for LoadBalancerMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests => f.write_str("ALB RequestCount, Sum"),
            Self::Errors => f.write_str("ALB 100 * HTTPCode_Target_5XX_Count / RequestCount, Sums"),
            Self::ResponseTime { statistic } => write!(f, "ALB TargetResponseTime, {statistic}"),
            Self::Connections => f.write_str("ALB ActiveConnectionCount / 2, Sum"),
        }
    }
}

/// `AWS/AmazonMQ MessageCount (Average over 60 s)`.
impl fmt::Display for MetricSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, metric, dimensions: _, statistic, period, on_absence: _ } = self;
        write!(f, "{namespace} {metric} ({statistic} over {} s)", period.as_secs())
    }
}
