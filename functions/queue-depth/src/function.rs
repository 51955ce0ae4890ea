//! The function as Lambda runs it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::{Clients, log};

use crate::{CONCERN, Failure, QueueDepth, Settings};

/// A function that is ready, or that cannot be: a bad setting or fleet file fails every invocation, with the same clear error.
#[derive(Debug)]
pub struct Function(Result<QueueDepth, Failure>);

impl Function {
    /// Reads the settings and the fleet file, and builds the clients.
    pub async fn from_environment() -> Self {
        let clients = Clients::load().await;
        let ready = Settings::parse(|name| std::env::var(name).ok()).and_then(|settings| {
            let fleet = settings.read_fleet()?;
            QueueDepth::new(settings, fleet, clients, Arc::new(Timestamp::now))
        });
        Self(ready)
    }

    /// Answers one event.
    ///
    /// # Errors
    /// [`Failure`], sorted into retryable or not.
    pub async fn handle(&self, event: Value) -> Result<Value, Failure> {
        let answer = match &self.0 {
            Ok(function) => function.handle(event).await,
            Err(failure) => Err(failure.clone()),
        };
        if let Err(failure) = &answer {
            log::write(
                &json!({"concern": CONCERN, "error": failure.to_string(), "error_type": failure.error_type()}),
            );
        }
        answer
    }
}
