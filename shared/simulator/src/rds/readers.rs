//! Where reads go: connections follow the records, once resolvers and clients have let go of older answers.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// From a change until all servers of Route 53 answer with it. Usually within 60 seconds.
const PROPAGATES_WITHIN: i64 = 30;

/// In so many seconds half of the connections are opened anew. Pools keep them for minutes to half an hour.
const HALF_LIFE_SECONDS: f64 = 120.0;

/// A share this small is no connection.
const NO_SHARE: f64 = 0.002;

/// Those who read, all together.
#[derive(Debug, Clone, Default)]
pub(super) struct Readers {
    /// The share of all connections that each endpoint has.
    shares: BTreeMap<String, f64>,
    /// What Route 53 had, and since when; the newest last.
    answers: VecDeque<(Timestamp, BTreeMap<String, f64>)>,
}

impl Readers {
    /// A step passes.
    pub(super) fn pass(
        &mut self,
        now: Timestamp,
        seconds: f64,
        ttl_seconds: u32,
        answer: BTreeMap<String, f64>,
        exists: impl Fn(&str) -> bool,
    ) {
        if self.answers.back().is_none_or(|(_, last)| *last != answer) {
            self.answers.push_back((now, answer));
        }
        let late = SignedDuration::from_secs(PROPAGATES_WITHIN.saturating_add(i64::from(ttl_seconds)));
        while self.answers.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= late) {
            self.answers.pop_front();
        }
        let Some((_, target)) = self.answers.front() else { return };
        let moved = 1.0 - 0.5_f64.powf(seconds / HALF_LIFE_SECONDS);
        let mut free = 1.0 - self.shares.values().sum::<f64>();
        for (endpoint, share) in &mut self.shares {
            let leaves = if exists(endpoint) { *share * moved } else { *share };
            *share -= leaves;
            free += leaves;
        }
        self.shares.retain(|endpoint, share| {
            let stays = *share >= NO_SHARE || target.contains_key(endpoint);
            free += if stays { 0.0 } else { *share };
            stays
        });
        for (endpoint, share) in target.iter().filter(|(endpoint, _)| exists(endpoint)) {
            *self.shares.entry(endpoint.clone()).or_insert(0.0) += share * free;
        }
    }

    /// The share of all connections that an endpoint has.
    pub(super) fn share(&self, endpoint: &str) -> f64 {
        self.shares.get(endpoint).copied().unwrap_or(0.0)
    }
}
