//! What one evaluation saw of a database. Filled by `aws`, never by guessing.

use jiff::Timestamp;

pub use crate::engine::Engine;
use crate::observation::MetricReading;
use crate::reading::Absence;

/// Everything one evaluation saw of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseObservation {
    /// The source and all of its replicas, from one complete answer; or why there is none. A part of the answer is none:
    /// what is missing in it may exist.
    pub instances: Result<Instances, Absence>,
    /// The records of the name that reads go to; `None` where the fleet file names none.
    pub records: Option<Result<Vec<DnsRecord>, Absence>>,
    /// In which zones RDS offers the class of a new replica; `None` where that was not asked: it is, once a zone had no
    /// capacity for that class.
    pub offers: Option<OfferedZones>,
}

/// In which zones RDS offers a class for the engine and the version of the source (`DescribeOrderableDBInstanceOptions`). What is
/// offered may have no capacity all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedZones {
    /// `DBInstanceClass`.
    pub class: String,
    /// The zones, each once, of the Region and not only of the subnet group; or why they are not known.
    pub zones: Result<Vec<String>, Absence>,
}

/// The instances of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct Instances {
    /// What is replicated: the source instance; of Aurora the cluster, whose writer this is.
    pub source: SourceInstance,
    /// Its replicas, in the order of their identifiers; of Aurora the readers.
    pub replicas: Vec<Replica>,
    /// The green side of a blue/green deployment of the source, which RDS shows as a replica and which is none of
    /// [`Instances::replicas`].
    pub green: Option<String>,
    /// Every identifier of an instance that this account has in this Region: a new one must differ from all.
    pub taken: Vec<String>,
}

/// What is replicated.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInstance {
    /// `DBInstanceIdentifier`; of Aurora that of the writer.
    pub id: String,
    /// `Engine` and `EngineVersion`.
    pub engine: Engine,
    /// `DBInstanceStatus`; of Aurora that of the cluster while it is not `available`, else that of the writer.
    pub status: Status,
    /// `DBInstanceClass`.
    pub class: String,
    /// `Endpoint.Address`; none while there is none yet.
    pub endpoint: Option<String>,
    /// `AvailabilityZone`.
    pub zone: Option<String>,
    /// The zones of its subnet group; of Aurora those among them where the cluster has its storage.
    pub zones: Vec<String>,
    /// `BackupRetentionPeriod`, in days: with 0 AWS creates no replica of RDS.
    pub backup_retention_days: u32,
    /// Something of it is pending (`PendingModifiedValues`), or a parameter group is being applied.
    pub is_pending: bool,
    /// Write-ahead log that it makes: `TransactionLogsGeneration`, bytes a second, average; of PostgreSQL only.
    pub log_rate: MetricReading,
    /// `OldestReplicationSlotLag`, bytes, maximum: how far the replica that lags most is behind; of PostgreSQL only.
    pub slot_lag: MetricReading,
    /// `ReplicationSlotDiskUsage`, bytes, maximum; of PostgreSQL only.
    pub slot_disk: MetricReading,
    /// `FreeStorageSpace`, bytes, minimum.
    pub free_storage: MetricReading,
    /// `AllocatedStorage`, in bytes; of Aurora 0.
    pub allocated_storage: u64,
    /// Replicas in other Regions: they count toward the limit of the engine, and are not among
    /// [`Instances::replicas`]. `ReadReplicaDBInstanceIdentifiers` that are ARNs, and `ReadReplicaDBClusterIdentifiers`.
    pub replicas_elsewhere: u32,
}

