//! Production itself: `tidegate_policy::decide`, shown a simulated world. Nothing of it is repeated here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Evaluation;
use tidegate_policy::memory::Settled;
use tidegate_policy::{
    Absence, AbsenceKind, Constraints, Datapoint, InFlight, Memory, MetricName, MetricReading, Observation,
    Queue, QueueLimits, Reason, ServicePolicy, ServiceState, Signal, Verdict, decide,
};

use crate::autoscaler::log::{Log, LoggedDecision};
use crate::evaluation::{Autoscaler, AutoscalerInput, Minute, QueueReading, Shows};
use crate::number::{jobs, place, real};

/// The one metric that a queue world has: the busy share of the tasks.
const CPU: &str = "cpu";
/// What the simulated evaluations are called.
const TARGET: &str = "simulated";
const EVALUATION: &str = "evaluation";
/// Metrics are asked for at most once a minute, as `aws` does.
const METRICS_EVERY_SECONDS: f64 = 60.0;
/// One question goes back so many minutes, as `aws` asks; more are known already.
const MINUTES_ASKED: usize = 10;

/// The policy of one service with the memory of its last evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Production {
    policy: ServicePolicy,
    memory: Memory,
    begin: Timestamp,
    left_out: Vec<String>,
    reads_cpu: bool,
    has_queue: bool,
    metrics_read: Option<f64>,
    log: Option<Log>,
}

impl Production {
    /// A service that was never evaluated, from a moment on.
    ///
    /// Rules, trackers and floors by what no queue shows (memory, response times, users, alarms) are left out: a reading
    /// that is always missing would keep every task for ever. So is a guard, unless it declares how many connections a task
    /// holds, and how many there are. No operator is notified of anything.
    #[must_use]
    pub fn new(policy: &ServicePolicy, begin: Timestamp) -> Self {
        let mut policy = policy.clone();
        let mut left_out = Vec::new();
        policy.rules.retain(|rule| {
            let told = is_reported(&rule.when.signal);
            if !told {
                left_out.push(rule.when.to_string());
            }
            told
        });
        let unknown =
            policy.guard.take_if(|guard| guard.max_connections.is_none() || guard.per_task.is_none());
        left_out.extend(unknown.map(|guard| {
            format!("guard of database {}, without `max_connections` and `per_task`", guard.database)
        }));
        left_out.extend(policy.floor.take().map(|floor| format!("floor by {}", floor.by().as_str())));
        policy.track.retain(|track| {
            let told = is_reported(&track.signal);
            if !told {
                left_out.push(format!("track {track}"));
            }
            told
        });
        policy.notify.clear();
        let of_rules = policy.rules.iter().map(|rule| &rule.when.signal);
        let mut signals = of_rules.chain(policy.track.iter().map(|track| &track.signal));
        let reads_cpu = signals.any(|signal| matches!(signal, Signal::Metric(_)));
        Self {
            policy,
            memory: Memory::default(),
            begin,
            left_out,
            reads_cpu,
            has_queue: true,
            metrics_read: None,
            log: None,
        }
    }

    /// The same for a service without a queue: it is seen by its metrics only.
    #[must_use]
    pub fn without_queue(self) -> Self {
        Self { has_queue: false, ..self }
    }

    /// The same, with a log of at most that many decisions.
    #[must_use]
    pub fn logged(self, limit: usize) -> Self {
        Self { log: Some(Log::new(limit)), ..self }
    }

    /// What was decided and why; `None` unless it was asked for.
    #[must_use]
    pub fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// The conditions of the rules that a queue world does not have.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Whether anything is left that proposes a size: a run of a service without it says nothing about its policy.
    #[must_use]
    pub fn decides(&self) -> bool {
        !self.policy.rules.is_empty() || !self.policy.track.is_empty() || self.policy.wait.is_some()
    }

    /// The moment of an evaluation.
    fn at(&self, seconds: f64) -> Timestamp {
        let passed = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
        self.begin.saturating_add(passed).unwrap_or(self.begin)
    }

    /// What production would see.
    fn observe(&mut self, seen: &AutoscalerInput<'_>) -> Observation {
        let service = ServiceState {
            desired_count: seen.total,
            running_count: seen.ready,
            pending_count: seen.total.saturating_sub(seen.ready),
            rollout: seen.rollout,
            active: true,
            daemon: false,
            constraints: Constraints::default(),
        };
        let unread = || Absence::new(AbsenceKind::TimedOut, "simulated");
        Observation {
            service: Ok(service),
            queue: self.has_queue.then(|| seen.queue.as_ref().map(queue).ok_or_else(unread)),
            metrics: self.metrics(seen),
            alarms: [].into(),
            database: None,
        }
    }

