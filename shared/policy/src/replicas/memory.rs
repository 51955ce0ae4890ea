//! What one evaluation remembers of one database for the next. Any writer of the table can put anything there, so it is
//! believed only as far as it can be true.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::database::call::DatabaseCall;
use crate::database::watch::ActiveDatabaseNotice;
use crate::ledger_time::{millis, millis_optional};

/// The memory of one database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseMemory {
    /// The change under way; there is one at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ReplicaChange>,
    /// What is known of each replica, by identifier.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replicas: BTreeMap<String, ReplicaMemory>,
    /// When the last change was over.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub changed_at: Option<Timestamp>,
    /// Changes that failed, in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailedReplicaChanges>,
    /// Where RDS had no capacity for a new replica; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_capacity: Vec<ZoneWithoutCapacity>,
    /// What operators were notified of and is not over, by what it is about.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub active: BTreeMap<String, ActiveDatabaseNotice>,
    /// What came of changes that are over, and operators were not notified of yet; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<ReplicaOutcome>,
}

/// One change, from the intent to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaChange {
    /// The identifier of the replica.
    pub replica: String,
    /// Where it stands.
    pub step: ReplicaStep,
    /// Since when it stands there.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// When it began.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// The evaluation that last meant to send a call for it, and when: for [`INTENT_LEASE`](crate::INTENT_LEASE) no other
    /// one does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub call: Option<DatabaseCall>,
    /// The replica failed, and its removal cleans up. The end of that is no success.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub failed: bool,
    /// Where its call asks for it; none of a removal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<ReplicaPlace>,
}

/// Where a new replica is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaPlace {
    /// `DBInstanceClass`.
    pub class: String,
    /// `AvailabilityZone`; `None` where RDS chooses it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub zone: Option<String>,
}

/// A zone in which RDS had no capacity for a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneWithoutCapacity {
    /// `DBInstanceClass`.
    pub class: String,
    /// `AvailabilityZone`; `None` where RDS chose it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub zone: Option<String>,
    /// When RDS said so.
    #[serde(with = "millis")]
    pub at: Timestamp,
}

/// The steps of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaStep {
    /// A replica is asked for, and AWS does not show it yet.
    Requested,
    /// AWS shows it, and it is not available yet.
    Creating,
    /// It is available, and has not caught up yet, or its storage is not complete.
    CatchingUp,
    /// It answers no reads any more, and waits for its connections to end.
    Draining,
    /// Its removal is asked for, and AWS still shows it.
    Deleting,
}

impl ReplicaStep {
    /// The change adds a replica; otherwise it removes one.
    #[must_use]
    pub fn adds(self) -> bool {
        match self {
            Self::Requested | Self::Creating | Self::CatchingUp => true,
            Self::Draining | Self::Deleting => false,
        }
    }
}

impl DatabaseMemory {
    /// The replica that is being removed, if one is.
    pub(crate) fn removing(&self) -> Option<&str> {
        self.change.as_ref().filter(|change| !change.step.adds()).map(|change| change.replica.as_str())
    }

    /// It is certain that nothing ever read from that replica.
    pub(crate) fn has_never_served(&self, replica: &str) -> bool {
        self.replicas.get(replica).is_some_and(|it| it.is_new)
    }
}

/// What is known of one replica.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicaMemory {
    /// `InstanceCreateTime`: an instance of the same name that was created later is another one.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub created_at: Option<Timestamp>,
    /// When it was first seen caught up, with its storage complete: it counts from then on.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub caught_up_at: Option<Timestamp>,
    /// Since when it may answer reads without a break: it counts, no status says that it may not, it replicates and does not lag.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub answers_since: Option<Timestamp>,
    /// Since when it lags, until it has recovered.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub lags_since: Option<Timestamp>,
    /// It lags above the critical limit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_critical: bool,
    /// Since when its replication is broken, until it replicates again.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub broken_since: Option<Timestamp>,
    /// Tidegate saw its creation, and it has not caught up since, no record of others named it, and of Aurora it never served: nothing
    /// reads from it. Where the ledger was lost that is not known, and this is false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// Since when a complete answer no longer shows it.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub gone_since: Option<Timestamp>,
}

/// Changes that failed, in a row; the next one waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedReplicaChanges {
    /// How many.
    pub count: u32,
    /// When the last one failed.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// Why the last one did, in the words of AWS where there are any; may be empty.
    #[serde(default)]
    pub cause: String,
    /// The last one did because no zone had capacity.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub no_capacity: bool,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaOutcome {
    /// The identifier of the replica.
    pub replica: String,
    /// How.
    pub end: ReplicaEnd,
    /// When.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// When the change began; of a replica that vanished by itself, when it was missed.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// Why, where it did not succeed.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub cause: String,
}

/// The ends of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaEnd {
    /// The new replica has caught up.
    Added,
    /// It was not created, or has failed.
    NotAdded,
    /// AWS shows it no more.
    Removed,
    /// AWS refused to remove it.
    NotRemoved,
    /// The removal was given up before the call; it answers reads again.
    Kept,
    /// AWS shows it no more, and Tidegate did not remove it.
    Vanished,
    /// It was promoted: AWS shows it as an instance that replicates nothing of this source.
    Promoted,
    /// It became the source: a failover of Aurora made the reader the writer.
    Writer,
}
