//! The queue world: jobs arrive, tasks start and stop, somebody looks and scales.

use std::num::NonZeroU32;

use tidegate_policy::Capacity;

use crate::load::{Load, STEP, STEP_MICROS, STEPS_PER_MINUTE};
use crate::number::{place, real, real_jobs, tasks};
use crate::scaler::{Minute, Scaler, Sight};

mod crew;
mod fluid;
mod jobs;
mod sensing;
mod waits;

pub(crate) use crew::LEAST_BILLED_SECONDS;
pub use waits::Waits;

use crew::{Bill, Crew, Shift};
use fluid::Fluid;
use jobs::Jobs;
use sensing::Senses;

/// Everything about a world but its load and who scales it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
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
    pub service: Service,
    /// Who looks when.
    pub looks: Looks,
    /// What a look sees.
    pub sensing: Sensing,
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
    /// Where a step begins: what is ordered together starts together, and whoever is told to stop does so at once. What
    /// the reference does.
    Steps,
    /// Each at a second of its own: a start takes up to half a step more or less, and a task that is told to stop serves
    /// for up to a step more.
    AnySecond,
}

/// How jobs are served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
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

/// What becomes of running jobs when their task is told to stop. ECS chooses the task, not the least busy one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleIn {
    /// The task takes no new job and stops, and is billed, when the last one is done.
    Waits,
    /// They are interrupted, go back to the head of the queue and begin anew.
    Kills,
}

/// Who looks when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// The distance of two looks in seconds, for everybody without a rhythm of its own; in whole steps.
    pub every_seconds: u32,
    /// Before this, looks are only remembered, and nothing is changed.
    pub act_from_seconds: u32,
}

/// What a look sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensing {
    /// A metric's minute is published this long after it ends.
    pub metric_delay_seconds: u32,
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

impl Setting {
    /// Jobs that one task reserves beyond those that it runs.
    fn reserved_by_task(&self) -> u32 {
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
        reading_age_seconds: 0,
        noise: 0.0,
        missing: 0.0,
        in_flight_bias: 1.0,
        shows: Shows::TakenAndDone,
    };
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Tasks that serve where each step begins.
    pub ready: Vec<u32>,
    /// Tasks that are paid in the mean of each step: serving, starting and stopping.
    pub billed: Vec<f64>,
    /// Jobs that wait at the end of each step, reserved ones included.
    pub waiting: Vec<f64>,
    /// Every change of the number of tasks.
    pub changes: Vec<Change>,
    /// How long jobs waited.
    pub waits: Waits,
    /// Jobs interrupted by scale-in; `None` where single jobs are not simulated.
    pub jobs_interrupted: Option<u64>,
    /// Tasks that were started, those in the place of a failed start included.
    pub starts: u64,
    /// Starts that failed.
    pub starts_failed: u64,
    /// Task-seconds that Fargate bills beyond `billed`, since it bills a minute of every task at least. A task that is told
    /// to stop counts until then, however long its jobs last.
    pub unlived_seconds: f64,
}

/// One change of the number of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// In which step.
    pub step: usize,
    /// Tasks before, starting ones included.
    pub from: u32,
    /// Tasks ordered.
    pub to: u32,
}

/// How work is done; the two ways have one shape.
trait Model {
    /// Tasks begin to serve.
    fn add(&mut self, tasks: u32);
    /// Tasks are told to stop.
    fn remove(&mut self, tasks: u32);
    /// A step begins, in which so many jobs arrive.
    fn arrive(&mut self, step: usize, arrivals: f64);
    /// Time passes until a moment of that step, in microseconds; the work done comes out, in tasks busy for a step.
    fn work(&mut self, until: u64, waits: &mut Waits) -> f64;
    /// Serves what is left with the tasks that are left.
    fn finish(&mut self, waits: &mut Waits);
    /// Jobs not yet taken, reserved, running, and done since the beginning.
    fn jobs(&self) -> JobCounts;
    /// Tasks that were told to stop and still work.
    fn stopping(&self) -> u32;
    /// Jobs interrupted, where they are told apart.
    fn interrupted(&self) -> Option<u64>;
}

