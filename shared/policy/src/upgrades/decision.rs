//! What is to be done about a database's class: at most one call, every reason, and the next memory.

use jiff::Timestamp;

use crate::database::notice::DatabaseNotice;
use crate::upgrades::memory::UpgradeMemory;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;

/// The decision about one database.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an unread decision changes nothing"]
pub struct UpgradeDecision {
    /// The call to RDS, if there is one. Sending it twice is harmless.
    pub call: Option<ClassCall>,
    /// Where the class stands.
    pub state: UpgradeState,
    /// The change that is wanted or under way, if there is one.
    pub wanted: Option<WantedChange>,
    /// What stands against the wanted change, each by its name; empty where nothing does.
    pub refusals: Vec<ClassRefusal>,
    /// Why, in the order of the steps; never empty.
    pub reasons: Vec<UpgradeReason>,
    /// What is to be reported because it begins, ends or has happened.
    pub notices: Vec<DatabaseNotice>,
    /// The memory of the next evaluation; it holds the intent of the call.
    pub memory: UpgradeMemory,
}

/// A call to RDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassCall {
    /// `ModifyDBInstance` with `ApplyImmediately`. Just before it, the instance is looked at once more: it must be `available`,
    /// of the class `from`, with nothing pending.
    Modify {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// The class that it has.
        from: String,
        /// `DBInstanceClass`.
        to: String,
    },
    /// `CreateDBSnapshot`, before a change of the class. Sent twice, it finds its own.
    TakeSnapshot {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// `DBSnapshotIdentifier`.
        snapshot: String,
    },
    /// `ModifyDBInstance` with `MaxAllocatedStorage` alone. RDS applies that at once, without downtime.
    RaiseMaxStorage {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// In GiB.
        to_gib: u32,
    },
}

/// A change that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedChange {
    /// `DBInstanceIdentifier`: the database's own instance; while a change of a replica is under way the replica.
    pub instance: String,
    /// The class it has.
    pub from: String,
    /// The class it is to have.
    pub to: String,
    /// Why, in one sentence.
    pub why: String,
    /// When the window opens, or opened, in which it may begin; none where an operator asked for it at once.
    pub window: Option<Timestamp>,
    /// The replicas that are changed before it.
    pub first: Vec<String>,
    /// A manual snapshot comes before it.
    pub snapshot: bool,
    /// A standby takes over: about 1 to 2 minutes of downtime, otherwise 2 to 15.
    pub is_multi_az: bool,
}

/// Where the class of a database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeState {
    /// Nothing is wanted.
    Idle,
    /// A change is wanted, and stands against nothing but time.
    Waiting,
    /// A change is wanted, and is refused.
    Refused,
    /// The snapshot before a change is being taken.
    Snapshot,
    /// A change is asked for, and RDS does not show that yet.
    Requested,
    /// RDS works on it.
    Modifying,
    /// RDS shows the new class, and something is left to be done.
    Verifying,
    /// RDS could not be read.
    Unknown,
}

impl UpgradeState {
    /// Its stable name in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting-for-window",
            Self::Refused => "refused",
            Self::Snapshot => "snapshot",
            Self::Requested => "requested",
            Self::Modifying => "modifying",
            Self::Verifying => "verifying",
            Self::Unknown => "unknown",
        }
    }
}
