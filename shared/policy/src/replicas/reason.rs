//! Why a decision about replicas is what it is, "nothing to do" included.

use jiff::{SignedDuration, Timestamp};

use crate::overrides::OverrideKind;
use crate::reading::Absence;
use crate::replicas::why::{KeptWhy, VetoWhy};
use crate::rule::Condition;

/// One cause that shaped a decision about replicas; a clause that can follow "because". Lags are seconds, sizes bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplicaReason {
    /// RDS could not be read completely: nothing is changed.
    Unreadable {
        /// Why not.
        absence: Absence,
    },
    /// The mode is `observe`: nothing is changed.
    Observed,
    /// An operator's override is in force.
    Overridden {
        /// What it asks for.
        kind: OverrideKind,
        /// Until then.
        until: Timestamp,
        /// Who asked for it.
        who: String,
        /// Why.
        why: String,
    },
    /// An override asks for what the fleet file does not allow.
    OverrideClamped {
        /// What it asks for.
        kind: OverrideKind,
        /// The maximum.
        max: u32,
    },
    /// An override is not in force, since it does not state since when.
    OverrideUndated {
        /// What it asks for.
        kind: OverrideKind,
        /// Until then.
        until: Timestamp,
    },

    /// Another evaluation is making the call of the change, and has until then.
    IntentPending {
        /// The replica.
        replica: String,
        /// The evaluation.
        evaluation: String,
        /// Until then.
        until: Timestamp,
    },
    /// A replica was asked for, and RDS does not show it yet.
    Requested {
        /// The replica.
        replica: String,
        /// Since then.
        since: Timestamp,
    },
    /// A call is sent once more: RDS does not show what came of it.
    SentAgain {
        /// The replica.
        replica: String,
        /// Calls without a known outcome, in a row.
        failures: u32,
    },
    /// A new replica is not available yet.
    Creating {
        /// The replica.
        replica: String,
        /// Since then.
        since: Timestamp,
    },
    /// A new replica is available and has not caught up.
    CatchingUp {
        /// The replica.
        replica: String,
        /// Its lag.
        lag: Option<f64>,
        /// Its storage is complete.
        is_initialized: bool,
        /// The limit.
        limit: f64,
    },
    /// A new replica has caught up: it counts.
    Added {
        /// The replica.
        replica: String,
        /// So long after it began.
        took: SignedDuration,
    },
    /// A replica was not created, or has failed.
    NotAdded {
        /// The replica.
        replica: String,
        /// Why.
        cause: String,
    },
    /// A replica that Tidegate created has failed: it is removed.
    CleanedUp {
        /// The replica.
        replica: String,
        /// Its status.
        status: String,
    },
    /// A replica that is removed waits for its connections to end.
    Draining {
        /// The replica.
        replica: String,
        /// Its connections, where they are known.
        connections: Option<f64>,
        /// Until then.
        until: Timestamp,
    },
    /// A replica that is removed is still in the records, or they could not be read: it waits for that.
    DrainingRecord {
        /// The replica.
        replica: String,
    },
    /// A replica is not removed as long as the load of the others is not known.
    DrainingUnknown {
        /// The replica.
        replica: String,
    },
    /// A removal is given up.
    Kept {
        /// The replica.
        replica: String,
        /// Why.
        why: KeptWhy,
    },
    /// RDS removes a replica.
    Deleting {
        /// The replica.
        replica: String,
        /// Since then.
        since: Timestamp,
    },
    /// RDS shows a removed replica no more.
    Removed {
        /// The replica.
        replica: String,
        /// So long after it began.
        took: SignedDuration,
    },
    /// RDS refused to remove a replica.
    NotRemoved {
        /// The replica.
        replica: String,
        /// Why.
        cause: String,
    },
    /// A replica is not shown, and what RDS shows may be minutes old.
    Missed {
        /// The replica.
        replica: String,
        /// Since then.
        since: Timestamp,
    },
    /// A replica is gone, and Tidegate did not remove it.
    Vanished {
        /// The replica.
        replica: String,
    },

    /// A replica lags.
    Lags {
        /// The replica.
        replica: String,
        /// Its lag.
        lag: Option<f64>,
        /// The limit.
        limit: f64,
        /// Since then.
        since: Timestamp,
    },
    /// A replica lags no more.
    Recovered {
        /// The replica.
        replica: String,
    },
    /// The lag of a replica does not count: its source hardly writes.
    SourceIdle {
        /// The replica.
        replica: String,
        /// Its lag.
        lag: f64,
    },
    /// The lag of a replica is not known.
    LagUnknown {
        /// The replica.
        replica: String,
    },
    /// The replication of a replica is broken.
    Broken {
        /// The replica.
        replica: String,
        /// Why.
        cause: String,
    },
    /// It replicates again.
    Replicates {
        /// The replica.
        replica: String,
    },
    /// Replication slots keep much of the disk of the source.
    SlotDisk {
        /// What the slots keep.
        used: f64,
        /// What is free, where that is known.
        free: Option<f64>,
        /// The size of the disk.
        allocated: u64,
    },

    /// Route 53 could not be read: no record is changed.
    RecordsUnreadable {
        /// Why not.
        absence: Absence,
    },
    /// The name has a record that excludes weighted ones: no record is changed.
    RecordConflict {
        /// `Type` of that record.
        kind: String,
    },
    /// The record of a replica is written.
    RecordPut {
        /// The replica.
        replica: String,
    },
    /// The record of a replica is removed.
    RecordDeleted {
        /// The replica.
        replica: String,
    },
    /// No replica is fit to answer reads: one stays.
    OneStays {
        /// The replica.
        replica: String,
    },
    /// No replica is left to answer reads: the source does.
    ReadsOnSource,
    /// Nothing that could answer reads has an endpoint: no record is changed.
    NoEndpoint,

    /// The source or a replica is not available: no change begins.
    NotAvailable {
        /// The instance.
        instance: String,
        /// Its status.
        status: String,
    },
    /// Something of the source is pending: no change begins.
    Pending {
        /// The source.
        source: String,
    },
    /// Fewer replicas than the minimum.
    BelowMin {
        /// So many there are.
        count: u32,
        /// The minimum.
        min: u32,
    },
    /// More replicas than the maximum.
    AboveMax {
        /// So many there are.
        count: u32,
        /// The maximum.
        max: u32,
    },
    /// An operator pinned the count.
    Pinned {
        /// So many there are.
        count: u32,
        /// So many there are to be.
        to: u32,
    },
    /// The busiest replica asks for one more.
    ScaleOut {
        /// The condition.
        condition: Condition,
        /// The replica.
        replica: String,
        /// Its value.
        value: f64,
    },
    /// The busiest replica breaches, not for long enough.
    NotLongEnough {
        /// The condition.
        condition: Condition,
        /// The replica.
        replica: String,
        /// Its value.
        value: f64,
        /// For so long it has held.
        held: SignedDuration,
    },
    /// Every replica allows one fewer.
    ScaleIn {
        /// The condition.
        condition: Condition,
        /// The replica.
        replica: String,
        /// Its value.
        value: f64,
    },
    /// All are low now, and one has not been for long enough.
    ScaleInNotLongEnough {
        /// The condition.
        condition: Condition,
        /// The replica.
        replica: String,
        /// For so long it has held.
        held: SignedDuration,
    },
    /// A replica proves nothing about the load: none is removed.
    ScaleInVeto {
        /// The replica.
        replica: String,
        /// Why.
        why: VetoWhy,
    },
    /// The remaining replicas would ask for one more.
    WouldScaleOut {
        /// The condition.
        condition: Condition,
        /// The value that one fewer would bring.
        predicted: f64,
        /// So many answer reads now.
        replicas: u32,
    },
    /// The cooldown after the last change lasts.
    Cooldown {
        /// Until then.
        until: Timestamp,
    },
    /// The last changes failed: the next one waits.
    BackingOff {
        /// So many in a row.
        failures: u32,
        /// Why.
        cause: String,
        /// Until then.
        until: Timestamp,
    },
    /// One more is needed, and the maximum is reached.
    AtMax {
        /// The maximum.
        max: u32,
    },
    /// An operator holds the count.
    Held,
    /// One fewer would leave too few that answer reads.
    TooFewLeft {
        /// The replica.
        replica: String,
        /// So many would answer reads.
        answering: u32,
        /// So many must.
        least: u32,
    },
    /// None that Tidegate may remove: it created none of them, or they are protected, or replicate further.
    NoneToRemove,
    /// The engine takes no more replicas of one source.
    EngineLimit {
        /// So many it takes.
        limit: u32,
    },
    /// The source makes no backups: RDS creates no replica of it.
    NoBackups {
        /// The source.
        source: String,
    },
    /// Reads would not reach another replica, or go on to one that is removed.
    NoDns {
        /// One would be added; otherwise one would be removed.
        adds: bool,
    },
    /// No name is left for a new replica.
    NoName,
    /// A replica is created.
    Create {
        /// The replica.
        replica: String,
        /// `DBInstanceClass`.
        class: String,
        /// `AvailabilityZone`.
        zone: Option<String>,
    },
    /// A replica is removed: it is taken out of the records first.
    Remove {
        /// The replica.
        replica: String,
    },
    /// Nothing is to be done.
    NothingToDo,
}
