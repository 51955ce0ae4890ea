//! What an operator says beside the action, as it stands in the event.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tidegate_aws::trigger::TriggerError;
use tidegate_policy::emergency::incident::{Progress, Snapshot, Targeted};
use tidegate_policy::emergency::target::{Process, ScalableTarget};

/// `hold`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldArguments {
    pub(crate) target: String,
    #[serde(rename = "for")]
    pub(crate) lasting: Option<String>,
    #[serde(default)]
    pub(crate) both: bool,
    pub(crate) reason: Option<String>,
    pub(crate) who: Option<String>,
}

/// `pin`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinArguments {
    pub(crate) target: String,
    pub(crate) size: u32,
    #[serde(rename = "for")]
    pub(crate) lasting: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) who: Option<String>,
}

/// `release`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseArguments {
    pub(crate) target: String,
    pub(crate) reason: Option<String>,
    pub(crate) who: Option<String>,
}

/// `engage`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngageArguments {
    pub(crate) profile: String,
    pub(crate) hold: Option<String>,
    #[serde(default)]
    pub(crate) services: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_budgets: bool,
    pub(crate) reason: Option<String>,
    pub(crate) who: Option<String>,
}

/// `plan`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanArguments {
    pub(crate) profile: Option<String>,
    #[serde(default)]
    pub(crate) services: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_budgets: bool,
}

/// `restore`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreArguments {
    pub(crate) reason: Option<String>,
    pub(crate) who: Option<String>,
    #[serde(default)]
    pub(crate) from: Vec<SavedSnapshot>,
}

/// What was found of one target, as an answer has it and a restore takes it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedSnapshot {
    pub(crate) target: String,
    /// The desired count before.
    pub(crate) desired: u32,
    /// What was asked for.
    pub(crate) asked: u32,
    /// It was only to be raised.
    pub(crate) raise: bool,
    /// Application Auto Scaling before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scalable: Option<ScalableTarget>,
    /// When that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// The desired counts that it was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sizes: Vec<u32>,
    /// What Application Auto Scaling was set to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) registered: Vec<ScalableTarget>,
    /// The processes that were suspended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) suspended: Vec<Process>,
}

impl SavedSnapshot {
    pub(crate) fn of(target: &str, targeted: &Targeted) -> Option<Self> {
        let Snapshot { desired, scalable, at } = targeted.snapshot.clone()?;
        let Targeted { asked, raise, sizes, registered, suspended, .. } = targeted.clone();
        let target = target.to_owned();
        Some(Self { target, desired, asked, raise, scalable, at, sizes, registered, suspended })
    }

    pub(crate) fn targeted(self) -> (String, Targeted) {
        let Self { target, desired, asked, raise, scalable, at, sizes, registered, suspended } = self;
        let (snapshot, progress) = (Some(Snapshot { desired, scalable, at }), Progress::Set);
        (target, Targeted { asked, raise, progress, snapshot, sizes, registered, suspended, failures: 0 })
    }
}

/// Saved snapshots by their target.
pub(crate) fn by_target(saved: Vec<SavedSnapshot>) -> BTreeMap<String, Targeted> {
    saved.into_iter().map(SavedSnapshot::targeted).collect()
}

/// The arguments of an action.
pub(crate) fn read<T: DeserializeOwned>(
    action: &str,
    arguments: &Map<String, Value>,
) -> Result<T, TriggerError> {
    for (key, value) in arguments {
        let Some(expected) = expected(key).filter(|expected| !expected.takes(value)) else { continue };
        return Err(wrong(action, key, value, expected.words()));
    }
    let read = T::deserialize(Value::Object(arguments.clone()));
    read.map_err(|error| TriggerError::manual(&format!("`{action}`: {error}")))
}

/// What stands under a key is something else than what is to be written there.
pub(crate) fn wrong(action: &str, key: &str, found: &Value, write: &str) -> TriggerError {
    TriggerError::manual(&format!("`{action}`: `{key}` is {found}: write {write}"))
}

/// What the value of a key is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Text,
    Flag,
    Names,
    Snapshots,
}

/// What is to be written under a key. How large a `size` may be depends on its target.
fn expected(key: &str) -> Option<Expected> {
    match key {
        "target" | "for" | "hold" | "profile" | "reason" | "who" => Some(Expected::Text),
        "both" | "ignore_budgets" => Some(Expected::Flag),
        "services" => Some(Expected::Names),
        "from" => Some(Expected::Snapshots),
        _ => None,
    }
}

impl Expected {
    fn takes(self, value: &Value) -> bool {
        let all = |is: fn(&Value) -> bool| value.as_array().is_some_and(|values| values.iter().all(is));
        match self {
            Self::Text => value.is_string() || value.is_null(),
            Self::Flag => value.is_boolean(),
            Self::Names => all(Value::is_string),
            Self::Snapshots => all(Value::is_object),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Flag => "true or false, without quotes",
            Self::Names => "a list of names, for example [\"api\", \"worker\"]",
            Self::Snapshots => "the list of the `snapshot`s in the answer of `engage`",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_understood_is_named_with_its_place_what_was_found_and_what_to_write() {
        let engage = |more: Value| {
            let mut event = json!({"profile": "max"});
            event.as_object_mut().expect("it is one").extend(more.as_object().cloned().unwrap_or_default());
            let event = event.as_object().cloned().unwrap_or_default();
            read::<EngageArguments>("engage", &event).map(|_| ()).expect_err("it is refused").to_string()
        };
        let of =
            |key: &str, value: Value| engage(Value::Object([(key.to_owned(), value)].into_iter().collect()));
        for (key, value, problem) in [
            (
                "services",
                json!("api"),
                r#"`services` is "api": write a list of names, for example ["api", "worker"]"#,
            ),
            ("services", json!([1]), "`services` is [1]: write a list of names"),
            ("hold", json!(7200), "`hold` is 7200: write a text in quotes"),
            (
                "ignore_budgets",
                json!("yes"),
                r#"`ignore_budgets` is "yes": write true or false, without quotes"#,
            ),
            ("forr", json!("2h"), "unknown field `forr`, expected one of"),
        ] {
            let said = of(key, value);
            assert!(said.starts_with("manual event: `engage`: ") && said.contains(problem), "{said}");
        }
    }
}
