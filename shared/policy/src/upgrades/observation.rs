//! What one evaluation saw of a database's instance. Filled by `aws`, never by guessing.

use jiff::Timestamp;

use crate::engine::Engine;
use crate::observation::MetricReading;
use crate::reading::Absence;
use crate::replicas::observation::{Replication, Status};

/// Everything one evaluation saw of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct UpgradeObservation {
    /// The instance and everything that hangs on it, from one complete answer; or why there is none.
    pub instances: Result<ClassedInstances, Absence>,
    /// What it had to do.
    pub load: ClassLoad,
    /// The metric of the business that the smallest class follows.
    pub floor: MetricReading,
    /// What a change to one class would meet; read where [`rehearsed`](crate::upgrades::decide::rehearsed) asks for it.
    pub rehearsal: Option<Rehearsal>,
    /// The snapshot before a change, as RDS shows it (`DescribeDBSnapshots`); read while it is waited for.
    pub snapshot: Option<Result<Option<SeenSnapshot>, Absence>>,
    /// What RDS tells of the instance (`DescribeEvents`), oldest first; read while a change is under way.
    pub messages: Option<Result<Vec<RdsMessage>, Absence>>,
}

/// An instance, and everything that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassedInstances {
    /// The instance that the fleet file names; of Aurora the writer of the cluster.
    pub main: ClassedInstance,
    /// What it replicates, if it is a replica itself and its source is in this Region.
    pub source: Option<ClassedInstance>,
    /// Its replicas in this Region, in the order of their identifiers.
    pub replicas: Vec<ClassedInstance>,
    /// The green side of a blue/green deployment of the instance, or of its source; none of the replicas.
    pub green: Option<String>,
    /// Replicas that are not among these: in other Regions, and replicas of its replicas.
    pub replicas_elsewhere: u32,
    /// Every other instance of the same engine that runs in this Region: they use reservations up.
    pub others: Vec<RunningInstance>,
}

/// An instance, as RDS shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassedInstance {
    /// `DBInstanceIdentifier`.
    pub id: String,
    /// `Engine` and `EngineVersion`, as far as it matters.
    pub engine: Engine,
    /// `DBInstanceStatus`, as far as it matters.
    pub status: Status,
    /// `DBInstanceClass`.
    pub class: String,
    /// `PendingModifiedValues.DBInstanceClass`.
    pub pending_class: Option<String>,
    /// Everything else that is pending, by its name in `PendingModifiedValues`.
    pub pending: Vec<String>,
    /// Parameter groups that are not `in-sync`: the name and `applying` or `pending-reboot`.
    pub parameters: Vec<(String, String)>,
    /// Its parameter group is the default one of its family.
    pub has_default_parameters: bool,
    /// Security groups that are not `active`, by name.
    pub changing_security_groups: Vec<String>,
    /// `MultiAZ`.
    pub is_multi_az: bool,
    /// `AvailabilityZone`.
    pub zone: Option<String>,
    /// `SecondaryAvailabilityZone`: where the standby runs.
    pub second_zone: Option<String>,
    /// `StorageType`: `gp3`.
    pub storage_type: String,
    /// `AllocatedStorage`, in GiB.
    pub allocated_gib: u32,
    /// `MaxAllocatedStorage`, in GiB; `None` where RDS does not raise the storage by itself.
    pub max_allocated_gib: Option<u32>,
    /// The storage is being optimized or initialized (status `storage-optimization`, `StorageOperationStatus`).
    pub is_storage_busy: bool,
    /// `BackupRetentionPeriod`, in days.
    pub backup_retention_days: u32,
    /// `LatestRestorableTime`.
    pub restorable_to: Option<Timestamp>,
    /// `PreferredMaintenanceWindow`: `sun:05:00-sun:05:30`.
    pub maintenance_window: String,
    /// What `StatusInfos` says of its replication, of a replica.
    pub replication: Replication,
}

/// An instance that runs, as far as reservations ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningInstance {
    /// `DBInstanceClass`.
    pub class: String,
    /// `MultiAZ`.
    pub is_multi_az: bool,
}

/// What an instance had to do, over the history that the ladder asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassLoad {
    /// `CPUUtilization`, percent.
    pub cpu: SeenLoad,
    /// `DatabaseConnections`.
    pub connections: SeenLoad,
    /// `FreeableMemory`, bytes; its peak is the minimum.
    pub free_memory: SeenLoad,
    /// `ReadIOPS` and `WriteIOPS` together, operations a second; the peak is no lower than it was.
    pub iops: SeenLoad,
    /// `BurstBalance`, percent, minimum; of `gp2` only.
    pub burst_balance: MetricReading,
    /// `FreeStorageSpace`, bytes, minimum, of the last minutes.
    pub free_storage: MetricReading,
}

/// One quantity over a history.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenLoad {
    /// The average of each period: what `when` compares.
    pub usual: MetricReading,
    /// The heaviest moment of each period: what `down` compares.
    pub peak: MetricReading,
}

/// What a change to one class would meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// The class.
    pub class: String,
    /// How it can be ordered for the engine and the version (`DescribeOrderableDBInstanceOptions`); empty: not at all.
    pub offers: Result<Vec<ClassOffer>, Absence>,
    /// Maintenance that waits for the instance (`DescribePendingMaintenanceActions`).
    pub maintenance: Result<Vec<DueMaintenance>, Absence>,
    /// Active reservations for its engine (`DescribeReservedDBInstances`).
    pub reservations: Result<Vec<Reservation>, Absence>,
}

/// One way to order a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassOffer {
    /// `StorageType`.
    pub storage_type: String,
    /// `MultiAZCapable`.
    pub is_multi_az: bool,
    /// `ReadReplicaCapable`.
    pub takes_replicas: bool,
    /// `AvailabilityZones`.
    pub zones: Vec<String>,
    /// `MinStorageSize` and `MaxStorageSize`, in GiB; `None` where RDS does not say.
    pub storage_gib: Option<(u32, u32)>,
}

/// Maintenance that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMaintenance {
    /// `Action`: `system-update`, `db-upgrade`.
    pub action: String,
    /// `CurrentApplyDate`; `None` while nobody has asked for it and it is not forced.
    pub at: Option<Timestamp>,
    /// The earlier of `ForcedApplyDate` and `AutoAppliedAfterDate`: it is applied whether anybody asks for it or not.
    pub required: Option<Timestamp>,
    /// `ResourceIdentifier`: the ARN of the instance.
    pub resource: String,
}

impl DueMaintenance {
    /// `Action` of an upgrade of the engine.
    pub const DB_UPGRADE: &str = "db-upgrade";
}

/// A reservation that is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// `ReservedDBInstanceId`.
    pub id: String,
    /// `DBInstanceClass`.
    pub class: String,
    /// `DBInstanceCount`.
    pub count: u32,
    /// `MultiAZ`.
    pub is_multi_az: bool,
}

/// A snapshot of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSnapshot {
    /// `Status`: `creating`, `available`, `failed`.
    pub status: String,
    /// It is a manual one of this instance, with the tags of this fleet and database.
    pub is_ours: bool,
}

/// Something that RDS tells of an instance. It may be late, missing or twice: evidence, and never the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdsMessage {
    /// When it happened (`Date`).
    pub at: Timestamp,
    /// In RDS's own words (`Message`): `DB instance shutdown`.
    pub text: String,
}
