//! The bounds in force: the fleet file's capacity, its hours, its floor table, then what operators asked for.

use jiff::Timestamp;

use crate::capacity::Capacity;
use crate::hours::Hours;
use crate::observation::Constraints;
use crate::overrides::{AskedSizes, Override, OverrideKind, Rows};
use crate::pipeline::floor_reading::FloorReading;
use crate::pipeline::known::DecisionInputs;
use crate::reason::Reason;

/// What is in force for one service at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InForce<'a> {
    /// The bounds.
    pub(crate) bounds: Capacity,
    /// The rows of `hours` that hold, and until when.
    hours: Vec<(&'a Hours, Option<Timestamp>)>,
    /// The floor table, if there is one.
    pub(crate) floor_reading: Option<FloorReading>,
    /// The size an operator pinned; it outranks the signals.
    pub(crate) pin: Option<u32>,
    /// The overrides that shaped them, in the order of the ledger.
    pub(crate) overrides: Vec<&'a Override>,
    /// What of the overrides is not granted.
    pub(crate) limited: Vec<Reason>,
    /// AWS's own bounds are narrower than what was asked for.
    pub(crate) outside: Option<Reason>,
}

impl<'a> InForce<'a> {
    /// What is in force now: the bounds, as AWS's own allow, and awake where no reading could show that a task is needed again.
    pub(crate) fn now(known: &DecisionInputs<'a>, rows: Rows<'a>) -> Self {
        let in_force = in_force(known, known.floor.clone(), rows);
        let in_force = match known.service() {
            Some(service) => in_force.narrowed(&service.constraints),
            None => in_force,
        };
        if known.seen.queue.is_none() { in_force.awake() } else { in_force }
    }

    /// Without a queue no reading shows that a service without tasks is needed again: outside of the hours in which it
    /// sleeps one task stays, and one wakes. An operator may still pin it at zero.
    fn awake(mut self) -> Self {
        self.bounds = raised(self.bounds, 1);
        self
    }

    /// Narrows everything to AWS's own bounds, overrides included: AWS refuses what lies outside.
    fn narrowed(mut self, allowed: &Constraints) -> Self {
        let Constraints { min, max, .. } = *allowed;
        let (least, most) = (min.unwrap_or(0), max.unwrap_or(u32::MAX));
        let narrowed = self.bounds.narrowed(least, most);
        let pin = self.pin.map(|pin| pin.min(most).max(least));
        let asked = match self.pin.filter(|_| pin != self.pin) {
            Some(pin) => (pin, pin),
            None => (self.bounds.min(), self.bounds.max()),
        };
        let is_outside = narrowed != self.bounds || pin != self.pin;
        let pinned = self.overrides.iter().rev().find(|row| matches!(row.kind, OverrideKind::Pin(_)));
        let by = pinned.filter(|_| pin != self.pin).map(|row| row.who.clone());
        (self.bounds, self.pin) = (narrowed, pin);
        self.outside = is_outside.then_some(Reason::OutsideBounds { min, max, asked, by });
        self
    }

    /// What set the bounds that a decision met, beyond the capacity of the file.
    pub(crate) fn behind(&self, reasons: &[Reason]) -> Vec<Reason> {
        let min =
            reasons.iter().any(|reason| matches!(reason, Reason::BelowMin { .. } | Reason::AtMin { .. }));
        let max =
            reasons.iter().any(|reason| matches!(reason, Reason::AboveMax { .. } | Reason::AtMax { .. }));
        let (least, most) = (self.bounds.min(), self.bounds.max());
        let hours = self.hours.iter().filter_map(|(row, until)| {
            let min = row.min.filter(|tasks| min && *tasks == least);
            let max = row.max.filter(|tasks| max && *tasks == most);
            let sets = min.is_some() || max.is_some();
            sets.then(|| Reason::Hours { window: row.to_string(), min, max, until: *until })
        });
        let floor = self.floor_reading.as_ref().filter(|floor| min && floor.tasks == least);
        hours.chain(floor.and_then(FloorReading::reason)).collect()
    }
}

