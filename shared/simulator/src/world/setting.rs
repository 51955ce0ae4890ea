//! What a world is made of.

use std::num::NonZeroU32;

use tidegate_policy::Capacity;

use crate::evaluation::Shows;

/// Everything about a world but its load and who scales it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldSettings {
    /// The bounds for everybody, in tasks.
    pub capacity: Capacity,
    /// Jobs per second of one busy task.
    pub throughput: f64,
    /// Jobs one task runs at a time.
    pub concurrency: NonZeroU32,
    /// Jobs one task holds unacknowledged, for each that it can run at a time: Celery's prefetch multiplier. What it holds
    /// beyond those that it runs is reserved: no other task can take it. 1 reserves nothing, unless jobs are acknowledged
    /// when they start ([`Shows::Reserved`]) and running ones are not among those it holds.
    pub prefetch: u32,
    /// A job that waits longer than this, in seconds, is late.
    pub acceptable_wait_seconds: f64,
    /// How tasks start.
    pub starts: Starts,
    /// When tasks start and stop.
    pub moments: Moments,
    /// How jobs are served.
    pub service: ServiceModel,
    /// When evaluations run.
    pub evaluations: Evaluations,
    /// What an evaluation sees.
    pub sensing: Sensing,
    /// What goes wrong.
    pub disruptions: Disruptions,
    /// The seed of everything drawn.
    pub seed: u64,
}

/// How tasks start. A starting task is billed and serves nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Starts {
    /// The time from the order to the first job, in seconds; rounded to what [`Moments`] allows.
    pub seconds: f64,
    /// It is spread evenly this share to both sides: 0.3 of 90 s is 63 to 117 s.
    pub spread: f64,
    /// This share of the starts fails at its end and begins anew, as ECS does.
    pub failing: f64,
}

/// When tasks start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// Where a step begins: what is ordered together starts together, and a task that must stop does so at once. What
    /// the reference does.
    Steps,
    /// Each at a second of its own: a start takes up to half a step more or less, and a task that must stop serves
    /// for up to a step more.
    AnySecond,
}

/// How jobs are served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ServiceModel {
    /// Work flows like water at the throughput; scale-in interrupts nothing. Fast, and what the reference does.
    Fluid,
    /// Every job by itself; its mean time is `concurrency / throughput`.
    Jobs {
        /// How job times are distributed.
        time: JobTime,
        /// What becomes of running jobs in scale-in.
        scale_in: ScaleIn,
    },
}

/// How job times are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobTime {
    /// All alike.
    Fixed,
    /// Exponential: most are short, some are long.
    Exponential,
}

/// What becomes of running jobs when their task must stop. ECS chooses the task, not the least busy one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleIn {
    /// The task takes no new job and stops, and is billed, when the last one is done.
    Waits,
    /// They are interrupted, go back to the head of the queue and begin anew.
    Kills,
}

/// When evaluations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluations {
    /// The polling interval in seconds, for everybody without an interval of its own; in whole steps.
    pub every_seconds: u32,
    /// Before this, evaluations are only remembered, and nothing is changed.
    pub act_from_seconds: u32,
}

/// What an evaluation sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensing {
    /// A metric's minute is published this long after it ends.
    pub metric_delay_seconds: u32,
    /// A young minute of a metric reads low, and grows until this long after its end; 0 publishes it complete.
    /// CloudWatch takes two to three minutes.
    pub metric_settles_seconds: u32,
    /// The queue is seen as it was this long ago; in whole steps.
    pub reading_age_seconds: u32,
    /// The standard deviation of the factor on every reading of the queue.
    pub noise: f64,
    /// This share of the readings of the queue is missing.
    pub missing: f64,
    /// Jobs in flight are seen times this.
    pub in_flight_bias: f64,
    /// Which of the jobs that tasks took are seen at all.
    pub shows: Shows,
}

impl WorldSettings {
    /// Jobs that one task reserves beyond those that it runs.
    pub(super) fn reserved_by_task(&self) -> u32 {
        let for_each_slot = match self.sensing.shows {
            Shows::Reserved => self.prefetch,
            Shows::TakenAndDone | Shows::Taken | Shows::Nothing => self.prefetch.saturating_sub(1),
        };
        for_each_slot.saturating_mul(self.concurrency.get())
    }
}

impl Sensing {
    /// Exact, direct readings of everything, and metrics published a minute late.
    pub const EXACT: Self = Self {
        metric_delay_seconds: 60,
        metric_settles_seconds: 0,
        reading_age_seconds: 0,
        noise: 0.0,
        missing: 0.0,
        in_flight_bias: 1.0,
        shows: Shows::TakenAndDone,
    };
}

/// What goes wrong, drawn evenly over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disruptions {
    /// Deployments a day. As many new tasks start as are asked for, and serve beside the old ones; when all of them do,
    /// and after [`Self::BAKE_SECONDS`], as many old ones stop.
    pub deployments_a_day: f64,
    /// Tasks a day that die with their jobs, which begin anew; another task starts in the place of each.
    pub restarts_a_day: f64,
    /// Times a day that nothing can be read: neither the queue nor a metric nor the service.
    pub outages_a_day: f64,
    /// Times a day that no task starts; what was asked for waits.
    pub stuck_a_day: f64,
    /// How long the last two last, in seconds.
    pub lasting_seconds: f64,
    /// From here on nothing goes wrong, in seconds since the load began.
    pub until_seconds: f64,
}

impl Disruptions {
    /// So long both colours of a deployment serve.
    pub const BAKE_SECONDS: f64 = 300.0;

    /// Nothing goes wrong, as in the reference.
    pub const NONE: Self = Self {
        deployments_a_day: 0.0,
        restarts_a_day: 0.0,
        outages_a_day: 0.0,
        stuck_a_day: 0.0,
        lasting_seconds: 0.0,
        until_seconds: f64::INFINITY,
    };

    /// A bad day, every day: more of everything than a service has that people keep.
    pub const BAD_DAYS: Self = Self {
        deployments_a_day: 6.0,
        restarts_a_day: 24.0,
        outages_a_day: 6.0,
        stuck_a_day: 4.0,
        lasting_seconds: 300.0,
        until_seconds: f64::INFINITY,
    };
}
