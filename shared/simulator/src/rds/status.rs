//! `DBInstanceStatus`.

use tidegate_policy::replicas::observation::Status;

/// The statuses of a simulated instance; each is one of RDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceStatus {
    /// `available`.
    Available,
    /// `backing-up`.
    BackingUp,
    /// `creating`.
    Creating,
    /// `deleting`.
    Deleting,
    /// `failed`.
    Failed,
    /// `incompatible-create`.
    IncompatibleCreate,
    /// `incompatible-network`.
    IncompatibleNetwork,
    /// `insufficient-capacity`.
    InsufficientCapacity,
    /// `modifying`.
    Modifying,
    /// `rebooting`.
    Rebooting,
    /// `storage-full`.
    StorageFull,
    /// `storage-initialization`.
    StorageInitialization,
    /// `storage-optimization`.
    StorageOptimization,
    /// `upgrading`.
    Upgrading,
}

impl InstanceStatus {
    /// The word of RDS.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::BackingUp => "backing-up",
            Self::Creating => "creating",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
            Self::IncompatibleCreate => "incompatible-create",
            Self::IncompatibleNetwork => "incompatible-network",
            Self::InsufficientCapacity => "insufficient-capacity",
            Self::Modifying => "modifying",
            Self::Rebooting => "rebooting",
            Self::StorageFull => "storage-full",
            Self::StorageInitialization => "storage-initialization",
            Self::StorageOptimization => "storage-optimization",
            Self::Upgrading => "upgrading",
        }
    }

    /// It answers queries.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::BackingUp | Self::Modifying) || self.takes_changes()
    }

    /// RDS takes changes of it: in every other status it answers `InvalidDBInstanceState`.
    #[must_use]
    pub fn takes_changes(self) -> bool {
        matches!(self, Self::Available | Self::StorageInitialization | Self::StorageOptimization)
    }

    /// It does not leave this status by itself.
    #[must_use]
    pub fn has_failed(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::IncompatibleCreate | Self::IncompatibleNetwork | Self::InsufficientCapacity
        )
    }

    /// The message of the event that tells of it, if there is one.
    pub(super) fn event(self, is_gone: bool) -> Option<&'static str> {
        match self {
            Self::Available => Some("DB instance available"),
            Self::Deleting => is_gone.then_some("DB instance deleted"),
            Self::Rebooting => Some("DB instance restarted"),
            Self::StorageFull => Some("Allocated storage has been exhausted"),
            Self::Failed
            | Self::IncompatibleCreate
            | Self::IncompatibleNetwork
            | Self::InsufficientCapacity => Some("Read replica creation failed"),
            Self::BackingUp
            | Self::Creating
            | Self::Modifying
            | Self::StorageInitialization
            | Self::StorageOptimization
            | Self::Upgrading => None,
        }
    }

    /// As an observation has it.
    pub(super) fn shown(self) -> Status {
        let word = || self.word().to_owned();
        match self {
            Self::Available | Self::StorageInitialization | Self::StorageOptimization => Status::Available,
            Self::Creating => Status::Creating,
            Self::Deleting => Status::Deleting,
            Self::Failed
            | Self::IncompatibleCreate
            | Self::IncompatibleNetwork
            | Self::InsufficientCapacity => Status::Failed(word()),
            Self::BackingUp | Self::Modifying | Self::Rebooting | Self::StorageFull | Self::Upgrading => {
                Status::Changing(word())
            }
        }
    }
}
