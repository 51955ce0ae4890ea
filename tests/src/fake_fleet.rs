//! A fake AWS of many services at the HTTP layer, in virtual time: ECS with its token buckets, Application Auto Scaling that
//! moves a service into its bounds, the ledger's conditional writes, and SNS. A process can be killed at any single write.

mod account;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use account::FakeAccount;

use crate::fake_ledger::{self, LedgerItems};
use crate::fake_process::{LATENCY, config, tokio_sleep};

/// Where virtual time begins.
const EPOCH_SECONDS: i64 = 1_795_000_000;

/// A scalable target: its bounds, and whether scaling in, scaling out and scheduled scaling are suspended.
pub type Scalable = (i64, i64, [bool; 3]);

/// One ECS service; its tasks run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeService {
    /// Its desired count.
    pub desired: i64,
    /// Its scalable target, if it has one.
    pub scalable: Option<Scalable>,
}

/// What the ledger's table does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// It works.
    Works,
    /// It is read, and takes no write.
    TakesNoWrite,
    /// It is neither read nor written.
    Gone,
}

/// A token bucket as AWS has it: a call that finds it empty is refused.
#[derive(Debug)]
struct AwsBucket {
    tokens: f64,
    burst: f64,
    refill: f64,
    at: Instant,
}

impl AwsBucket {
    fn new(burst: f64, refill: f64) -> Self {
        Self { tokens: burst, burst, refill, at: Instant::now() }
    }

    fn takes(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.refill;
        (self.tokens, self.at) = ((self.tokens + earned).min(self.burst), now);
        let takes = self.tokens >= 1.0;
        self.tokens -= if takes { 1.0 } else { 0.0 };
        takes
    }
}

/// The world that all processes share.
#[derive(Debug)]
pub struct FakeFleet {
    /// The services by name; one that is not here was deleted.
    pub services: BTreeMap<String, FakeService>,
    /// What the account has beside them.
    pub account: FakeAccount,
    /// The ledger's items by sort key.
    pub items: LedgerItems,
    /// What the ledger's table does.
    pub table: Table,
    /// SNS takes no report.
    pub sns_is_down: bool,
    /// The messages that SNS took.
    pub published: Vec<String>,
    /// Every desired count that was set: the service and the virtual time since the beginning.
    pub updates: Vec<(String, Duration)>,
    /// Calls that were refused by a bucket.
    pub throttled: usize,
    /// The writes until now: `UpdateService`, `RegisterScalableTarget`, `PutItem`.
    pub writes: usize,
    /// The process is killed at the write of this number, before or after it is applied.
    pub kill: Option<(usize, bool)>,
    update_service: AwsBucket,
    describe_services: AwsBucket,
    began: Instant,
}

/// The world, shared.
pub type Shared = Arc<Mutex<FakeFleet>>;

/// The world, to look at or to change.
pub fn lock(world: &Shared) -> MutexGuard<'_, FakeFleet> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeFleet {
    /// A world with these services.
    #[must_use]
    pub fn new(services: &[(&str, i64, Option<Scalable>)]) -> Shared {
        let service = |(name, desired, scalable): &(&str, i64, Option<Scalable>)| {
            ((*name).to_owned(), FakeService { desired: *desired, scalable: *scalable })
        };
        Arc::new(Mutex::new(Self {
            services: services.iter().map(service).collect(),
            account: FakeAccount::default(),
            items: LedgerItems::new(),
            table: Table::Works,
            sns_is_down: false,
            published: Vec::new(),
            updates: Vec::new(),
            throttled: 0,
            writes: 0,
            kill: None,
            update_service: AwsBucket::new(50.0, 5.0),
            describe_services: AwsBucket::new(100.0, 20.0),
            began: Instant::now(),
        }))
    }

    /// The virtual time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(EPOCH_SECONDS * 1000 + passed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The memory of `emergency-max`.
    #[must_use]
    pub fn memory(&self) -> Value {
        let text = self.items.get("overrides").and_then(|item| item["memory"]["S"].as_str());
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }

    /// What the process does at this write: it is killed before it, after it, or not at all.
    fn fate(&mut self, action: &str) -> (bool, bool) {
        if !matches!(action, "UpdateService" | "RegisterScalableTarget" | "PutItem") {
            return (false, false);
        }
        self.writes += 1;
        match self.kill {
            Some((at, before)) if at == self.writes => (before, !before),
            Some(_) | None => (false, false),
        }
    }
}

/// One process that evaluates.
#[derive(Clone)]
pub struct FleetProcess {
    world: Shared,
    /// Set when it is to be killed.
    pub killed: Arc<tokio::sync::Notify>,
}

impl fmt::Debug for FleetProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a process")
    }
}

impl FleetProcess {
    /// A process in a world.
    #[must_use]
    pub fn new(world: &Shared) -> Self {
        Self { world: world.clone(), killed: Arc::default() }
    }

    /// An SDK configuration whose requests reach the world.
    #[must_use]
    pub fn config(&self) -> aws_config::SdkConfig {
        config(SharedHttpConnector::new(self.clone()), tokio_sleep())
    }

    async fn call_world(self, action: String, body: String) -> Result<HttpResponse, ConnectorError> {
        tokio::time::sleep(LATENCY).await;
        let (before, after) = lock(&self.world).fate(&action);
        if before {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        let is_silent = lock(&self.world).account.silent.contains(action.as_str());
        if is_silent {
            std::future::pending::<()>().await;
        }
        let answer = lock(&self.world).answer(&action, &body);
        if after {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(answer)
    }
}

impl HttpConnector for FleetProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_metric = request.headers().get("smithy-protocol").is_some();
        let other = if is_metric { "CloudWatch.GetMetricData" } else { "Sns.Publish" };
        let target = request.headers().get("x-amz-target").unwrap_or(other).to_owned();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        HttpConnectorFuture::new(self.clone().call_world(action, body))
    }
}

