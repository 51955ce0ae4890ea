//! How fast jobs are done.
//!
//! Where the queue counts finished jobs, it is jobs by the time that places were busy. Where it does not, the queue's
//! answer tells: when more places become busy while jobs wait, the queue becomes shorter by so much more. That is a
//! regression of how fast the queue became longer on the places, both less their averages of the last minute, so that
//! several evaluations before and after a change speak and a load that drifts does not. And what the queue lost between
//! two evaluations was certainly done. Until anything is known a job is taken to last longer than the planned wait:
//! that is too long for most, and a job believed too long only costs workers, while one believed too short costs
//! lateness.

use crate::memory::wait::{FASTEST_PER_SECOND, JobPace, Last};

use crate::reading::number;

use super::forecast::CHANCE;
use super::intervals::FORGOTTEN_AFTER_SECONDS;

/// After this time evidence counts half. Half of it follows a new release sooner but learns less from a quiet queue that
/// does not count its jobs; days would hold on to what is no longer true.
const HALF_LIFE_SECONDS: f64 = 3_600.0;

/// Counted jobs count half after this time, for they say plainly when jobs become slower: with an hour, jobs of a release
/// three times slower wait for up to three quarters of an hour before more tasks are ordered. A minute would be noise.
const COUNTED_HALF_LIFE_SECONDS: f64 = 300.0;

/// So many counted jobs are remembered however long they took: a pace of 200 jobs is off by 7%. Half or twice of it
/// changes costs by less than 1%.
const COUNTED_JOBS: f64 = 200.0;

/// In the averages that places and the queue's growth are compared with, an evaluation counts half after this time.
/// Without averages, from evaluation to evaluation, a change speaks once: 4% dearer with jobs of 20 s. Half or twice of
/// it changes little.
const RECENT_SECONDS: f64 = 60.0;

/// While nothing is counted and no answer known a job is taken to last so many planned waits. With one, twice as many
/// jobs of 60 s are late; with three, jobs of 20 s cost 2% more.
const GUESSED_WAITS: f64 = 2.0;

/// However slow the answer, a job takes no more than so many guesses: an answer that is lost in the noise would order
/// a hundred times too many.
const SLOWEST_GUESSES: f64 = 10.0;

/// In standard deviations: an answer that is plainer than this is no chance.
const BEYOND_CHANCE: f64 = 2.0;

/// The guess counts as so many answers that are no plainer than the noise. With one, the first hour of jobs of 20 s or
/// 60 s can go badly wrong: a tenth of them late; with three, jobs of 2 s and 20 s cost 1% more.
const GUESS_COUNTS: f64 = 2.0;

/// What a queue lost is work done, or jobs that were purged or expired: one evaluation raises the pace at most so many
/// times. With twice of it a purge starves a service for longer; half of it learns short jobs an evaluation later.
const FASTER_AT_ONCE: f64 = 10.0;

/// No job ends sooner than in a millisecond or lasts longer than a day.
const PER_SECOND: (f64, f64) = (1.0 / 86_400.0, FASTEST_PER_SECOND);

impl JobPace {
    /// Jobs per second that one busy place does.
    pub(crate) fn per_second(&self, planned: f64) -> f64 {
        let planned = planned.max(1.0);
        let pace = if self.busy > 0.0 {
            // A job of the planned wait is added to those that were counted.
            (self.done + 1.0) / (self.busy + planned)
        } else {
            let guess = 1.0 / (GUESSED_WAITS * planned);
            self.answered(guess).max(self.fastest).max(guess / SLOWEST_GUESSES)
        };
        pace.clamp(PER_SECOND.0, PER_SECOND.1)
    }

    /// The queue has shown how fast jobs are done: by counting them, by what it lost, or by an answer beyond chance.
    pub(crate) fn known(&self) -> bool {
        let variance = self.squares / self.samples.max(1.0);
        self.busy > 0.0
            || self.fastest > 0.0
            || self.response > BEYOND_CHANCE * (variance * self.places).sqrt()
    }

    /// What the queue's answers say. The guess may be wrong by as much as itself, or as what was learned if that is
    /// more, and counts as much as this is sure against the usual variance of the queue's growth.
    fn answered(&self, guess: f64) -> f64 {
        let Self { places, response, squares, samples, .. } = *self;
        if places <= 0.0 || samples <= 0.0 {
            return guess;
        }
        let sureness = GUESS_COUNTS * squares / samples / guess.max(response / places).powi(2);
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
        // An average of few evaluations is itself uncertain.
        let certain = weight / self.recent;
        self.places += certain * more * more;
        self.response -= certain * more * faster;
        // One job more or less is chance, however regular the queue is.
        self.squares += certain * faster * faster + elapsed.powi(-2);
        self.samples += 1.0;
    }

