//! A small world for the `wait` method: work flows like water, tasks take 90 s to start, an evaluation comes every 15 s.

use std::collections::VecDeque;

use tidegate_policy::{Decision, InFlight};

use crate::stage::{Stage, refused, seconds};

/// Jobs that one place does in a second, unless a test says otherwise.
pub(crate) const PER_SECOND: f64 = 0.5;
/// From the order to the first job.
const STARTUP: i64 = 90;
/// From evaluation to evaluation.
pub(crate) const EVALUATION: i64 = 15;

/// A service with `wait: 60s` and its queue.
#[derive(Debug, Clone)]
pub(crate) struct WaitWorld {
    pub(crate) stage: Stage,
    pub(crate) per_second: f64,
    /// The queue counts finished jobs.
    pub(crate) counts: bool,
    /// The queue shows running jobs.
    pub(crate) shows: bool,
    /// Jobs that wait and that no worker takes.
    pub(crate) blocked: f64,
    waiting: f64,
    busy: f64,
    done: f64,
    starting: VecDeque<(i64, u32)>,
    /// What waits, with the time of its arrival.
    line: VecDeque<(i64, f64)>,
    pub(crate) elapsed: i64,
    /// The longest that a job had to wait, in whole steps of 15 s.
    pub(crate) longest_wait: f64,
    pub(crate) task_seconds: i64,
}

impl WaitWorld {
    /// So many tasks of one job each; jobs may be interrupted, so that the method alone decides how many leave.
    pub(crate) fn new(min: u32, max: u32, tasks: u32) -> Self {
        let mut stage = Stage::new(min, max, &[]).tasks(tasks);
        stage.policy.wait = Some(seconds(60));
        stage.policy.concurrency = 1.try_into().unwrap();
        stage.policy.cooldown.scale_out = seconds(0);
        stage.policy.cooldown.scale_in = seconds(0);
        stage.policy.stabilization = seconds(30);
        stage.policy.interruptible = true;
        Self {
            stage,
            per_second: PER_SECOND,
            counts: true,
            shows: true,
            blocked: 0.0,
            waiting: 0.0,
            busy: 0.0,
            done: 0.0,
            starting: VecDeque::new(),
            line: VecDeque::new(),
            elapsed: 0,
            longest_wait: 0.0,
            task_seconds: 0,
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn desired(&mut self) -> u32 {
        self.stage.service().desired_count
    }

    /// Shows the world as it is.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and never negative")]
    pub(crate) fn show(&mut self) {
        let (waiting, busy, done) = (
            (self.waiting + self.blocked).round() as u64,
            self.busy.round() as u64,
            self.done.floor() as u64,
        );
        let (counts, shows) = (self.counts, self.shows);
        let Some(Ok(queue)) = &mut self.stage.seen.queue else { return };
        queue.waiting = waiting;
        queue.in_flight = if shows { InFlight::Exactly(busy) } else { InFlight::Unknown };
        queue.done = counts.then_some(done);
    }

    /// One evaluation that cannot see the queue.
    pub(crate) fn evaluation_without_readings(&mut self, rate: f64) -> Decision {
        let queue = self.stage.seen.queue.replace(Err(refused()));
        let decision = self.evaluate(rate);
        self.stage.seen.queue = queue;
        decision
    }

    /// Evaluations, obeys, and lets 15 s pass in which so many jobs arrive each second.
    pub(crate) fn evaluate(&mut self, rate: f64) -> Decision {
        self.start_tasks();
        self.show();
        let before = self.desired();
        let decision = self.stage.evaluate();
        let after = self.desired();
        if after > before {
            self.starting.push_back((self.elapsed + STARTUP, after - before));
        }
        self.cancel(before.saturating_sub(after));
        self.pass(rate);
        decision
    }

    /// Looks for so long.
    pub(crate) fn evaluate_for(&mut self, duration: i64, rate: impl Fn(i64) -> f64) -> Vec<Decision> {
        (0..duration / EVALUATION)
            .map(|_| {
                let rate = rate(self.elapsed);
                self.evaluate(rate)
            })
            .collect()
    }

    fn start_tasks(&mut self) {
        while let Some((_, tasks)) = self.starting.pop_front_if(|(due, _)| *due <= self.elapsed) {
            self.stage.service().running_count += tasks;
        }
        let service = self.stage.service();
        service.pending_count = service.desired_count.saturating_sub(service.running_count);
    }

    /// Tasks that start go first.
    fn cancel(&mut self, mut surplus: u32) {
        while let Some((_, tasks)) = self.starting.back_mut().filter(|_| surplus > 0) {
            let canceled = surplus.min(*tasks);
            (surplus, *tasks) = (surplus - canceled, *tasks - canceled);
            if *tasks == 0 {
                self.starting.pop_back();
            }
        }
        self.stage.service().running_count -= surplus;
    }

    fn pass(&mut self, rate: f64) {
        let service = self.stage.service().clone();
        let concurrency = f64::from(self.stage.policy.concurrency.get());
        let paused = self.stage.seen.queue().is_some_and(|queue| queue.paused);
        let places = if paused { 0.0 } else { f64::from(service.running_count) * concurrency };
        self.task_seconds += i64::from(service.desired_count) * EVALUATION;
        self.arrive(rate * 15.0);
        let done = self.waiting.min(places * self.per_second * 15.0);
        self.serve(done);
        self.done += done;
        self.busy = done / self.per_second / 15.0;
        self.elapsed += EVALUATION;
        self.stage.wait(EVALUATION);
    }

    /// So many jobs more.
    pub(crate) fn arrive(&mut self, jobs: f64) {
        self.waiting += jobs;
        self.line.push_back((self.elapsed, jobs));
    }

    /// How long the next job has waited.
    pub(crate) fn head_waited(&self) -> i64 {
        self.line.front().map_or(0, |(came, _)| self.elapsed - came)
    }

    /// Nothing waits any more, and nothing of it was done.
    pub(crate) fn purge(&mut self) {
        self.waiting = 0.0;
        self.line.clear();
    }

    /// So many jobs are done that this world knows nothing of.
    pub(crate) fn others_do(&mut self, jobs: f64) {
        self.done += jobs;
    }

    /// The first that came are the first that are served.
    #[expect(clippy::cast_precision_loss, reason = "days have few seconds")]
    fn serve(&mut self, jobs: f64) {
        self.waiting -= jobs;
        let mut left = jobs;
        while let Some((came, first)) = self.line.front_mut().filter(|_| left > 1e-3) {
            let served = left.min(*first);
            if served > 0.1 {
                self.longest_wait = self.longest_wait.max((self.elapsed - *came) as f64);
            }
            (left, *first) = (left - served, *first - served);
            if *first <= 1e-3 {
                self.line.pop_front();
            }
        }
    }
}
