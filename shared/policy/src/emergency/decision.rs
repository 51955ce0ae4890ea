//! What is decided about everything that operators asked for.

use jiff::Timestamp;

use crate::emergency::engage::{Limit, Size};
use crate::emergency::incident::{Incident, Overrides};
use crate::emergency::missed::MissedActions;
use crate::emergency::restore::Kept;
use crate::emergency::target::Change;
use crate::overrides::Override;
use crate::reading::Absence;
use crate::reason::Reason;

/// What is decided.
#[derive(Debug, Clone, PartialEq)]
pub struct EmergencyDecision {
    /// What is remembered next, with every intent.
    pub overrides: Overrides,
    /// What is to be changed now, the most important first.
    pub work: Vec<Work>,
    /// What begins or ends.
    pub events: Vec<Event>,
}

/// The changes of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its name.
    pub target: String,
    /// In this order; none where something is only to be said.
    pub changes: Vec<Change>,
    /// The desired count that was found.
    pub from: u32,
    /// The desired count that it will have.
    pub to: u32,
    /// AWS's own bounds do not allow what was asked for.
    pub limit: Option<Limit>,
    /// What stays as someone set it meanwhile.
    pub kept: Vec<Kept>,
    /// Scheduled actions that did not run meanwhile, and whose bounds are put back.
    pub missed: MissedActions,
    /// What it is for.
    pub aim: Aim,
}

impl Work {
    /// The desired count that it sets, if it sets one.
    pub(crate) fn size(&self) -> Option<u32> {
        self.changes.iter().find_map(|change| match change {
            Change::SetCapacity(to) => Some(*to),
            Change::Register(_) | Change::Suspend(_) | Change::Resume(_) => None,
        })
    }
}

/// What the changes of one target are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// It is brought to the size of an emergency.
    Size(Size),
    /// What was found is put back.
    Restore,
}

/// Something that operators are notified of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A row comes into force, or releases what was.
    Row(Override),
    /// The time of a row is over.
    RowEnded(Override),
    /// An emergency begins, or grows.
    Engaged,
    /// Every size is set, or cannot be.
    AllSet,
    /// Everything that was asked for runs.
    Complete,
    /// It ends soon.
    EndsSoon,
    /// What was found begins to be put back.
    Restoring {
        /// By itself: its time is over.
        expired: bool,
    },
    /// Everything is put back. The emergency as it was.
    Restored(Box<Incident>),
    /// What was read of the table is more than may be asked for, and counts only as far as it may.
    Corrected {
        /// The target's name, or `*`.
        target: String,
        /// What.
        what: Correction,
    },
    /// Saved snapshots were given although the ledger holds an emergency.
    TakenIn {
        /// So many of their targets were not in the ledger, and are put back too.
        added: usize,
        /// So many were in the ledger already: what was found first of each is put back.
        known: usize,
    },
    /// A target cannot be changed.
    Skipped {
        /// Its name.
        target: String,
        /// Why.
        why: Skip,
    },
}

impl Event {
    /// It is about the emergency, and not about a row or the table.
    #[must_use]
    pub fn is_of_emergency(&self) -> bool {
        match self {
            Self::Engaged
            | Self::AllSet
            | Self::Complete
            | Self::EndsSoon
            | Self::Restoring { .. }
            | Self::Restored(_)
            | Self::TakenIn { .. }
            | Self::Skipped { .. } => true,
            Self::Row(_) | Self::RowEnded(_) | Self::Corrected { .. } => false,
        }
    }

    /// The emergency that is over, if one is.
    #[must_use]
    pub fn as_restored(&self) -> Option<&Incident> {
        if let Self::Restored(incident) = self { Some(incident) } else { None }
    }

    /// The row that comes into force, if one does.
    #[must_use]
    pub fn as_row(&self) -> Option<&Override> {
        if let Self::Row(row) = self { Some(row) } else { None }
    }

    /// The row that ends, if one does.
    #[must_use]
    pub fn as_ended_row(&self) -> Option<&Override> {
        if let Self::RowEnded(row) = self { Some(row) } else { None }
    }

    /// What of the table counts only as far as it may, and the target's name.
    #[must_use]
    pub fn as_corrected(&self) -> Option<(&str, Correction)> {
        if let Self::Corrected { target, what } = self { Some((target, *what)) } else { None }
    }

    /// Why a target is left alone, if it is.
    #[must_use]
    pub fn as_skipped(&self, name: &str) -> Option<&Skip> {
        if let Self::Skipped { target, why } = self { (target == name).then_some(why) } else { None }
    }
}

/// Why a target is left alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Skip {
    /// It is only observed.
    Observed,
    /// It is in the fleet file no more.
    NotInFleet,
    /// It does not exist, or not any more.
    NotFound(Absence),
    /// AWS would refuse.
    Refused(Reason),
    /// It was changed by hand after it was seen at its size, and stays so.
    ByHand(Kept),
}

/// What the table held, and what is in force of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// A size.
    Size {
        /// In the table.
        found: u32,
        /// The most that the fleet file allows.
        most: u32,
    },
    /// An end.
    End {
        /// In the table.
        found: Timestamp,
        /// The latest that may be asked for.
        latest: Timestamp,
    },
}
