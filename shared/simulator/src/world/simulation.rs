//! A world in motion: step by step, what arrives, what happens to tasks, what an evaluation makes of it.

use crate::evaluation::{Autoscaler, AutoscalerInput, Minute};
use crate::load::Load;
use crate::number::{real, real_jobs, tasks};
use crate::step::{STEP, STEP_MICROS, STEPS_PER_MINUTE, moment, steps};
use crate::world::disruptions::{DisruptionStart, DisruptionState};
use crate::world::fluid::FluidModel;
use crate::world::jobs::JobModel;
use crate::world::minutes::Minutes;
use crate::world::model::Model;
use crate::world::pool::{Shift, TaskBill, TaskPool};
use crate::world::run::{Run, SizeChange};
use crate::world::sensing::Senses;
use crate::world::setting::{ServiceModel, WorldSettings};
use crate::world::waits::Waits;

/// Replays a load in a world that an autoscaler scales.
///
/// It begins with the tasks that the first minute needs, unless the autoscaler has a size of its own.
#[must_use]
pub fn simulate(load: &Load, setting: &WorldSettings, autoscaler: &mut dyn Autoscaler) -> Run {
    let first = load.rate().first().copied().unwrap_or(0.0);
    let needed = setting.capacity.clamp(tasks(first / setting.throughput));
    let begin = autoscaler.initial_tasks().map_or(needed, |size| setting.capacity.clamp(size));
    match setting.service {
        ServiceModel::Fluid => {
            Simulation::new(load, setting, FluidModel::new(setting), begin).scaled_by(autoscaler)
        }
        ServiceModel::Jobs { time, scale_in } => {
            Simulation::new(load, setting, JobModel::new(setting, time, scale_in), begin)
                .scaled_by(autoscaler)
        }
    }
}

/// Replays a load with a supply that is given for every step, as a fluid.
pub(crate) fn supplied(load: &Load, setting: &WorldSettings, supply: &[u32]) -> Run {
    let mut replay = Simulation::new(load, setting, FluidModel::new(setting), 0);
    let mut serving = 0;
    for (step, (&arrivals, &wanted)) in load.arrivals().iter().zip(supply).enumerate() {
        if wanted != serving && step > 0 {
            replay.run.changes.push(SizeChange { step, from: serving, to: wanted });
        }
        replay.model.add(wanted.saturating_sub(serving));
        replay.model.remove(serving.saturating_sub(wanted));
        serving = wanted;
        replay.serve(step, arrivals, serving);
    }
    replay.finish()
}

/// A world in motion.
struct Simulation<'a, M> {
    load: &'a Load,
    setting: &'a WorldSettings,
    model: M,
    pool: TaskPool,
    run: Run,
    minutes: Minutes,
    open: OpenMinute,
}

/// The minute that is not over yet.
#[derive(Debug, Default)]
struct OpenMinute {
    busy: f64,
    ready: f64,
    most: u32,
}

impl<'a, M: Model> Simulation<'a, M> {
    fn new(load: &'a Load, setting: &'a WorldSettings, mut model: M, begin: u32) -> Self {
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
        let pool = TaskPool::new(setting, begin);
        let minutes = Minutes::new(&setting.sensing, setting.seed);
        Self { load, setting, model, pool, run, minutes, open: OpenMinute::default() }
    }

    fn scaled_by(mut self, autoscaler: &mut dyn Autoscaler) -> Run {
        let rhythm = autoscaler.interval_seconds().unwrap_or(self.setting.evaluations.every_seconds);
        let every = steps(rhythm).max(1);
        let mut senses = Senses::new(self.setting.sensing, self.setting.seed);
        let mut disruptions = DisruptionState::new(self.setting);
        for (step, &arrivals) in self.load.arrivals().iter().enumerate() {
            let event = disruptions.at(real(step) * STEP);
            self.suffer(event, step);
            self.shift(moment(step));
            senses.remember(self.model.jobs());
            if step.is_multiple_of(every) {
                self.evaluate(step, event.unreadable, &mut senses, autoscaler);
            }
            self.serve(step, arrivals, self.pool.ready());
        }
        self.finish()
    }

