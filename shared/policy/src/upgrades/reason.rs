//! Why a decision about a class is what it is, each with its numbers.

use jiff::{SignedDuration, Timestamp};

use crate::reading::Absence;
use crate::rule::Condition;
use crate::upgrades::refusal::ClassRefusal;

/// One step of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum UpgradeReason {
    /// RDS could not be read.
    Unreadable {
        /// Why.
        absence: Absence,
    },
    /// Neither the load nor anybody asks for another class.
    Suits {
        /// The class it has.
        class: String,
    },
    /// The class is left alone: the fleet file names no `classes`.
    NotAsked,
    /// A condition holds.
    Holds {
        /// It.
        condition: Condition,
    },
    /// A condition cannot be weighed.
    NotWeighed {
        /// It.
        condition: Condition,
        /// For how long it is known to hold.
        known: SignedDuration,
    },
    /// The metric of the business asks for a class.
    Floor {
        /// The metric.
        by: String,
        /// Its value.
        value: f64,
        /// The class.
        class: String,
    },
    /// The metric of the business is not known, and asks for nothing.
    FloorUnknown {
        /// The metric.
        by: String,
    },
    /// An operator asks for a class.
    Asked {
        /// The class.
        to: String,
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// A larger class is wanted, and there is none.
    AtTop {
        /// The class it has.
        class: String,
    },
    /// A replica goes first.
    ReplicaFirst {
        /// The replica.
        replica: String,
        /// The class it is to have.
        to: String,
    },
    /// The window opens then.
    Waits {
        /// When.
        window: Timestamp,
    },
    /// Something stands against it.
    Refused(ClassRefusal),
    /// The snapshot before it is asked for.
    SnapshotBegins {
        /// The instance.
        instance: String,
        /// `DBSnapshotIdentifier`.
        id: String,
    },
    /// The call for the snapshot is sent once more.
    SnapshotAgain {
        /// `DBSnapshotIdentifier`.
        id: String,
    },
    /// The snapshot before it is not complete yet.
    SnapshotUnderWay {
        /// `DBSnapshotIdentifier`.
        id: String,
        /// Its status.
        status: String,
    },
    /// The change begins.
    Begins {
        /// The instance.
        instance: String,
        /// The class it has.
        from: String,
        /// The class it is to have.
        to: String,
    },
    /// It would begin, in enforce mode.
    WouldBegin {
        /// The instance.
        instance: String,
        /// The class it is to have.
        to: String,
    },
    /// It is asked for, and RDS does not show that yet.
    Requested {
        /// The instance.
        instance: String,
        /// Since when.
        since: Timestamp,
    },
    /// Its call is sent once more.
    SentAgain {
        /// The instance.
        instance: String,
    },
    /// RDS works on it.
    Modifying {
        /// The instance.
        instance: String,
        /// `DBInstanceStatus`.
        status: String,
        /// Since when.
        since: Timestamp,
    },
    /// RDS shows the new class, and something is left to be done.
    Verifying {
        /// The instance.
        instance: String,
        /// What is left.
        left: String,
    },
    /// It is over.
    Over {
        /// The instance.
        instance: String,
        /// The class it has now.
        class: String,
        /// How long it took.
        took: SignedDuration,
    },
    /// It has failed.
    Failed {
        /// The instance.
        instance: String,
        /// Why.
        cause: String,
    },
    /// RDS does not show the instance of the change.
    Missed {
        /// The instance.
        instance: String,
    },
    /// RDS may raise the storage up to too little.
    MaxStorage {
        /// `MaxAllocatedStorage`, in GiB; `None`: not at all.
        from_gib: Option<u32>,
        /// What the fleet file says.
        to_gib: u32,
    },
    /// Little of the storage is free.
    FreeStorage {
        /// Percent of `AllocatedStorage`.
        percent: f64,
        /// The limit, percent.
        limit: u32,
    },
}
