//! A function as Lambda runs it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::{Clients, log};

use crate::{Concern, Failure, ReadQueues, Scaler, Settings};

/// A function that is ready, or that cannot be: a bad setting or fleet file fails every invocation, with the same clear error.
#[derive(Debug)]
pub struct Function {
    concern: Concern,
    ready: Result<Scaler, Failure>,
}

impl Function {
    /// Reads the settings and the fleet file, and builds the clients; `queues` makes the reader of the concern's queues.
    pub async fn from_environment(concern: Concern, queues: fn(&Clients) -> Box<dyn ReadQueues>) -> Self {
        let clients = Clients::load().await;
        let variable = |name: &str| std::env::var(name).ok();
        let ready = Settings::parse(concern.name, variable).and_then(|settings| {
            let fleet = settings.read_fleet()?;
            let queues = queues(&clients);
            Ok(Scaler::new(concern, settings, fleet, clients, queues, Arc::new(Timestamp::now)))
        });
        Self { concern, ready }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// [`Failure`], sorted into retryable or not.
    pub async fn handle(&self, event: Value) -> Result<Value, Failure> {
        let answer = match &self.ready {
            Ok(scaler) => scaler.handle(event).await,
            Err(failure) => Err(failure.clone()),
        };
        if let Err(failure) = &answer {
            let (concern, error_type) = (self.concern.name, failure.error_type());
            log::write(&json!({"concern": concern, "error": failure.to_string(), "error_type": error_type}));
        }
        answer
    }
}