/// A replica, as AWS shows it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "as many independent facts as RDS shows")]
pub struct Replica {
    /// `DBInstanceIdentifier`.
    pub id: String,
    /// `DBInstanceStatus`.
    pub status: Status,
    /// `DBInstanceClass`.
    pub class: String,
    /// `AvailabilityZone`.
    pub zone: Option<String>,
    /// `Endpoint.Address`; none while there is none yet.
    pub endpoint: Option<String>,
    /// Its identifier has the prefix of Tidegate and its tags name this fleet and this database: Tidegate created it.
    pub is_ours: bool,
    /// `DeletionProtection`.
    pub is_protected: bool,
    /// A promotion of it is on its way: it is to get backups (`PendingModifiedValues.BackupRetentionPeriod`), as one gets them
    /// with which it becomes a primary.
    pub is_being_promoted: bool,
    /// It has replicas of its own; deleting it would cut them off.
    pub is_source: bool,
    /// Its storage is complete: neither `Initializing` (`StorageOperationStatus`, `StorageVolumeStatus`) nor the status
    /// `storage-initialization`.
    pub is_initialized: bool,
    /// What `StatusInfos` says of its replication. Aurora has none: [`Replication::Running`] while it is `available`.
    pub replication: Replication,
    /// `InstanceCreateTime`.
    pub created_at: Option<Timestamp>,
    /// `ReplicaLag` in seconds, where −1 stands for "not replicating, or not known"; of Aurora `AuroraReplicaLag`, brought
    /// to seconds. Average over a minute.
    pub lag: MetricReading,
    /// `CPUUtilization`, percent, average.
    pub cpu: MetricReading,
    /// `DatabaseConnections`, maximum.
    pub connections: MetricReading,
}

/// What RDS says of a replica's replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// It replicates, or nothing else is said.
    Running,
    /// It does not: `StatusInfos` with `Normal` false.
    Broken {
        /// `Status`: `error`, `stopped`, `terminated`, `replication degraded`.
        status: String,
        /// `Message`, on one line; may be empty.
        message: String,
    },
}

/// `DBInstanceStatus`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// `available`, and `storage-optimization` or `storage-initialization`, in which an instance serves.
    Available,
    /// `creating`, and what a new instance passes through.
    Creating,
    /// `deleting`.
    Deleting,
    /// An end without a way on: `failed`, `incompatible-…`, `insufficient-capacity`, `restore-error`; the status itself.
    Failed(String),
    /// Anything else: it changes, and is left alone; the status itself.
    Changing(String),
}

impl Status {
    /// Whether an instance answers while it has this status. Amazon RDS user guide, "Viewing Amazon RDS DB instance status":
    /// `backing-up`, `modifying` and `configuring-…` name what RDS does beside the work of the instance. What stops it has a status
    /// of its own (`rebooting`, `stopping`, `upgrading`), except that a change of the class restarts it while it is `modifying`.
    #[must_use]
    pub fn serves(&self) -> bool {
        match self {
            Self::Available => true,
            Self::Changing(word) => {
                matches!(word.as_str(), "backing-up" | "modifying") || word.starts_with("configuring-")
            }
            Self::Creating | Self::Deleting | Self::Failed(_) => false,
        }
    }

    /// Whether it serves, and nothing restarts it meanwhile.
    pub(crate) fn is_steady(&self) -> bool {
        self.serves() && *self != Self::Changing("modifying".to_owned())
    }
}

/// One record of the name that reads go to (`ResourceRecordSet`), with everything that a weighted one can have: to delete it, Route 53
/// wants to see all of it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// `SetIdentifier`; none of a record that is not weighted.
    pub set_identifier: Option<String>,
    /// `Type`: `CNAME`, `A` …
    pub kind: String,
    /// `Weight`, 0 to 255; none of a record that is not weighted.
    pub weight: Option<u8>,
    /// `TTL` in seconds; none of an alias.
    pub ttl: Option<u32>,
    /// Its values; none of an alias.
    pub values: Vec<String>,
    /// Where an alias leads (`AliasTarget`).
    pub alias: Option<DnsAlias>,
    /// `HealthCheckId`: somebody lets Route 53 give it out only while that check is healthy.
    pub health_check: Option<String>,
}

/// `AliasTarget` of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsAlias {
    /// `HostedZoneId`.
    pub zone: String,
    /// `DNSName`.
    pub name: String,
    /// `EvaluateTargetHealth`.
    pub evaluates_health: bool,
}
