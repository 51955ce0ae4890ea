//! Lambda, as the command asks it: one client, one invocation, one answer.

use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use serde_json::Value;
use tokio::time::sleep;

mod error;

pub(crate) use error::InvokeError;
use error::InvokedFunction;

/// From a laptop, through a VPN and a proxy, a connection takes its time; a route that is missing takes longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A function runs for 15 minutes at most, and answers at its end.
const READ_TIMEOUT: Duration = Duration::from_secs(15 * 60 + 30);

/// Between two attempts; before each further one twice as long.
const PAUSE: Duration = Duration::from_millis(400);

/// One function of Lambda, by its name or ARN.
#[derive(Debug)]
pub(crate) struct Lambda {
    client: aws_sdk_lambda::Client,
    function: String,
    region: String,
    /// The stack's output that names the function, for who has a wrong name.
    output: &'static str,
}

impl Lambda {
    /// From the environment, as the AWS SDK reads it.
    pub(crate) async fn load(function: &str, output: &'static str) -> Result<Self, InvokeError> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(timeouts)
            // The SDK would invoke once more when an answer is lost; what may be sent again is decided here.
            .retry_config(RetryConfig::disabled());
        let config = match region_beside_empty() {
            Some(region) => loader.region(region).load().await,
            None => loader.load().await,
        };
        let region = config.region().map(ToString::to_string).ok_or_else(|| {
            let profile = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
            InvokeError::NoRegion { profile }
        })?;
        // The SDK would say so in words about its own parts.
        if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(InvokeError::BadRegion { region });
        }
        let client = aws_sdk_lambda::Client::new(&config);
        Ok(Self { client, function: function.to_owned(), region, output })
    }

    pub(crate) fn name(&self) -> String {
        self.function.clone()
    }

    /// Invokes it and waits for its answer, 15 minutes if need be. An invocation that Lambda did not hear, or did not
    /// take, is tried again.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<Value, InvokeError> {
        let payload = event.to_string().into_bytes();
        let (mut pause, mut sent) = (PAUSE, 1);
        loop {
            let answered = self.attempt(&payload).await;
            if sent >= answered.as_ref().map_or_else(InvokeError::attempts, |_| 1) {
                return answered;
            }
            sleep(pause).await;
            (pause, sent) = (pause.saturating_mul(2), sent.saturating_add(1));
        }
    }

    async fn attempt(&self, payload: &[u8]) -> Result<Value, InvokeError> {
        let call = self.client.invoke().function_name(&self.function).payload(Blob::new(payload));
        match call.send().await {
            Ok(output) => self.understood(&output),
            Err(error) => {
                let Self { function, region, output, .. } = self;
                let invoked = InvokedFunction { function, region, output };
                Err(InvokeError::of(&error, invoked, payload.len()))
            }
        }
    }

    /// The function's answer, or the error that it ended with.
    fn understood(&self, output: &InvokeOutput) -> Result<Value, InvokeError> {
        let payload = output.payload().map(Blob::as_ref).unwrap_or_default();
        let answer = serde_json::from_slice::<Value>(payload);
        if output.function_error().is_some() {
            return Err(InvokeError::of_function(&self.function, &answer.unwrap_or_default()));
        }
        answer.map_err(|error| InvokeError::Unreadable {
            function: self.function.clone(),
            why: error.to_string(),
        })
    }
}

/// Where the Region is looked for while a variable for it is empty, which then counts as unset, as it does for the AWS CLI: the SDK
/// would take it for a Region.
fn region_beside_empty() -> Option<RegionProviderChain> {
    let typed = ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| std::env::var(name).ok());
    let is_empty = |region: &String| region.trim().is_empty();
    if !typed.iter().flatten().any(is_empty) {
        return None;
    }
    let region = typed.into_iter().flatten().find(|region| !is_empty(region)).map(Region::new);
    Some(RegionProviderChain::first_try(region).or_else(ProfileFileRegionProvider::new()))
}
