//! A service and its queue, in a world that is as unkind as the real one: jobs arrive by chance, tasks start at any second, and
//! each queue shows of its running jobs what its kind shows.

use std::collections::VecDeque;

use tidegate_policy::{Decision, InFlight, Verdict};

use crate::stage::{Stage, refused, seconds};

/// What a queue shows of the jobs that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueKind {
    /// All, and how many are done: BullMQ with `metrics`.
    Counts,
    /// All: SQS.
    Shows,
    /// Only those that workers have reserved and do not run yet, one per place: Celery by default.
    Reserves,
    /// None: a plain list.
    Hides,
}

pub(crate) const KINDS: [QueueKind; 4] =
    [QueueKind::Counts, QueueKind::Shows, QueueKind::Reserves, QueueKind::Hides];

/// A service with `wait: 60s` and its queue, second by second. Jobs flow like water, arrivals are Poisson.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) stage: Stage,
    kind: QueueKind,
    pub(crate) job_seconds: f64,
    startup: i64,
    pub(crate) elapsed: i64,
    pub(crate) jobs: f64,
    done: f64,
    arrived: f64,
    /// When how many had arrived, as far as one of them still waits.
    line: VecDeque<(i64, f64)>,
    starting: Vec<i64>,
    next_evaluation: i64,
    dice: u64,
}

impl Day {
    pub(crate) fn new(
        kind: QueueKind,
        job_seconds: f64,
        concurrency: u32,
        startup: i64,
        max: u32,
        dice: u64,
    ) -> Self {
        let mut stage = Stage::new(1, max, &[]).tasks(1);
        stage.policy.wait = Some(seconds(60));
        stage.policy.concurrency = concurrency.try_into().expect("at least one job a task");
        stage.policy.cooldown.scale_out = seconds(0);
        stage.policy.cooldown.scale_in = seconds(0);
        stage.policy.stabilization = seconds(30);
        stage.policy.startup = seconds(2 * startup);
        stage.policy.interruptible = true;
        Self {
            stage,
            kind,
            job_seconds,
            startup,
            elapsed: 0,
            jobs: 0.0,
            done: 0.0,
            arrived: 0.0,
            line: VecDeque::new(),
            starting: vec![],
            next_evaluation: 0,
            dice: dice.wrapping_mul(2).wrapping_add(1),
        }
    }

    pub(crate) fn desired(&mut self) -> u32 {
        self.stage.service().desired_count
    }

    pub(crate) fn running(&mut self) -> u32 {
        self.stage.service().running_count
    }

    fn places(&mut self) -> f64 {
        f64::from(self.running()) * f64::from(self.stage.policy.concurrency.get())
    }

    pub(crate) fn waiting(&mut self) -> f64 {
        (self.jobs - self.places()).max(0.0)
    }

    /// The rate of the jobs that so many tasks can just do.
    pub(crate) fn rate_for(&self, tasks: f64) -> f64 {
        tasks * f64::from(self.stage.policy.concurrency.get()) / self.job_seconds
    }

