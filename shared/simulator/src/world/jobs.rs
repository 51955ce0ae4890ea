//! Every job by itself: a discrete-event queue, first come, first served.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand_distr::Distribution;
use rand_distr::Exp1;
use rand_pcg::Pcg64;

use crate::number::{jobs, place, real, real_jobs};
use crate::random::{Purpose, dice, share};
use crate::step::{STEP_MICROS, STEP_SECONDS};
use crate::world::model::{JobCounts, Model};
use crate::world::setting::{JobTime, ScaleIn, WorldSettings};
use crate::world::waits::Waits;

/// Time is counted in microseconds: whole numbers order events alike on every machine.
const MICROS: f64 = 1e6;

/// The queue and the tasks.
#[derive(Debug)]
pub(super) struct JobModel {
    mean_seconds: f64,
    time: JobTime,
    scale_in: ScaleIn,
    slots: u32,
    /// Jobs that one task reserves beyond those that it runs.
    ahead: usize,
    dice: Pcg64,
    stops: Pcg64,

    now: u64,
    waiting: VecDeque<Job>,
    running: BinaryHeap<Reverse<Running>>,
    tasks: Vec<Task>,
    /// Tasks that take jobs.
    ready: Vec<usize>,
    /// Tasks with room for a job, each once. Where jobs are reserved the one that took none for the longest time is
    /// next, as Redis serves those that ask (`BRPOP`); otherwise the one that was free last.
    takers: VecDeque<usize>,
    /// Jobs that are reserved.
    reserved: usize,
    /// Places of tasks that are gone.
    gone: Vec<usize>,
    stopping: u32,
    /// Part of a job that has not arrived yet, where arrivals are no whole numbers.
    partial: f64,
    /// What arrives in this step, the latest first.
    arrivals: Vec<u64>,
    /// Microseconds that slots were busy since time last passed.
    busy: u64,
    completed: u64,
    interrupted: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    arrived: u64,
    needs: u64,
}

/// A job that runs; the one that ends first is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Running {
    ends: u64,
    task: usize,
    started: u64,
    job: Job,
}

#[derive(Debug, Clone, Default)]
struct Task {
    running: u32,
    /// Jobs taken ahead, the oldest first.
    reserved: VecDeque<Job>,
    /// It is among those with room.
    takes: bool,
    stops: bool,
}

impl JobModel {
    pub(super) fn new(setting: &WorldSettings, time: JobTime, scale_in: ScaleIn) -> Self {
        let slots = setting.concurrency.get();
        Self {
            mean_seconds: f64::from(slots) / setting.throughput,
            time,
            scale_in,
            slots,
            ahead: usize::try_from(setting.reserved_by_task()).unwrap_or(usize::MAX),
            dice: dice(setting.seed, Purpose::Jobs),
            stops: dice(setting.seed, Purpose::Stops),
            now: 0,
            waiting: VecDeque::new(),
            running: BinaryHeap::new(),
            tasks: Vec::new(),
            ready: Vec::new(),
            takers: VecDeque::new(),
            reserved: 0,
            gone: Vec::new(),
            stopping: 0,
            partial: 0.0,
            arrivals: Vec::new(),
            busy: 0,
            completed: 0,
            interrupted: 0,
        }
    }

    /// Time passes until an event.
    fn pass(&mut self, until: u64) {
        let running = u64::try_from(self.running.len()).unwrap_or(u64::MAX);
        self.busy += running * until.saturating_sub(self.now);
        self.now = until;
    }

