//! Work that flows: the model of the reference simulation.

use std::collections::VecDeque;

use crate::number::real_jobs;
use crate::step::{STEP, STEP_MICROS};
use crate::world::model::{JobCounts, Model};
use crate::world::setting::WorldSettings;
use crate::world::waits::{Waits, middle_of_step};

/// A fluid queue: in each step first comes what arrives, then the ready tasks serve what they can. The jobs of a step
/// wait as long as the middle one of them. Whoever reserved them serves them no later than another would: only job by job
/// does a reserved job wait for its own task.
#[derive(Debug)]
pub(super) struct FluidModel {
    per_task: f64,
    concurrency: f64,
    /// Jobs that one task reserves.
    reserved_by_task: f64,
    ready: u32,
    /// What arrives in this step, evenly.
    arriving: f64,
    waiting: f64,
    /// Tasks that were busy, in the mean of this step so far.
    busy: f64,
    arrived: f64,
    served: f64,
    now: u64,
    pending: VecDeque<Pending>,
}

/// The jobs of one step, until the middle one is served.
#[derive(Debug, Clone, Copy)]
struct Pending {
    step: usize,
    jobs: f64,
    /// The number of the middle one, counted from the beginning.
    middle: f64,
}

/// What floating-point sums may be off.
const DIRT: f64 = 1e-9;

impl FluidModel {
    pub(super) fn new(setting: &WorldSettings) -> Self {
        Self {
            per_task: setting.throughput * STEP,
            concurrency: f64::from(setting.concurrency.get()),
            reserved_by_task: f64::from(setting.reserved_by_task()),
            ready: 0,
            arriving: 0.0,
            waiting: 0.0,
            busy: 0.0,
            arrived: 0.0,
            served: 0.0,
            now: 0,
            pending: VecDeque::new(),
        }
    }

    /// The waits of those that are served by now: `served` more jobs from `from` on, within `lasting` seconds.
    fn settle(&mut self, from: f64, served: f64, lasting: f64, waits: &mut Waits) {
        let before = self.served;
        self.served += served;
        while let Some(first) = self.pending.front().copied() {
            if first.middle > self.served + DIRT {
                return;
            }
            self.pending.pop_front();
            let share = ((first.middle - before) / served.max(1e-12)).min(1.0);
            let started = from + share * lasting;
            waits.add(first.step, (started - middle_of_step(first.step)).max(0.0), first.jobs);
        }
    }
}

impl Model for FluidModel {
    fn add(&mut self, tasks: u32) {
        self.ready = self.ready.saturating_add(tasks);
    }

    fn remove(&mut self, tasks: u32) {
        self.ready = self.ready.saturating_sub(tasks);
    }

    fn die(&mut self) {
        self.remove(1);
    }

    fn arrive(&mut self, step: usize, arrivals: f64) {
        if arrivals > 0.0 {
            let middle = self.arrived + arrivals / 2.0;
            self.pending.push_back(Pending { step, jobs: arrivals, middle });
            self.arrived += arrivals;
        }
        self.arriving = arrivals;
        self.busy = 0.0;
    }

    fn work(&mut self, until: u64, waits: &mut Waits) -> f64 {
        let share = real_jobs(until.saturating_sub(self.now)) / real_jobs(STEP_MICROS);
        self.waiting += self.arriving * share;
        let served = self.waiting.min(f64::from(self.ready) * self.per_task * share);
        self.waiting -= served;
        self.settle(real_jobs(self.now) / 1e6, served, share * STEP, waits);
        self.now = until;
        let busy = served / self.per_task;
        self.busy += busy;
        busy
    }

    fn finish(&mut self, waits: &mut Waits) {
        // One job more than is left, at the rate of the tasks that are left: whatever the sums are off, no task stays.
        let rest = self.waiting + 1.0;
        let lasting = rest / (f64::from(self.ready.max(1)) * self.per_task) * STEP;
        self.waiting = 0.0;
        self.settle(real_jobs(self.now) / 1e6, rest, lasting, waits);
        self.served = self.arrived;
    }

    fn jobs(&self) -> JobCounts {
        let reserved = self.waiting.min(f64::from(self.ready) * self.reserved_by_task);
        JobCounts {
            waiting: self.waiting - reserved,
            reserved,
            running: self.busy * self.concurrency,
            completed: self.served,
        }
    }

    fn stopping(&self) -> u32 {
        0
    }

    fn interrupted(&self) -> Option<u64> {
        None
    }
}
