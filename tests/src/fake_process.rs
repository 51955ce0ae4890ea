//! One process that evaluates against a world that it shares with others, in virtual time, and that can be killed at any write.

pub(crate) mod wire;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::fake_process::wire::{WireRefusal, WireRequest};

/// How long every call takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(30);

/// A world that answers requests.
pub(crate) trait FakeWorld: fmt::Debug + Send + 'static {
    /// The calls at which a process can be killed.
    const WRITES: &'static [&'static str];

    /// The writes until now, and the one at which the process is killed: before or after it is applied.
    fn writes(&mut self) -> (&mut usize, Option<(usize, bool)>);

    /// Applies one request and answers it.
    fn answer(&mut self, asked: &WireRequest) -> Result<String, WireRefusal>;

    /// What the process does at this call: it is killed before it, after it, or not at all.
    fn fate(&mut self, action: &str) -> (bool, bool) {
        if !Self::WRITES.contains(&action) {
            return (false, false);
        }
        let (writes, kill) = self.writes();
        *writes += 1;
        match kill {
            Some((at, before)) if at == *writes => (before, !before),
            Some(_) | None => (false, false),
        }
    }
}

/// One process that evaluates.
pub struct FakeProcess<World> {
    world: Arc<Mutex<World>>,
    /// Set when it is to be killed.
    pub killed: Arc<tokio::sync::Notify>,
}

impl<World> Clone for FakeProcess<World> {
    fn clone(&self) -> Self {
        Self { world: self.world.clone(), killed: self.killed.clone() }
    }
}

impl<World> fmt::Debug for FakeProcess<World> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a process")
    }
}

#[expect(private_bounds, reason = "the worlds are the ones of this crate")]
impl<World: FakeWorld> FakeProcess<World> {
    /// A process in a world.
    #[must_use]
    pub fn new(world: &Arc<Mutex<World>>) -> Self {
        Self { world: world.clone(), killed: Arc::default() }
    }

    /// An SDK configuration whose requests reach the world.
    #[must_use]
    pub fn config(&self) -> aws_config::SdkConfig {
        config(SharedHttpConnector::new(self.clone()), tokio_sleep())
    }

    async fn call_world(self, asked: WireRequest) -> Result<HttpResponse, ConnectorError> {
        tokio::time::sleep(LATENCY).await;
        let look = || self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = look().fate(&asked.action);
        if before {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        let answer = look().answer(&asked);
        if after {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(asked.response(answer))
    }
}

impl<World: FakeWorld> HttpConnector for FakeProcess<World> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().call_world(WireRequest::of(&request)))
    }
}

/// An SDK configuration whose requests reach a connector.
pub(crate) fn config(connector: SharedHttpConnector, sleep: SharedAsyncSleep) -> aws_config::SdkConfig {
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_ecs::config::SharedCredentialsProvider::new(
            aws_sdk_ecs::config::Credentials::new("id", "key", None, None, "test"),
        ))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(sleep)
        .timeout_config(tidegate_aws::Clients::timeouts())
        .retry_config(tidegate_aws::Clients::retries())
        .build()
}

/// The clock of tokio, which a test may pause.
pub(crate) fn tokio_sleep() -> SharedAsyncSleep {
    SharedAsyncSleep::new(TokioSleep::new())
}
