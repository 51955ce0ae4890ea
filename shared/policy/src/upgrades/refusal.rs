//! What stands against a change of the class, each by its name.

use jiff::{SignedDuration, Timestamp};

use crate::reading::Absence;

/// One thing that stands against a change.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassRefusal {
    /// The class of a writer of Aurora is not changed by this version.
    AuroraWriter,
    /// It is not `available`.
    NotAvailable {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// `DBInstanceStatus`.
        status: String,
    },
    /// Its storage is being optimized or initialized.
    StorageBusy {
        /// `DBInstanceIdentifier`.
        instance: String,
    },
    /// Something else is pending: a change with `ApplyImmediately` would apply it too.
    Pending {
        /// `DBInstanceIdentifier`.
        instance: String,
        /// By their names in `PendingModifiedValues`.
        what: Vec<String>,
    },
    /// A parameter group is being applied, or waits for a restart, which the change would be.
    Parameters {
        /// The parameter group.
        group: String,
        /// `applying`, `pending-reboot`.
        status: String,
    },
    /// A security group is being changed.
    SecurityGroup {
        /// The security group.
        group: String,
    },
    /// Maintenance waits that falls into the same window.
    Maintenance {
        /// `Action`.
        action: String,
        /// `CurrentApplyDate`.
        at: Timestamp,
    },
    /// An upgrade of the engine is required, however late it is due: `ApplyImmediately` may run it with the change.
    RequiredUpgrade {
        /// The ARN of the instance.
        resource: String,
        /// The earliest date that RDS shows for it.
        at: Timestamp,
    },
    /// RDS does not offer the class for this engine and version.
    NotOffered {
        /// The class.
        class: String,
    },
    /// It offers the class, but not like this.
    NotOfferedSo {
        /// The class.
        class: String,
        /// What it does not offer it with: `storage type gp2`, `Multi-AZ`, `zone eu-west-1a`, `40 GiB of storage`.
        with: String,
    },
    /// The instance keeps no backups.
    NoBackups,
    /// The newest moment that it can be restored to is too old, or there is none.
    NotRestorable {
        /// `LatestRestorableTime`.
        to: Option<Timestamp>,
    },
    /// A replica of somebody else would become smaller than its source.
    ReplicaSmaller {
        /// The replica.
        replica: String,
        /// Its class.
        class: String,
    },
    /// It has replicas that are not seen here, which may be smaller.
    ReplicasElsewhere {
        /// How many: in other Regions, and replicas of its replicas.
        count: u32,
    },
    /// It is a replica, and would become smaller than its source.
    SourceLarger {
        /// The source.
        source: String,
        /// Its class.
        class: String,
    },
    /// A blue/green deployment exists of the instance, or of its source.
    BlueGreen {
        /// Its green side.
        green: String,
    },
    /// A replica is being created, changed or deleted.
    ReplicaChanges {
        /// The replica.
        replica: String,
        /// `DBInstanceStatus`.
        status: String,
    },
    /// A reservation would be left without use.
    Stranded {
        /// `ReservedDBInstanceId`.
        reservation: String,
        /// Its class.
        class: String,
    },
    /// As many changes as are allowed began within 24 hours.
    TooManyToday {
        /// `per_day`.
        limit: u32,
    },
    /// An emergency is in force.
    Emergency {
        /// Its profile.
        profile: String,
    },
    /// An operator holds the database.
    Held {
        /// Who.
        who: String,
        /// Why.
        why: String,
        /// Until when.
        until: Timestamp,
    },
    /// Too little of the window is left.
    WindowEnds {
        /// So much.
        left: SignedDuration,
        /// So much is needed: more where a snapshot is to begin.
        least: SignedDuration,
    },
    /// The smaller class takes too few connections.
    TooFewConnections {
        /// The most there were.
        peak: u64,
        /// The most that the smaller class takes.
        limit: u32,
    },
    /// The memory in use does not fit the smaller class.
    TooLittleMemory {
        /// The most that was in use, in MiB.
        used_mib: u64,
        /// What the smaller class has, in MiB.
        has_mib: u64,
    },
    /// The smaller class carries too few operations.
    TooFewOperations {
        /// The most there were, a second.
        peak: u64,
        /// What it carries for hours (the baseline).
        baseline: u32,
    },
    /// Burst credits of the storage were used, and a smaller memory reads more from it.
    BurstCredits {
        /// The lowest `BurstBalance`, percent.
        lowest: u64,
    },
    /// What the smaller memory no longer holds is read from storage that is slow once its burst credits are used up.
    SlowStorage {
        /// `AllocatedStorage`, in GiB.
        gib: u32,
        /// Operations a second that it carries for hours.
        baseline: u32,
    },
    /// What has to be known is not.
    NotKnown {
        /// What: `the connections of the last 14d`, `the offers of RDS`.
        what: String,
        /// Why, where AWS says so.
        why: Option<Absence>,
    },
}
