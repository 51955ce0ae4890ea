//! A service on a stage: rules in words, a clock that is set by hand, and an ECS that does what is requested.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Severity;
use tidegate_policy::emergency::lately::SizeSet;
use tidegate_policy::memory::Settled;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{
    Absence, AbsenceKind, Adjustment, Alarm, AlarmEvaluation, AlarmName, AlarmState, Amount, Capacity,
    CapacityUnit, Comparison, Condition, Constraints, Cooldown, Datapoint, Decision, Evaluation, InFlight,
    LargestStep, Memory, MetricName, MetricPolicy, MetricReading, Notify, Observation, OnAbsence, Override,
    Queue, QueueLimits, Rule, ServicePolicy, ServiceState, Signal, Unit, decide,
};

/// Noon of a day on which nothing else happens.
pub(crate) const NOON: i64 = 1_772_366_400;

/// A datapoint stays as it is from so many seconds after its end.
pub(crate) const SETTLES_AFTER: i64 = 180;

/// Everything one test changes.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) policy: ServicePolicy,
    pub(crate) seen: Observation,
    pub(crate) memory: Memory,
    pub(crate) overrides: Vec<Override>,
    /// What `emergency-max` set a moment ago.
    pub(crate) emergency: Option<SizeSet>,
    pub(crate) now: Timestamp,
    pub(crate) observe: bool,
    evaluations: u32,
}

impl Stage {
    /// A service with these bounds and rules and 5 running tasks of 4 jobs each, an empty queue, cooldowns of 300 s,
    /// and no stabilization, so that each test sees one thing at a time.
    pub(crate) fn new(min: u32, max: u32, rules: &[&str]) -> Self {
        let policy = ServicePolicy {
            capacity: Capacity::new(min, max).unwrap(),
            override_max: max,
            hours: vec![],
            floor: None,
            guard: None,
            concurrency: NonZeroU32::new(4).unwrap(),
            rules: rules.iter().map(|text| rule(text)).collect(),
            track: vec![],
            wait: None,
            cooldown: Cooldown { scale_out: seconds(300), scale_in: seconds(300) },
            stabilization: seconds(0),
            largest_step: LargestStep {
                scale_out: NonZeroU32::new(5_000).unwrap(),
                scale_in: NonZeroU32::new(5_000).unwrap(),
            },
            startup: seconds(180),
            idle: seconds(300),
            interruptible: false,
            metrics: vec![],
            notify: vec![],
            capacity_unit: CapacityUnit::Tasks,
        };
        let seen = Observation {
            service: Ok(service(5, 5)),
            queue: Some(Ok(queue(0))),
            metrics: [].into(),
            alarms: [].into(),
            database: None,
        };
        Self {
            policy,
            seen,
            memory: Memory::default(),
            overrides: vec![],
            emergency: None,
            now: noon(),
            observe: false,
            evaluations: 0,
        }
    }

    /// So many tasks, all running.
    pub(crate) fn tasks(mut self, count: u32) -> Self {
        self.seen.service = Ok(service(count, count));
        self
    }

    pub(crate) fn waiting(mut self, jobs: u64) -> Self {
        self.queue().waiting = jobs;
        self
    }

