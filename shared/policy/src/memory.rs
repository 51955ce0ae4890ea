//! What one evaluation remembers of one service for the next. Kept in the ledger as compact JSON: short keys, times in
//! milliseconds, nothing that is empty; about 1,000 services fit into one 400 KB item.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::to_the_millisecond;
use crate::ledger_time::{millis, millis_by_name, millis_optional};
use crate::notice::{self, ActiveNotice, Notice, NoticeKind};
use crate::signal::MetricName;

pub mod ran;
pub mod size;
pub mod wait;

/// The memory of one service. Empty for a service never evaluated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The scale-out whose cooldown may still run, for AWS's credit.
    #[serde(rename = "so", skip_serializing_if = "Option::is_none")]
    pub scale_out: Option<ScaleOut>,
    /// When the desired count was last changed by us, in either direction.
    #[serde(rename = "ch", skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub changed_at: Option<Timestamp>,
    /// When the desired count was last raised from 0, by us.
    #[serde(rename = "wo", skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub woke_at: Option<Timestamp>,
    /// The recommendations of the stabilization window, oldest first, each larger than those after it.
    #[serde(rename = "wi", skip_serializing_if = "Vec::is_empty", with = "millis_apart")]
    pub recommendations: Vec<PastRecommendation>,
    /// Since when `wait` has had surplus tasks.
    #[serde(rename = "su", skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub surplus_since: Option<Timestamp>,
    /// How long each rule's condition has held.
    #[serde(rename = "ru", skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<String, ConditionRun>,
    /// The newest datapoint of each metric that has settled.
    #[serde(rename = "me", skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<MetricName, LastPoint>,
    /// Of the datapoints after it, which may still change, the largest: what evaluations between two answers know of
    /// them. Each answer replaces it.
    #[serde(rename = "yo", skip_serializing_if = "BTreeMap::is_empty")]
    pub young: BTreeMap<MetricName, YoungPoint>,
    /// When CloudWatch last answered completely, and without a recent datapoint: what delayed evaluations know of a
    /// metric.
    #[serde(rename = "em", skip_serializing_if = "BTreeMap::is_empty", with = "millis_by_name")]
    pub empty: BTreeMap<MetricName, Timestamp>,
    /// Tasks that were asked for and do not run yet.
    #[serde(rename = "st", skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// How many tasks ran lately, where an average over them decides or something warms up.
    #[serde(rename = "rn", skip_serializing_if = "Option::is_none")]
    pub ran: Option<ran::Ran>,
    /// The head of the queue and since when it has not moved.
    #[serde(rename = "he", skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// The queue was at its limit lately.
    #[serde(rename = "ql", skip_serializing_if = "Option::is_none")]
    pub at_limit: Option<AtLimit>,
    /// Since when the queue has been seen empty, nothing in flight, nothing delayed.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub idle_since: Option<Timestamp>,
    /// Conditions worth reporting, entered and not yet left.
    #[serde(rename = "no", skip_serializing_if = "Vec::is_empty", deserialize_with = "known_notices")]
    pub active_notices: Vec<ActiveNotice>,
    /// A change that was remembered before it was made and is not settled yet.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Failed changes in a row.
    #[serde(rename = "fa", skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailedChanges>,
    /// The desired count at the end of the last evaluation, to notice a change made outside Tidegate.
    #[serde(rename = "de", skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<u32>,
    /// How often another process has overwritten what was set here.
    #[serde(rename = "ow", skip_serializing_if = "Option::is_none")]
    pub overwritten: Option<Overwritten>,
    /// The desired count is 0 because we set it.
    #[serde(rename = "ze", skip_serializing_if = "std::ops::Not::not")]
    pub zeroed: bool,
    /// What the `wait` method knows of the queue and its tasks.
    #[serde(rename = "wa", skip_serializing_if = "Option::is_none")]
    pub wait: Option<wait::WaitMemory>,
    /// In observe mode: the size last recommended.
    #[serde(rename = "ob", skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
}