    /// What happens to tasks in a step.
    fn suffer(&mut self, event: DisruptionStart, step: usize) {
        if event.stuck {
            self.pool.stuck(moment(step + 1));
        }
        if event.deployment {
            self.pool.deploy(moment(step));
        }
        if event.restart && self.pool.restart(moment(step)) {
            self.model.die();
        }
    }

    /// Tasks begin to serve and stop, as far as they are due.
    fn shift(&mut self, now: u64) {
        let Shift { begin, stop } = self.pool.shift(now);
        self.model.add(begin);
        self.model.remove(stop);
    }

    /// One evaluation, and what comes of it.
    fn evaluate(
        &mut self,
        step: usize,
        unreadable: bool,
        senses: &mut Senses,
        autoscaler: &mut dyn Autoscaler,
    ) {
        let seconds = real(step) * STEP;
        let input = AutoscalerInput {
            seconds,
            queue: senses.read(),
            minutes: self.minutes.published(seconds),
            ready: self.pool.ready(),
            total: self.pool.desired(),
            rollout: self.pool.is_rolling_out(),
        };
        if unreadable {
            // Nothing is read, so nothing is carried out either.
            let _ = autoscaler.unreadable(&input);
            return;
        }
        if seconds < f64::from(self.setting.evaluations.act_from_seconds) {
            return autoscaler.watch(&input);
        }
        let Some(recommendation) = autoscaler.evaluate(&input) else { return };
        let (from, to) = (input.total, self.setting.capacity.clamp(recommendation));
        if to == from {
            return;
        }
        self.run.changes.push(SizeChange { step, from, to });
        self.pool.order(moment(step), to.saturating_sub(from));
        let leaving = self.pool.dismiss(moment(step), from.saturating_sub(to));
        self.model.remove(leaving);
    }

    /// One step: work is done, and within it tasks begin to serve and stop. So many serve where it begins.
    fn serve(&mut self, step: usize, arrivals: f64, ready: u32) {
        self.model.arrive(step, arrivals);
        let (mut now, end) = (moment(step), moment(step + 1));
        let (mut busy, mut serving, mut paid) = (0.0, 0.0, 0.0);
        let mut ready_now = ready;
        loop {
            self.open.most = self.open.most.max(ready_now);
            let until = self.pool.next(end).unwrap_or(end);
            let share = real_jobs(until - now) / real_jobs(STEP_MICROS);
            busy += self.model.work(until, &mut self.run.waits);
            serving += f64::from(ready_now) * share;
            paid += f64::from(self.pool.paid().max(ready_now)) * share;
            if until == end {
                break;
            }
            now = until;
            self.shift(now);
            ready_now = self.pool.ready();
        }
        let jobs = self.model.jobs();
        self.run.ready.push(ready);
        self.run.billed.push(paid + f64::from(self.model.stopping()));
        self.run.waiting.push(jobs.waiting + jobs.reserved);
        self.open.busy += busy;
        self.open.ready += serving;
        if step % STEPS_PER_MINUTE == STEPS_PER_MINUTE - 1 {
            let OpenMinute { busy, ready, most } = std::mem::take(&mut self.open);
            self.minutes.push(Minute {
                waiting: jobs.waiting,
                in_flight: jobs.in_flight(self.setting.sensing.shows),
                utilization: busy / ready.max(1.0),
                tasks: most.into(),
            });
        }
    }

    fn finish(mut self) -> Run {
        self.model.finish(&mut self.run.waits);
        self.run.jobs_interrupted = self.model.interrupted();
        let TaskBill { started, failed, unlived_seconds } = self.pool.bill();
        self.run.starts = started;
        self.run.starts_failed = failed;
        self.run.unlived_seconds = unlived_seconds;
        self.run
    }
}
