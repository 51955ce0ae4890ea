//! What lies behind two of the reasons.

/// Why a removal is given up before its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptWhy {
    /// An operator holds the count, or asks for more.
    Held,
    /// The load of the others rose.
    LoadRose,
    /// Too few others answer reads.
    TooFewLeft,
    /// For long the load of the others was not known.
    LoadUnknown,
    /// For long another change, or observe mode, kept it from being deleted.
    Blocked,
    /// It failed, and has served before.
    Failed,
    /// A blue/green deployment of the source exists.
    BlueGreen,
    /// It is not ours any more, or is protected, or replicates further.
    NotOurs,
}

/// Why a replica proves nothing about the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VetoWhy {
    /// It has not answered reads for long enough.
    TooNew,
    /// It lags, or its replication is broken: it may get no reads.
    NotAnswering,
    /// Its metric is not known.
    Unknown,
}
