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
    let read = T::deserialize(Value::Object(arguments.clone()));
    read.map_err(|error| TriggerError::manual(&format!("`{action}`: {error}")))
}
