//! The queue world: jobs arrive, tasks start and stop, somebody looks and scales.

use crate::load::{Load, STEP, STEP_MICROS, STEPS_PER_MINUTE};
use crate::number::{place, real, real_jobs, tasks};
use crate::scaler::{Minute, Scaler, Sight};

mod crew;
mod fate;
mod minutes;
mod setting;
mod fluid;
mod jobs;
mod sensing;
mod waits;

pub(crate) use crew::LEAST_BILLED_SECONDS;
pub use setting::{JobTime, Looks, Mishaps, Moments, ScaleIn, Sensing, Service, Setting, Shows, Starts};
pub use waits::Waits;

use crew::{Bill, Crew, Shift};
use fate::{Event, Fate};
use fluid::Fluid;
use jobs::Jobs;
use minutes::Minutes;
use sensing::Senses;

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
    /// A task dies with its jobs, which begin anew.
    fn die(&mut self);
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
    minutes: Minutes,
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
        let minutes = Minutes::new(&setting.sensing, setting.seed);
        Self { load, setting, model, crew, run, minutes, open: OpenMinute::default() }
    }

    fn scaled_by(mut self, scaler: &mut dyn Scaler) -> Run {
        let rhythm = scaler.rhythm_seconds().unwrap_or(self.setting.looks.every_seconds);
        let every = steps(rhythm).max(1);
        let mut senses = Senses::new(self.setting.sensing, self.setting.seed);
        let mut fate = Fate::new(self.setting);
        for (step, &arrivals) in self.load.arrivals().iter().enumerate() {
            let event = fate.at(real(step) * STEP);
            self.suffer(event, step);
            self.shift(moment(step));
            senses.remember(self.model.jobs());
            if step.is_multiple_of(every) {
                self.look(step, event.blind, &mut senses, scaler);
            }
            self.serve(step, arrivals, self.crew.ready());
        }
        self.finish()
    }

    /// What happens to tasks in a step.
    fn suffer(&mut self, event: Event, step: usize) {
        if event.stuck {
            self.crew.stuck(moment(step + 1));
        }
        if event.deployment {
            self.crew.deploy(moment(step));
        }
        if event.restart && self.crew.restart(moment(step)) {
            self.model.die();
        }
    }

    /// Tasks begin to serve and stop, as far as they are due.
    fn shift(&mut self, now: u64) {
        let Shift { begin, stop } = self.crew.shift(now);
        self.model.add(begin);
        self.model.remove(stop);
    }

    /// One look, and what comes of it.
    fn look(&mut self, step: usize, blind: bool, senses: &mut Senses, scaler: &mut dyn Scaler) {
        let seconds = real(step) * STEP;
        let sight = Sight {
            seconds,
            queue: senses.read(),
            minutes: self.minutes.published(seconds),
            ready: self.crew.ready(),
            total: self.crew.desired(),
            rollout: self.crew.is_rolling_out(),
        };
        if blind {
            // Nothing is read, so nothing is carried out either.
            let _ = scaler.blind(&sight);
            return;
        }
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
            paid += f64::from(self.crew.paid().max(ready_now)) * share;
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