/// The bounds of a service at a moment. Hours outrank the capacity, the floor table raises the minimum within them, and
/// what an operator asked for outranks all, later overrides the earlier ones. They leave the capacity of the file
/// downward, and upward as far as the file allows: a principal that may write the table may not always change the file.
fn in_force<'a>(
    known: &DecisionInputs<'a>,
    floor_reading: Option<FloorReading>,
    rows: Rows<'a>,
) -> InForce<'a> {
    let (policy, now) = (known.policy, known.now);
    let held = |row: &'a Hours| {
        let state = row.state(now);
        state.in_force.then_some((row, state.until))
    };
    let hours: Vec<_> = policy.hours.iter().filter_map(held).collect();
    let bounds = within(policy.capacity, hours.iter().map(|(row, _)| *row));
    let bounds = raised(bounds, floor_reading.as_ref().map_or(0, |floor| floor.tasks));
    let limited = rows.undated.map(|row| Reason::OverrideUndated { kind: row.kind, until: row.until });
    let (pin, overrides, limited) = (None, Vec::new(), limited.into_iter().collect());
    let mut in_force = InForce { bounds, hours, floor_reading, pin, overrides, limited, outside: None };
    let most = policy.most();
    let mut asked = AskedSizes::within(bounds.min(), bounds.max());
    for row in rows.in_force {
        asked = in_force.apply(row, asked, most, known.desired());
    }
    // One is enough to say so: a table full of them would be a report of megabytes.
    let too_long =
        in_force.overrides.iter().rev().find(|row| row.ends(now).is_some_and(|end| end < row.until));
    if let Some(&row) = too_long {
        let (kind, until, longest) = (row.kind, row.until, Override::LONGEST);
        in_force.limited.push(Reason::OverrideTooLong { kind, until, longest });
    }
    in_force
}

impl<'a> InForce<'a> {
    /// Puts an override in force, for no more than `most` tasks: what is asked for with it.
    fn apply(
        &mut self,
        row: &'a Override,
        before: AskedSizes,
        most: u32,
        desired: Option<u32>,
    ) -> AskedSizes {
        let kind = row.kind.at_most(most);
        if kind == OverrideKind::Release {
            return before;
        }
        let asked = before.after(kind, desired);
        let (min, max) = asked.bounds();
        // A `max 0` is refused by `Capacity`; stopping a service altogether is what `pin 0` is for.
        let unchanged = (min, max) == (self.bounds.min(), self.bounds.max());
        let Ok(bounds) = (if unchanged { Ok(self.bounds) } else { Capacity::new(min, max) }) else {
            return before;
        };
        self.forget_outranked(kind);
        (self.bounds, self.pin) = (bounds, asked.pin());
        self.overrides.push(row);
        if kind != row.kind {
            self.limited.push(Reason::OverrideAbove { kind: row.kind, most });
        }
        asked
    }

    /// A newer row that sets the size takes the place of those before it: they are no reason of it, unless they ask for the same.
    fn forget_outranked(&mut self, by: OverrideKind) {
        self.overrides.retain(|earlier| !by.outranks(earlier.kind));
    }
}

/// The bounds with at least this minimum, as far as their maximum allows.
fn raised(bounds: Capacity, floor: u32) -> Capacity {
    Capacity::new(bounds.clamp(floor), bounds.max()).unwrap_or(bounds)
}

/// The capacity at certain hours: of several rows the largest minimum and the smallest maximum hold, never a sum. Where
/// these two contradict each other the minimum holds: too many tasks cost money, too few cost work. A row never leaves
/// the maximum of the file, which the budgets count on.
fn within<'a>(capacity: Capacity, rows: impl Iterator<Item = &'a Hours> + Clone) -> Capacity {
    let most = rows.clone().filter_map(|row| row.max).min().unwrap_or(capacity.max()).min(capacity.max());
    let least = rows.filter_map(|row| row.min).max().map(|min| min.min(capacity.max()));
    let (min, max) = match least {
        Some(min) => (min, most.max(min)),
        None => (capacity.min().min(most), most),
    };
    if max == 0 { Capacity::ASLEEP } else { Capacity::new(min, max).unwrap_or(capacity) }
}