    pub(crate) fn in_flight(mut self, jobs: u64) -> Self {
        self.queue().in_flight = InFlight::Exactly(jobs);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn service(&mut self) -> &mut ServiceState {
        self.seen.service.as_mut().unwrap()
    }

    pub(crate) fn queue(&mut self) -> &mut Queue {
        self.seen.queue.as_mut().unwrap().as_mut().unwrap()
    }

    /// Sets the clock to so many seconds after noon.
    pub(crate) fn at(&mut self, after_noon: i64) -> &mut Self {
        self.now = noon() + seconds(after_noon);
        self
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, passing: i64) -> &mut Self {
        self.now += seconds(passing);
        self
    }

    /// All tasks asked for run.
    pub(crate) fn arrive(&mut self) -> &mut Self {
        let service = self.service();
        service.running_count = service.desired_count;
        service.pending_count = 0;
        self
    }

    /// The datapoints of a metric, each by the second after noon at which it had settled, one minute apart unless the
    /// test says otherwise. They ended three minutes earlier; `provisional.rs` is about what comes before that.
    pub(crate) fn points(&mut self, name: &str, points: &[(i64, f64)]) -> &mut Self {
        let ended: Vec<(i64, f64)> = points.iter().map(|(at, value)| (at - SETTLES_AFTER, *value)).collect();
        self.answer(name, &ended)
    }

    /// An answer of CloudWatch, however young its datapoints are: the second after noon at which each ended, and its value.
    pub(crate) fn answer(&mut self, name: &str, points: &[(i64, f64)]) -> &mut Self {
        let points =
            points.iter().map(|(at, value)| Datapoint { at: noon() + seconds(*at), value: *value }).collect();
        self.metric(name, MetricReading::Points { period: seconds(60), points })
    }

    pub(crate) fn metric(&mut self, name: &str, reading: MetricReading) -> &mut Self {
        self.seen.metrics.insert(MetricName::new(name).unwrap(), reading);
        self
    }

    /// An alarm's state, since so many seconds after noon.
    pub(crate) fn alarm(&mut self, name: &str, state: AlarmState, since: i64) -> &mut Self {
        let evaluation_state = AlarmEvaluation::Complete;
        self.alarm_read(name, Ok(Alarm { state, since: noon() + seconds(since), evaluation_state }))
    }

    pub(crate) fn alarm_read(&mut self, name: &str, read: Result<Alarm, Absence>) -> &mut Self {
        self.seen.alarms.insert(AlarmName::new(name).unwrap(), read);
        self
    }

    /// Operators are notified while this holds.
    pub(crate) fn notify(mut self, when: &str, severity: Severity) -> Self {
        self.policy.notify.push(Notify { when: condition(when), severity });
        self
    }

    /// The same without a queue.
    pub(crate) fn no_queue(mut self) -> Self {
        self.seen.queue = None;
        self
    }

    pub(crate) fn on_absence(mut self, name: &str, on_absence: OnAbsence) -> Self {
        let name = MetricName::new(name).unwrap();
        self.policy.metrics.push(MetricPolicy { name, on_absence, is_ratio: false });
        self
    }

    /// A metric that is made of several.
    pub(crate) fn ratio(self, name: &str, on_absence: OnAbsence) -> Self {
        self.on_absence(name, on_absence).with(|stage| {
            stage.policy.metrics.last_mut().unwrap().is_ratio = true;
        })
    }

    pub(crate) fn overridden(mut self, kind: OverrideKind, until: i64) -> Self {
        let until = noon() + seconds(until);
        let (who, why) = ("alice".to_owned(), "launch day".to_owned());
        let (target, since) = ("worker".to_owned(), Some(noon()));
        self.overrides.push(Override { target, kind, since, until, who, why, request: None });
        self
    }

    /// Decides without remembering or acting.
    pub(crate) fn peek(&self) -> Decision {
        self.peek_as("evaluation-0")
    }

    pub(crate) fn peek_as(&self, id: &str) -> Decision {
        let evaluation = Evaluation {
            target: "worker",
            id,
            overrides: &self.overrides,
            emergency: self.emergency,
            observe: self.observe,
            now: self.now,
        };
        decide(&self.seen, &self.policy, &self.memory, evaluation)
    }

    /// Decides and remembers, but never acts: the process is killed between the two.
    pub(crate) fn evaluate_and_crash(&mut self) -> Decision {
        self.evaluations += 1;
        let decision = self.peek_as(&format!("evaluation-{}", self.evaluations));
        self.memory = decision.memory.clone();
        decision
    }

    /// Decides, remembers, and acts; the tasks asked for do not run yet. All notices reach operators.
    pub(crate) fn evaluate(&mut self) -> Decision {
        let decision = self.evaluate_and_crash();
        self.memory.mark_notified(&decision.notices);
        if let Some((_, to)) = decision.verdict.as_change() {
            self.service().desired_count = to;
            self.settle(Settled::Applied);
        }
        decision
    }

    /// Settles the last evaluation's intent.
    pub(crate) fn settle(&mut self, settled: Settled) {
        self.memory.settle(&format!("evaluation-{}", self.evaluations), settled, self.now);
    }

    /// Evaluations once a minute for so long; tasks run at once. Returns the last decision.
    pub(crate) fn evaluate_for(&mut self, duration: i64) -> Decision {
        let mut last = self.evaluate();
        for _ in 0..duration / 60 {
            last = self.arrive().wait(60).evaluate();
        }
        self.arrive();
        last
    }
}

/// The size that a decision wants.
pub(crate) fn size(decision: &Decision) -> u32 {
    match decision.verdict {
        tidegate_policy::Verdict::Hold { at } => at.unwrap(),
        tidegate_policy::Verdict::ScaleOut { to, .. } | tidegate_policy::Verdict::ScaleIn { to, .. } => to,
    }
}

/// The codes of a decision's reasons.
pub(crate) fn codes(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(tidegate_policy::Reason::code).collect()
}

pub(crate) fn noon() -> Timestamp {
    Timestamp::from_second(NOON).unwrap()
}

pub(crate) fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

pub(crate) fn service(desired: u32, running: u32) -> ServiceState {
    ServiceState {
        desired_count: desired,
        running_count: running,
        pending_count: 0,
        rollout: false,
        active: true,
        daemon: false,
        constraints: Constraints::default(),
    }
}

pub(crate) fn queue(waiting: u64) -> Queue {
    Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight: InFlight::Exactly(0),
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: None,
    }
}

