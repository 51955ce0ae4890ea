//! AWS target tracking: a high alarm of three minutes, a low alarm of fifteen, a step in proportion to the distance.

use crate::evaluation::{Autoscaler, AutoscalerInput, Minute};
use crate::number::whole_tasks;

/// Datapoints of a minute that the high alarm needs.
const HIGH_POINTS: u32 = 3;
/// Datapoints that the low alarm needs, below nine tenths of the target.
const LOW_POINTS: u32 = 15;
const LOW_SHARE: f64 = 0.9;
/// ECS's cooldowns, as the guides set them for queue workers: a minute out, five minutes in.
const COOLDOWN_OUT_SECONDS: f64 = 60.0;
const COOLDOWN_IN_SECONDS: f64 = 300.0;
/// AWS says that scale-in is "more gradual" and not how much; a tenth at a time is an assumption. In proportion, like
/// scale-out, it oscillates: 1.71 times the oracle's cost and a third of the jobs late.
const IN_SHARE: f64 = 0.1;

/// What is tracked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum TrackedMetric {
    /// Jobs waiting for each running task.
    Backlog,
    /// The mean share of the tasks that is busy.
    Utilization,
}

/// AWS target tracking of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTracking {
    tracked: TrackedMetric,
    target: f64,
    high: u32,
    low: u32,
    scaled_out: Option<f64>,
    scaled_in: Option<f64>,
}

impl TargetTracking {
    /// Tracks the backlog of a task; the target is the acceptable wait divided by the time of a job.
    #[must_use]
    pub fn backlog(target: f64) -> Self {
        Self { tracked: TrackedMetric::Backlog, target, high: 0, low: 0, scaled_out: None, scaled_in: None }
    }

    /// Tracks CPU: the busy share of the tasks.
    #[must_use]
    pub fn utilization(target: f64) -> Self {
        Self { tracked: TrackedMetric::Utilization, ..Self::backlog(target) }
    }

    fn metric(&self, minute: &Minute, ready: u32) -> f64 {
        match self.tracked {
            TrackedMetric::Backlog => minute.waiting / f64::from(ready.max(1)),
            TrackedMetric::Utilization => minute.utilization,
        }
    }
}

/// Whether this long has passed since then.
fn passed(then: Option<f64>, now: f64, seconds: f64) -> bool {
    then.is_none_or(|then| now - then >= seconds)
}

impl Autoscaler for TargetTracking {
    fn interval_seconds(&self) -> Option<u32> {
        Some(60)
    }

    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let metric = self.metric(seen.minutes.last()?, seen.ready);
        self.high = if metric > self.target { self.high + 1 } else { 0 };
        self.low = if metric < LOW_SHARE * self.target { self.low + 1 } else { 0 };
        let now = seen.seconds;
        let scaled = |size: u32| f64::from(size) * metric / self.target;
        if self.high >= HIGH_POINTS && passed(self.scaled_out, now, COOLDOWN_OUT_SECONDS) {
            let wanted = whole_tasks(scaled(seen.ready).ceil());
            if wanted > seen.total {
                self.scaled_out = Some(now);
                return Some(wanted);
            }
        }
        let rested = passed(self.scaled_in, now, COOLDOWN_IN_SECONDS)
            && passed(self.scaled_out, now, COOLDOWN_IN_SECONDS);
        if self.low >= LOW_POINTS && rested {
            self.scaled_in = Some(now);
            let gradual = whole_tasks(IN_SHARE * f64::from(seen.total)).max(1);
            return Some(whole_tasks(scaled(seen.total).ceil()).max(seen.total.saturating_sub(gradual)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(seconds: f64, minutes: &[Minute], size: u32) -> AutoscalerInput<'_> {
        AutoscalerInput { seconds, queue: None, minutes, ready: size, total: size, rollout: false }
    }

    /// EC2 Auto Scaling user guide, "Scaling policy based on Amazon SQS": 1,500 messages on 10 instances at a target of
    /// 100 add 5 instances.
    #[test]
    fn the_worked_example_of_aws_adds_five() {
        let minutes = [Minute { waiting: 1_500.0, in_flight: 0.0, utilization: 1.0, tasks: 1.0 }];
        let mut tracking = TargetTracking::backlog(100.0);
        assert_eq!(tracking.evaluate(&input(60.0, &minutes, 10)), None);
        assert_eq!(tracking.evaluate(&input(120.0, &minutes, 10)), None);
        assert_eq!(tracking.evaluate(&input(180.0, &minutes, 10)), Some(15));
    }

    #[test]
    fn scale_in_takes_fifteen_minutes_and_a_tenth() {
        let minutes = [Minute { waiting: 0.0, in_flight: 0.0, utilization: 0.0, tasks: 1.0 }];
        let mut tracking = TargetTracking::utilization(0.7);
        for minute in 1..15 {
            assert_eq!(tracking.evaluate(&input(60.0 * f64::from(minute), &minutes, 40)), None);
        }
        assert_eq!(tracking.evaluate(&input(900.0, &minutes, 40)), Some(36));
        assert_eq!(tracking.evaluate(&input(960.0, &minutes, 36)), None);
        assert_eq!(tracking.evaluate(&input(1_200.0, &minutes, 36)), Some(33));
    }
}
