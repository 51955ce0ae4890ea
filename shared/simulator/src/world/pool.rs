//! Tasks that start, serve and stop.

use std::collections::VecDeque;

use rand_pcg::Pcg64;

use crate::number::{jobs, place, real, real_jobs};
use crate::random::{Purpose, dice, share};
use crate::step::{STEP, STEP_MICROS};
use crate::world::setting::{Disruptions, Moments, Starts, WorldSettings};

/// Fargate bills a task for a minute at least.
pub(crate) const LEAST_BILLED_SECONDS: f64 = 60.0;

/// The tasks of the service. Moments are microseconds since the load began.
#[derive(Debug)]
pub(super) struct TaskPool {
    /// Tasks that serve.
    ready: Vec<Ordered>,
    /// Starting tasks, in the order they were asked for.
    starting: VecDeque<StartingTasks>,
    /// When tasks that must stop do so; until then they serve.
    stops: Vec<u64>,
    rollout: Option<Rollout>,
    /// Until then no start ends.
    stuck_until: u64,
    bill: TaskBill,
    starts: Starts,
    moments: Moments,
    dice: Pcg64,
    lives: Pcg64,
}

/// When a task was ordered; `None` is before the load began.
#[derive(Debug, Clone, Copy)]
struct Ordered(Option<u64>);

/// What the number of tasks alone does not show of their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct TaskBill {
    /// Tasks that were started, failed starts included.
    pub(super) started: u64,
    /// Starts that failed.
    pub(super) failed: u64,
    /// Task-seconds that are billed beyond those lived, since a task is billed for a minute at least.
    pub(super) unlived_seconds: f64,
}

/// Tasks that will serve from the same moment on.
#[derive(Debug, Clone, Copy)]
struct StartingTasks {
    ready_at: u64,
    ordered: u64,
    tasks: u32,
    /// Of a deployment: not among those that are asked for.
    green: bool,
}

/// A deployment: as many new tasks as were asked for, which take the place of as many old ones.
#[derive(Debug)]
struct Rollout {
    tasks: u32,
    /// New tasks that serve, as in [`TaskPool::ready`].
    green: Vec<Ordered>,
    /// When the old ones stop; `None` while new ones start.
    ends: Option<u64>,
}

/// Tasks that begin to serve and that stop at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) begin: u32,
    pub(super) stop: u32,
}

impl TaskPool {
    /// So many tasks serve already.
    pub(super) fn new(setting: &WorldSettings, ready: u32) -> Self {
        Self {
            ready: (0..ready).map(|_| Ordered(None)).collect(),
            starting: VecDeque::new(),
            stops: Vec::new(),
            rollout: None,
            stuck_until: 0,
            bill: TaskBill::default(),
            starts: setting.starts,
            moments: setting.moments,
            dice: dice(setting.seed, Purpose::Starts),
            lives: dice(setting.seed, Purpose::Lives),
        }
    }

    /// Tasks that serve, both colours of a deployment and those that must stop among them.
    pub(super) fn ready(&self) -> u32 {
        let green = self.rollout.as_ref().map_or(0, |rollout| count(rollout.green.len()));
        count(self.ready.len()).saturating_add(count(self.stops.len())).saturating_add(green)
    }

    /// A deployment is in progress.
    pub(super) fn is_rolling_out(&self) -> bool {
        self.rollout.is_some()
    }

    /// Tasks that are asked for (`desiredCount`): those that must stop are not among them.
    pub(super) fn desired(&self) -> u32 {
        count(self.ready.len()).saturating_add(self.starting())
    }

    /// Tasks that were asked for and do not serve yet.
    fn starting(&self) -> u32 {
        self.starting.iter().filter(|batch| !batch.green).map(|batch| batch.tasks).sum()
    }

    /// Tasks that are paid: all that serve and all that start.
    pub(super) fn paid(&self) -> u32 {
        self.ready().saturating_add(self.starting.iter().map(|batch| batch.tasks).sum())
    }

    pub(super) fn bill(&self) -> TaskBill {
        self.bill
    }

    /// Asks for tasks.
    pub(super) fn order(&mut self, now: u64, tasks: u32) {
        self.start(now, tasks, false);
    }

    /// A deployment begins, unless one is in progress.
    pub(super) fn deploy(&mut self, now: u64) {
        let tasks = self.desired();
        if self.rollout.is_none() && tasks > 0 {
            self.rollout = Some(Rollout { tasks, green: Vec::new(), ends: None });
            self.start(now, tasks, true);
        }
    }

    /// A serving task dies, and another one starts in its place; whether there was one.
    pub(super) fn restart(&mut self, now: u64) -> bool {
        let Some(ordered) = self.any() else { return false };
        self.leave(ordered, now);
        self.start(now, 1, false);
        true
    }

