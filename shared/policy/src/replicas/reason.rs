//! Why a decision about replicas is what it is, "nothing to do" included.

use jiff::{SignedDuration, Timestamp};

use crate::overrides::OverrideKind;
use crate::reading::Absence;
use crate::replicas::why::{KeptWhy, VetoWhy};
use crate::rule::Condition;

/// One cause that shaped a decision about replicas; a clause that can follow "because". Lags are seconds, sizes bytes.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants' sentences name every field")]
pub enum ReplicaReason {
    /// RDS could not be read completely: nothing is changed.
    Unreadable { absence: Absence },
    /// The mode is `observe`: nothing is changed.
    Observed,
    /// An operator's override is in force.
    Overridden { kind: OverrideKind, until: Timestamp, who: String, why: String },
    /// An override asks for what the fleet file does not allow.
    OverrideClamped { kind: OverrideKind, max: u32 },
    /// An override is not in force, since it does not state since when.
    OverrideUndated { kind: OverrideKind, until: Timestamp },

    /// Another evaluation is making the call of the change, and has until then.
    IntentPending { replica: String, evaluation: String, until: Timestamp },
    /// A replica was asked for, and RDS does not show it yet.
    Requested { replica: String, since: Timestamp },
    /// A call is sent once more: RDS does not show what came of it.
    SentAgain { replica: String, failures: u32 },
    /// A new replica is not available yet.
    Creating { replica: String, since: Timestamp },
    /// A new replica is available and has not caught up.
    CatchingUp { replica: String, lag: Option<f64>, is_initialized: bool, limit: f64 },
    /// A new replica has caught up: it counts.
    Added { replica: String, took: SignedDuration },
    /// A replica was not created, or has failed.
    NotAdded { replica: String, cause: String },
    /// A replica that Tidegate created has failed: it is removed.
    CleanedUp { replica: String, status: String },
    /// A replica that is removed waits for its connections to end.
    Draining { replica: String, connections: Option<f64>, until: Timestamp },
    /// A replica that is removed is still in the records, or they could not be read: it waits for that.
    DrainingRecord { replica: String },
    /// A replica is not removed as long as the load of the others is not known.
    DrainingUnknown { replica: String },
    /// A removal is given up.
    Kept { replica: String, why: KeptWhy },
    /// RDS removes a replica.
    Deleting { replica: String, since: Timestamp },
    /// A drained replica is to be deleted now.
    Delete { replica: String },
    /// RDS was asked to delete a replica, and does not show that yet.
    DeleteRequested { replica: String, since: Timestamp },
    /// RDS shows a removed replica no more.
    Removed { replica: String, took: SignedDuration },
    /// RDS refused to remove a replica.
    NotRemoved { replica: String, cause: String },
    /// A replica is not shown, and what RDS shows may be minutes old.
    Missed { replica: String, since: Timestamp },
    /// A replica is gone, and Tidegate did not remove it.
    Vanished { replica: String },

    /// A replica is none any more, and still exists: it was promoted.
    Promoted { replica: String },
    /// A reader of Aurora is the writer now.
    Writer { replica: String },

    /// A replica lags.
    Lags { replica: String, lag: Option<f64>, limit: f64, since: Timestamp },
    /// A replica lags no more.
    Recovered { replica: String },
    /// The lag of a replica does not count: its source hardly writes.
    SourceIdle { replica: String, lag: f64 },
    /// The lag of a replica is not known.
    LagUnknown { replica: String },
    /// The replication of a replica is broken.
    Broken { replica: String, cause: String },
    /// It replicates again.
    Replicates { replica: String },
    /// Replication slots keep much of the disk of the source.
    SlotDisk { used: f64, free: Option<f64>, allocated: u64 },

    /// Route 53 could not be read: no record is changed.
    RecordsUnreadable { absence: Absence },
    /// The name has a record that excludes weighted ones: no record is changed.
    RecordConflict { kind: String },
    /// A weighted record of others has another TTL, and Route 53 takes one TTL for all: no record is changed. TTLs are seconds.
    RecordTtl { set: String, found: u32, wanted: u32 },
    /// The record of a replica is written.
    RecordPut { replica: String },
    /// The record of a replica is removed.
    RecordDeleted { replica: String },
    /// No replica is fit to answer reads: one stays.
    OneStays { replica: String },
    /// No replica is left to answer reads: the source does.
    ReadsOnSource,
    /// Nothing that could answer reads has an endpoint: no record is changed.
    NoEndpoint,

    /// The source or a replica is not available: no change begins.
    NotAvailable { instance: String, status: String },
    /// Something of the source is pending: no change begins.
    Pending { source: String },
    /// A blue/green deployment of the source exists: no replica is added or removed.
    BlueGreen { source: String, green: String },
    /// Fewer replicas than the minimum.
    BelowMin { count: u32, min: u32 },
    /// More replicas than the maximum.
    AboveMax { count: u32, max: u32 },
    /// An operator pinned the count.
    Pinned { count: u32, to: u32 },
    /// The busiest replica asks for one more.
    ScaleOut { condition: Condition, replica: String, value: f64 },
    /// The busiest replica breaches, not for long enough.
    NotLongEnough { condition: Condition, replica: String, value: f64, held: SignedDuration },
    /// Every replica allows one fewer.
    ScaleIn { condition: Condition, replica: String, value: f64 },
    /// All are low now, and one has not been for long enough.
    ScaleInNotLongEnough { condition: Condition, replica: String, held: SignedDuration },
    /// A replica proves nothing about the load: none is removed.
    ScaleInVeto { replica: String, why: VetoWhy },
    /// The remaining replicas would ask for one more.
    WouldScaleOut { condition: Condition, predicted: f64, replicas: u32 },
    /// The cooldown after the last change lasts.
    Cooldown { until: Timestamp },
    /// The last changes failed: the next one waits.
    BackingOff { failures: u32, cause: String, until: Timestamp },
    /// One more is needed, and the maximum is reached.
    AtMax { max: u32 },
    /// An operator holds the count.
    Held,
    /// One fewer would leave too few that answer reads.
    TooFewLeft { replica: String, answering: u32, least: u32 },
    /// None that Tidegate may remove: it created none of them, or they are protected, or replicate further.
    NoneToRemove,
    /// The engine takes no more replicas of one source.
    EngineLimit { limit: u32 },
    /// The source makes no backups: RDS creates no replica of it.
    NoBackups { source: String },
    /// A zone had no capacity a while ago: it is not tried before that moment.
    ZonePassedOver { class: String, zone: String, until: Timestamp },
    /// RDS has no capacity in any zone of the subnet group; where it offers the class, as far as that is known.
    NoCapacity { class: String, zones: Vec<String>, offered: Option<Vec<String>> },
    /// Reads would not reach another replica, or go on to one that is removed.
    NoDns { adds: bool },
    /// A replica is created.
    Create { replica: String, class: String, zone: Option<String> },
    /// A replica is removed: it is taken out of the records first.
    Remove { replica: String, drain: SignedDuration, is_aurora: bool },
    /// Nothing is to be done.
    NothingToDo,
}
