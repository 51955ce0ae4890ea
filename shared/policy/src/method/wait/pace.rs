//! How fast jobs are done.
//!
//! Where the queue counts finished jobs, it is jobs by the time that places were busy. Where it does not, the queue's
//! answer tells: when more places become busy while jobs wait, the queue becomes shorter by so much more. That is a
//! regression of how fast the queue became longer on the places, both less their averages of the last minute, so that
//! several evaluations before and after a change speak and a load that drifts does not. And what the queue lost between
//! two evaluations was certainly done: that pace is believed as far as the answers since do not contradict it, for jobs
//! that were purged, or a batch that ended at once, say nothing of the others. Until anything is known a job is taken to
//! last longer than the planned wait: that is too long for most, and a job believed too long only costs workers, while
//! one believed too short costs lateness. What is believed may still be wrong: [`doubts`] says when.

use crate::memory::wait::{FASTEST_PER_SECOND, JobPace, Last};

use crate::reading::number;

use super::forecast::CHANCE;
use super::intervals::FORGOTTEN_AFTER_SECONDS;

mod doubts;

use doubts::{BEYOND_CHANCE, FASTER_AT_ONCE};

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

/// The guess counts as so many answers that are no plainer than the noise. With one, the first hour of jobs of 20 s or
/// 60 s can go badly wrong: a tenth of them late; with three, jobs of 2 s and 20 s cost 1% more.
const GUESS_COUNTS: f64 = 2.0;

/// What was lost is believed up to so many times what the queue answers. With three, a purge or a fast batch starves twice
/// as many services for a quarter of an hour.
const FASTER_THAN_ANSWERED: f64 = 2.0;

/// The mean square of how the queue's growth varies is so many times its geometric mean: 3.6 times if it is normally
/// distributed, more as bursts are rare and large. The geometric mean forgets a batch within minutes, which a mean would not
/// within the hour. With four chance is taken for an answer: 6% dearer where running jobs are seen; with nine a fast batch
/// starves twice as many.
const HEAVY_TAILS: f64 = 6.0;

/// Counted work of this share of the planned wait tells how fast jobs are done: with the job that is added to it they are believed
/// six times too slow at most, no more than what an order may be too large by while nothing is known.
const KNOWN_SHARE: f64 = 0.2;

/// No job ends sooner than in a millisecond or lasts longer than a day.
const PER_SECOND: (f64, f64) = (1.0 / 86_400.0, FASTEST_PER_SECOND);

impl JobPace {
    /// Jobs per second that one busy place does.
    pub(crate) fn per_second(&self, planned: f64) -> f64 {
        let pace = if self.busy > 0.0 {
            // A job of the planned wait is added to those that were counted.
            (self.done + 1.0) / (self.busy + planned.max(1.0))
        } else {
            let guess = Self::guess(planned);
            self.answered(guess).max(self.lost(planned)).max(guess / SLOWEST_GUESSES)
        };
        pace.clamp(PER_SECOND.0, PER_SECOND.1)
    }

    /// The queue has shown how fast jobs are done: by counting them, by losing them faster than is guessed, or by an answer beyond
    /// chance.
    pub(crate) fn known(&self, planned: f64) -> bool {
        self.busy >= KNOWN_SHARE * planned.max(1.0)
            || self.lost(planned) > Self::guess(planned)
            || self.response > BEYOND_CHANCE * (self.variance() * self.places).sqrt()
    }

    /// Jobs per second and place, while the queue has shown nothing.
    fn guess(planned: f64) -> f64 {
        1.0 / (GUESSED_WAITS * planned.max(1.0))
    }

    /// The fastest loss, as far as it is believed. An answer that says places do less than nothing is chance.
    fn lost(&self, planned: f64) -> f64 {
        let pace = Self { response: self.response.max(0.0), ..*self };
        self.fastest.min(FASTER_THAN_ANSWERED * pace.answered(Self::guess(planned).max(self.fastest)))
    }

    /// The averages of the last minute begin anew: what comes now cannot be compared with them.
    pub(crate) fn begin_anew(&mut self) {
        (self.recent, self.recent_places, self.recent_slope) = (0.0, 0.0, 0.0);
    }

    /// How the queue's growth varies from evaluation to evaluation, in jobs per second squared.
    fn variance(&self) -> f64 {
        HEAVY_TAILS * (self.logarithms / self.samples.max(1.0)).exp()
    }

    /// What the queue's answers say. The guess may be wrong by as much as itself, or as what was learned if that is
    /// more, and counts as much as this is sure against the usual variance of the queue's growth.
    fn answered(&self, guess: f64) -> f64 {
        let Self { places, response, samples, .. } = *self;
        if places <= 0.0 || samples <= 0.0 {
            return guess;
        }
        let sureness = GUESS_COUNTS * self.variance() / guess.max(response / places).powi(2);
        (response + sureness * guess) / (places + sureness)
    }