pub(crate) fn refused() -> Absence {
    Absence::new(AbsenceKind::Unreachable, "connection refused")
}

/// `waiting > 500: +5`, `cpu > 70% for 5m: +10%/2`, `waiting < 50: -2`, `waiting > 9: =3`.
pub(crate) fn rule(text: &str) -> Rule {
    let (when, adjust) = text.split_once(": ").unwrap();
    Rule { when: condition(when), adjust: adjustment(adjust) }
}

/// `memory > 85% for 3m`, `alarm(api-5xx)`.
pub(crate) fn condition(text: &str) -> Condition {
    let (when, hold_for) = text.split_once(" for ").unwrap_or((text, "0s"));
    condition_of(when, span(hold_for))
}

fn condition_of(when: &str, hold_for: SignedDuration) -> Condition {
    let alone = format!("{when} > 0");
    let words: Vec<&str> = if when.contains(' ') { when } else { &alone }.split(' ').collect();
    let [name, comparison, threshold] = words[..] else { panic!("{when}") };
    let signal = signal(name);
    let (threshold, percent) =
        threshold.strip_suffix('%').map_or((threshold, false), |threshold| (threshold, true));
    let unit = if percent { Unit::Percent } else { signal.unit().unwrap_or(Unit::Count) };
    let comparison = match comparison {
        ">" => Comparison::Above,
        ">=" => Comparison::AtLeast,
        "<" => Comparison::Below,
        "<=" => Comparison::AtMost,
        other => panic!("{other}"),
    };
    let threshold = threshold.parse().unwrap();
    Condition { signal, comparison, threshold, unit, hold_for }
}

/// A built-in signal, `alarm(NAME)`, a total by the tasks, or a metric.
pub(crate) fn signal(name: &str) -> Signal {
    let metric = |name| MetricName::new(name).unwrap();
    let alarm = name.strip_prefix("alarm(").and_then(|name| name.strip_suffix(')'));
    if let Some(signal) = Signal::built_in(name) {
        signal
    } else if let Some(name) = alarm {
        Signal::Alarm(AlarmName::new(name).unwrap())
    } else {
        name.strip_suffix("_per_task")
            .map_or_else(|| Signal::Metric(metric(name)), |total| Signal::PerTask(metric(total)))
    }
}

fn span(text: &str) -> SignedDuration {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("{other}"),
    };
    seconds(number.parse::<i64>().unwrap() * unit)
}

fn adjustment(text: &str) -> Adjustment {
    let (kind, number) = text.split_at(1);
    let (number, at_least) = number.split_once('/').unwrap_or((number, "0"));
    let amount = match number.strip_suffix('%') {
        Some(percent) => {
            Amount::Percent { percent: percent.parse().unwrap(), at_least: at_least.parse().unwrap() }
        }
        None => Amount::Tasks(number.parse().unwrap()),
    };
    match kind {
        "+" => Adjustment::Add(amount),
        "-" => Adjustment::Remove(amount),
        "=" => Adjustment::Set(amount),
        other => panic!("{other}"),
    }
}
