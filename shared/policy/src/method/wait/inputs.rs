//! What one evaluation shows the method.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::evidence::at_limit;
use crate::evidence::readings::{QueueWork, partly_read};
use crate::memory::AtLimit;
use crate::observation::{InFlight, Observation, Queue, ServiceState};
use crate::reading::number;
use crate::service::ServicePolicy;

use super::numbers::seconds;

/// One evaluation. Counts of jobs and places are numbers to calculate with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WaitInputs {
    /// The acceptable wait, in seconds.
    pub(crate) acceptable: f64,
    /// Jobs one task runs at a time.
    pub(crate) concurrency: f64,
    /// The bounds in force.
    pub(crate) bounds: Capacity,
    /// How long tasks may take to start, in seconds.
    pub(crate) startup: f64,
    /// Tasks asked for.
    pub(crate) desired: u32,
    /// Tasks that run.
    pub(crate) running: u32,
    /// A deployment is in progress.
    pub(crate) rollout: bool,
    /// When the desired count was last changed by us.
    pub(crate) changed_at: Option<Timestamp>,
    /// The queue, unless it could not be read.
    pub(crate) jobs: Option<QueueJobs>,
    /// The time of this evaluation.
    pub(crate) now: Timestamp,
}

impl WaitInputs {
    /// The jobs that tasks took along when the last of them died: they come back, and then need as many as before. As long
    /// as a single task runs it may be the one that holds them.
    pub(crate) fn orphaned_jobs(&self) -> f64 {
        let places = f64::from(self.desired) * self.concurrency;
        let taken = self.jobs.map_or(0.0, |jobs| jobs.in_flight + jobs.held + jobs.reserved);
        if self.running == 0 { taken.min(places) } else { 0.0 }
    }
}

/// The jobs that an evaluation shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct QueueJobs {
    /// Waiting; none while the queue is paused.
    pub(crate) waiting: f64,
    /// Running: no more than there are places.
    pub(crate) in_flight: f64,
    /// Taken beyond that: held by workers.
    pub(crate) held: f64,
    /// Of `waiting`: reserved by workers that hide which jobs run. A new task cannot take them.
    pub(crate) reserved: f64,
    /// The queue shows every running job.
    pub(crate) visible: bool,
    /// Only a part of what workers hold was read.
    pub(crate) partial: bool,
    /// Jobs done since some fixed moment.
    pub(crate) done: Option<u64>,
    /// The queue is paused.
    pub(crate) paused: bool,
    /// The queue is at a limit of its own, or was lately, and what waits orders no tasks.
    pub(crate) limit: Option<LimitSeen>,
    /// So many may run at a time.
    pub(crate) most: f64,
}

/// A queue at its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LimitSeen {
    /// So many run at a time in the mean, once that has been measured.
    pub(crate) busy: Option<f64>,
}

impl QueueJobs {
    /// What runs can neither be seen nor counted.
    pub(crate) fn hidden(&self) -> bool {
        !self.visible && self.done.is_none()
    }
}

/// What an evaluation shows, if there is a service that can be scaled.
pub(crate) fn of(
    seen: &Observation,
    policy: &ServicePolicy,
    acceptable: SignedDuration,
    bounds: Capacity,
    changed_at: Option<Timestamp>,
    at_limit: Option<AtLimit>,
    now: Timestamp,
) -> Option<WaitInputs> {
    let service = seen.service.as_ref().ok().filter(|service| service.active && !service.daemon)?;
    Some(WaitInputs {
        acceptable: seconds(acceptable).clamp(1.0, 86_400.0),
        concurrency: f64::from(policy.concurrency.get()),
        bounds,
        startup: seconds(policy.startup).clamp(1.0, 86_400.0),
        desired: service.desired_count.min(Capacity::LIMIT),
        running: service.running_count.min(Capacity::LIMIT),
        rollout: service.rollout,
        changed_at,
        jobs: seen.queue().map(|queue| {
            let seen = LimitSeen { busy: at_limit::busy(at_limit, now) };
            let limit = at_limit::orders_none(queue, at_limit).then_some(seen);
            QueueJobs { limit, ..jobs(queue, service, policy) }
        }),
        now,
    })
}

fn jobs(queue: &Queue, service: &ServiceState, policy: &ServicePolicy) -> QueueJobs {
    let work = QueueWork::of(queue, Some(service), policy);
    let (in_flight, held) = (number(work.in_flight), number(work.held));
    let (in_flight, held, reserved) = match queue.in_flight {
        InFlight::Exactly(_) => (in_flight, held, 0.0),
        InFlight::Reserved(jobs) => (0.0, 0.0, number(jobs)),
        // Of a lower bound it is not known what is reserved and what runs.
        InFlight::AtLeast(_) | InFlight::Partly { .. } | InFlight::Unknown => (0.0, 0.0, 0.0),
    };
    QueueJobs {
        waiting: if queue.paused { 0.0 } else { number(queue.waiting) + reserved },
        in_flight,
        held,
        reserved,
        visible: work.visible,
        partial: partly_read(queue).is_some(),
        done: queue.done,
        paused: queue.paused,
        limit: None,
        most: at_limit::most(queue),
    }
}

#[cfg(test)]
impl WaitInputs {
    /// An evaluation at noon: so many tasks are asked for and run, of two jobs each, with `wait: 60s`; the queue is
    /// unread.
    pub(crate) fn of_tasks(desired: u32, running: u32) -> Self {
        Self {
            acceptable: 60.0,
            concurrency: 2.0,
            bounds: Capacity::new(0, 100).unwrap(),
            startup: 180.0,
            desired,
            running,
            rollout: false,
            changed_at: None,
            jobs: None,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// The same, so many seconds later.
    pub(crate) fn after(self, seconds: i64) -> Self {
        Self { now: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds), ..self }
    }
}

#[cfg(test)]
impl QueueJobs {
    /// So many wait, and as many run; the queue shows them and does not count what is done.
    pub(crate) fn shown(waiting: f64, in_flight: f64) -> Self {
        Self {
            waiting,
            in_flight,
            held: 0.0,
            reserved: 0.0,
            visible: true,
            partial: false,
            done: None,
            paused: false,
            limit: None,
            most: f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_tasks_took_along_no_more_than_they_had_places() {
        for (running, in_flight, held, reserved, expected) in [
            (0, 3.0, 0.0, 0.0, 3.0),
            (0, 3.0, 2.0, 1.0, 6.0),
            (0, 40.0, 40.0, 40.0, 10.0), // five tasks of two jobs each
            (1, 3.0, 2.0, 1.0, 0.0),     // it may be the one that holds them
        ] {
            let jobs = QueueJobs { held, reserved, ..QueueJobs::shown(0.0, in_flight) };
            let seen = WaitInputs { jobs: Some(jobs), ..WaitInputs::of_tasks(5, running) };
            let taken = seen.orphaned_jobs();
            assert!((taken - expected).abs() < 1e-9, "{taken} instead of {expected}: {jobs:?}");
        }
    }
}
