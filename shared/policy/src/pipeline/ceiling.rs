//! How many tasks a database takes: the ceiling of a guard.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use crate::evidence::conditions::unread;
use crate::evidence::metric;
use crate::evidence::signal_reading::SignalReading;
use crate::guard::{ConnectionGuard, Connections, OnMissing};
use crate::memory::Memory;
use crate::memory::ran::Ran;
use crate::observation::{Datapoint, Observation, ServiceState};
use crate::reading::{Absence, AbsenceKind};
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// What a guard says in this evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ceiling {
    /// No more tasks than [`Connections::allows`].
    Tasks(Connections),
    /// It cannot be measured: why, and whether that holds what there is.
    Unknown {
        /// Why.
        reason: Reason,
        /// Nothing is added meanwhile.
        holds: bool,
    },
}

/// Measures the ceiling. A datapoint belongs to the tasks that ran while it was measured, so the ceiling is a number of tasks
/// and not a number of more tasks: what was started since then is counted once. One that may still change counts too: it
/// lowers the ceiling that a settled one gives, and where none has settled a high ceiling is better than none.
pub(crate) fn of(
    guard: &ConnectionGuard,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    ran: Option<&Ran>,
    now: Timestamp,
) -> Option<Ceiling> {
    let service = seen.service.as_ref().ok()?;
    let signal = Signal::Metric(guard.metric.clone());
    let reading = metric::read_signal(&guard.metric, seen, policy, memory, now);
    let (max, is_estimated) = match limit(guard, seen) {
        Ok(limit) => limit,
        Err(absence) => {
            let database = guard.database.clone();
            return Some(unknown(guard, Reason::GuardLimitUnknown { database, absence }));
        }
    };
    if let Some(reason) = unread(&signal, reading.reading.as_ref())
        && (guard.on_missing == OnMissing::Hold || reading.early().is_empty())
    {
        return Some(unknown(guard, reason));
    }
    let allowed = f64::from(max) * f64::from(guard.percent) / 100.0;
    let of_point = |point: Datapoint| {
        let tasks = tasks_at(point, &reading, ran, service);
        let per_task = per_task(guard, point.value, tasks);
        let (room, sharers) = (allowed - point.value, f64::from(guard.sharers.get()));
        // Without tasks and `per_task` nothing shows what a task holds, and all that is in use is that of others: a service that
        // sleeps may wake where one more connection is allowed. One that has a task may keep that anyway.
        let may_wake = guard.per_task.is_none() && room / sharers >= 1.0;
        Ceiling::Tasks(Connections {
            database: guard.database.clone(),
            used: point.value,
            max,
            is_estimated,
            percent: guard.percent,
            per_task,
            sharers: guard.sharers.get(),
            // An equal part of what it could have alone, and not of what is left: tasks that others have ordered and that do not
            // run yet are in no measurement, and would be given away once more.
            allows: whole((tasks + room / per_task) / sharers).max(u32::from(may_wake)),
        })
    };
    reading.may_ask().map(of_point).min_by_key(Ceiling::tasks)
}

impl Ceiling {
    /// The most tasks, where that is known.
    fn tasks(&self) -> Option<u32> {
        match self {
            Self::Tasks(connections) => Some(connections.allows),
            Self::Unknown { .. } => None,
        }
    }

    /// Lowers a recommendation to it, never below what there is and never below the minimum; and says so where it bites.
    pub(crate) fn limit(&self, recommendation: u32, least: u32) -> Option<(u32, Reason)> {
        match self {
            Self::Tasks(connections) => {
                let (most, because) = (connections.allows.max(least), connections.clone());
                let reason = Reason::ConnectionsLimit { most, recommendation, because };
                (most < recommendation).then_some((most, reason))
            }
            Self::Unknown { reason, holds: true } => {
                (least < recommendation).then(|| (least, reason.clone()))
            }
            Self::Unknown { holds: false, .. } => None,
        }
    }
}

/// It cannot be measured.
fn unknown(guard: &ConnectionGuard, reason: Reason) -> Ceiling {
    Ceiling::Unknown { reason, holds: guard.on_missing == OnMissing::Hold }
}

/// How many connections the database takes, and whether that is an estimate.
fn limit(guard: &ConnectionGuard, seen: &Observation) -> Result<(u32, bool), Absence> {
    if let Some(declared) = guard.max_connections {
        return Ok((declared.get(), false));
    }
    let unread = || Err(Absence::new(AbsenceKind::NoDatapoints, "the instance was not read"));
    let instance = seen.database.clone().unwrap_or_else(unread)?;
    instance.limit().map(|limit| (limit.max, limit.is_estimated))
}

/// The tasks that held what was measured: the fewest, so that none is taken to hold less than it does.
fn tasks_at(point: Datapoint, reading: &SignalReading, ran: Option<&Ran>, service: &ServiceState) -> f64 {
    let serving = || f64::from(service.running_count.min(service.desired_count));
    let from = point.at.saturating_sub(reading.period.max(SignedDuration::from_mins(1))).unwrap_or(point.at);
    ran.map_or_else(serving, |ran| ran.over(from, point.at, SignedDuration::ZERO).0)
}

/// How many connections each task holds: as declared; otherwise all that are in use belong to the tasks, which is too many and
/// never too few, and each holds at least one.
fn per_task(guard: &ConnectionGuard, used: f64, tasks: f64) -> f64 {
    let measured = || (used / tasks.max(1.0)).max(1.0);
    guard.per_task.map_or_else(measured, |declared| f64::from(NonZeroU32::get(declared)))
}

/// A count of tasks, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded to the range of u32 before"
)]
fn whole(tasks: f64) -> u32 {
    (tasks + 1e-9).clamp(0.0, f64::from(u32::MAX)) as u32
}
