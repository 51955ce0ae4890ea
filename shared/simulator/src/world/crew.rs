//! Tasks that start.

use std::collections::VecDeque;

use rand_pcg::Pcg64;

use super::Starts;
use crate::load::STEP;
use crate::number::place;
use crate::random::{Purpose, dice, share};

/// The tasks of the service.
#[derive(Debug)]
pub(super) struct Crew {
    /// Tasks that serve.
    pub(super) ready: u32,
    /// Starts that failed so far.
    pub(super) failed: u64,
    /// Starting tasks, in the order they were asked for.
    starting: VecDeque<Batch>,
    starts: Starts,
    dice: Pcg64,
}

/// Tasks that will serve from the same step on.
#[derive(Debug, Clone, Copy)]
struct Batch {
    from_step: usize,
    tasks: u32,
}

impl Crew {
    pub(super) fn new(starts: Starts, seed: u64) -> Self {
        Self { ready: 0, failed: 0, starting: VecDeque::new(), starts, dice: dice(seed, Purpose::Starts) }
    }

    /// Tasks that were asked for and do not serve yet.
    pub(super) fn starting(&self) -> u32 {
        self.starting.iter().map(|batch| batch.tasks).sum()
    }

    /// Asks for tasks.
    pub(super) fn order(&mut self, step: usize, tasks: u32) {
        if tasks == 0 {
            return;
        }
        let alike = self.starts.spread == 0.0 && self.starts.failing == 0.0;
        let (batches, size) = if alike { (1, tasks) } else { (tasks, 1) };
        for _ in 0..batches {
            let from_step = step + self.delay();
            self.starting.push_back(Batch { from_step, tasks: size });
        }
    }

    /// The steps that one start takes.
    fn delay(&mut self) -> usize {
        let Starts { seconds, spread, .. } = self.starts;
        let factor = if spread == 0.0 { 1.0 } else { 1.0 + spread * (2.0 * share(&mut self.dice) - 1.0) };
        place((seconds * factor / STEP).round())
    }

    /// Tasks whose start is over begin to serve, or fail and start anew.
    pub(super) fn begin(&mut self, step: usize) -> u32 {
        if self.starting.is_empty() {
            return 0;
        }
        let mut begun = 0;
        for mut batch in std::mem::take(&mut self.starting) {
            if batch.from_step <= step {
                let fails = self.starts.failing > 0.0 && share(&mut self.dice) < self.starts.failing;
                if !fails {
                    begun += batch.tasks;
                    continue;
                }
                self.failed = self.failed.saturating_add(1);
                batch.from_step = step + self.delay().max(1);
            }
            self.starting.push_back(batch);
        }
        self.ready += begun;
        begun
    }

    /// Lets tasks go, the youngest starting ones first; how many serving ones must stop comes out.
    pub(super) fn dismiss(&mut self, tasks: u32) -> u32 {
        let mut left = tasks;
        while left > 0 {
            let Some(youngest) = self.starting.back_mut() else { break };
            let gone = youngest.tasks.min(left);
            youngest.tasks -= gone;
            left -= gone;
            if youngest.tasks == 0 {
                self.starting.pop_back();
            }
        }
        let leaving = left.min(self.ready);
        self.ready -= leaving;
        leaving
    }
}
