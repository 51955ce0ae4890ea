//! How a metric is found.

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use tidegate_policy::{MetricName, MetricPolicy, OnAbsence};

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
