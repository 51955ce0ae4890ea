//! What an evaluation sees of the queue: late, noisy, biased, or nothing.

use std::collections::VecDeque;

use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

use crate::evaluation::QueueReading;
use crate::random::{Purpose, dice, share};
use crate::step::steps;
use crate::world::model::JobCounts;
use crate::world::setting::Sensing;

/// The senses of an evaluation.
#[derive(Debug)]
pub(super) struct Senses {
    sensing: Sensing,
    age_steps: usize,
    past: VecDeque<JobCounts>,
    /// Completions as they were seen, and as they were then.
    completed: (f64, f64),
    dice: Pcg64,
}

impl Senses {
    pub(super) fn new(sensing: Sensing, seed: u64) -> Self {
        Self {
            sensing,
            age_steps: steps(sensing.reading_age_seconds),
            past: VecDeque::new(),
            completed: (0.0, 0.0),
            dice: dice(seed, Purpose::Readings),
        }
    }

    /// How the queue is at the beginning of a step.
    pub(super) fn remember(&mut self, jobs: JobCounts) {
        self.past.push_back(jobs);
        if self.past.len() > self.age_steps + 1 {
            self.past.pop_front();
        }
    }

    /// What an evaluation reads now, if anything.
    pub(super) fn read(&mut self) -> Option<QueueReading> {
        let missing = self.sensing.missing > 0.0 && share(&mut self.dice) < self.sensing.missing;
        let jobs = *self.past.front().filter(|_| self.past.len() > self.age_steps && !missing)?;
        let (waiting, in_flight, done) = (self.factor(), self.factor(), self.factor());
        let (seen, then) = self.completed;
        self.completed = (seen + ((jobs.completed - then) * done).max(0.0), jobs.completed);
        Some(QueueReading {
            waiting: (jobs.waiting * waiting).max(0.0),
            in_flight: (jobs.in_flight(self.sensing.shows) * self.sensing.in_flight_bias * in_flight)
                .max(0.0),
            completed: self.completed.0,
            taken: jobs.completed + jobs.running + jobs.reserved,
            shows: self.sensing.shows,
            age_seconds: self.sensing.reading_age_seconds,
        })
    }

    /// The factor on one number of a reading.
    fn factor(&mut self) -> f64 {
        if self.sensing.noise == 0.0 {
            return 1.0;
        }
        let deviation: f64 = StandardNormal.sample(&mut self.dice);
        1.0 + self.sensing.noise * deviation
    }
}
