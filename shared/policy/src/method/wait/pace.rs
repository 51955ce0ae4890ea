//! How fast jobs are done.
//!
//! Where the queue counts finished jobs, it is jobs by the time that places were busy. Where it does not, the queue's
//! answer tells: when more places become busy while jobs wait, the queue becomes shorter by so much more. And what the
//! queue lost between two looks was certainly done. Until anything is known a job is taken to last as long as the
//! planned wait: that is too long for most, and a job believed too long only costs workers, while one believed too short
//! costs lateness.

use crate::memory::wait::{Last, Pace};

use crate::pipeline::readings::number;

use super::{CHANCE, USUAL_LOOK_SECONDS};

/// After this time evidence counts half. Half of it follows a new release sooner but learns less from a quiet queue that
/// does not count its jobs; days would hold on to what is no longer true.
const HALF_LIFE_SECONDS: f64 = 3_600.0;

/// No job ends sooner than in a millisecond or lasts longer than a day.
const PER_SECOND: (f64, f64) = (1.0 / 86_400.0, 1_000.0);

impl Pace {
    /// Jobs per second that one busy place does.
    pub(crate) fn per_second(&self, planned: f64) -> f64 {
        let Self { done, busy, places, response, fastest, last_places: _, slope: _ } = *self;
        let guess = 1.0 / planned.max(1.0);
        let pace = if busy > 0.0 {
            // The guess counts as one job.
            (done + 1.0) / (busy + 1.0 / guess)
        } else {
            // The guess counts as much as it is sure, against the noise of arrivals and ends.
            let sureness = self.sureness(guess);
            ((response + sureness * guess) / (places + sureness)).max(fastest)
        };
        pace.clamp(PER_SECOND.0, PER_SECOND.1)
    }

    /// How many squared changes of places the guess is worth: the variance of the change of a slope, four times the
    /// rate of jobs by a look of usual length, by the variance of the guess, which is as large as itself.
    fn sureness(&self, guess: f64) -> f64 {
        4.0 * self.last_places.max(1.0) / guess / USUAL_LOOK_SECONDS
    }
}

/// Learns from two looks, and gives the jobs that arrived between them.
pub(crate) fn learn(
    pace: &mut Pace,
    before: &Last,
    now: &Last,
    elapsed: f64,
    concurrency: f64,
    planned: f64,
) -> f64 {
    let saturated = before.waiting && now.waiting;
    let places = f64::from(before.running) * concurrency;
    let busy_seconds = if saturated { places } else { f64::midpoint(before.busy, now.busy) } * elapsed;
    let longer = now.jobs - before.jobs;
    let fade = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
    pace.done *= fade;
    pace.busy *= fade;
    let counted = before.done.zip(now.done).and_then(|(before, now)| now.checked_sub(before));
    if let Some(done) = counted {
        let done = number(done);
        pace.done += done;
        pace.busy += busy_seconds;
        return (longer + done).max(0.0);
    }
    pace.places *= fade;
    pace.response *= fade;
    let surely = -longer - CHANCE * before.jobs.max(1.0).sqrt();
    pace.fastest = (pace.fastest * fade).max(surely / busy_seconds.max(elapsed));
    let slope = saturated.then_some(longer / elapsed);
    if let Some((slope, slope_before)) = slope.zip(pace.slope) {
        let more = places - pace.last_places;
        pace.places += more * more;
        pace.response -= more * (slope - slope_before);
    }
    (pace.slope, pace.last_places) = (slope, places);
    (longer + pace.per_second(planned) * busy_seconds).max(0.0)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn last(jobs: f64, running: u32, done: Option<u64>) -> Last {
        let busy = jobs.min(f64::from(running));
        Last { at: Timestamp::UNIX_EPOCH, jobs, busy, waiting: jobs > busy, running, done }
    }

    #[test]
    fn counted_jobs_by_busy_time() {
        let mut pace = Pace::default();
        let arrived =
            learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(250)), 15.0, 1.0, 30.0);
        assert!((arrived - 160.0).abs() < 1e-9, "{arrived}");
        assert!((pace.per_second(30.0) - 151.0 / 330.0).abs() < 1e-9, "{pace:?}");
    }

    #[test]
    fn a_counter_that_began_anew_is_not_counted() {
        let mut pace = Pace::default();
        learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(3)), 15.0, 1.0, 30.0);
        assert!(pace.done.abs() < 1e-9 && pace.busy.abs() < 1e-9, "{pace:?}");
    }

    /// Ten jobs a second arrive, a place does half a job a second, and every other minute ten places more are there.
    #[test]
    fn without_a_counter_the_answer_of_the_queue_tells() {
        let mut pace = Pace::default();
        let (mut jobs, mut before) = (5_000.0, None::<Last>);
        for step in 0..200_u32 {
            let running = if (step / 8) % 2 == 0 { 15 } else { 25 };
            let now = last(jobs, running, None);
            if let Some(before) = before {
                learn(&mut pace, &before, &now, 15.0, 1.0, 30.0);
            }
            before = Some(now);
            jobs += (10.0 - 0.5 * f64::from(running)) * 15.0;
        }
        let learned = pace.per_second(30.0);
        assert!((0.3..0.6).contains(&learned), "{learned}");
    }

    #[test]
    fn what_the_queue_lost_was_done() {
        let mut pace = Pace::default();
        learn(&mut pace, &last(900.0, 20, None), &last(600.0, 20, None), 15.0, 1.0, 30.0);
        assert!(pace.per_second(30.0) > 0.7, "{pace:?}");
    }
}
