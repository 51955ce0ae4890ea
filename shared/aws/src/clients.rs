//! The AWS clients, built once per process and reused by warm invocations.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

use crate::bucket::Buckets;

/// Calls of one kind at the same time; on a small share of a core more than this many only wait for each other.
pub(crate) const CALLS_AT_ONCE: usize = 10;

/// Within a VPC every endpoint is milliseconds away: a connection that takes longer is a missing route.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One attempt. That AWS answers within it is assumed; where an attempt takes longer, another one is made.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// One call with all its attempts. An evaluation makes at most five of them one after the other; `tidegate_evaluation::budget`
/// adds them up.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);
/// One attempt of `GetMetricData`. A call has 500 queries with their history: CloudWatch may take longer for it than for anything
/// else, and an attempt that is always cut off makes every metric of the call missing in every evaluation.
const METRIC_DATA_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
/// One call of `GetMetricData` with all its attempts. What takes longer fails alone, before the time for reading ends for all calls,
/// also where targets and load balancers were read before it.
pub const METRIC_DATA_TIMEOUT: Duration = Duration::from_millis(4_500);
/// Attempts per call, the first included. The next evaluation is the real retry.
const ATTEMPTS: u32 = 3;

/// Clients that only the function of databases needs. They are made when they are asked for, so that the linker leaves
/// both out of every binary that never asks: a client that is made brings its endpoints and its parts along.
#[derive(Debug)]
struct Databases {
    config: SdkConfig,
    rds: OnceLock<aws_sdk_rds::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
}

/// Every AWS client a function may need; creating one costs nothing until it is used.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Amazon ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// Amazon EC2 Auto Scaling, for groups.
    pub auto_scaling: aws_sdk_autoscaling::Client,
    /// Application Auto Scaling, which may scale ECS services too.
    pub application_auto_scaling: aws_sdk_applicationautoscaling::Client,
    /// Elastic Load Balancing.
    pub load_balancing: aws_sdk_elasticloadbalancingv2::Client,
    /// Amazon CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Amazon CloudWatch with the time that `GetMetricData` may take.
    pub(crate) metric_data: aws_sdk_cloudwatch::Client,
    /// Amazon DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Service Quotas, for what an account may run.
    pub service_quotas: aws_sdk_servicequotas::Client,
    /// Amazon SNS.
    pub sns: aws_sdk_sns::Client,
    /// Amazon SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// AWS Systems Manager, for parameters.
    pub ssm: aws_sdk_ssm::Client,
    /// AWS Secrets Manager.
    pub secretsmanager: aws_sdk_secretsmanager::Client,
    /// Amazon RDS and Amazon Route 53, once one of them is asked for.
    databases: Arc<Databases>,
    /// How fast each API may be asked; all clones share them.
    pub(crate) buckets: Arc<Buckets>,
}

impl Clients {
    /// From the environment, as the AWS SDK reads it.
    pub async fn load() -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(Self::timeouts())
            .retry_config(Self::retries())
            .load()
            .await;
        Self::new(&config)
    }

    /// From a configuration; tests bring their own.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let metric_data = aws_sdk_cloudwatch::config::Builder::from(config)
            .timeout_config(timeouts(METRIC_DATA_ATTEMPT_TIMEOUT, METRIC_DATA_TIMEOUT));
        Self {
            ecs: aws_sdk_ecs::Client::new(config),
            auto_scaling: aws_sdk_autoscaling::Client::new(config),
            application_auto_scaling: aws_sdk_applicationautoscaling::Client::new(config),
            load_balancing: aws_sdk_elasticloadbalancingv2::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            metric_data: aws_sdk_cloudwatch::Client::from_conf(metric_data.build()),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            service_quotas: aws_sdk_servicequotas::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
            secretsmanager: aws_sdk_secretsmanager::Client::new(config),
            databases: Arc::new(Databases {
                config: config.clone(),
                rds: OnceLock::new(),
                route53: OnceLock::new(),
            }),
            buckets: Arc::default(),
        }
    }

    /// Amazon RDS, for databases and their replicas.
    #[must_use]
    pub fn rds(&self) -> &aws_sdk_rds::Client {
        self.databases.rds.get_or_init(|| aws_sdk_rds::Client::new(&self.databases.config))
    }

    /// Amazon Route 53, for the names that replicas are read by. Its endpoint is one for all Regions of a partition.
    #[must_use]
    pub fn route53(&self) -> &aws_sdk_route53::Client {
        self.databases.route53.get_or_init(|| aws_sdk_route53::Client::new(&self.databases.config))
    }

    /// The time-outs in force.
    #[must_use]
    pub fn timeouts() -> TimeoutConfig {
        timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT)
    }

    /// The retries in force.
    #[must_use]
    pub fn retries() -> RetryConfig {
        RetryConfig::standard().with_max_attempts(ATTEMPTS)
    }
}

/// The time-outs of one attempt, and of one call with all its attempts.
fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}
