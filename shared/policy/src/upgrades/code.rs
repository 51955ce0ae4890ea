//! The stable name of every reason and refusal in JSON.

use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;

impl UpgradeReason {
    /// Its stable name in JSON; of a refusal that of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "rds-unreadable",
            Self::Suits { .. } => "class-suits",
            Self::NotAsked => "class-not-asked",
            Self::Holds { .. } => "condition-holds",
            Self::NotWeighed { .. } => "condition-not-known",
            Self::Floor { .. } => "floor",
            Self::FloorUnknown { .. } => "floor-not-known",
            Self::Asked { .. } => "asked",
            Self::AtTop { .. } => "at-top",
            Self::ReplicaFirst { .. } => "replica-first",
            Self::Waits { .. } => "waiting-for-window",
            Self::Refused(refusal) => refusal.code(),
            Self::SnapshotBegins { .. } => "snapshot-begins",
            Self::SnapshotAgain { .. } => "snapshot-sent-again",
            Self::SnapshotUnderWay { .. } => "snapshot-under-way",
            Self::Begins { .. } => "begins",
            Self::WouldBegin { .. } => "would-begin",
            Self::Requested { .. } => "requested",
            Self::SentAgain { .. } => "sent-again",
            Self::Modifying { .. } => "modifying",
            Self::Verifying { .. } => "verifying",
            Self::Over { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Missed { .. } => "instance-missing",
            Self::MaxStorage { .. } => "max-storage",
            Self::FreeStorage { .. } => "free-storage",
        }
    }
}

impl ClassRefusal {
    /// Its stable name in JSON and in the documents.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuroraWriter => "aurora-writer",
            Self::NotAvailable { .. } => "not-available",
            Self::StorageBusy { .. } => "storage-busy",
            Self::Pending { .. } => "something-pending",
            Self::Parameters { .. } => "parameter-group",
            Self::SecurityGroup { .. } => "security-group",
            Self::Maintenance { .. } => "maintenance-due",
            Self::RequiredUpgrade { .. } => "upgrade-required",
            Self::NotOffered { .. } => "not-offered",
            Self::NotOfferedSo { .. } => "not-offered-so",
            Self::NoBackups => "no-backups",
            Self::NotRestorable { .. } => "not-restorable",
            Self::ReplicaSmaller { .. } => "replica-smaller",
            Self::ReplicasElsewhere { .. } => "replicas-elsewhere",
            Self::SourceLarger { .. } => "source-larger",
            Self::ReplicaChanges { .. } => "replica-changes",
            Self::BlueGreen { .. } => "blue-green",
            Self::Stranded { .. } => "reservation-stranded",
            Self::TooManyToday { .. } => "too-many-today",
            Self::Emergency { .. } => "emergency",
            Self::Held { .. } => "held",
            Self::WindowEnds { .. } => "window-ends",
            Self::TooFewConnections { .. } => "too-few-connections",
            Self::TooLittleMemory { .. } => "too-little-memory",
            Self::TooFewOperations { .. } => "too-few-operations",
            Self::BurstCredits { .. } => "burst-credits",
            Self::SlowStorage { .. } => "slow-storage",
            Self::NotKnown { .. } => "not-known",
        }
    }
}