    /// A share between 0 and 1 (splitmix64).
    fn share(&mut self) -> f64 {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Jobs that arrive in a second, by chance.
    fn arrivals(&mut self, rate: f64) -> f64 {
        if rate > 30.0 {
            // Twelve shares make a good enough bell.
            let bell = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
            return (rate + bell * rate.sqrt()).max(0.0);
        }
        let (mut jobs, mut product) = (0.0, self.share());
        while product > (-rate).exp() {
            jobs += 1.0;
            product *= self.share();
        }
        jobs
    }

    /// Lets a second pass.
    pub(crate) fn pass(&mut self, rate: f64) {
        let now = self.elapsed;
        let begun = self.starting.iter().filter(|at| **at <= now).count();
        self.starting.retain(|at| *at > now);
        let service = self.stage.service();
        service.running_count =
            (service.running_count + u32::try_from(begun).expect("few tasks")).min(service.desired_count);
        service.pending_count = service.desired_count - service.running_count;
        let arrived = self.arrivals(rate);
        if arrived > 0.0 {
            self.arrived += arrived;
            self.line.push_back((now, self.arrived));
        }
        // Short jobs come and go within the second.
        let places = self.places();
        for _ in 0..10 {
            self.jobs += arrived / 10.0;
            let done = (self.jobs.min(places) / self.job_seconds / 10.0).min(self.jobs);
            self.done += done;
            self.jobs -= done;
        }
        let taken = self.arrived - self.waiting();
        while self.line.front().is_some_and(|(_, upto)| *upto <= taken + 1e-6) {
            self.line.pop_front();
        }
        self.elapsed += 1;
        self.stage.wait(1);
    }

    /// So many jobs come at once.
    pub(crate) fn come(&mut self, jobs: f64) {
        self.jobs += jobs;
        self.arrived += jobs;
        self.line.push_back((self.elapsed, self.arrived));
    }

    /// All that waits is gone, and nobody did it.
    pub(crate) fn purge(&mut self) {
        let waiting = self.waiting();
        self.jobs -= waiting;
        self.line.clear();
    }

    /// How long the job at the head of the queue has waited.
    #[expect(clippy::cast_precision_loss, reason = "days have few seconds")]
    pub(crate) fn head_waits(&self) -> f64 {
        self.line.front().map_or(0.0, |(at, _)| (self.elapsed - at) as f64)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and never negative")]
    fn show(&mut self) {
        let (waiting, places) = (self.waiting(), self.places());
        let busy = self.jobs - waiting;
        let reserved = if self.kind == QueueKind::Reserves { waiting.min(places) } else { 0.0 };
        let done = self.done as u64;
        let kind = self.kind;
        let queue = self.stage.queue();
        queue.waiting = (waiting - reserved).round() as u64;
        queue.in_flight = match kind {
            QueueKind::Counts | QueueKind::Shows => InFlight::Exactly(busy.round() as u64),
            QueueKind::Reserves => InFlight::Reserved(reserved.round() as u64),
            QueueKind::Hides => InFlight::Unknown,
        };
        queue.done = (kind == QueueKind::Counts).then_some(done);
    }

    /// Evaluations, and obeys.
    pub(crate) fn evaluate(&mut self) -> Decision {
        self.show();
        self.obey()
    }

    /// The same while the queue cannot be read.
    pub(crate) fn evaluation_without_readings(&mut self) -> Decision {
        let queue = self.stage.seen.queue.replace(Err(refused()));
        let decision = self.obey();
        self.stage.seen.queue = queue;
        decision
    }

    fn obey(&mut self) -> Decision {
        let before = self.desired();
        let decision = self.stage.evaluate();
        let after = self.desired();
        for task in before..after {
            // Not all at the same second.
            self.starting.push(self.elapsed + self.startup + i64::from(task % 7));
        }
        let still = after.saturating_sub(self.running());
        self.starting.truncate(usize::try_from(still).expect("few tasks"));
        let service = self.stage.service();
        service.running_count = service.running_count.min(after);
        decision
    }

    /// Lives for so long; evaluations come every 15 s while work moves, else once a minute. `each` sees every decision.
    pub(crate) fn live(
        &mut self,
        lasting: i64,
        rate: impl Fn(i64) -> f64,
        mut each: impl FnMut(&mut Self, &Decision),
    ) {
        let until = self.elapsed + lasting;
        while self.elapsed < until {
            if self.elapsed >= self.next_evaluation {
                let decision = self.evaluate();
                self.next_evaluation = self.elapsed + if decision.moving { 15 } else { 60 };
                each(self, &decision);
            }
            let rate = rate(self.elapsed);
            self.pass(rate);
        }
    }
}

/// The longest time in seconds that the head waited too long, all ordered ran, more was allowed, and nothing was ordered.
#[derive(Debug)]
pub(crate) struct Starving {
    beyond: f64,
    since: Option<i64>,
    pub(crate) longest: i64,
}

impl Starving {
    pub(crate) fn beyond(beyond: f64) -> Self {
        Self { beyond, since: None, longest: 0 }
    }

    pub(crate) fn evaluate(&mut self, day: &mut Day, decision: &Decision) {
        let ordered = matches!(decision.verdict, Verdict::ScaleOut { .. });
        let idle = day.running() == day.desired() && day.desired() < day.stage.policy.capacity.max();
        if day.head_waits() > self.beyond && idle && !ordered {
            let since = *self.since.get_or_insert(day.elapsed);
            self.longest = self.longest.max(day.elapsed - since);
        } else {
            self.since = None;
        }
    }
}
