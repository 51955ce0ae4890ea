//! Overrides: what an operator asked for, until a stated time. Hold, pin and emergency are all this one thing.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::one_line::one_line;

/// One row of the fleet's overrides. A row is never changed: of two that contradict each other the newer one holds, and a
/// release is a row too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The name of the service or database, or `*` for all.
    pub target: String,
    /// What is in force.
    #[serde(flatten)]
    pub kind: OverrideKind,
    /// When it was asked for. A row without it was not written by `emergency-max`, and is not in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Expires at this moment, by comparing with `now`; no event and no TTL is needed.
    pub until: Timestamp,
    /// Who asked for it, in their own words.
    pub who: String,
    /// Why.
    pub why: String,
    /// The request id of the invocation: `CloudTrail` names its principal, which the function cannot know. A row without it was
    /// written into the table by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// What an override puts in force; counts are tasks or instances, of a database replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideKind {
    /// At least this many; raises the maximum where it lies below.
    Min(u32),
    /// At most this many; lowers the minimum where it lies above.
    Max(u32),
    /// Exactly this many, at once, whatever the signals say.
    Pin(u32),
    /// Nothing is taken away, or nothing changes at all.
    Hold(Held),
    /// At least this many, and nothing is taken away: an emergency.
    Raise(u32),
    /// Ends every earlier row of the same target; of `*`, every earlier row.
    Release,
}

/// Which changes a hold prevents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Scale-in.
    ScaleIn,
    /// Scale-in and scale-out.
    Both,
}

impl Override {
    /// The name that stands for every target.
    pub const ALL: &str = "*";

    /// An override ends within so long after it was asked for: no operator may ask for more than 30 days, and a day is for
    /// clocks that differ. A row of the table that lasts longer ends by then. Without a limit a writer of the table could set
    /// a size for ever, unseen in the fleet file.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

    /// Clocks differ by seconds. A row that is asked for later than this would come into force by itself, weeks later.
    const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

    /// Reports carry its texts: each becomes one line of bounded length.
    pub fn believe(&mut self) {
        one_line(&mut self.who, 64);
        one_line(&mut self.why, 300);
        if let Some(request) = &mut self.request {
            one_line(request, 64);
        }
    }

    /// It sets a size.
    #[must_use]
    pub fn is_pin(&self) -> bool {
        matches!(self.kind, OverrideKind::Pin(_))
    }

    /// When it ends: as it states, and no later than any may. `None` where it does not state since when it holds.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let since = self.since.filter(|since| since.duration_since(now) <= Self::CLOCKS_DIFFER)?;
        Some(self.until.min(since.saturating_add(Self::LONGEST).unwrap_or(since)))
    }

    /// It is in force for a target now.
    fn applies(&self, target: &str, now: Timestamp) -> bool {
        self.speaks_of(target) && self.ends(now).is_some_and(|end| now < end)
    }

    /// It speaks of a target now, and is not in force, since it does not state since when.
    fn is_undated(&self, target: &str, now: Timestamp) -> bool {
        self.speaks_of(target) && now < self.until && self.ends(now).is_none()
    }

    fn speaks_of(&self, target: &str) -> bool {
        self.target == target || self.target == Self::ALL
    }

    /// It ends what another row put in force.
    fn releases(&self, earlier: &Self) -> bool {
        self.kind == OverrideKind::Release && (self.target == earlier.target || self.target == Self::ALL)
    }
}

/// The rows that speak of one target at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows<'a> {
    /// Those in force, in the order in which they were asked for.
    pub(crate) in_force: Vec<&'a Override>,
    /// The newest that is not in force, since it does not state since when.
    pub(crate) undated: Option<&'a Override>,
}

/// What of all rows speaks of one target now.
pub(crate) fn of<'a>(rows: &'a [Override], target: &str, now: Timestamp) -> Rows<'a> {
    let in_force = unreleased(rows, |row| row.applies(target, now)).collect();
    Rows { in_force, undated: rows.iter().rev().find(|row| row.is_undated(target, now)) }
}

/// The rows that are in force for one target now, in the order in which they were asked for.
#[must_use]
pub fn in_force<'a>(rows: &'a [Override], target: &str, now: Timestamp) -> Vec<&'a Override> {
    of(rows, target, now).in_force
}

/// What rows make of the bounds and of the size of a service, one after the other. What holds keep stands apart: a minimum or
/// a maximum that is asked for while a hold is in force neither ends it nor is lost with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AskedSizes {
    min: u32,
    max: u32,
    /// The size that is set, whatever the rules ask for.
    pin: Option<u32>,
    /// A hold or an emergency takes nothing away from these.
    held: u32,
    /// A hold of both directions changes nothing of these.
    unchanged: Option<u32>,
}

impl AskedSizes {
    /// Before the first row.
    pub(crate) fn within(min: u32, max: u32) -> Self {
        Self { min, max, pin: None, held: 0, unchanged: None }
    }

