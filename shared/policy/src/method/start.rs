//! The sizes that every proposal starts from.

use jiff::{SignedDuration, Timestamp};

use crate::memory::ScaleOut;
use crate::reason::Reason;

/// The sizes a proposal starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// `desiredCount`.
    pub(crate) desired: u32,
    /// `runningCount`.
    pub(crate) running: u32,
    /// `pendingCount`.
    pub(crate) pending: u32,
    /// Where a scale-out starts: AWS steps from the running count, so that tasks that never arrive do not run away.
    pub(crate) scale_out: u32,
    /// So few tasks that they stop nothing have failed to start for too long: they are no answer to the load any more.
    pub(crate) lost: u32,
    /// For how long tasks have failed to start, once that is too long.
    pub(crate) failing: Option<SignedDuration>,
    /// Until when what was added last is not in the metrics.
    pub(crate) warming: Option<Timestamp>,
    /// The scale-out whose cooldown runs, and when that ends.
    pub(crate) credit: Option<(ScaleOut, Timestamp)>,
}

impl Start {
    /// That tasks fail to start, in words.
    pub(crate) fn failing(self) -> Option<Reason> {
        let Self { desired, running, .. } = self;
        self.failing.map(|lasting| Reason::StartsFailing { desired, running, lasting })
    }

    /// Why more than is already asked for would come too early, in words.
    pub(crate) fn still_starting(self) -> Reason {
        let Self { running, pending, .. } = self;
        self.warming
            .filter(|_| running >= self.desired)
            .map_or(Reason::StillStarting { running, pending }, |until| Reason::WarmingUp { until })
    }

    /// What was already added within the scale-out cooldown, in words.
    pub(crate) fn credit(self) -> Option<Reason> {
        let (scale_out, until) = self.credit?;
        let base = scale_out.without();
        Some(Reason::Credit { base, already: self.desired.saturating_sub(base), until })
    }

    /// Where additions start: at the base of the scale-out whose cooldown runs, so that what it added counts.
    pub(crate) fn base(self) -> u32 {
        self.credit.map_or(self.scale_out, |(scale_out, _)| scale_out.base)
    }

    /// What others added since then.
    pub(crate) fn others(self) -> u32 {
        self.credit.map_or(0, |(scale_out, _)| scale_out.others)
    }
}