    /// Learns from how fast a queue in which jobs waited all the time became longer. While tasks start the load may rise with them: only
    /// when all run the answer may contradict what was learned.
    fn answer(&mut self, slope: f64, places: f64, between: Between) {
        let Between { elapsed, planned, starting, .. } = between;
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
        if !starting {
            self.contradict(more, faster, certain, planned);
        }
        self.places += certain * more * more;
        self.response -= certain * more * faster;
        // One job more or less is chance, however regular the queue is.
        self.logarithms += (certain * faster * faster + elapsed.powi(-2)).ln();
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
        let Self { done, busy, places, response, logarithms, samples, fastest, contradiction, .. } = self;
        let fade = 0.5_f64.powf(elapsed / HALF_LIFE_SECONDS);
        for evidence in [done, busy, places, response, logarithms, samples, fastest, contradiction] {
            *evidence *= fade;
        }
    }
}

/// What is known of the time between two evaluations, beside what each saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Between {
    /// How long it was, in seconds.
    pub(crate) elapsed: f64,
    /// Jobs that one task runs at a time.
    pub(crate) concurrency: f64,
    /// The planned wait, in seconds.
    pub(crate) planned: f64,
    /// The queue does not show every job that runs.
    pub(crate) hidden: bool,
    /// Fewer tasks run now than are asked for.
    pub(crate) starting: bool,
}

/// What happened between two evaluations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    /// Jobs that arrived.
    pub(crate) arrived: f64,
    /// Places that were busy with jobs, in the mean; nothing where the queue counts the jobs done.
    pub(crate) busy: f64,
    /// The queue lost more than is believed at once: how fast jobs are done is still being found out.
    pub(crate) is_unsettled: bool,
    /// The queue goes on growing beyond chance while the same tasks run and jobs wait, although they are believed to be done fast.
    pub(crate) is_growing: bool,
}

/// Learns from two evaluations.
pub(crate) fn learn(pace: &mut JobPace, before: &Last, now: &Last, between: Between) -> Interval {
    let Between { elapsed, concurrency, planned, hidden, .. } = between;
    let saturated = before.waiting && now.waiting;
    // Between evaluations at which other tasks ran it is not known how many worked.
    let same = before.running == now.running;
    let (had, has) = (f64::from(before.running) * concurrency, f64::from(now.running) * concurrency);
    // Places of a hidden queue that have gone since nothing waited did little: that is why they have gone.
    let had = if hidden && !before.waiting { had.min(has) } else { had };
    // Beside a job that nobody takes, the queue shows how many places worked; more jobs than places keep them all busy, whatever an
    // old or low count says.
    let all = hidden || before.jobs.min(now.jobs) >= had;
    let worked = if all { had } else { had.min(before.busy.max(now.busy)) };
    let longer = now.jobs - before.jobs;
    let counted = before.done.zip(now.done).and_then(|(before, now)| now.checked_sub(before));
    if let Some(done) = counted.map(number) {
        if !saturated && elapsed > FORGOTTEN_AFTER_SECONDS {
            // Two evaluations so far apart do not show how many places were busy between them.
        } else if !saturated {
            pace.count(done, f64::midpoint(before.busy, now.busy) * elapsed, elapsed);
        } else if same {
            pace.count(done, worked * elapsed, elapsed);
        }
        pace.begin_anew();
        let arrived = (longer + done).max(0.0);
        return Interval { arrived, busy: 0.0, is_unsettled: false, is_growing: false };
    }
    if saturated {
        pace.fade(elapsed);
    }
    let mut is_unsettled = false;
    if !hidden || before.waiting {
        // Of a hidden queue every place is taken as busy: those that have gone are no jobs that were done.
        let gone = if hidden { (had - has).max(0.0) } else { 0.0 };
        let surely = -longer - gone - CHANCE * before.jobs.max(1.0).sqrt();
        let seen = surely / (had.max(has).max(1.0) * elapsed);
        let believable = FASTER_AT_ONCE * pace.per_second(planned);
        is_unsettled = seen > believable;
        pace.fastest = pace.fastest.max(seen.min(believable));
    }
    let slope = longer / elapsed;
    if !saturated || (same && pace.is_burst(slope, worked, planned)) {
        pace.begin_anew();
    } else if same {
        pace.answer(slope, worked, between);
    }
    let busy = match (hidden, saturated) {
        (true, _) => f64::midpoint(had, has),
        (false, true) => worked,
        (false, false) => f64::midpoint(before.busy, now.busy),
    };
    let arrived = (longer + pace.per_second(planned) * busy * elapsed).max(0.0);
    let is_growing = saturated && same && slope > 0.0 && pace.grows(planned);
    Interval { arrived, busy, is_unsettled, is_growing }
}

#[cfg(test)]
mod tests;