    /// No start ends before a moment.
    pub(super) fn stuck(&mut self, until: u64) {
        self.stuck_until = until;
    }

    fn start(&mut self, now: u64, tasks: u32, green: bool) {
        if tasks == 0 {
            return;
        }
        self.bill.started = self.bill.started.saturating_add(tasks.into());
        let alike = self.starts.spread == 0.0 && self.starts.failing == 0.0 && self.moments == Moments::Steps;
        let (batches, size) = if alike { (1, tasks) } else { (tasks, 1) };
        for _ in 0..batches {
            let ready_at = now.saturating_add(self.delay());
            self.starting.push_back(StartingTasks { ready_at, ordered: now, tasks: size, green });
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
        let begins = self.starting.iter().map(|batch| batch.ready_at.max(self.stuck_until));
        let ends = self.rollout.as_ref().and_then(|rollout| rollout.ends);
        begins.chain(self.stops.iter().copied()).chain(ends).filter(|at| *at < until).min()
    }

    /// What is due by a moment: tasks begin to serve, or their start fails and begins anew; others stop.
    pub(super) fn shift(&mut self, now: u64) -> Shift {
        let told = self.stops.len();
        self.stops.retain(|at| *at > now);
        let mut shift = Shift { begin: 0, stop: count(told.saturating_sub(self.stops.len())) };
        shift.stop += self.end_rollout(now);
        if self.starting.is_empty() {
            return shift;
        }
        for mut batch in std::mem::take(&mut self.starting) {
            if batch.ready_at.max(self.stuck_until) <= now {
                let fails = self.starts.failing > 0.0 && share(&mut self.dice) < self.starts.failing;
                if !fails {
                    let begun = (0..batch.tasks).map(|_| Ordered(Some(batch.ordered)));
                    match &mut self.rollout {
                        Some(rollout) if batch.green => rollout.green.extend(begun),
                        Some(_) | None => self.ready.extend(begun),
                    }
                    shift.begin += batch.tasks;
                    continue;
                }
                self.leave(Ordered(Some(batch.ordered)), now);
                self.bill.failed = self.bill.failed.saturating_add(1);
                self.bill.started = self.bill.started.saturating_add(1);
                batch.ordered = now;
                batch.ready_at = now.saturating_add(self.delay().max(STEP_MICROS));
            }
            self.starting.push_back(batch);
        }
        if let Some(rollout) = &mut self.rollout
            && rollout.ends.is_none()
            && count(rollout.green.len()) >= rollout.tasks
        {
            rollout.ends = Some(now.saturating_add(micros(Disruptions::BAKE_SECONDS)));
        }
        shift
    }

    /// Where a deployment ends, as many old tasks stop as new ones serve; how many comes out.
    fn end_rollout(&mut self, now: u64) -> u32 {
        let Some(rollout) = self.rollout.take_if(|rollout| rollout.ends.is_some_and(|ends| ends <= now))
        else {
            return 0;
        };
        let (tasks, old) = (rollout.green.len(), self.ready.len());
        self.ready.extend(rollout.green);
        // The old ones stand in front. Where fewer than that are left, scale-in took the others, and new ones go for them.
        for ordered in self.ready.drain(..tasks.min(old)).collect::<Vec<_>>() {
            self.leave(ordered, now);
        }
        for ordered in self.ready.drain(..tasks.saturating_sub(old)).collect::<Vec<_>>() {
            self.leave(ordered, now);
        }
        count(tasks)
    }

    /// Lets tasks go, the youngest starting ones first; how many serving ones stop at once comes out.
    pub(super) fn dismiss(&mut self, now: u64, tasks: u32) -> u32 {
        let mut left = tasks;
        while left > 0 {
            let Some(place) = self.starting.iter().rposition(|batch| !batch.green) else { break };
            let Some(youngest) = self.starting.get_mut(place) else { break };
            let (gone, ordered) = (youngest.tasks.min(left), youngest.ordered);
            youngest.tasks -= gone;
            left -= gone;
            if youngest.tasks == 0 {
                self.starting.remove(place);
            }
            (0..gone).for_each(|_| self.leave(Ordered(Some(ordered)), now));
        }
        let mut at_once = 0;
        while left > 0
            && let Some(ordered) = self.any()
        {
            left -= 1;
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

    /// Takes any of the serving tasks: ECS chooses by zones and not by age.
    fn any(&mut self) -> Option<Ordered> {
        let last = self.ready.len().checked_sub(1)?;
        let chosen = place(share(&mut self.lives) * real(self.ready.len())).min(last);
        Some(self.ready.swap_remove(chosen))
    }

    /// A task stops being billed.
    fn leave(&mut self, Ordered(ordered): Ordered, at: u64) {
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
