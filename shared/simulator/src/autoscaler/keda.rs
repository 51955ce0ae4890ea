//! KEDA with the Horizontal Pod Autoscaler's behavior: jobs, waiting and in flight, divided by `queueLength`.

use std::collections::VecDeque;

use crate::evaluation::{Autoscaler, AutoscalerInput};
use crate::number::tasks;

/// A size within a tenth of the target is good enough (`--horizontal-pod-autoscaler-tolerance`).
const TOLERANCE: f64 = 0.1;
/// The default scale-up policy adds 4 pods or doubles, whichever is more, every 15 s.
const PODS_PER_PERIOD: u32 = 4;
/// The default `stabilizationWindowSeconds` of scale-down.
const STABILIZATION_SECONDS: f64 = 300.0;

/// KEDA; it reads the queue itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Keda {
    queue_length: f64,
    recommendations: VecDeque<(f64, u32)>,
}

impl Keda {
    /// With a `queueLength`: 5 is the default of SQS, 1 is right where a task runs one job.
    #[must_use]
    pub fn new(queue_length: f64) -> Self {
        Self { queue_length, recommendations: VecDeque::new() }
    }

    /// The most that was recommended within the window; falling recommendations only, since of the others the later one
    /// counts.
    fn stabilized(&mut self, now: f64, recommendation: u32) -> u32 {
        while self.recommendations.back().is_some_and(|(_, earlier)| *earlier <= recommendation) {
            self.recommendations.pop_back();
        }
        self.recommendations.push_back((now, recommendation));
        while self.recommendations.front().is_some_and(|(at, _)| *at < now - STABILIZATION_SECONDS) {
            self.recommendations.pop_front();
        }
        self.recommendations.front().map_or(recommendation, |(_, largest)| *largest)
    }
}

impl Autoscaler for Keda {
    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let queue = seen.queue?;
        let jobs = queue.waiting + queue.in_flight;
        let total = seen.total;
        let ratio = jobs / (self.queue_length * f64::from(total.max(1)));
        let near = total > 0 && (ratio - 1.0).abs() <= TOLERANCE;
        let wanted = if near { total } else { tasks(jobs / self.queue_length) };
        let fastest = total.saturating_add(PODS_PER_PERIOD).max(total.saturating_mul(2));
        let wanted = wanted.min(fastest);
        let stabilized = self.stabilized(seen.seconds, wanted);
        Some(if wanted > total { wanted } else { total.min(stabilized) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::QueueReading;
    use crate::evaluation::Shows;

    #[track_caller]
    fn check(keda: &mut Keda, seconds: f64, jobs: f64, total: u32, expected: u32) {
        let queue = QueueReading {
            waiting: jobs,
            in_flight: 0.0,
            completed: 0.0,
            taken: 0.0,
            shows: Shows::Taken,
            age_seconds: 0,
        };
        let seen = AutoscalerInput {
            seconds,
            queue: Some(queue),
            minutes: &[],
            ready: total,
            total,
            rollout: false,
        };
        assert_eq!(keda.evaluate(&seen), Some(expected), "{jobs} jobs on {total}");
    }

    /// Kubernetes: `desiredReplicas = ceil(currentReplicas * (currentMetricValue / desiredMetricValue))`, tolerance 0.1,
    /// at most 4 pods or 100 % a period, five minutes before scaling down.
    #[test]
    fn the_rules_of_the_autoscaler_hold() {
        let mut keda = Keda::new(5.0);
        check(&mut keda, 0.0, 26.0, 5, 5); // 5.2 of 5: within the tolerance
        check(&mut keda, 15.0, 28.0, 5, 6); // 5.6: rounded up
        check(&mut keda, 30.0, 500.0, 6, 12); // doubled
        check(&mut keda, 45.0, 500.0, 2, 6); // 4 more
        check(&mut keda, 60.0, 0.0, 12, 12); // 12 were recommended 30 s ago
        check(&mut keda, 331.0, 0.0, 12, 6); // and 6 within the window
        check(&mut keda, 400.0, 0.0, 12, 0);
    }
}
