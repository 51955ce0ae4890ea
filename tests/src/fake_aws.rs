//! A fake ECS, DynamoDB, SNS and SQS at the HTTP layer, with a seeded scheduler of misfortunes.
//!
//! The local AWS can neither lose a response after applying it nor freeze a process between two calls. This one can:
//! the real SDK, its retries included, talks to it in virtual time, and one seed gives one story.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake_ledger::{self, LedgerItems};
use crate::fake_process::config;

/// One thing that may happen to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It works.
    Works,
    /// It works, slowly.
    Slow,
    /// It is applied, and the response is lost.
    ResponseLost,
    /// It is refused before it is applied: throttled.
    Throttled,
    /// The process is killed before it is applied.
    KilledBefore,
    /// The process is killed after it was applied.
    KilledAfter,
    /// The process stands still for 60 seconds, its timers too, and goes on.
    Frozen,
}

/// The world that all evaluations share.
#[derive(Debug)]
pub struct FakeAws {
    /// The ledger's items by sort key.
    pub items: LedgerItems,
    /// The desired count of the one service.
    pub desired: i64,
    /// Jobs waiting in the one SQS queue.
    pub waiting: i64,
    /// Every `UpdateService` that was applied: by which evaluation, at which virtual second, to what.
    pub updates: Vec<(String, u64, i64)>,
    /// Every version of the memory that was written, by which evaluation.
    pub versions: Vec<(String, u64)>,
    /// Reports that SNS took.
    pub published: usize,
    /// What happened, for a failing seed to be read.
    pub story: Vec<String>,
    began: Instant,
}

/// Where virtual time begins.
const EPOCH_SECONDS: i64 = 1_795_000_000;

impl FakeAws {
    /// A world with a service at `desired` and `waiting` jobs.
    #[must_use]
    pub fn new(desired: i64, waiting: i64) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            items: LedgerItems::new(),
            desired,
            waiting,
            updates: Vec::new(),
            versions: Vec::new(),
            published: 0,
            story: Vec::new(),
            began: Instant::now(),
        }))
    }

    /// The virtual time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(EPOCH_SECONDS * 1000 + passed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Applies one request and answers it.
    fn answer(&mut self, process: &str, action: &str, body: &str) -> (u16, Value) {
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        match action {
            "DescribeServices" => (200, self.describe()),
            "UpdateService" => {
                self.desired = body["desiredCount"].as_i64().unwrap_or(-1);
                let second = self.began.elapsed().as_secs();
                self.updates.push((process.to_owned(), second, self.desired));
                (200, json!({"service": {"serviceName": "worker", "desiredCount": self.desired}}))
            }
            "GetQueueAttributes" => {
                let waiting = self.waiting.to_string();
                (
                    200,
                    json!({"Attributes": {"ApproximateNumberOfMessages": waiting,
                    "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0"}}),
                )
            }
            "BatchGetItem" => {
                let items: Vec<&Value> = self.items.values().collect();
                (200, json!({"Responses": {"ledger": items}, "UnprocessedKeys": {}}))
            }
            "PutItem" => self.put(process, &body),
            "BatchWriteItem" => (200, json!({"UnprocessedItems": {}})),
            _ => (400, json!({"__type": "UnknownOperationException", "message": action})),
        }
    }

    fn describe(&self) -> Value {
        let deployments = json!([{"status": "PRIMARY", "rolloutState": "COMPLETED"}]);
        json!({"services": [{"serviceName": "worker", "status": "ACTIVE", "schedulingStrategy": "REPLICA",
            "desiredCount": self.desired, "runningCount": self.desired, "pendingCount": 0, "deployments": deployments}],
            "failures": []})
    }

    /// DynamoDB's conditional write, as far as the ledger uses it.
    fn put(&mut self, process: &str, body: &Value) -> (u16, Value) {
        let condition = body["ConditionExpression"].as_str();
        assert_eq!(
            condition,
            Some("attribute_not_exists(version) OR version = :expected"),
            "an unconditional write"
        );
        let answer = fake_ledger::put_answered(&mut self.items, body);
        if answer.0 == 200 {
            let version = body["Item"]["version"]["N"].as_str().and_then(|version| version.parse().ok());
            self.versions.push((process.to_owned(), version.unwrap_or_default()));
        }
        answer
    }
}

/// One process that evaluations: its fates, and its own time, which stands still while it is frozen.
#[derive(Clone)]
pub struct FunctionProcess {
    name: String,
    world: Arc<Mutex<FakeAws>>,
    fates: Arc<Mutex<(StdRng, bool)>>,
    frozen: Arc<Mutex<Duration>>,
    /// Set when the process is to be killed.
    pub killed: Arc<tokio::sync::Notify>,
}

impl fmt::Debug for FunctionProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.name)
    }
}