fn response(status: u16, body: String) -> HttpResponse {
    HttpResponse::new(
        status.try_into().unwrap_or_else(|_| unreachable!("a valid status")),
        SdkBody::from(body),
    )
}

fn refused(kind: &str, message: &str) -> (u16, Value) {
    (400, json!({"__type": kind, "message": message}))
}

impl FakeFleet {
    /// Applies one request and answers it.
    fn answer(&mut self, action: &str, body: &str) -> HttpResponse {
        if action == "Publish" {
            return self.publish(body);
        }
        if action == "GetMetricData" {
            return self.account.metric(self.now());
        }
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        if let Some((status, answer)) = self.account.answer(action, &body) {
            return response(status, answer.to_string());
        }
        let (status, answer) = match action {
            "DescribeServices" if !self.describe_services.takes() => self.throttle(),
            "UpdateService" if !self.update_service.takes() => self.throttle(),
            "DescribeServices" => self.describe(&body),
            "UpdateService" => self.update(&body),
            "DescribeScalableTargets" => self.describe_scalable(&body),
            "RegisterScalableTarget" => self.register(&body),
            "BatchGetItem" if self.table == Table::Gone => exceeded(),
            "PutItem" | "BatchWriteItem" if self.table != Table::Works => exceeded(),
            "BatchGetItem" => (200, fake_ledger::get(&self.items, &body)),
            "PutItem" => fake_ledger::put_answered(&mut self.items, &body),
            "BatchWriteItem" => (200, json!({"UnprocessedItems": {}})),
            other => refused("UnknownOperationException", other),
        };
        response(status, answer.to_string())
    }

    fn throttle(&mut self) -> (u16, Value) {
        self.throttled += 1;
        refused("ThrottlingException", "Rate exceeded")
    }

    fn describe(&self, body: &Value) -> (u16, Value) {
        let names: Vec<&str> =
            body["services"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let deployments = json!([{"status": "PRIMARY", "rolloutState": "COMPLETED"}]);
        let shown = names.iter().filter_map(|name| {
            let FakeService { desired, .. } = self.services.get(*name)?;
            let mut shown = json!({"serviceName": name, "status": "ACTIVE", "schedulingStrategy": "REPLICA",
                "desiredCount": desired, "runningCount": desired, "pendingCount": 0, "deployments": deployments});
            self.account.of_service(name, &mut shown);
            Some(shown)
        });
        let gone = names.iter().filter(|name| !self.services.contains_key(**name));
        let failures = gone
            .map(|name| json!({"arn": format!("arn:aws:ecs:::service/prod/{name}"), "reason": "MISSING"}));
        (200, json!({"services": shown.collect::<Vec<_>>(), "failures": failures.collect::<Vec<_>>()}))
    }

    fn update(&mut self, body: &Value) -> (u16, Value) {
        let name = body["service"].as_str().unwrap_or_default();
        let Some(service) = self.services.get_mut(name) else {
            return refused("ServiceNotFoundException", "Service not found.");
        };
        service.desired = body["desiredCount"].as_i64().unwrap_or(-1);
        self.updates.push((name.to_owned(), self.began.elapsed()));
        (200, json!({"service": {"serviceName": name, "desiredCount": service.desired}}))
    }

    fn describe_scalable(&self, body: &Value) -> (u16, Value) {
        let wanted = body["ResourceIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shown = wanted.filter_map(|resource| {
            let (min, max, [scale_in, scale_out, scheduled]) =
                self.services.get(name_of(resource))?.scalable?;
            Some(json!({"ServiceNamespace": "ecs", "ResourceId": resource,
                "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": min, "MaxCapacity": max,
                "RoleARN": "arn:aws:iam::111122223333:role/x", "CreationTime": 1_790_000_000,
                "SuspendedState": {"DynamicScalingInSuspended": scale_in,
                    "DynamicScalingOutSuspended": scale_out, "ScheduledScalingSuspended": scheduled}}))
        });
        (200, json!({"ScalableTargets": shown.collect::<Vec<_>>()}))
    }

    /// Whatever is registered, the service is moved into the bounds.
    fn register(&mut self, body: &Value) -> (u16, Value) {
        let name = name_of(body["ResourceId"].as_str().unwrap_or_default());
        let Some(service) = self.services.get_mut(name) else {
            return refused("ValidationException", "ECS service doesn't exist");
        };
        let (min, max) =
            (body["MinCapacity"].as_i64().unwrap_or(-1), body["MaxCapacity"].as_i64().unwrap_or(-1));
        let flag = |key: &str| body["SuspendedState"][key].as_bool().unwrap_or(false);
        let flags = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
        service.scalable = Some((min, max, flags.map(flag)));
        service.desired = service.desired.max(min).min(max);
        (200, json!({"ScalableTargetARN": "arn:aws:application-autoscaling:::scalable-target/x"}))
    }

    fn publish(&mut self, body: &str) -> HttpResponse {
        if self.sns_is_down {
            let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not authorized\
                       </Message></Error><RequestId>1</RequestId></ErrorResponse>";
            return response(403, xml.to_owned());
        }
        self.published.push(body.to_owned());
        let xml = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                   <MessageId>1</MessageId></PublishResult></PublishResponse>";
        response(200, xml.to_owned())
    }
}

fn exceeded() -> (u16, Value) {
    let exception = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    refused(exception, "The level of configured provisioned throughput for the table was exceeded")
}

/// `service/prod/api`: `api`.
fn name_of(resource: &str) -> &str {
    resource.rsplit('/').next().unwrap_or_default()
}
