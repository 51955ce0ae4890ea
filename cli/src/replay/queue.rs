//! What the service's queue shows in the simulated world: what its kind shows in production.

use tidegate_fleet::{QueueKind, QueueSource, Service};
use tidegate_simulator::world::Shows;

use crate::error::CommandError;
use crate::replay::options::ReplayOptions;

/// Celery's `worker_prefetch_multiplier` where it is not set.
const CELERY_PREFETCH: u32 = 4;

/// Delayed evaluations, where a queue is read directly; metrics are read once a minute.
const DIRECT_SECONDS: u32 = 15;
const METRICS_SECONDS: u32 = 60;

/// A queue, as an evaluation sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueWorld {
    /// `None` for a service without a queue.
    pub(crate) kind: Option<QueueKind>,
    pub(crate) shows: Shows,
    pub(crate) prefetch: u32,
    /// How old a reading is.
    pub(super) age_seconds: u32,
    /// The polling interval where no other is given.
    pub(super) interval_seconds: u32,
}

impl QueueWorld {
    /// What the service's queue shows; or why the options do not fit it.
    pub(super) fn of(service: &Service, options: &ReplayOptions) -> Result<Self, CommandError> {
        let queue = service.queue();
        let is = |name| queue.is_some_and(|queue| queue.kind() == name);
        let unfit = |option, whose| {
            let kind = queue.map_or("none".to_owned(), |queue| format!("`{}`", queue.kind()));
            CommandError::OptionUnfit { option, whose, service: service.name().to_owned(), kind }
        };
        if options.counts_done && !is(QueueKind::Bullmq) {
            return Err(unfit("--counts-done", "`bullmq` queues, whose workers can keep `metrics`"));
        }
        if options.prefetch.is_some() && !is(QueueKind::Celery) {
            return Err(unfit("--prefetch", "`celery` queues, whose workers reserve messages"));
        }
        let direct = |shows, prefetch| Self {
            kind: queue.map(QueueSource::kind),
            shows,
            prefetch,
            age_seconds: 0,
            interval_seconds: DIRECT_SECONDS,
        };
        Ok(match queue {
            Some(QueueSource::Celery(celery)) => {
                let shows = if celery.acks_late { Shows::Taken } else { Shows::Reserved };
                direct(shows, options.prefetch.unwrap_or(CELERY_PREFETCH))
            }
            Some(QueueSource::Bullmq(_)) if options.counts_done => direct(Shows::TakenAndDone, 1),
            Some(QueueSource::Bullmq(_) | QueueSource::Sqs(_)) => direct(Shows::Taken, 1),
            Some(QueueSource::List(_)) => direct(Shows::Nothing, 1),
            Some(QueueSource::Cloudwatch(metrics)) => {
                let shows = if metrics.in_flight.is_some() { Shows::Taken } else { Shows::Nothing };
                let age_seconds = u32::try_from(metrics.waiting.period.as_secs()).unwrap_or(METRICS_SECONDS);
                Self { age_seconds, interval_seconds: METRICS_SECONDS, ..direct(shows, 1) }
            }
            None => Self { interval_seconds: METRICS_SECONDS, ..direct(Shows::Nothing, 1) },
        })
    }

    /// For operators: what the simulated queue shows, and what would change it.
    pub(super) fn words(self, waits: bool) -> String {
        let Self { kind, prefetch, .. } = self;
        let Some(kind) = kind else {
            let seen = "none: the service is scaled by its metrics, read once a minute;\n\
                        as in CloudWatch, the newest minutes read low at first and grow";
            return seen.to_owned();
        };
        let shows = match (self.shows, kind) {
            (Shows::TakenAndDone, _) => {
                "running jobs are visible, and finished jobs are counted".to_owned()
            }
            (Shows::Taken, QueueKind::Celery) => {
                format!(
                    "running jobs are visible (`acks_late`); a task holds up to {prefetch} messages for each job that it runs"
                )
            }
            (Shows::Taken, QueueKind::Bullmq) if waits => {
                "running jobs are visible; `wait` infers how long a job takes (if the workers have `metrics`:\n\
                 --counts-done)"
                    .to_owned()
            }
            (Shows::Taken, _) => "running jobs are visible".to_owned(),
            (Shows::Reserved, _) => format!(
                "running jobs are not visible, only the messages that workers reserve: {prefetch} for each job that a\n\
                 task runs at a time (--prefetch); if the workers use `task_acks_late`, set `acks_late: true`"
            ),
            (Shows::Nothing, _) => "running jobs are not visible".to_owned(),
        };
        let late = if self.age_seconds > 0 {
            format!("; read from CloudWatch, {} s late", self.age_seconds)
        } else {
            String::new()
        };
        format!("{kind}: {shows}{late}")
    }

    /// For machines.
    pub(super) fn code(self) -> &'static str {
        match self.shows {
            Shows::TakenAndDone => "taken-and-done",
            Shows::Taken => "taken",
            Shows::Reserved => "reserved",
            Shows::Nothing => "nothing",
        }
    }
}