impl FunctionProcess {
    /// A process whose misfortunes follow from the seed; without misfortunes when not `unlucky`.
    #[must_use]
    pub fn new(name: &str, world: &Arc<Mutex<FakeAws>>, seed: u64, unlucky: bool) -> Self {
        Self {
            name: name.to_owned(),
            world: world.clone(),
            fates: Arc::new(Mutex::new((StdRng::seed_from_u64(seed), unlucky))),
            frozen: Arc::default(),
            killed: Arc::default(),
        }
    }

    /// An SDK configuration whose requests reach the world.
    #[must_use]
    pub fn config(&self) -> aws_config::SdkConfig {
        config(SharedHttpConnector::new(self.clone()), SharedAsyncSleep::new(self.clone()))
    }

    fn outcome(&self) -> (RequestOutcome, Duration) {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        let (random, unlucky) = &mut *fates;
        let delay = Duration::from_millis(random.random_range(1..80));
        let outcome = match random.random_range(0..100) {
            _ if !*unlucky => RequestOutcome::Works,
            0..8 => RequestOutcome::ResponseLost,
            8..13 => RequestOutcome::Throttled,
            13..20 => RequestOutcome::Slow,
            20..26 => RequestOutcome::KilledBefore,
            26..32 => RequestOutcome::KilledAfter,
            32..38 => RequestOutcome::Frozen,
            _ => RequestOutcome::Works,
        };
        // One freeze per process: two would be longer than Lambda lets an invocation live.
        let thawed = !self.frozen.lock().unwrap_or_else(PoisonError::into_inner).is_zero();
        let outcome =
            if outcome == RequestOutcome::Frozen && thawed { RequestOutcome::Works } else { outcome };
        (outcome, if outcome == RequestOutcome::Slow { delay * 20 } else { delay })
    }

    async fn call_world(self, action: String, body: String) -> Result<HttpResponse, ConnectorError> {
        let (outcome, delay) = self.outcome();
        tokio::time::sleep(delay).await;
        let lost = || ConnectorError::io("the response was lost".into());
        if outcome != RequestOutcome::Works {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let line = format!("{} {action}: {outcome:?} at {:?}", self.name, world.began.elapsed());
            world.story.push(line);
        }
        match outcome {
            RequestOutcome::Throttled => {
                return Ok(response(400, &json!({"__type": "ThrottlingException", "message": "slow down"})));
            }
            RequestOutcome::KilledBefore => {
                self.killed.notify_one();
                std::future::pending::<()>().await;
            }
            RequestOutcome::Frozen => {
                *self.frozen.lock().unwrap_or_else(PoisonError::into_inner) += Duration::from_mins(1);
                tokio::time::sleep(Duration::from_mins(1)).await;
            }
            RequestOutcome::Works
            | RequestOutcome::Slow
            | RequestOutcome::ResponseLost
            | RequestOutcome::KilledAfter => {}
        }
        let (status, answer) = if action == "Publish" {
            self.world.lock().unwrap_or_else(PoisonError::into_inner).published += 1;
            return Ok(published());
        } else {
            self.world.lock().unwrap_or_else(PoisonError::into_inner).answer(&self.name, &action, &body)
        };
        match outcome {
            RequestOutcome::ResponseLost => Err(lost()),
            RequestOutcome::KilledAfter => {
                self.killed.notify_one();
                std::future::pending().await
            }
            RequestOutcome::Works
            | RequestOutcome::Slow
            | RequestOutcome::Throttled
            | RequestOutcome::KilledBefore
            | RequestOutcome::Frozen => Ok(response(status, &answer)),
        }
    }
}

impl HttpConnector for FunctionProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or("Sns.Publish").to_owned();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        HttpConnectorFuture::new(self.clone().call_world(action, body))
    }
}

/// The process's own time: what sleeps while it is frozen sleeps that much longer.
impl AsyncSleep for FunctionProcess {
    fn sleep(&self, duration: Duration) -> Sleep {
        let frozen = self.frozen.clone();
        let total = move || *frozen.lock().unwrap_or_else(PoisonError::into_inner);
        Sleep::new(async move {
            let mut seen = total();
            tokio::time::sleep(duration).await;
            while total() > seen {
                let more = total().saturating_sub(seen);
                seen = total();
                tokio::time::sleep(more).await;
            }
        })
    }
}

fn response(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(
        status.try_into().unwrap_or_else(|_| unreachable!("a valid status")),
        SdkBody::from(body.to_string()),
    )
}

fn published() -> HttpResponse {
    let xml = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId>\
               </PublishResult></PublishResponse>";
    HttpResponse::new(200.try_into().unwrap_or_else(|_| unreachable!("a valid status")), SdkBody::from(xml))
}