    /// The newest minutes of CPU, and of the connections of a guarded database, at most once a minute.
    fn metrics(&mut self, seen: &AutoscalerInput<'_>) -> BTreeMap<MetricName, MetricReading> {
        let asked = self.metrics_read.is_none_or(|last| seen.seconds - last >= METRICS_EVERY_SECONDS);
        if asked {
            self.metrics_read = Some(seen.seconds);
        }
        let known = seen.minutes.len().saturating_sub(MINUTES_ASKED);
        let reading = |value: &dyn Fn(&Minute) -> f64| {
            if !asked {
                return MetricReading::NotRead;
            }
            let point = |(minute, it): (usize, &Minute)| Datapoint {
                at: self.at(real(minute + 1) * 60.0),
                value: value(it),
            };
            let points = seen.minutes.iter().enumerate().skip(known).map(point).collect();
            MetricReading::Points { period: SignedDuration::from_mins(1), points }
        };
        let cpu = if self.reads_cpu { MetricName::new(CPU) } else { None };
        let cpu = cpu.map(|name| (name, reading(&|minute| minute.utilization * 100.0)));
        let connections = self.policy.guard.as_ref().and_then(|guard| {
            let each = f64::from(guard.per_task?.get());
            Some((guard.metric.clone(), reading(&|minute| minute.tasks * each)))
        });
        cpu.into_iter().chain(connections).collect()
    }

    /// What production sees when nothing answers.
    fn observe_nothing(&mut self, seen: &AutoscalerInput<'_>) -> Observation {
        let unread = || Absence::new(AbsenceKind::TimedOut, "simulated");
        let mut metrics = self.metrics(seen);
        for reading in metrics.values_mut().filter(|reading| !matches!(reading, MetricReading::NotRead)) {
            *reading = MetricReading::Failed(unread());
        }
        Observation {
            service: Err(unread()),
            queue: self.has_queue.then(|| Err(unread())),
            metrics,
            alarms: [].into(),
            database: None,
        }
    }

    /// Decides, and remembers the decision before it is carried out.
    fn decide(&mut self, seen: &AutoscalerInput<'_>, observation: &Observation) -> (Verdict, Vec<Reason>) {
        let evaluation = Evaluation {
            target: TARGET,
            id: EVALUATION,
            overrides: &[],
            emergency: None,
            observe: false,
            now: self.at(seen.seconds),
        };
        let decision = decide(observation, &self.policy, &self.memory, evaluation);
        self.memory = decision.memory;
        (decision.verdict, decision.reasons)
    }
}

/// A queue world has it.
fn is_reported(signal: &Signal) -> bool {
    signal.is_of_queue() || matches!(signal, Signal::Metric(name) if name.as_str() == CPU)
}

/// A queue as `queues` reads it: whole jobs, nothing delayed, nothing paused.
fn queue(seen: &QueueReading) -> Queue {
    let waiting = jobs(seen.waiting);
    // The next job is known by its number.
    let head = (waiting > 0).then(|| u64::try_from(place(seen.taken)).unwrap_or(u64::MAX));
    let taken = jobs(seen.in_flight);
    let (in_flight, done) = match seen.shows {
        Shows::TakenAndDone => (InFlight::Exactly(taken), Some(jobs(seen.completed))),
        Shows::Taken => (InFlight::Exactly(taken), None),
        Shows::Reserved => (InFlight::Reserved(taken), None),
        Shows::Nothing => (InFlight::Unknown, None),
    };
    Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight,
        done,
        paused: false,
        limits: QueueLimits::default(),
        head,
    }
}

impl Autoscaler for Production {
    fn watch(&mut self, seen: &AutoscalerInput<'_>) {
        let before = self.memory.clone();
        let observation = self.observe(seen);
        if self.decide(seen, &observation).0.as_change().is_some() {
            self.memory.withdraw(&before);
        }
    }

    fn unreadable(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let observation = self.observe_nothing(seen);
        let (verdict, reasons) = self.decide(seen, &observation);
        let wanted = verdict.as_change().map(|(_, to)| to);
        if let Some(log) = &mut self.log {
            log.add(LoggedDecision::new(&AutoscalerInput { queue: None, ..*seen }, verdict, reasons));
        }
        wanted
    }

    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let observation = self.observe(seen);
        let (verdict, reasons) = self.decide(seen, &observation);
        if let Some(log) = &mut self.log {
            log.add(LoggedDecision::new(seen, verdict, reasons));
        }
        let (_, to) = verdict.as_change()?;
        self.memory.settle(EVALUATION, Settled::Applied, self.at(seen.seconds));
        Some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `queues` and `aws` fill it for each kind of queue.
    #[test]
    fn production_is_given_only_what_the_queue_shows() {
        let seen = |shows| {
            let input = QueueReading {
                waiting: 3.0,
                in_flight: 7.0,
                completed: 90.0,
                taken: 97.0,
                shows,
                age_seconds: 0,
            };
            let Queue { waiting, in_flight, done, head, .. } = queue(&input);
            assert_eq!((waiting, head), (3, Some(97)), "{shows:?}");
            (in_flight, done)
        };
        assert_eq!(seen(Shows::TakenAndDone), (InFlight::Exactly(7), Some(90)));
        assert_eq!(seen(Shows::Taken), (InFlight::Exactly(7), None));
        assert_eq!(seen(Shows::Reserved), (InFlight::Reserved(7), None));
        assert_eq!(seen(Shows::Nothing), (InFlight::Unknown, None));
    }
}