/// A scale-out of a rule or a method, which counts toward the next one while its cooldown runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleOut {
    /// When it was decided.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// The capacity that the first scale-out of this cooldown started from.
    #[serde(rename = "b")]
    pub base: u32,
    /// What a minimum, `hours`, a pin or a change outside Tidegate added since; it counts toward nothing.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    pub others: u32,
}

impl ScaleOut {
    /// The capacity without what counts toward the next step.
    pub(crate) fn without(self) -> u32 {
        self.base.saturating_add(self.others)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What the proposals asked for at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastRecommendation {
    /// When the next one took its place; of the newest, when it was seen.
    pub at: Timestamp,
    /// The capacity asked for, in tasks.
    pub tasks: u32,
}

/// What an evaluation that only observes would have set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The size, in tasks.
    #[serde(rename = "n")]
    pub tasks: u32,
    /// When it was last recommended.
    #[serde(rename = "t", with = "millis")]
    pub at: Timestamp,
}

/// An unbroken run of datapoints for which a condition held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionRun {
    /// The start of the first datapoint's period.
    #[serde(rename = "s", with = "millis")]
    pub since: Timestamp,
    /// The end of the last datapoint's period.
    #[serde(rename = "l", with = "millis")]
    pub last: Timestamp,
}

impl ConditionRun {
    /// For how long.
    pub(crate) fn length(self) -> SignedDuration {
        self.last.duration_since(self.since)
    }
}

/// The newest datapoint of a metric that has settled, and its period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LastPoint {
    /// The end of its period.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// Its value.
    #[serde(rename = "v")]
    pub value: f64,
    /// The period in seconds.
    #[serde(rename = "p")]
    pub period: i64,
}

/// A datapoint that may still change: the end of its period, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct YoungPoint(#[serde(with = "millis")] pub Timestamp, pub f64);

/// Changes by another process, each of them after one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwritten {
    /// When the last one was seen.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// How many there were, each within an hour of the one before.
    #[serde(rename = "c")]
    pub times: u32,
}

/// Tasks that were asked for and do not run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Startup {
    /// When the running count last rose, or when they were asked for.
    #[serde(rename = "s", with = "millis")]
    pub since: Timestamp,
    /// The running count then.
    #[serde(rename = "r")]
    pub running: u32,
    /// How many seconds later more than a few of them were missing, as they are since.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub many_after: Option<u32>,
}

/// A queue at a limit of its own, and what it keeps busy there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtLimit {
    /// When it was last seen there.
    #[serde(rename = "l", with = "millis")]
    pub last: Timestamp,
    /// It was seen there more than once.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// The jobs that may be taken in one period of its rate limit: as many as were taken then.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<u64>,
    /// The same, as the queue's settings said.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// The jobs that might run at a time, as they said.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// The jobs that ran, in the mean of the last evaluations.
    #[serde(rename = "b")]
    pub busy: f64,
    /// So many evaluations are in that mean.
    #[serde(rename = "n")]
    pub evaluations: u32,
}

/// The head of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its fingerprint.
    #[serde(rename = "p")]
    pub print: u64,
    /// When it was first seen.
    #[serde(rename = "s", with = "millis")]
    pub since: Timestamp,
}

/// A change remembered before it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The desired count before.
    pub from: u32,
    /// The desired count it sets.
    pub to: u32,
    /// When it was decided.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// The evaluation that decided it, and alone may make it.
    pub evaluation: String,
}

/// Failed changes in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedChanges {
    /// The last one.
    #[serde(rename = "a", with = "millis")]
    pub at: Timestamp,
    /// How many in a row.
    #[serde(rename = "c")]
    pub count: u32,
    /// The desired count that the last one was to set. An answer that was lost may hide a change that was made: an
    /// evaluation that finds this size forgets the failure.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}

/// How an intent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// AWS took the change.
    Applied,
    /// AWS refused it, or its answer is unknown: a later evaluation compares with the world.
    Failed,
    /// It was never sent: its time was over, or the call budget of the evaluation was used up.
    NotSent,
}

