//! What comes of a simulation.

use crate::world::waits::Waits;

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
    pub changes: Vec<SizeChange>,
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
pub struct SizeChange {
    /// In which step.
    pub step: usize,
    /// Tasks before, starting ones included.
    pub from: u32,
    /// Tasks ordered.
    pub to: u32,
}
