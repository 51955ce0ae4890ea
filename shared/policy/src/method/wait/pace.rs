//! How fast jobs are done.
//!
//! Where the queue counts finished jobs, it is jobs by the time that places were busy. Where it does not, the queue's
//! answer tells: when more places become busy while jobs wait, the queue becomes shorter by so much more. That is a
//! regression of how fast the queue became longer on the places, both less their averages of the last minute, so that
//! several looks before and after a change speak and a load that drifts does not. And what the queue lost between two
//! looks was certainly done. Until anything is known a job is taken to last longer than the planned wait: that is too
//! long for most, and a job believed too long only costs workers, while one believed too short costs lateness.

use crate::memory::wait::{Last, Pace};

use crate::pipeline::readings::number;

use super::CHANCE;

/// After this time evidence counts half. Half of it follows a new release sooner but learns less from a quiet queue that
/// does not count its jobs; days would hold on to what is no longer true.
const HALF_LIFE_SECONDS: f64 = 3_600.0;

/// In the averages that places and the queue's growth are compared with, a look counts half after this time. Without
/// averages, from look to look, a change speaks once: 4% dearer with jobs of 20 s. Half or twice of it changes little.
const RECENT_SECONDS: f64 = 60.0;

/// While nothing is counted and no answer known a job is taken to last so many planned waits. With one, twice as many
/// jobs of 60 s are late; with two, jobs of 20 s cost 1% more.
const GUESSED_WAITS: f64 = 1.5;

/// The guess counts as so many answers that are no plainer than the noise. With one, the first hour of jobs of 20 s or
/// 60 s can go badly wrong: a tenth of them late; with three, jobs of 2 s and 20 s cost 1% more.
const GUESS_COUNTS: f64 = 2.0;

/// No job ends sooner than in a millisecond or lasts longer than a day.
const PER_SECOND: (f64, f64) = (1.0 / 86_400.0, 1_000.0);

impl Pace {
    /// Jobs per second that one busy place does.
    pub(crate) fn per_second(&self, planned: f64) -> f64 {
        let planned = planned.max(1.0);
        let pace = if self.busy > 0.0 {
            // A job of the planned wait is added to those that were counted.
            (self.done + 1.0) / (self.busy + planned)
        } else {
            self.answered(1.0 / (GUESSED_WAITS * planned)).max(self.fastest)
        };
        pace.clamp(PER_SECOND.0, PER_SECOND.1)
    }

    /// What the queue's answers say. The guess may be wrong by as much as itself, or as what was learned if that is
    /// more, and counts as much as this is sure against the usual variance of the queue's growth.
    fn answered(&self, guess: f64) -> f64 {
        let Self { places, response, squares, looks, .. } = *self;
        if places <= 0.0 || looks <= 0.0 {
            return guess;
        }
        let sureness = GUESS_COUNTS * squares / looks / guess.max(response / places).powi(2);
        (response + sureness * guess) / (places + sureness)
    }

    /// Learns from how fast a queue in which jobs waited all the time became longer.
    fn answer(&mut self, slope: f64, places: f64, elapsed: f64) {
        let weight = self.recent.max(0.0) * 0.5_f64.powf(elapsed / RECENT_SECONDS);
        self.recent = weight + 1.0;
        let (more, faster) = (places - self.recent_places, slope - self.recent_slope);
        self.recent_places += more / self.recent;
        self.recent_slope += faster / self.recent;
        if weight <= 0.0 {
            return;
        }
        // An average of few looks is itself uncertain.
        let certain = weight / self.recent;
        self.places += certain * more * more;
        self.response -= certain * more * faster;
        // One job more or less is chance, however regular the queue is.
        self.squares += certain * faster * faster + elapsed.powi(-2);
        self.looks += 1.0;
    }

    /// Older evidence fades.
    fn fade(&mut self, elapsed: f64) {
        let Self { done, busy, places, response, squares, looks, fastest, .. } = self;
        let fade = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
        for evidence in [done, busy, places, response, squares, looks, fastest] {
            *evidence *= fade;
        }
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
    pace.fade(elapsed);
    let counted = before.done.zip(now.done).and_then(|(before, now)| now.checked_sub(before));
    if let Some(done) = counted {
        let done = number(done);
        pace.done += done;
        pace.busy += busy_seconds;
        return (longer + done).max(0.0);
    }
    let surely = -longer - CHANCE * before.jobs.max(1.0).sqrt();
    pace.fastest = pace.fastest.max(surely / busy_seconds.max(elapsed));
    if saturated {
        pace.answer(longer / elapsed, places, elapsed);
    } else {
        (pace.recent, pace.recent_places, pace.recent_slope) = (0.0, 0.0, 0.0);
    }
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
        assert!((0.4..0.55).contains(&learned), "{learned}");
    }

    /// The same queue, but each look is off by up to 30 jobs to either side.
    #[test]
    fn without_a_counter_noise_is_no_answer() {
        let off = [30.0, -20.0, 10.0, -30.0, 20.0, 0.0, -10.0];
        let mut pace = Pace::default();
        let (mut jobs, mut before) = (5_000.0, None::<Last>);
        for step in 0..200_usize {
            let now = last(jobs + off[step % off.len()], if step < 100 { 20 } else { 21 }, None);
            if let Some(before) = before {
                learn(&mut pace, &before, &now, 15.0, 1.0, 30.0);
            }
            before = Some(now);
            jobs += (10.0 - 0.5 * f64::from(now.running)) * 15.0;
        }
        let learned = pace.per_second(30.0);
        let guess = 1.0 / 45.0;
        assert!((0.5 * guess..4.0 * guess).contains(&learned), "{learned}, {pace:?}");
    }

    /// Nothing arrives and nothing is done, by 15 workers or by 25: all of them hang, or the queue is not theirs.
    #[test]
    fn a_queue_that_does_not_answer_is_slow_and_not_infinitely_so() {
        let mut pace = Pace::default();
        for running in [15, 15, 25] {
            learn(&mut pace, &last(100.0, 15, None), &last(100.0, running, None), 15.0, 1.0, 30.0);
        }
        learn(&mut pace, &last(100.0, 25, None), &last(100.0, 25, None), 15.0, 1.0, 30.0);
        let learned = pace.per_second(30.0);
        assert!((1e-4..1.0 / 45.0).contains(&learned), "{learned}, {pace:?}");
    }

    #[test]
    fn averages_begin_anew_when_no_job_waits() {
        let mut pace = Pace::default();
        learn(&mut pace, &last(900.0, 20, None), &last(900.0, 20, None), 15.0, 1.0, 30.0);
        learn(&mut pace, &last(10.0, 20, None), &last(10.0, 20, None), 15.0, 1.0, 30.0);
        learn(&mut pace, &last(900.0, 40, None), &last(100.0, 40, None), 15.0, 1.0, 30.0);
        assert!(pace.looks.abs() < 1e-9 && pace.recent > 0.0, "{pace:?}");
    }

    #[test]
    fn what_the_queue_lost_was_done() {
        let mut pace = Pace::default();
        learn(&mut pace, &last(900.0, 20, None), &last(600.0, 20, None), 15.0, 1.0, 30.0);
        assert!(pace.per_second(30.0) > 0.7, "{pace:?}");
    }
}
