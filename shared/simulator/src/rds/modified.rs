//! What is modified of an instance, and what of that is pending.

use jiff::Timestamp;

use crate::rds::actor::Actor;

/// One value that `ModifyDBInstance` changes, or a parameter group that waits for a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModifiedValue {
    /// `DBInstanceClass`.
    Class(String),
    /// `AllocatedStorage`, in GiB.
    Storage(u32),
    /// `EngineVersion`.
    EngineVersion(String),
}

impl ModifiedValue {
    /// Its name in `PendingModifiedValues`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Class(_) => "DBInstanceClass",
            Self::Storage(_) => "AllocatedStorage",
            Self::EngineVersion(_) => "EngineVersion",
        }
    }
}

/// A value that is asked for and not there yet, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingValue {
    /// What.
    pub value: ModifiedValue,
    /// Who asked for it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// `PendingModifiedValues`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingValues {
    values: Vec<PendingValue>,
}

impl PendingValues {
    /// A value is asked for; it takes the place of an earlier one of the same name.
    pub(super) fn put(&mut self, value: PendingValue) {
        self.values.retain(|known| known.value.name() != value.value.name());
        self.values.push(value);
    }

    /// All of it, which then is pending no more.
    pub(super) fn take(&mut self) -> Vec<PendingValue> {
        std::mem::take(&mut self.values)
    }

    /// The class is given up.
    pub(super) fn drop_class(&mut self) {
        self.values.retain(|known| !matches!(known.value, ModifiedValue::Class(_)));
    }

    /// `DBInstanceClass`.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.values.iter().find_map(|known| match &known.value {
            ModifiedValue::Class(class) => Some(class.as_str()),
            ModifiedValue::Storage(_) | ModifiedValue::EngineVersion(_) => None,
        })
    }

    /// Everything else, by name.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        let others = self.values.iter().filter(|known| !matches!(known.value, ModifiedValue::Class(_)));
        others.map(|known| known.value.name().to_owned()).collect()
    }

    /// All of it, in the order in which it was asked for.
    #[must_use]
    pub fn all(&self) -> &[PendingValue] {
        &self.values
    }
}

/// Where the parameter group of an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterState {
    /// `in-sync`.
    InSync,
    /// `applying`, until then.
    Applying(Timestamp),
    /// `pending-reboot`: somebody changed it then, and the next restart applies it.
    PendingReboot(Timestamp),
}

impl ParameterState {
    /// The word of RDS, where it is not `in-sync`.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::InSync => None,
            Self::Applying(_) => Some("applying"),
            Self::PendingReboot(_) => Some("pending-reboot"),
        }
    }
}

/// What makes RDS apply what is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliedBy {
    /// A call with `ApplyImmediately`.
    Call(Actor),
    /// The maintenance window.
    Window,
    /// A restart.
    Restart,
}
