//! What an evaluation of the simulated world sees, and who acts on it.

/// What one evaluation sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutoscalerInput<'a> {
    /// Seconds since the load began.
    pub seconds: f64,
    /// The queue, read directly; `None` if it could not be read.
    pub queue: Option<QueueReading>,
    /// Every minute whose metrics are published, oldest first.
    pub minutes: &'a [Minute],
    /// Tasks that serve (`runningCount`).
    pub ready: u32,
    /// Tasks that were asked for, starting ones included (`desiredCount`).
    pub total: u32,
    /// A deployment is in progress: both of its colours serve.
    pub rollout: bool,
}

/// A direct reading of the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueReading {
    /// Jobs that no task has taken.
    pub waiting: f64,
    /// Jobs taken and not finished, as far as the queue shows them.
    pub in_flight: f64,
    /// Jobs finished since the beginning; only where the queue counts them.
    pub completed: f64,
    /// Jobs taken since the beginning: the number of the next one to be taken.
    pub taken: f64,
    /// What the queue shows of the jobs that tasks took.
    pub shows: Shows,
    /// How old the reading is, in seconds.
    pub age_seconds: u32,
}

/// The metrics of one minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// Jobs that waited at its end.
    pub waiting: f64,
    /// Jobs in flight at its end.
    pub in_flight: f64,
    /// The mean share of the serving tasks that was busy.
    pub utilization: f64,
    /// The most tasks that served.
    pub tasks: f64,
}

/// An autoscaler.
pub trait Autoscaler {
    /// The size it begins with, if it has one of its own.
    fn initial_tasks(&self) -> Option<u32> {
        None
    }

    /// The interval of its evaluations in seconds, if it has an interval of its own.
    fn interval_seconds(&self) -> Option<u32> {
        None
    }

    /// An evaluation before an autoscaler may act.
    fn watch(&mut self, _seen: &AutoscalerInput<'_>) {}

    /// An evaluation in which nothing can be read, the service included.
    fn unreadable(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        None
    }

    /// An evaluation: the number of tasks to set, or nothing to leave it. The world keeps it within the capacity.
    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32>;
}

/// What a queue shows of the jobs that tasks took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// All of them, and it counts the jobs done: BullMQ whose workers keep `metrics`.
    TakenAndDone,
    /// All of them: BullMQ, SQS, Celery with `acks_late`, CloudWatch with a metric of them.
    Taken,
    /// Only those that are reserved and do not run yet: Celery, which acknowledges a job when it starts.
    Reserved,
    /// None of them: a plain Redis list, CloudWatch without such a metric.
    Nothing,
}