/// Jobs at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct JobCounts {
    waiting: f64,
    reserved: f64,
    running: f64,
    completed: f64,
}

impl JobCounts {
    /// Those taken and not done that a queue shows.
    fn in_flight(&self, shows: Shows) -> f64 {
        match shows {
            Shows::TakenAndDone | Shows::Taken => self.reserved + self.running,
            Shows::Reserved => self.reserved,
            Shows::Nothing => 0.0,
        }
    }
}

/// Replays a load in a world that somebody scales.
///
/// It begins with the tasks that the first minute needs, unless the scaler has a size of its own.
#[must_use]
pub fn simulate(load: &Load, setting: &Setting, scaler: &mut dyn Scaler) -> Run {
    let first = load.rate().first().copied().unwrap_or(0.0);
    let needed = setting.capacity.clamp(tasks(first / setting.throughput));
    let begin = scaler.begins_with().map_or(needed, |size| setting.capacity.clamp(size));
    match setting.service {
        Service::Fluid => Replay::new(load, setting, Fluid::new(setting), begin).scaled_by(scaler),
        Service::Jobs { time, scale_in } => {
            Replay::new(load, setting, Jobs::new(setting, time, scale_in), begin).scaled_by(scaler)
        }
    }
}

/// Replays a load with a supply that is given for every step, as a fluid.
pub(crate) fn supplied(load: &Load, setting: &Setting, supply: &[u32]) -> Run {
    let mut replay = Replay::new(load, setting, Fluid::new(setting), 0);
    let mut serving = 0;
    for (step, (&arrivals, &wanted)) in load.arrivals().iter().zip(supply).enumerate() {
        if wanted != serving && step > 0 {
            replay.run.changes.push(Change { step, from: serving, to: wanted });
        }
        replay.model.add(wanted.saturating_sub(serving));
        replay.model.remove(serving.saturating_sub(wanted));
        serving = wanted;
        replay.serve(step, arrivals, serving);
    }
    replay.finish()
}

/// The tasks that the load of each step needs so that its queue does not grow, within the bounds.
pub(crate) fn demand(load: &Load, setting: &Setting) -> Vec<u32> {
    let needed = |rate: &f64| setting.capacity.clamp(tasks(rate / setting.throughput));
    load.rate().iter().map(needed).collect()
}

/// A world in motion.
struct Replay<'a, M> {
    load: &'a Load,
    setting: &'a Setting,
    model: M,
    crew: Crew,
    run: Run,
    minutes: Vec<Minute>,
    open: OpenMinute,
}

/// The minute that is not over yet.
#[derive(Debug, Default)]
struct OpenMinute {
    busy: f64,
    ready: f64,
}

impl<'a, M: Model> Replay<'a, M> {
    fn new(load: &'a Load, setting: &'a Setting, mut model: M, begin: u32) -> Self {
        let steps = load.steps();
        let run = Run {
            ready: Vec::with_capacity(steps),
            billed: Vec::with_capacity(steps),
            waiting: Vec::with_capacity(steps),
            changes: Vec::new(),
            waits: Waits::new(setting.acceptable_wait_seconds),
            jobs_interrupted: None,
            starts: 0,
            starts_failed: 0,
            unlived_seconds: 0.0,
        };
        model.add(begin);
        let crew = Crew::new(setting, begin);
        Self { load, setting, model, crew, run, minutes: Vec::new(), open: OpenMinute::default() }
    }

