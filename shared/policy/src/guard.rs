//! A guard: the connections of a database as a limit of what a service may add.
//!
//! Workers that follow a queue open connections. In March 2026 a service went from 5 to 38 tasks within 12 minutes and exhausted
//! its database for two and a half hours: the queue asked for capacity, and capacity was the harm.

use std::num::NonZeroU32;

use crate::signal::MetricName;

/// No scale-out beyond what a database takes: `guard: { database: main, connections: 85% }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionGuard {
    /// The name of the database in the fleet file.
    pub database: String,
    /// The metric by which its connections are read.
    pub metric: MetricName,
    /// The share of its connections that may be in use, in percent: 1 to 100.
    pub percent: u32,
    /// How many it takes, as the fleet file declares it; `None`: by the default of its class.
    pub max_connections: Option<NonZeroU32>,
    /// How many each task holds, as the fleet file declares it; `None`: the connections now, divided by the tasks now.
    pub per_task: Option<NonZeroU32>,
    /// So many services of the fleet guard the same database. Each may have an equal part of what it could have alone, since they are
    /// decided about side by side, and none knows what the others have ordered.
    pub sharers: NonZeroU32,
    /// What happens while the connections, or how many the database takes, are not known.
    pub on_missing: OnMissing,
}

/// What a guard does while it cannot measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissing {
    /// Nothing: the service scales as if it had none, and says so.
    Ignore,
    /// It adds nothing, and says so.
    Hold,
}

/// What a ceiling follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Connections {
    /// The database's name in the fleet file.
    pub database: String,
    /// Connections in use.
    pub used: f64,
    /// So many it takes.
    pub max: u32,
    /// That is an estimate, by the default of its class.
    pub is_estimated: bool,
    /// The share of them that may be used, in percent.
    pub percent: u32,
    /// So many each task holds.
    pub per_task: f64,
    /// So many services share them equally.
    pub sharers: u32,
    /// So many tasks that allows, before the tasks there are and the minimum, below which a guard never goes.
    pub allows: u32,
}
