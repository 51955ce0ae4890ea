//! Which subjects an event is about: those that it names by hand, or all.

use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_aws::trigger::{EVALUATE, PLAN, Trigger, TriggerError};

use crate::failure::InvocationError;

/// How subjects are named in an event, and in what is said of one that is not known.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The key that lists them: `services`.
    pub key: &'a str,
    /// One of them: `service`.
    pub one: &'a str,
    /// What those of this function have in common: `with a queue`.
    pub kind: &'a str,
    /// The fleet's name.
    pub fleet: &'a str,
}

impl Selection<'_> {
    /// The subjects that an event is about, in the order of the fleet file.
    ///
    /// # Errors
    /// An action or a key that no function of this kind knows, or the name of a subject that this one does not have.
    pub fn of<'s, S>(
        &self,
        trigger: &Trigger,
        all: impl Iterator<Item = &'s S>,
        name: impl Fn(&'s S) -> &'s str,
    ) -> Result<Vec<&'s S>, InvocationError> {
        let (action, arguments) = match trigger {
            Trigger::Manual { action, arguments } => (action, arguments),
            Trigger::Schedule
            | Trigger::DelayedEvaluation
            | Trigger::Resume
            | Trigger::Alarm { .. }
            | Trigger::Rds { .. } => return Ok(all.collect()),
        };
        if action != EVALUATE && action != PLAN {
            let problem = format!("unknown action `{action}`; allowed: `{EVALUATE}` and `{PLAN}`");
            return Err(TriggerError::manual(&problem).into());
        }
        let wanted = self.names(arguments)?;
        let all: Vec<&S> = all.collect();
        let known: Vec<&str> = all.iter().map(|it| name(it)).collect();
        if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let Self { one, kind, fleet, key: _ } = self;
            let known = known.join("`, `");
            let message = format!("no {one} `{unknown}` {kind} in fleet `{fleet}`; known: `{known}`");
            return Err(InvocationError::UnknownSubject(message));
        }
        let asked = |it: &&'s S| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name(it));
        Ok(all.into_iter().filter(asked).collect())
    }

    /// The names that an event lists; none means all.
    fn names(&self, arguments: &Map<String, Value>) -> Result<Vec<String>, InvocationError> {
        if let Some(other) = arguments.keys().find(|key| *key != self.key) {
            let problem = format!("unknown field `{other}`, expected `{}`", self.key);
            return Err(TriggerError::manual(&problem).into());
        }
        let listed = arguments.get(self.key).map(Vec::<String>::deserialize).transpose();
        Ok(listed.map_err(|error| TriggerError::manual(&error.to_string()))?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The names that an event by hand selects of `api` and `worker`, or what is wrong with it.
    fn of(event: &Value) -> Result<Vec<&'static str>, String> {
        const ALL: [&str; 2] = ["api", "worker"];
        let selection = Selection { key: "services", one: "service", kind: "with a queue", fleet: "shop" };
        let trigger = Trigger::parse(event).expect("a manual event");
        let selected = selection.of(&trigger, ALL.iter(), |name| *name);
        selected.map(|names| names.into_iter().copied().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_event_names_its_subjects_or_means_all() {
        assert_eq!(of(&json!({})), Ok(vec!["api", "worker"]));
        assert_eq!(of(&json!({ "services": [] })), Ok(vec!["api", "worker"]));
        assert_eq!(
            of(&json!({ "action": "plan", "services": ["worker", "api"] })),
            Ok(vec!["api", "worker"])
        );
        assert_eq!(of(&json!({ "action": "evaluate", "services": ["worker"] })), Ok(vec!["worker"]));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (event, problem) in [
            (
                json!({ "services": ["db"] }),
                "no service `db` with a queue in fleet `shop`; known: `api`, `worker`",
            ),
            (json!({ "action": "stop" }), "unknown action `stop`; allowed: `evaluate` and `plan`"),
            (json!({ "action": "plan", "service": "api" }), "unknown field `service`, expected `services`"),
            (json!({ "services": "api" }), "expected a sequence"),
        ] {
            let said = of(&event).expect_err("it is refused");
            assert!(said.contains(problem), "{said}");
        }
    }
}
