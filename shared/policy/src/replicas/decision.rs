//! What is to be done about a database's replicas: calls with absolute values, every reason, and the next memory.

use crate::database::notice::DatabaseNotice;
use crate::replicas::memory::DatabaseMemory;
use crate::replicas::observation::DnsRecord;
use crate::replicas::reason::ReplicaReason;

/// The decision about one database. Sending its calls twice is harmless.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an unread decision changes nothing"]
pub struct ReplicaDecision {
    /// The call to RDS, if there is one.
    pub call: Option<InstanceCall>,
    /// What is to be changed of the records, in one batch; empty for nothing.
    pub records: Vec<RecordChange>,
    /// Why, in the order of the steps; never empty.
    pub reasons: Vec<ReplicaReason>,
    /// What is to be reported because it begins or ends.
    pub notices: Vec<DatabaseNotice>,
    /// The memory of the next evaluation; it holds the intent of every call.
    pub memory: DatabaseMemory,
    /// Replicas that count, and how many are wanted, where that is known.
    pub count: Option<CountOf>,
}

/// How many replicas there are, and how many are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountOf {
    /// Those that may answer reads, without the one that is being removed. One that lags, is broken, has failed or is restarted is
    /// none of them, even where it stays in the records as the last one.
    pub serving: u32,
    /// All that AWS shows, without those being deleted.
    pub existing: u32,
    /// Wanted.
    pub wanted: u32,
}

/// A call to RDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceCall {
    /// `CreateDBInstanceReadReplica`; of Aurora `CreateDBInstance`.
    Create(NewReplica),
    /// `DeleteDBInstance`, without a final snapshot: of a replica AWS takes none.
    Delete {
        /// `DBInstanceIdentifier`.
        replica: String,
    },
}

/// A replica to create. What is not written here is taken from the source as RDS shows it, and sent explicitly: the
/// defaults of the API differ from the source's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplica {
    /// `DBInstanceIdentifier`.
    pub id: String,
    /// `SourceDBInstanceIdentifier`; of Aurora the writer, whose cluster it joins.
    pub source: String,
    /// `DBInstanceClass`.
    pub class: String,
    /// `AvailabilityZone`: the one with the fewest replicas.
    pub zone: Option<String>,
}

/// A change of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// `UPSERT`.
    Put(DnsRecord),
    /// `DELETE`; the record exactly as it was read, as Route 53 asks.
    Delete(DnsRecord),
}