    /// A job begins in a task with a free slot.
    fn start(&mut self, job: Job, task: usize) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.running += 1;
        }
        let ends = self.now.saturating_add(job.needs);
        self.running.push(Reverse(Running { ends, task, started: self.now, job }));
    }

    /// Waiting jobs are taken as far as there is room.
    fn fill(&mut self) {
        while !self.waiting.is_empty()
            && let Some(task) = self.taker()
            && let Some(job) = self.waiting.pop_front()
        {
            self.take(job, task);
        }
    }

    /// The next task to take a job, which then asks anew if it has room for more.
    fn taker(&mut self) -> Option<usize> {
        let task = if self.ahead > 0 { self.takers.pop_front() } else { self.takers.pop_back() }?;
        self.tasks.get_mut(task)?.takes = false;
        Some(task)
    }

    /// A task takes a job: it runs it, or reserves it where all its slots are busy.
    fn take(&mut self, job: Job, task: usize) {
        let slots = self.slots;
        match self.tasks.get_mut(task) {
            Some(place) if place.running >= slots => {
                place.reserved.push_back(job);
                self.reserved += 1;
            }
            Some(_) | None => self.start(job, task),
        }
        self.ask(task);
    }

    /// A task with room asks for a job, unless it does so already.
    fn ask(&mut self, task: usize) {
        let Some(place) = self.tasks.get_mut(task) else { return };
        let has_room = place.running < self.slots || place.reserved.len() < self.ahead;
        if has_room && !place.takes && !place.stops {
            place.takes = true;
            self.takers.push_back(task);
        }
    }

    /// The next job ends, if one does before `before`.
    fn end_next(&mut self, before: u64, waits: &mut Waits) -> bool {
        let Some(Reverse(Running { ends, task, started, job })) = self.running.peek().copied() else {
            return false;
        };
        if ends >= before {
            return false;
        }
        self.pass(ends);
        self.running.pop();
        self.completed += 1;
        let waited = started.saturating_sub(job.arrived);
        let step = usize::try_from(job.arrived / STEP_MICROS).unwrap_or(usize::MAX);
        waits.add(step, real_jobs(waited) / MICROS, 1.0);
        let Some(place) = self.tasks.get_mut(task) else { return true };
        place.running -= 1;
        if !place.stops {
            if let Some(job) = place.reserved.pop_front() {
                self.reserved -= 1;
                self.start(job, task);
            }
            self.ask(task);
            self.fill();
        } else if place.running == 0 {
            self.stopping -= 1;
            self.gone.push(task);
        }
        true
    }

    /// Everything that happens before a moment.
    fn run_until(&mut self, until: u64, waits: &mut Waits) {
        while let Some(arrived) = self.arrivals.pop_if(|arrived| *arrived < until) {
            while self.end_next(arrived + 1, waits) {}
            self.pass(arrived);
            let job = Job { arrived, needs: self.job_time() };
            self.waiting.push_back(job);
            self.fill();
        }
        while self.end_next(until, waits) {}
        self.pass(until);
    }

    /// How long the next job will run, never nothing.
    fn job_time(&mut self) -> u64 {
        let factor: f64 = match self.time {
            JobTime::Fixed => 1.0,
            JobTime::Exponential => Exp1.sample(&mut self.dice),
        };
        jobs(self.mean_seconds * factor * MICROS).max(1)
    }

    /// One task, any of them, must stop; what becomes of its running jobs is reported.
    fn stop_one(&mut self, jobs: ScaleIn) {
        if self.ready.is_empty() {
            return;
        }
        let chosen = place(share(&mut self.stops) * real(self.ready.len())).min(self.ready.len() - 1);
        let task = self.ready.swap_remove(chosen);
        self.takers.retain(|taker| *taker != task);
        self.release(task);
        if jobs == ScaleIn::Kills {
            self.interrupt(task);
        }
        let Some(place) = self.tasks.get_mut(task) else { return };
        place.stops = true;
        if place.running == 0 {
            self.gone.push(task);
        } else {
            self.stopping += 1;
        }
    }

    /// The jobs that a task reserved go back to the head of the queue, the oldest first.
    fn release(&mut self, task: usize) {
        let Some(place) = self.tasks.get_mut(task) else { return };
        self.reserved -= place.reserved.len();
        for job in std::mem::take(&mut place.reserved).into_iter().rev() {
            self.waiting.push_front(job);
        }
    }

    /// The running jobs of a task go back to the head of the queue, the oldest first.
    fn interrupt(&mut self, task: usize) {
        let mut back = Vec::new();
        self.running.retain(|Reverse(running)| {
            let stays = running.task != task;
            if !stays {
                back.push(running.job);
            }
            stays
        });
        if let Some(place) = self.tasks.get_mut(task) {
            place.running = 0;
        }
        self.interrupted += u64::try_from(back.len()).unwrap_or(u64::MAX);
        back.sort_unstable();
        for job in back.into_iter().rev() {
            self.waiting.push_front(job);
        }
    }
}

impl Model for JobModel {
    fn add(&mut self, tasks: u32) {
        for _ in 0..tasks {
            let task = self.gone.pop().unwrap_or(self.tasks.len());
            if task == self.tasks.len() {
                self.tasks.push(Task::default());
            } else if let Some(place) = self.tasks.get_mut(task) {
                *place = Task::default();
            }
            self.ready.push(task);
            self.ask(task);
        }
        self.fill();
    }

    fn remove(&mut self, tasks: u32) {
        for _ in 0..tasks {
            self.stop_one(self.scale_in);
        }
        self.fill();
    }

    fn die(&mut self) {
        self.stop_one(ScaleIn::Kills);
        self.fill();
    }

    fn arrive(&mut self, step: usize, arrivals: f64) {
        let begin = u64::try_from(step).unwrap_or(u64::MAX).saturating_mul(STEP_MICROS);
        self.partial += arrivals;
        let whole = self.partial.floor();
        self.partial -= whole;
        for _ in 0..jobs(whole) {
            let offset = jobs((share(&mut self.dice) * f64::from(STEP_SECONDS) * MICROS).floor());
            self.arrivals.push(begin + offset);
        }
        self.arrivals.sort_unstable_by(|one, other| other.cmp(one));
    }

    fn work(&mut self, until: u64, waits: &mut Waits) -> f64 {
        self.busy = 0;
        self.run_until(until, waits);
        real_jobs(self.busy) / real_jobs(STEP_MICROS) / f64::from(self.slots)
    }

    fn finish(&mut self, waits: &mut Waits) {
        if self.ready.is_empty() && !self.waiting.is_empty() {
            self.add(1);
        }
        while self.end_next(u64::MAX, waits) {}
    }

    fn jobs(&self) -> JobCounts {
        JobCounts {
            waiting: real(self.waiting.len()),
            reserved: real(self.reserved),
            running: real(self.running.len()),
            completed: real_jobs(self.completed),
        }
    }

    fn stopping(&self) -> u32 {
        self.stopping
    }

    fn interrupted(&self) -> Option<u64> {
        Some(self.interrupted)
    }
}
