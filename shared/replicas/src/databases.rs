//! The databases whose replicas are watched.

use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_aws::Clients;
use tidegate_aws::trigger::TriggerError;
use tidegate_evaluation::InvocationError;
use tidegate_fleet::{Database, Fleet};

/// The function's name.
pub const NAME: &str = "replica-lag";

/// The databases of a fleet whose replicas are watched.
pub struct Replicas {
    pub(crate) fleet: Fleet,
    pub(crate) clients: Clients,
}

impl Replicas {
    /// The databases of a fleet.
    #[must_use]
    pub fn new(fleet: Fleet, clients: &Clients) -> Self {
        Self { fleet, clients: clients.clone() }
    }

    /// Those whose replicas are watched, in the order of the fleet file. Of the others only the connections matter, to guards.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Database> {
        self.fleet.databases().iter().filter(|database| database.watches_replicas())
    }

    /// The databases named in an event; all where none is.
    pub(crate) fn named(&self, arguments: &Map<String, Value>) -> Result<Vec<&Database>, InvocationError> {
        let wanted = DatabaseArguments::deserialize(Value::Object(arguments.clone()));
        let DatabaseArguments { databases: wanted } =
            wanted.map_err(|error| TriggerError::manual(&error.to_string()))?;
        let known: Vec<&str> = self.databases().map(Database::name).collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let (fleet, known) = (self.fleet.name(), known.join("`, `"));
            let message =
                format!("no database `{unknown}` with `replicas` in fleet `{fleet}`; known: `{known}`");
            return Err(InvocationError::UnknownSubject(message));
        }
        let asked = |database: &&Database| wanted.is_empty() || wanted.iter().any(|it| it == database.name());
        Ok(self.databases().filter(asked).collect())
    }
}

/// What may be said by hand beside the action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseArguments {
    /// Only these databases; empty means all.
    #[serde(default)]
    databases: Vec<String>,
}

impl std::fmt::Debug for Replicas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replicas").field("fleet", &self.fleet.name()).finish_non_exhaustive()
    }
}
