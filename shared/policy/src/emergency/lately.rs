//! The desired counts that `emergency-max` set a moment ago: the functions that scale the same targets tell them from a change
//! made outside Tidegate.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::{LONGEST_GAP, to_the_millisecond};
use crate::ledger_time::millis;

/// So long a size counts as just set: until every function has evaluated once after AWS shows it. Longer, and the same size set
/// by hand later would be taken for it.
const LATELY: SignedDuration = LONGEST_GAP.saturating_add(SignedDuration::from_secs(30));

/// What was set lately, by target. It outlives the emergency by this moment: what puts a size back is the last that it does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SetLately(BTreeMap<String, SizeSet>);

/// A desired count that `emergency-max` set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeSet {
    /// The desired count.
    pub to: u32,
    /// When that was decided.
    #[serde(with = "millis")]
    pub at: Timestamp,
}

impl SetLately {
    /// What was set of one target a moment ago. A time to come was not written by `emergency-max`.
    #[must_use]
    pub fn of(&self, target: &str, now: Timestamp) -> Option<SizeSet> {
        self.0.get(target).copied().filter(|set| set.is_recent(now))
    }

    /// Remembers what is about to be set, and forgets what was set long ago.
    pub(crate) fn remember<'a>(&mut self, sizes: impl Iterator<Item = (&'a str, u32)>, now: Timestamp) {
        self.0.retain(|_, set| set.is_recent(now));
        let at = to_the_millisecond(now);
        self.0.extend(sizes.map(|(target, to)| (target.to_owned(), SizeSet { to, at })));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SizeSet {
    fn is_recent(self, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() <= LATELY
    }
}