    fn scaled_by(mut self, scaler: &mut dyn Scaler) -> Run {
        let rhythm = scaler.rhythm_seconds().unwrap_or(self.setting.looks.every_seconds);
        let every = steps(rhythm).max(1);
        let mut senses = Senses::new(self.setting.sensing, self.setting.seed);
        for (step, &arrivals) in self.load.arrivals().iter().enumerate() {
            self.shift(moment(step));
            senses.remember(self.model.jobs());
            if step.is_multiple_of(every) {
                self.look(step, &mut senses, scaler);
            }
            self.serve(step, arrivals, self.crew.ready());
        }
        self.finish()
    }

    /// Tasks begin to serve and stop, as far as they are due.
    fn shift(&mut self, now: u64) {
        let Shift { begin, stop } = self.crew.shift(now);
        self.model.add(begin);
        self.model.remove(stop);
    }

    /// One look, and what comes of it.
    fn look(&mut self, step: usize, senses: &mut Senses, scaler: &mut dyn Scaler) {
        let seconds = real(step) * STEP;
        let delay = f64::from(self.setting.sensing.metric_delay_seconds);
        let published = place(((seconds - delay) / 60.0).max(0.0)).min(self.minutes.len());
        let sight = Sight {
            seconds,
            queue: senses.read(),
            minutes: self.minutes.get(..published).unwrap_or_default(),
            ready: self.crew.ready(),
            total: self.crew.desired(),
        };
        if seconds < f64::from(self.setting.looks.act_from_seconds) {
            return scaler.watch(&sight);
        }
        let Some(wish) = scaler.look(&sight) else { return };
        let (from, to) = (sight.total, self.setting.capacity.clamp(wish));
        if to == from {
            return;
        }
        self.run.changes.push(Change { step, from, to });
        self.crew.order(moment(step), to.saturating_sub(from));
        let leaving = self.crew.dismiss(moment(step), from.saturating_sub(to));
        self.model.remove(leaving);
    }

    /// One step: work is done, and within it tasks begin to serve and stop. So many serve where it begins.
    fn serve(&mut self, step: usize, arrivals: f64, ready: u32) {
        self.model.arrive(step, arrivals);
        let (mut now, end) = (moment(step), moment(step + 1));
        let (mut busy, mut serving, mut paid) = (0.0, 0.0, 0.0);
        let mut ready_now = ready;
        loop {
            let until = self.crew.next(end).unwrap_or(end);
            let share = real_jobs(until - now) / real_jobs(STEP_MICROS);
            busy += self.model.work(until, &mut self.run.waits);
            serving += f64::from(ready_now) * share;
            paid += f64::from(ready_now.saturating_add(self.crew.starting())) * share;
            if until == end {
                break;
            }
            now = until;
            self.shift(now);
            ready_now = self.crew.ready();
        }
        let jobs = self.model.jobs();
        self.run.ready.push(ready);
        self.run.billed.push(paid + f64::from(self.model.stopping()));
        self.run.waiting.push(jobs.waiting + jobs.reserved);
        self.open.busy += busy;
        self.open.ready += serving;
        if step % STEPS_PER_MINUTE == STEPS_PER_MINUTE - 1 {
            let OpenMinute { busy, ready } = std::mem::take(&mut self.open);
            self.minutes.push(Minute {
                waiting: jobs.waiting,
                in_flight: jobs.in_flight(self.setting.sensing.shows),
                utilization: busy / ready.max(1.0),
            });
        }
    }

    fn finish(mut self) -> Run {
        self.model.finish(&mut self.run.waits);
        self.run.jobs_interrupted = self.model.interrupted();
        let Bill { started, failed, unlived_seconds } = self.crew.bill();
        self.run.starts = started;
        self.run.starts_failed = failed;
        self.run.unlived_seconds = unlived_seconds;
        self.run
    }
}

/// The moment at which a step begins, in microseconds.
fn moment(step: usize) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX).saturating_mul(STEP_MICROS)
}

/// A time in whole steps, rounded.
fn steps(seconds: u32) -> usize {
    place((f64::from(seconds) / STEP).round())
}