impl FailedChanges {
    /// A change that fails is tried again after 1, 2, 4 … minutes. Shorter would hammer an API that throttles or a
    /// permission that is missing; longer would leave a queue without workers after one passing fault.
    const FIRST_BACKOFF: SignedDuration = SignedDuration::from_mins(1);
    /// ECS itself retries failing tasks at most every 15 minutes.
    const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(15);

    /// No new attempt before this moment.
    #[must_use]
    pub fn retry_at(self) -> Timestamp {
        let doublings = self.count.saturating_sub(1).min(4);
        let factor = 1_i32.checked_shl(doublings).unwrap_or(16);
        let wait = Self::FIRST_BACKOFF
            .checked_mul(factor)
            .unwrap_or(Self::LONGEST_BACKOFF)
            .min(Self::LONGEST_BACKOFF);
        self.at.saturating_add(wait).unwrap_or(self.at)
    }
}

impl Memory {
    /// Withdraws the change that a decision began, as if it had never been decided: its intent, its cooldowns. For an
    /// evaluation that only observes; `before` is the memory it decided with.
    pub fn withdraw(&mut self, before: &Self) {
        let Self { scale_out, changed_at, woke_at, intent, zeroed, .. } = before;
        self.scale_out = *scale_out;
        self.woke_at = *woke_at;
        self.changed_at = *changed_at;
        self.intent.clone_from(intent);
        self.zeroed = *zeroed && self.desired_count == Some(0);
    }

    /// Settles the intent of `evaluation`, if it is still pending. A failed change keeps the cooldown it began.
    pub fn settle(&mut self, evaluation: &str, settled: Settled, now: Timestamp) {
        let Some(intent) = self.intent.take_if(|intent| intent.evaluation == evaluation) else {
            return;
        };
        match settled {
            Settled::Applied => {
                self.failure = None;
                self.desired_count = Some(intent.to);
            }
            Settled::Failed => {
                let count = self.failure.map_or(0, |failure| failure.count);
                let count = count.saturating_add(1);
                self.failure =
                    Some(FailedChanges { at: to_the_millisecond(now), count, to: Some(intent.to) });
                self.desired_count = None;
            }
            Settled::NotSent => self.desired_count = None,
        }
    }

    /// A condition begins, or goes on, and the report that notified of it was accepted.
    pub fn mark_begun(&mut self, kind: NoticeKind, now: Timestamp) {
        notice::mark_begun(&mut self.active_notices, kind, now);
    }

    /// The report was accepted: beginnings are marked as notified, ends are forgotten.
    pub fn mark_notified(&mut self, notices: &[Notice]) {
        notice::mark_notified(&mut self.active_notices, notices);
    }
}

mod millis_apart {
    //! Recommendations, each as its tasks and the milliseconds since the one before; the first since the epoch.
    use jiff::Timestamp;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::PastRecommendation;

    pub(super) fn serialize<S: Serializer>(
        recommendations: &[PastRecommendation],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut before = 0_i64;
        to.collect_seq(recommendations.iter().map(|recommendation| {
            let at = recommendation.at.as_millisecond();
            let since = at.saturating_sub(before);
            before = at;
            (since, recommendation.tasks)
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PastRecommendation>, D::Error> {
        let mut at = 0_i64;
        let recommendations = Vec::<(i64, u32)>::deserialize(from)?.into_iter().map(|(since, tasks)| {
            at = at.saturating_add(since);
            Ok(PastRecommendation { at: Timestamp::from_millisecond(at).map_err(D::Error::custom)?, tasks })
        });
        recommendations.collect()
    }
}

/// Reads conditions. One of a kind that a newer version invented is left out, so that a rollback can read what it wrote.
fn known_notices<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ActiveNotice>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Maybe {
        Known(ActiveNotice),
        Unknown(serde::de::IgnoredAny),
    }
    let all = Vec::<Maybe>::deserialize(deserializer)?;
    Ok(all
        .into_iter()
        .filter_map(|one| match one {
            Maybe::Known(active) => Some(active),
            Maybe::Unknown(_) => None,
        })
        .collect())
}
