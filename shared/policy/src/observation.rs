//! What one evaluation saw of one service. Filled by `queues` and `aws`, never by guessing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connection_limit::GuardedInstance;
use crate::reading::Absence;
use crate::signal::{AlarmName, MetricName};

/// Everything one evaluation saw of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What is scaled, or why it could not be read.
    pub service: Result<ServiceState, Absence>,
    /// Its queue, or why it could not be read; `None` for a service without one.
    pub queue: Option<Result<Queue, Absence>>,
    /// Its metrics by name, built-in ones included, as far as its rules name them.
    pub metrics: BTreeMap<MetricName, MetricReading>,
    /// The CloudWatch alarms that its rules name.
    pub alarms: BTreeMap<AlarmName, Result<Alarm, Absence>>,
    /// The instance of the database that its guard names, or why it could not be read; `None` where nobody needs it.
    pub database: Option<Result<GuardedInstance, Absence>>,
}

impl Observation {
    /// The queue, where there is one and it was read.
    #[must_use]
    pub fn queue(&self) -> Option<&Queue> {
        self.queue.as_ref()?.as_ref().ok()
    }

    /// Why the queue could not be read, where there is one.
    #[must_use]
    pub fn queue_unread(&self) -> Option<&Absence> {
        self.queue.as_ref()?.as_ref().err()
    }
}

/// What is scaled, as AWS shows it: an ECS service, counted in tasks, or an EC2 Auto Scaling group, counted in instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceState {
    /// `desiredCount`.
    pub desired_count: u32,
    /// `runningCount`.
    pub running_count: u32,
    /// `pendingCount`.
    pub pending_count: u32,
    /// A deployment is in progress: more than one entry in `deployments`, or a `rolloutState` that is not `COMPLETED`. One
    /// that is `FAILED` is over where it is the only one.
    pub rollout: bool,
    /// `status` is `ACTIVE`; a service `DRAINING` or `INACTIVE` is left alone.
    pub active: bool,
    /// `schedulingStrategy` is `DAEMON`: there is no desired count to set.
    pub daemon: bool,
    /// What AWS itself sets around it.
    pub constraints: Constraints,
}

/// What AWS itself sets around what is scaled. Nothing, for an ECS service that no other autoscaler scales.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// AWS's own least capacity (`MinSize` of an Auto Scaling group): a smaller one is refused.
    pub min: Option<u32>,
    /// AWS's own largest capacity (`MaxSize`): a larger one is refused.
    pub max: Option<u32>,
    /// Why AWS adds nothing now: `the Launch process is suspended`.
    pub no_scale_out: Option<String>,
    /// Why AWS takes nothing away now: `the Terminate process is suspended`.
    pub no_scale_in: Option<String>,
    /// `resourceManagementType` is `ECS`: a service of ECS Express Mode, of which ECS itself manages the desired count.
    pub express: bool,
    /// A deployment is `FAILED`, in progress or not: ECS goes on with it no more.
    pub deployment_failed: bool,
    /// Of the running ones: so many are protected from scale-in, and stay whatever the desired count is.
    pub protected: u32,
    /// Metrics leave an instance out for so long after it began to run (`DefaultInstanceWarmup`); it counts as starting.
    pub warmup: SignedDuration,
    /// Whether AWS's own autoscaling scales it too.
    pub other_autoscaler: OtherAutoscaler,
}

/// Whether AWS's own autoscaling scales the same thing. Two autoscalers undo each other's changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OtherAutoscaler {
    /// It does not.
    #[default]
    Absent,
    /// It is set up, and everything of it is suspended: dynamic scaling in both directions and scheduled scaling.
    Suspended,
    /// It does; in words, for reports: `Application Auto Scaling (min 2, max 10; dynamic scale-in is not suspended)`.
    Active(String),
    /// Not known: it could not be asked.
    Unknown(Absence),
}

/// A CloudWatch alarm as `DescribeAlarms` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// `StateValue`.
    pub state: AlarmState,
    /// `StateTransitionedTimestamp`: since when.
    pub since: Timestamp,
    /// `EvaluationState`: what the state rests on.
    pub evaluation_state: AlarmEvaluation,
}

/// What the state of an alarm rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AlarmEvaluation {
    /// All of its data.
    #[default]
    Complete,
    /// `PARTIAL_DATA`: a part of its data; the rest was beyond a quota.
    PartialData,
    /// `EVALUATION_ERROR`: nothing; the alarm is configured wrongly, and its state is an old one.
    Error,
    /// `EVALUATION_FAILURE`: nothing; CloudWatch has a fault, and its state is an old one.
    Failure,
    /// Of a composite alarm: a part of the alarms that it is made of; what is not known of the others, in words.
    ChildUnknown(String),
}

impl AlarmEvaluation {
    /// As CloudWatch writes it, where it writes anything; of a composite alarm, in words.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Complete => None,
            Self::PartialData => Some("PARTIAL_DATA"),
            Self::Error => Some("EVALUATION_ERROR"),
            Self::Failure => Some("EVALUATION_FAILURE"),
            Self::ChildUnknown(what) => Some(what),
        }
    }
}

