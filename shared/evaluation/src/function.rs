//! A function as Lambda runs it.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tidegate_aws::report::FORMAT;
use tidegate_aws::{Clients, log};
use tidegate_fleet::Fleet;

use crate::concern::Concern;
use crate::evaluator::Evaluator;
use crate::failure::InvocationError;
use crate::invocation::Invocation;
use crate::settings::Settings;

/// A function that is ready, or that cannot be: a bad setting or fleet file fails every invocation, with the same clear error.
#[derive(Debug)]
pub struct Function<C: Concern> {
    name: &'static str,
    ready: Result<Evaluator<C>, InvocationError>,
}

impl<C: Concern> Function<C> {
    /// Reads the settings and the fleet file, and builds the clients; `concern` takes its part of the fleet.
    pub async fn from_environment(name: &'static str, concern: fn(Fleet, &Clients) -> C) -> Self {
        let clients = Clients::load().await;
        let variable = |name: &str| std::env::var(name).ok();
        let ready = Settings::parse(name, variable).and_then(|settings| {
            let fleet = settings.read_fleet()?;
            let name = fleet.name().to_owned();
            let concern = concern(fleet, &clients);
            Ok(Evaluator::new(concern, settings, &name, clients, Arc::new(Timestamp::now)))
        });
        Self { name, ready }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// [`InvocationError`], sorted into retryable or not.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, InvocationError> {
        let invocation = Invocation::of(&event.context);
        let answer = match &self.ready {
            Ok(evaluator) => evaluator.handle(event.payload, &invocation).await,
            Err(failure) => Err(failure.clone()),
        };
        if let Err(failure) = &answer {
            let (concern, error_type) = (self.name, failure.error_type());
            log::write(
                &json!({"format": FORMAT, "concern": concern, "error": failure.to_string(), "error_type": error_type}),
            );
        }
        answer
    }
}
