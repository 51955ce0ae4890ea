//! What the fleet file says of a database's instance class and storage.

use std::num::NonZeroU32;

use jiff::SignedDuration;

use crate::rule::Condition;
use crate::signal::MetricName;
use crate::weekly_window::WeeklyWindow;

/// What the fleet file says of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct UpgradePolicy {
    /// It is a cluster of Aurora, whose writer's class is not changed.
    pub is_aurora: bool,
    /// The classes that it may have; `None` where the class is left alone.
    pub ladder: Option<ClassLadder>,
    /// What is asked of its storage; `None` where that is left alone.
    pub storage: Option<StorageLimits>,
    /// `max_connections`, where the file says so: otherwise the default of the class is estimated.
    pub max_connections: Option<NonZeroU32>,
}

/// The classes that a database may have, and when it gets another one.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassLadder {
    /// `DBInstanceClass`, the smallest first, none twice; two or more.
    pub classes: Vec<String>,
    /// The next larger class is wanted while any of them holds: `cpu > 80% for 1d`. Upward.
    pub up: Vec<Condition>,
    /// The next smaller class is wanted while all of them hold and the load fits it: `cpu < 20% for 14d`. Downward; empty: never.
    pub down: Vec<Condition>,
    /// The smallest class by a metric of the business.
    pub floor: Option<ClassFloor>,
    /// When a change may begin.
    pub window: ChangeWindow,
    /// No more changes within 24 hours than this; 1 or more.
    pub per_day: u32,
    /// A change that would leave a reserved instance without use is refused.
    pub keeps_reservations: bool,
}

/// The smallest class by a metric of the business, as a guide's table has it: from 10,000 users on `db.t4g.large`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFloor {
    /// The metric, by its name in the fleet file.
    pub by: MetricName,
    /// "At least this many", and the place of the class in [`ClassLadder::classes`]; both rise.
    pub rows: Vec<(u64, usize)>,
}

/// When a change may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeWindow {
    /// In the instance's own `PreferredMaintenanceWindow`.
    Maintenance,
    /// In a window that the fleet file names.
    Weekly(WeeklyWindow),
}

/// What is asked of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageLimits {
    /// RDS may raise the storage by itself up to so many GiB (`MaxAllocatedStorage`); `None`: that setting is left alone.
    pub max_gib: Option<u32>,
    /// Operators are warned below this share of free storage, in percent of `AllocatedStorage`.
    pub warning: u32,
    /// Below this share it is critical; less than `warning`.
    pub critical: u32,
}

/// The time between the datapoints that a `for` is weighed by: 5 minutes up to 6 hours, an hour beyond, since 30 days of 5 minutes would
/// be 8,640 datapoints a metric. Those of one signal are read for its longest `for`.
#[must_use]
pub fn between_datapoints(longest_for: SignedDuration) -> SignedDuration {
    const FINE_UP_TO: SignedDuration = SignedDuration::from_hours(6);
    if longest_for > FINE_UP_TO { SignedDuration::from_hours(1) } else { SignedDuration::from_mins(5) }
}

impl ClassLadder {
    /// The place of a class; `None` for one that is not in the ladder.
    #[must_use]
    pub fn place(&self, class: &str) -> Option<usize> {
        self.classes.iter().position(|known| known == class)
    }

    /// How far back `decide` looks: the longest `for`, and a week at least, since a smaller class is refused unless the load of all of
    /// it fits; a weekend says nothing about a Monday.
    #[must_use]
    pub fn history(&self) -> SignedDuration {
        const LEAST: SignedDuration = SignedDuration::from_hours(7 * 24);
        let conditions = self.up.iter().chain(&self.down);
        conditions.map(|condition| condition.hold_for).max().unwrap_or_default().max(LEAST)
    }
}