    /// Counts jobs done, and the seconds that places were busy with them.
    fn count(&mut self, done: f64, busy: f64, elapsed: f64) {
        let kept = 0.5_f64.powf(elapsed / COUNTED_HALF_LIFE_SECONDS).max((COUNTED_JOBS / self.done).min(1.0));
        self.done = self.done * kept + done;
        self.busy = self.busy * kept + busy;
    }

    /// Older evidence fades.
    fn fade(&mut self, elapsed: f64) {
        let Self { done, busy, places, response, squares, samples, fastest, .. } = self;
        let fade = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
        for evidence in [done, busy, places, response, squares, samples, fastest] {
            *evidence *= fade;
        }
    }
}

/// Learns from two evaluations, and gives the jobs that arrived between them.
pub(crate) fn learn(
    pace: &mut JobPace,
    before: &Last,
    now: &Last,
    elapsed: f64,
    concurrency: f64,
    planned: f64,
    hidden: bool,
) -> f64 {
    let saturated = before.waiting && now.waiting;
    // Between evaluations at which other tasks ran it is not known how many worked.
    let same = before.running == now.running;
    let (had, has) = (f64::from(before.running) * concurrency, f64::from(now.running) * concurrency);
    // Places of a hidden queue that have gone since nothing waited did little: that is why they have gone.
    let had = if hidden && !before.waiting { had.min(has) } else { had };
    let longer = now.jobs - before.jobs;
    let counted = before.done.zip(now.done).and_then(|(before, now)| now.checked_sub(before));
    if let Some(done) = counted.map(number) {
        if !saturated && elapsed > FORGOTTEN_AFTER_SECONDS {
            // Two evaluations so far apart do not show how many places were busy between them.
        } else if !saturated {
            pace.count(done, f64::midpoint(before.busy, now.busy) * elapsed, elapsed);
        } else if same {
            pace.count(done, had * elapsed, elapsed);
        }
        return (longer + done).max(0.0);
    }
    if saturated {
        pace.fade(elapsed);
    }
    if !hidden || before.waiting {
        let surely = -longer - CHANCE * before.jobs.max(1.0).sqrt();
        let seen = surely / (had.max(has).max(1.0) * elapsed);
        pace.fastest = pace.fastest.max(seen.min(FASTER_AT_ONCE * pace.per_second(planned)));
    }
    if !saturated {
        (pace.recent, pace.recent_places, pace.recent_slope) = (0.0, 0.0, 0.0);
    } else if same {
        pace.answer(longer / elapsed, had, elapsed);
    }
    let busy = match (hidden, saturated) {
        (true, _) => f64::midpoint(had, has),
        (false, true) => had,
        (false, false) => f64::midpoint(before.busy, now.busy),
    };
    (longer + pace.per_second(planned) * busy * elapsed).max(0.0)
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
        let mut pace = JobPace::default();
        let arrived =
            learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(250)), 15.0, 1.0, 30.0, false);
        assert!((arrived - 160.0).abs() < 1e-9, "{arrived}");
        assert!((pace.per_second(30.0) - 151.0 / 330.0).abs() < 1e-9, "{pace:?}");
    }

    #[test]
    fn a_counter_that_began_anew_is_not_counted() {
        let mut pace = JobPace::default();
        learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(3)), 15.0, 1.0, 30.0, false);
        assert!(pace.done.abs() < 1e-9 && pace.busy.abs() < 1e-9, "{pace:?}");
    }

    /// Every place of a hidden queue is taken as busy.
    fn hidden(waiting: f64, running: u32) -> Last {
        let busy = f64::from(running);
        Last { busy, waiting: waiting > 0.0, ..last(waiting + busy, running, None) }
    }

    /// 36 places of five jobs a second become 6 for a load that keeps 6 busy; then 6 jobs wait.
    #[test]
    fn places_that_left_a_hidden_queue_while_nothing_waited_did_none_of_its_work() {
        let mut pace = JobPace { fastest: 5.0, ..JobPace::default() };
        let arrived = learn(&mut pace, &hidden(0.0, 36), &hidden(6.0, 6), 15.0, 1.0, 30.0, true);
        assert!((arrived - 426.0).abs() < 1e-9, "{arrived}");
    }

    /// 36 places become 6 while ten jobs wait: half of the time all of them worked.
    #[test]
    fn places_that_left_a_hidden_queue_while_jobs_waited_worked_until_then() {
        let mut pace = JobPace { fastest: 5.0, ..JobPace::default() };
        let arrived = learn(&mut pace, &hidden(10.0, 36), &hidden(0.0, 6), 15.0, 1.0, 30.0, true);
        assert!((arrived - 1_535.0).abs() < 1e-9, "{arrived}");
    }

    #[test]
    fn a_guess_counts_as_much_as_the_growth_of_the_queue_varies() {
        let pace = JobPace { places: 4.0, response: 6.0, squares: 9.0, samples: 4.0, ..JobPace::default() };
        assert!((pace.answered(1.0) - 8.0 / 6.0).abs() < 1e-9, "{pace:?}");
    }

    /// Ten jobs a second arrive, a place does half a job a second, and every other minute ten places more are there.
    #[test]
    fn without_a_counter_the_answer_of_the_queue_tells() {
        let mut pace = JobPace::default();
        let (mut jobs, mut before) = (5_000.0, None::<Last>);
        for step in 0..200_u32 {
            let running = if (step / 8) % 2 == 0 { 15 } else { 25 };
            let now = last(jobs, running, None);
            if let Some(before) = before {
                learn(&mut pace, &before, &now, 15.0, 1.0, 30.0, false);
            }
            before = Some(now);
            jobs += (10.0 - 0.5 * f64::from(running)) * 15.0;
        }
        let learned = pace.per_second(30.0);
        assert!((0.4..0.55).contains(&learned), "{learned}");
    }

    /// The same queue, but each evaluation is off by up to 30 jobs to either side.
    #[test]
    fn without_a_counter_noise_is_no_answer() {
        let off = [30.0, -20.0, 10.0, -30.0, 20.0, 0.0, -10.0];
        let mut pace = JobPace::default();
        let (mut jobs, mut before) = (5_000.0, None::<Last>);
        for step in 0..200_usize {
            let now = last(jobs + off[step % off.len()], if step < 100 { 20 } else { 21 }, None);
            if let Some(before) = before {
                learn(&mut pace, &before, &now, 15.0, 1.0, 30.0, false);
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
        let mut pace = JobPace::default();
        for running in [15, 15, 25] {
            learn(&mut pace, &last(100.0, 15, None), &last(100.0, running, None), 15.0, 1.0, 30.0, false);
        }
        learn(&mut pace, &last(100.0, 25, None), &last(100.0, 25, None), 15.0, 1.0, 30.0, false);
        let learned = pace.per_second(30.0);
        assert!((1e-4..1.0 / 45.0).contains(&learned), "{learned}, {pace:?}");
    }

    #[test]
    fn averages_begin_anew_when_no_job_waits() {
        let mut pace = JobPace::default();
        learn(&mut pace, &last(900.0, 20, None), &last(900.0, 20, None), 15.0, 1.0, 30.0, false);
        learn(&mut pace, &last(10.0, 20, None), &last(10.0, 20, None), 15.0, 1.0, 30.0, false);
        learn(&mut pace, &last(900.0, 40, None), &last(100.0, 40, None), 15.0, 1.0, 30.0, false);
        assert!(pace.samples.abs() < 1e-9 && pace.recent > 0.0, "{pace:?}");
    }

    #[test]
    fn what_the_queue_lost_was_done_and_two_evaluations_say_how_fast() {
        let mut pace = JobPace::default();
        learn(&mut pace, &last(900.0, 20, None), &last(600.0, 20, None), 15.0, 1.0, 30.0, false);
        assert!(pace.per_second(30.0) < 0.25, "jobs may also have been purged: {pace:?}");
        learn(&mut pace, &last(900.0, 20, None), &last(600.0, 20, None), 15.0, 1.0, 30.0, false);
        assert!(pace.per_second(30.0) > 0.7, "{pace:?}");
    }

    #[track_caller]
    fn check(what: f64, expected: f64) {
        assert!((what - expected).abs() < 1e-9, "{what} instead of {expected}");
    }

    /// A guess is two planned waits a job, here a minute; without an end a queue that does not answer would order all there is.
    #[test]
    fn a_job_is_believed_to_take_ten_guesses_at_most() {
        check(JobPace::default().per_second(30.0), 1.0 / 60.0);
        check(JobPace { places: 100.0, samples: 10.0, ..JobPace::default() }.per_second(30.0), 1.0 / 600.0);
        // Places that never changed, or evaluations too old to count, are no answer.
        check(JobPace { squares: 9.0, samples: 10.0, ..JobPace::default() }.per_second(30.0), 1.0 / 60.0);
        check(JobPace { places: 25.0, ..JobPace::default() }.per_second(30.0), 1.0 / 60.0);
    }

    /// Until then orders stop at six times the running tasks.
    #[test]
    fn the_pace_is_known_when_jobs_were_counted_or_lost_or_the_answer_is_beyond_chance() {
        // The growth of the queue varies by 10 jobs a second, the places by 5: an answer of up to 100 may be chance.
        let answer =
            |response| JobPace { response, squares: 400.0, samples: 4.0, places: 25.0, ..JobPace::default() };
        for (pace, known) in [
            (JobPace::default(), false),
            (JobPace { busy: 0.1, ..JobPace::default() }, true),
            (JobPace { fastest: 0.1, ..JobPace::default() }, true),
            (answer(-300.0), false),
            (answer(99.0), false),
            (answer(100.0), false),
            (answer(101.0), true),
        ] {
            assert_eq!(pace.known(), known, "{pace:?}");
        }
    }

    /// Ten places more and three jobs a second less, a minute later: the average of before counts half.
    #[test]
    fn an_answer_is_what_changed_since_the_average_of_the_last_minute() {
        let mut pace = JobPace::default();
        pace.answer(2.0, 20.0, 60.0);
        assert_eq!(
            pace,
            JobPace { recent: 1.0, recent_places: 20.0, recent_slope: 2.0, ..JobPace::default() }
        );
        pace.answer(-1.0, 30.0, 60.0);
        check(pace.recent, 1.5);
        check(pace.recent_places, 20.0 + 10.0 / 1.5);
        check(pace.recent_slope, 0.0);
        check(pace.places, 100.0 / 3.0);
        check(pace.response, 10.0);
        check(pace.squares, 3.0 + 1.0 / 3_600.0);
        check(pace.samples, 1.0);
    }

    #[test]
    fn evidence_counts_half_after_an_hour_in_which_jobs_waited() {
        let pace = JobPace {
            done: 8.0,
            busy: 8.0,
            places: 8.0,
            response: 8.0,
            squares: 8.0,
            samples: 8.0,
            fastest: 8.0,
            ..JobPace::default()
        };
        for (jobs, kept) in [(900.0, 4.0), (10.0, 8.0)] {
            let mut later = pace;
            // Another number of tasks, so that the evaluations themselves are no answer.
            learn(&mut later, &last(jobs, 20, None), &last(jobs, 30, None), 3_600.0, 1.0, 30.0, false);
            let JobPace { done, busy, places, response, squares, samples, fastest, .. } = later;
            for evidence in [done, busy, places, response, squares, samples, fastest] {
                check(evidence, kept);
            }
        }
    }

    /// A hundred jobs became twenty. Where running jobs are hidden and none waited, it is unknown that there were a hundred.
    #[test]
    fn what_a_hidden_queue_lost_was_done_only_if_jobs_waited() {
        for (hidden, waiting, lost) in
            [(false, false, true), (false, true, true), (true, true, true), (true, false, false)]
        {
            let mut pace = JobPace::default();
            let before = Last { waiting, busy: 100.0, ..last(100.0, 100, None) };
            let now = Last { busy: 20.0, ..last(20.0, 100, None) };
            learn(&mut pace, &before, &now, 15.0, 1.0, 30.0, hidden);
            // Sixteen of them may be chance.
            check(pace.fastest, if lost { 64.0 / 1_500.0 } else { 0.0 });
        }
    }

    #[test]
    fn evaluations_more_than_two_and_a_half_minutes_apart_count_only_jobs_of_busy_places() {
        for (elapsed, jobs, counted) in [(150.0, 10.0, true), (151.0, 10.0, false), (151.0, 90.0, true)] {
            let mut pace = JobPace::default();
            let (before, now) = (last(jobs, 20, Some(0)), last(jobs, 20, Some(300)));
            learn(&mut pace, &before, &now, elapsed, 1.0, 30.0, false);
            assert_eq!(pace.busy > 0.0, counted, "{elapsed} s apart, {jobs} jobs for 20 places: {pace:?}");
        }
    }
}