    /// With one more row. What it holds, it holds at the desired count that is seen.
    pub(crate) fn after(self, kind: OverrideKind, desired: Option<u32>) -> Self {
        let Self { min, max, pin, held, .. } = self;
        let at_least = |tasks: u32| Self {
            min: min.max(tasks),
            max: max.max(tasks),
            pin: pin.map(|pin| pin.max(tasks)),
            ..self
        };
        match kind {
            OverrideKind::Min(tasks) => Self { min: tasks, ..at_least(tasks) },
            OverrideKind::Max(tasks) => {
                Self { min: min.min(tasks), max: tasks, pin: pin.map(|pin| pin.min(tasks)), ..self }
            }
            OverrideKind::Pin(tasks) => Self { pin: Some(tasks), held: 0, unchanged: None, ..self },
            OverrideKind::Hold(Held::ScaleIn) => Self { held: held.max(desired.unwrap_or(0)), ..self },
            OverrideKind::Hold(Held::Both) => Self { unchanged: desired, ..self },
            OverrideKind::Raise(tasks) => {
                Self { held: held.max(desired.unwrap_or(0)), unchanged: None, ..at_least(tasks) }
            }
            OverrideKind::Release => self,
        }
    }

    /// The bounds that they leave its rules.
    pub(crate) fn bounds(self) -> (u32, u32) {
        (self.min.max(self.held), self.max.max(self.held))
    }

    /// The size that is set, whatever the rules ask for.
    pub(crate) fn pin(self) -> Option<u32> {
        self.unchanged.or(self.pin.map(|pin| pin.max(self.held)))
    }

    /// The size that a service of `at` tasks has by them alone, if they do not leave it to its rules.
    fn size(self, at: u32) -> Option<u32> {
        let (min, _) = self.bounds();
        self.pin().or(Some(min).filter(|min| *min >= at.max(1)))
    }
}

/// The size that rows in force give a service of `at` tasks with its next evaluation, and the row that does; a hold of scale-in
/// lets its rules scale out all the same. `None` where they leave its size to its rules.
#[must_use]
pub fn next_size<'a>(in_force: &[&'a Override], at: u32) -> Option<(u32, &'a Override)> {
    let mut asked = AskedSizes::within(0, u32::MAX);
    let mut by = None;
    for &row in in_force {
        let after = asked.after(row.kind, Some(at));
        let sets = matches!(row.kind, OverrideKind::Pin(_) | OverrideKind::Hold(Held::Both));
        if sets || after.size(at) != asked.size(at) {
            by = Some(row);
        }
        asked = after;
    }
    asked.size(at).zip(by)
}

/// The rows that are still needed: in force for some target, and not released.
#[must_use]
pub fn kept(rows: &[Override], now: Timestamp) -> Vec<Override> {
    unreleased(rows, |row| row.ends(now).is_none_or(|end| now < end) && now < row.until).cloned().collect()
}

/// The rows wanted that no later row releases, without the releases.
fn unreleased(rows: &[Override], wanted: impl Fn(&Override) -> bool) -> impl Iterator<Item = &Override> {
    rows.iter().enumerate().filter_map(move |(index, row)| {
        let later = rows.get(index.saturating_add(1)..).unwrap_or_default();
        let is_release = row.kind == OverrideKind::Release;
        let counts = !is_release && wanted(row) && !later.iter().any(|it| it.releases(row));
        counts.then_some(row)
    })
}

impl OverrideKind {
    /// It sets the size in place of an earlier row, which is no reason of it any more; one that asks for the same is.
    pub(crate) fn outranks(self, earlier: Self) -> bool {
        match (self, earlier) {
            (Self::Pin(size), Self::Pin(before)) => size != before,
            (Self::Pin(_) | Self::Hold(Held::Both), Self::Pin(_) | Self::Hold(_)) => true,
            (_, _) => false,
        }
    }

    /// The size that it asks for, if it does.
    #[must_use]
    pub fn size(self) -> Option<u32> {
        match self {
            Self::Min(tasks) | Self::Max(tasks) | Self::Pin(tasks) | Self::Raise(tasks) => Some(tasks),
            Self::Hold(_) | Self::Release => None,
        }
    }

    /// The same, for no more tasks than that.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        match self {
            Self::Min(tasks) => Self::Min(tasks.min(most)),
            Self::Max(tasks) => Self::Max(tasks.min(most)),
            Self::Pin(tasks) => Self::Pin(tasks.min(most)),
            Self::Raise(tasks) => Self::Raise(tasks.min(most)),
            Self::Hold(_) | Self::Release => self,
        }
    }
}

impl fmt::Display for OverrideKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min(tasks) => write!(f, "min {tasks}"),
            Self::Max(tasks) => write!(f, "max {tasks}"),
            Self::Pin(tasks) => write!(f, "pin {tasks}"),
            Self::Hold(Held::ScaleIn) => write!(f, "hold (no scale-in)"),
            Self::Hold(Held::Both) => write!(f, "hold (no change)"),
            Self::Raise(tasks) => write!(f, "emergency size {tasks}"),
            Self::Release => write!(f, "release"),
        }
    }
}