/// The state of a CloudWatch alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`: not known, and never `OK`.
    InsufficientData,
}

/// A queue's jobs at the moment of the evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Runnable jobs that no worker has taken, due delayed ones included.
    pub waiting: u64,
    /// Of `waiting`: delayed jobs whose time has come.
    pub due: u64,
    /// Delayed jobs whose time has not come, wherever they are kept (Celery's workers hold theirs).
    pub delayed: u64,
    /// The delayed jobs are held by workers (Celery's ETA tasks): without a worker they fall back into the queue, so
    /// the last worker stays. Where the server keeps them (BullMQ, SQS), zero strands nothing: they count when due.
    pub delayed_held: bool,
    /// Jobs taken and not finished.
    pub in_flight: InFlight,
    /// Jobs done since some fixed moment, where the queue counts them: a counter that only rises. How fast jobs are
    /// done is then known; otherwise it is inferred from how the queue answers to more or fewer tasks.
    pub done: Option<u64>,
    /// The queue is paused: its waiting jobs are not handed to workers.
    pub paused: bool,
    /// What the queue's own limits allow.
    pub limits: QueueLimits,
    /// A fingerprint of the next job to be taken; unchanged over time means the queue does not move.
    /// `None` when nothing waits or the queue cannot tell.
    pub head: Option<u64>,
}

/// What a queue's own limits allow (BullMQ's rate limit and global concurrency); by default there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueLimits {
    /// Jobs wait, and the rate limit lets no worker take one at this moment.
    pub rate_met: bool,
    /// The jobs that were taken in the period of a rate limit that lasts, where they are counted.
    pub taken: Option<u64>,
    /// The jobs that may be taken in one period, where the queue itself says so.
    pub max: Option<u64>,
    /// The jobs that may run at a time.
    pub concurrency: Option<u64>,
}

impl Queue {
    /// Jobs wait, and as many run as may at a time.
    #[must_use]
    pub fn is_at_concurrency(&self) -> bool {
        self.waiting > 0 && self.limits.concurrency.is_some_and(|jobs| self.in_flight.known() >= jobs)
    }

    /// Jobs wait that no worker may take at this moment.
    #[must_use]
    pub fn is_at_limit(&self) -> bool {
        self.limits.rate_met || self.is_at_concurrency()
    }

    /// Jobs that a service without tasks would leave alone: those that wait, paused or not, those that are taken, and the
    /// delayed ones that workers hold.
    pub(crate) fn jobs_that_need_a_task(&self) -> u64 {
        let held = if self.delayed_held { self.delayed } else { 0 };
        self.waiting.saturating_add(self.in_flight.known()).saturating_add(held)
    }
}

/// How many jobs are taken and not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// The queue counts them all.
    Exactly(u64),
    /// The queue shows no running job: these are what workers reserved and did not begin. Celery with early acknowledgment.
    Reserved(u64),
    /// The queue shows running jobs, perhaps not all: its messages may be in other queues too, and go from all of them with
    /// the first acknowledgment. A trait of the queue, the same in most evaluations.
    AtLeast(u64),
    /// Only a part of what workers hold was read: at least these, perhaps more. A trait of this evaluation, which the
    /// next one may not have; a part never lowers anything.
    Partly {
        /// Jobs of this queue among those read.
        jobs: u64,
        /// Messages read, of all queues that share the place.
        read: u64,
        /// Messages there are.
        held: u64,
    },
    /// The queue shows none of them: a plain Redis list forgets a job when it is taken.
    Unknown,
}

impl InFlight {
    /// More may run than the number that is known. It shows that there are so many, and never that there are few.
    #[must_use]
    pub fn is_lower_bound(self) -> bool {
        match self {
            Self::Reserved(_) | Self::AtLeast(_) | Self::Partly { .. } => true,
            Self::Exactly(_) | Self::Unknown => false,
        }
    }

    /// The number that is known.
    #[must_use]
    pub fn known(self) -> u64 {
        match self {
            Self::Exactly(jobs) | Self::Reserved(jobs) | Self::AtLeast(jobs) | Self::Partly { jobs, .. } => {
                jobs
            }
            Self::Unknown => 0,
        }
    }
}

/// What this evaluation knows of one metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricReading {
    /// Datapoints from CloudWatch, oldest first, with the period they share; empty means CloudWatch completed the
    /// answer and there were none.
    Points {
        /// The metric's period.
        period: SignedDuration,
        /// The datapoints, oldest first.
        points: Vec<Datapoint>,
    },
    /// Not asked for in this evaluation: metrics are read once a minute.
    NotRead,
    /// Asked for, and not answered.
    Failed(Absence),
}

/// One datapoint of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// The end of its period.
    pub at: Timestamp,
    /// Its value, finite, in the signal's unit.
    pub value: f64,
}
