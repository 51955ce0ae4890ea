//! What is to be done: absolute numbers, every reason, and the memory of the next evaluation.

use std::fmt;

use crate::capacity::Capacity;
use crate::capacity_unit::{CapacityUnit, InUnit, tasks_by_default};
use crate::memory::Memory;
use crate::notice::Notice;
use crate::reason::Reason;
use crate::rule::thousands;

/// The decision about one service. Applying it twice is harmless.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an unread decision scales nothing"]
pub struct Decision {
    /// What is to be done.
    pub verdict: Verdict,
    /// Why, in the order of the pipeline; never empty.
    pub reasons: Vec<Reason>,
    /// The bounds that were in force.
    pub bounds: Capacity,
    /// What is to be reported because it begins or ends.
    pub notices: Vec<Notice>,
    /// The memory of the next evaluation; when the verdict is a change it holds the intent.
    pub memory: Memory,
    /// Work is moving: the next delayed evaluation is worth its price.
    pub moving: bool,
    /// What its numbers count; [`CapacityUnit::describe`] writes verdict, reasons and notices with these words.
    pub capacity_unit: CapacityUnit,
}

/// What is to be done to the desired count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Hold {
        /// The desired count, where it could be read.
        at: Option<u32>,
    },
    /// Raise it.
    ScaleOut {
        /// The desired count before.
        from: u32,
        /// The desired count to set.
        to: u32,
    },
    /// Lower it.
    ScaleIn {
        /// The desired count before.
        from: u32,
        /// The desired count to set.
        to: u32,
    },
}

tasks_by_default!(Verdict);

impl Verdict {
    /// The change from one size to another.
    pub(crate) fn change(from: u32, to: u32) -> Self {
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => Self::ScaleOut { from, to },
            std::cmp::Ordering::Less => Self::ScaleIn { from, to },
            std::cmp::Ordering::Equal => Self::Hold { at: Some(from) },
        }
    }

    /// The desired count to set, and the one before, when something is to be done.
    #[must_use]
    pub fn as_change(self) -> Option<(u32, u32)> {
        match self {
            Self::ScaleOut { from, to } | Self::ScaleIn { from, to } => Some((from, to)),
            Self::Hold { .. } => None,
        }
    }

    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hold { .. } => "hold",
            Self::ScaleOut { .. } => "scale-out",
            Self::ScaleIn { .. } => "scale-in",
        }
    }
}

impl fmt::Display for InUnit<&Verdict> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.what {
            Verdict::Hold { at: Some(at) } => write!(f, "hold at {}", self.capacity_unit.so_many(at)),
            Verdict::Hold { at: None } => f.write_str("hold"),
            Verdict::ScaleOut { from, to } => f.write_str(&self.change("scale out", from, to)),
            Verdict::ScaleIn { from, to } => f.write_str(&self.change("scale in", from, to)),
        }
    }
}

impl InUnit<&Verdict> {
    /// As something done: `scaled out from 5 to 10 tasks`.
    #[must_use]
    pub fn done(&self) -> String {
        match *self.what {
            Verdict::Hold { .. } => self.to_string(),
            Verdict::ScaleOut { from, to } => self.change("scaled out", from, to),
            Verdict::ScaleIn { from, to } => self.change("scaled in", from, to),
        }
    }

    /// As a thing: `scale-out from 5 to 10 tasks`.
    #[must_use]
    pub fn noun(&self) -> String {
        match *self.what {
            Verdict::Hold { .. } => self.to_string(),
            Verdict::ScaleOut { from, to } => self.change("scale-out", from, to),
            Verdict::ScaleIn { from, to } => self.change("scale-in", from, to),
        }
    }

    fn change(&self, what: &str, from: u32, to: u32) -> String {
        format!("{what} from {} to {}", thousands(from), self.capacity_unit.so_many(to))
    }
}

/// `scale out from 5 to 10 tasks, because waiting is 612 (rule: waiting > 500): 10 tasks needed`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.capacity_unit.describe(&self.verdict))?;
        for (index, reason) in self.reasons.iter().enumerate() {
            let joint = if index == 0 { ", because " } else { "; " };
            write!(f, "{joint}{}", self.capacity_unit.describe(reason))?;
        }
        Ok(())
    }
}
