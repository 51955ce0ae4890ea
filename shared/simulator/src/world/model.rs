//! The two ways in which work is done have one shape.

use crate::evaluation::Shows;
use crate::world::waits::Waits;

/// How work is done; the two ways have one shape.
pub(super) trait Model {
    /// Tasks begin to serve.
    fn add(&mut self, tasks: u32);
    /// Tasks must stop.
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
    /// Tasks that must stop and still work.
    fn stopping(&self) -> u32;
    /// Jobs interrupted, where they are told apart.
    fn interrupted(&self) -> Option<u64>;
}

/// Jobs at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct JobCounts {
    pub(super) waiting: f64,
    pub(super) reserved: f64,
    pub(super) running: f64,
    pub(super) completed: f64,
}

impl JobCounts {
    /// Those taken and not done that a queue shows.
    pub(super) fn in_flight(&self, shows: Shows) -> f64 {
        match shows {
            Shows::TakenAndDone | Shows::Taken => self.reserved + self.running,
            Shows::Reserved => self.reserved,
            Shows::Nothing => 0.0,
        }
    }
}
