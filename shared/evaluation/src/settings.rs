//! The environment, read once, in one place.

use tidegate_aws::error::Cause;
use tidegate_fleet::Fleet;

use crate::failure::InvocationError;

/// Where the fleet file lies when nothing else is said: the layer that all functions share.
const FLEET_DEFAULT: &str = "/opt/fleet.yaml";

/// The settings of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `TIDEGATE_FLEET`: the path of the fleet file; `/opt/fleet.yaml` by default.
    pub fleet: String,
    /// `TIDEGATE_LEDGER`: the name of the DynamoDB table.
    pub ledger: String,
    /// `TIDEGATE_TOPIC`: the ARN of the SNS topic.
    pub topic: String,
    /// `TIDEGATE_EVALUATIONS`: the URL of the SQS queue for the function's own evaluations; without it none are sent.
    pub evaluations: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`, set by Lambda: alarms find the metrics under it.
    pub function: String,
}

impl Settings {
    /// Reads the settings of a concern's function.
    ///
    /// # Errors
    /// Names every variable that is missing or empty.
    pub fn parse(concern: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvocationError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        match (set("TIDEGATE_LEDGER"), set("TIDEGATE_TOPIC")) {
            (Some(ledger), Some(topic)) => Ok(Self {
                fleet: set("TIDEGATE_FLEET").unwrap_or_else(|| FLEET_DEFAULT.to_owned()),
                ledger,
                topic,
                evaluations: set("TIDEGATE_EVALUATIONS"),
                function: set("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| concern.to_owned()),
            }),
            (ledger, topic) => {
                let required = [("TIDEGATE_LEDGER", ledger.is_none()), ("TIDEGATE_TOPIC", topic.is_none())];
                let missing =
                    required.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
                Err(InvocationError::NotSet { missing })
            }
        }
    }

    /// Reads the fleet file.
    ///
    /// # Errors
    /// The file cannot be read, or every problem it has.
    pub fn read_fleet(&self) -> Result<Fleet, InvocationError> {
        let bytes = std::fs::read(&self.fleet).map_err(|error| InvocationError::FleetUnread {
            path: self.fleet.clone(),
            cause: Cause::new(error),
        })?;
        tidegate_fleet::parse_bytes(&self.fleet, &bytes).map_err(InvocationError::FleetRefused)
    }
}
