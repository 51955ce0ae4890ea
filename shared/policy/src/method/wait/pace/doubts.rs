//! Where the pace that is believed may be wrong: the queue grows although it should not, a burst is no answer, and answers
//! contradict what was learned.

use crate::memory::wait::JobPace;

/// In standard deviations: an answer that is plainer than this is no chance.
pub(super) const BEYOND_CHANCE: f64 = 2.0;

/// What a queue lost is work done, or jobs that were purged or expired: one evaluation raises the pace at most so many
/// times. With twice of it a purge starves a service for longer; half of it learns short jobs an evaluation later.
pub(super) const FASTER_AT_ONCE: f64 = 10.0;

/// So many evaluations tell how the queue's growth varies.
pub(super) const FEWEST_SAMPLES: f64 = 4.0;

/// In standard deviations: as long as no pace is known, a growth that changes by more than this is a burst. With ten, the answer
/// of a quiet queue of short jobs would be one.
const BEYOND_ANY_ANSWER: f64 = 50.0;

/// A queue grows slowly by less than this share of what one place is believed to do. Need and places are seldom so near, so the pace
/// is rather believed too fast. Half of it does nearly the same; without an end spiky minutes behind a list cost 4% more.
const GROWS_SLOWLY: f64 = 0.5;

/// Of many places a growth by less than this share of all is slow too. Without it, of services of 10 to 300 tasks whose need rises by
/// 5 to 50% after a purge, twice as many starve for two minutes.
const GROWS_SLOWLY_SHARE: f64 = 0.05;

/// Answers that are so much likelier at a tenth of the pace, as a natural logarithm, are no chance: as far from it as five
/// standard deviations. With eight, queues that show their running jobs cost 1% more; with sixteen a few services more starve for
/// half a minute.
const CONTRADICTED: f64 = 12.0;

/// Of the recent averages: three evaluations 15 s apart, five 60 s apart. Further apart nothing is said to grow.
const FEWEST_RECENT: f64 = 1.9;

impl JobPace {
    /// While jobs waited at every evaluation, the queue has become longer beyond chance, but slowly for its pace: that may be believed
    /// too fast.
    pub(super) fn grows(&self, planned: f64) -> bool {
        self.samples >= FEWEST_SAMPLES
            && self.recent >= FEWEST_RECENT
            && self.recent_slope > BEYOND_CHANCE * (self.variance() / self.recent).sqrt()
            && self.recent_slope
                < GROWS_SLOWLY.max(GROWS_SLOWLY_SHARE * self.recent_places) * self.per_second(planned)
    }

    /// The queue's growth has changed by more than any places did: a burst begins or ends, or jobs were purged. That a place
    /// was added at that moment is no answer; taken for one, a single worker that starts beside a batch would be believed to do all
    /// of it. As long as neither a pace is known nor how the growth varies, nothing is too much.
    pub(super) fn is_burst(&self, slope: f64, places: f64, planned: f64) -> bool {
        let change = (slope - self.recent_slope).abs();
        let is_beyond_chance =
            self.samples >= FEWEST_SAMPLES && change > BEYOND_ANY_ANSWER * self.variance().sqrt();
        let all = self.per_second(planned) * places.max(self.recent_places).max(1.0);
        self.recent > 0.0 && (self.known(planned) || is_beyond_chance) && change > FASTER_AT_ONCE * all
    }

    /// Weighs an answer against the pace that is believed. What was learned, from a batch of fast jobs or from jobs that have become
    /// slower, is forgotten when the answers contradict it: as evidence it would outweigh them for hours.
    pub(super) fn contradict(&mut self, more: f64, faster: f64, certain: f64, planned: f64) {
        let believed = self.per_second(planned);
        if self.samples < FEWEST_SAMPLES || believed <= Self::guess(planned) {
            return;
        }
        let misses = |pace: f64| certain * (faster + more * pace).powi(2) / (2.0 * self.variance());
        let slower = misses(believed) - misses(believed / FASTER_AT_ONCE);
        self.contradiction = (self.contradiction + slower).max(0.0);
        if self.contradiction > CONTRADICTED {
            (self.places, self.response, self.fastest, self.contradiction) = (0.0, 0.0, 0.0, 0.0);
        }
    }
}

#[cfg(test)]
impl JobPace {
    /// A pace whose queue's growth varies by so much, in jobs per second squared.
    pub(super) fn varying(variance: f64, samples: f64) -> Self {
        Self { logarithms: samples * (variance / 6.0).ln(), samples, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
