//! What one evaluation of `emergency-max` is asked for, and what it goes by.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::emergency::engage::Size;
use crate::emergency::incident::Targeted;
use crate::emergency::restore::Owner;
use crate::emergency::target::Seen;
use crate::overrides::Override;
use crate::reading::Absence;

/// What an evaluation is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Nothing new: what is in force goes on.
    Tick,
    /// The same, a moment after the evaluation before it: what fails all the time waits for the next minute.
    Resume,
    /// A row: hold, pin, release.
    Row(Override),
    /// An emergency begins, or grows.
    Engage(Engage),
    /// The emergency ends.
    Restore {
        /// Who asks.
        asker: Asker,
        /// What an emergency found that no ledger remembers.
        from: BTreeMap<String, Targeted>,
    },
}

/// An emergency as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engage {
    /// Its profile.
    pub profile: String,
    /// The services and databases of it that were named; none: all of them.
    pub named: Vec<String>,
    /// Its sizes may exceed the fleet file's budgets.
    pub ignore_budgets: bool,
    /// Its targets with their sizes.
    pub sizes: Vec<(String, Size)>,
    /// Its databases, and the least number of replicas of each.
    pub replicas: Vec<(String, u32)>,
    /// It ends at this moment, or when the one in force does, whichever is later.
    pub until: Timestamp,
    /// Who asks.
    pub asker: Asker,
}

/// Who asks, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// In their own words.
    pub who: String,
    /// In their own words.
    pub why: String,
    /// The request id of the invocation.
    pub request: Option<String>,
}

/// What the fleet file says of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// It is only observed: nothing of it is changed.
    pub observe: bool,
    /// The largest size that may be asked for.
    pub most: u32,
    /// Who sets its size when no emergency does.
    pub owner: Owner,
}

/// One evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn<'a> {
    /// Its id.
    pub id: &'a str,
    /// The invocation that it is a part of: evaluations of one invocation never wait for each other.
    pub invocation: &'a str,
    /// Its time.
    pub now: Timestamp,
    /// It sends nothing after this long.
    pub lasting: SignedDuration,
    /// Every target of the fleet, the most important first.
    pub members: &'a [Member<'a>],
    /// What was seen of some of them.
    pub seen: &'a BTreeMap<String, Result<Seen, Absence>>,
}
