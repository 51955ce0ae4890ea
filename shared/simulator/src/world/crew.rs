//! Tasks that start, serve and stop.

use std::collections::VecDeque;

use rand_pcg::Pcg64;

use super::{Moments, Setting, Starts};
use crate::load::{STEP, STEP_MICROS};
use crate::number::{jobs, place, real, real_jobs};
use crate::random::{Purpose, dice, share};

/// Fargate bills a task for a minute at least.
pub(crate) const LEAST_BILLED_SECONDS: f64 = 60.0;

/// The tasks of the service. Moments are microseconds since the load began.
#[derive(Debug)]
pub(super) struct Crew {
    /// Tasks that serve: when each was ordered; `None` is before the load began.
    ready: Vec<Option<u64>>,
    /// Starting tasks, in the order they were asked for.
    starting: VecDeque<Batch>,
    /// When tasks that were told to stop do so; until then they serve.
    stops: Vec<u64>,
    bill: Bill,
    starts: Starts,
    moments: Moments,
    dice: Pcg64,
    lives: Pcg64,
}

/// What the number of tasks alone does not tell of their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Bill {
    /// Tasks that were started, failed starts included.
    pub(super) started: u64,
    /// Starts that failed.
    pub(super) failed: u64,
    /// Task-seconds that are billed beyond those lived, since a task is billed for a minute at least.
    pub(super) unlived_seconds: f64,
}

/// Tasks that will serve from the same moment on.
#[derive(Debug, Clone, Copy)]
struct Batch {
    ready_at: u64,
    ordered: u64,
    tasks: u32,
}

/// Tasks that begin to serve and that stop at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) begin: u32,
    pub(super) stop: u32,
}

impl Crew {
    /// So many tasks serve already.
    pub(super) fn new(setting: &Setting, ready: u32) -> Self {
        Self {
            ready: (0..ready).map(|_| None).collect(),
            starting: VecDeque::new(),
            stops: Vec::new(),
            bill: Bill::default(),
            starts: setting.starts,
            moments: setting.moments,
            dice: dice(setting.seed, Purpose::Starts),
            lives: dice(setting.seed, Purpose::Lives),
        }
    }

    /// Tasks that serve, those among them that were told to stop.
    pub(super) fn ready(&self) -> u32 {
        count(self.ready.len()).saturating_add(count(self.stops.len()))
    }

    /// Tasks that are asked for (`desiredCount`): those told to stop are not among them.
    pub(super) fn desired(&self) -> u32 {
        count(self.ready.len()).saturating_add(self.starting())
    }

    /// Tasks that were asked for and do not serve yet.
    pub(super) fn starting(&self) -> u32 {
        self.starting.iter().map(|batch| batch.tasks).sum()
    }

    pub(super) fn bill(&self) -> Bill {
        self.bill
    }

    /// Asks for tasks.
    pub(super) fn order(&mut self, now: u64, tasks: u32) {
        if tasks == 0 {
            return;
        }
        self.bill.started = self.bill.started.saturating_add(tasks.into());
        let alike = self.starts.spread == 0.0 && self.starts.failing == 0.0 && self.moments == Moments::Steps;
        let (batches, size) = if alike { (1, tasks) } else { (tasks, 1) };
        for _ in 0..batches {
            let ready_at = now.saturating_add(self.delay());
            self.starting.push_back(Batch { ready_at, ordered: now, tasks: size });
        }
    }

    /// How long one start takes.
    fn delay(&mut self) -> u64 {
        let Starts { seconds, spread, .. } = self.starts;
        let factor = if spread == 0.0 { 1.0 } else { 1.0 + spread * (2.0 * share(&mut self.dice) - 1.0) };
        match self.moments {
            Moments::Steps => jobs(real(place((seconds * factor / STEP).round()))) * STEP_MICROS,
            Moments::AnySecond => {
                let within_a_step = STEP * (share(&mut self.dice) - 0.5);
                micros((seconds * factor + within_a_step).round())
            }
        }
    }

    /// The next moment before `until` at which a task begins to serve or stops.
    pub(super) fn next(&self, until: u64) -> Option<u64> {
        let begins = self.starting.iter().map(|batch| batch.ready_at);
        begins.chain(self.stops.iter().copied()).filter(|at| *at < until).min()
    }

    /// What is due by a moment: tasks begin to serve, or their start fails and begins anew; others stop.
    pub(super) fn shift(&mut self, now: u64) -> Shift {
        let told = self.stops.len();
        self.stops.retain(|at| *at > now);
        let mut shift = Shift { begin: 0, stop: count(told.saturating_sub(self.stops.len())) };
        if self.starting.is_empty() {
            return shift;
        }
        for mut batch in std::mem::take(&mut self.starting) {
            if batch.ready_at <= now {
                let fails = self.starts.failing > 0.0 && share(&mut self.dice) < self.starts.failing;
                if !fails {
                    self.ready.extend((0..batch.tasks).map(|_| Some(batch.ordered)));
                    shift.begin += batch.tasks;
                    continue;
                }
                self.leave(Some(batch.ordered), now);
                self.bill.failed = self.bill.failed.saturating_add(1);
                self.bill.started = self.bill.started.saturating_add(1);
                batch.ordered = now;
                batch.ready_at = now.saturating_add(self.delay().max(STEP_MICROS));
            }
            self.starting.push_back(batch);
        }
        shift
    }

    /// Lets tasks go, the youngest starting ones first; how many serving ones stop at once comes out.
    pub(super) fn dismiss(&mut self, now: u64, tasks: u32) -> u32 {
        let mut left = tasks;
        while left > 0 {
            let Some(youngest) = self.starting.back_mut() else { break };
            let (gone, ordered) = (youngest.tasks.min(left), youngest.ordered);
            youngest.tasks -= gone;
            left -= gone;
            if youngest.tasks == 0 {
                self.starting.pop_back();
            }
            (0..gone).for_each(|_| self.leave(Some(ordered), now));
        }
        let mut at_once = 0;
        while left > 0 && !self.ready.is_empty() {
            left -= 1;
            // ECS chooses by zones and not by age: any of them.
            let chosen = place(share(&mut self.lives) * real(self.ready.len())).min(self.ready.len() - 1);
            let ordered = self.ready.swap_remove(chosen);
            let stops = match self.moments {
                Moments::Steps => now,
                Moments::AnySecond => now.saturating_add(micros((STEP * share(&mut self.dice)).floor())),
            };
            self.leave(ordered, stops);
            if stops == now {
                at_once += 1;
            } else {
                self.stops.push(stops);
            }
        }
        at_once
    }

    /// A task stops being billed.
    fn leave(&mut self, ordered: Option<u64>, at: u64) {
        let Some(ordered) = ordered else { return };
        let lived = real_jobs(at.saturating_sub(ordered)) / 1e6;
        self.bill.unlived_seconds += (LEAST_BILLED_SECONDS - lived).max(0.0);
    }
}

fn count(tasks: usize) -> u32 {
    u32::try_from(tasks).unwrap_or(u32::MAX)
}

fn micros(seconds: f64) -> u64 {
    jobs(seconds.max(0.0) * 1e6)
}
