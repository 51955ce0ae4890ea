//! How many replicas are allowed: the fleet file's bounds, then what operators asked for, later rows over earlier ones.

use crate::overrides::{Held, Override, OverrideKind, Rows};
use crate::replicas::policy::ReplicaCount;
use crate::replicas::reason::ReplicaReason;

/// What is in force for one database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundsInForce {
    /// At least so many; 1 or more.
    pub(crate) min: u32,
    /// At most so many.
    pub(crate) max: u32,
    /// Exactly so many, whatever the load.
    pub(crate) pin: Option<u32>,
    /// None is added.
    pub(crate) holds_out: bool,
    /// None is removed.
    pub(crate) holds_in: bool,
    /// An emergency is in force.
    pub(crate) is_emergency: bool,
    pub(crate) reasons: Vec<ReplicaReason>,
}

impl BoundsInForce {
    /// Overrides stay within 1 and the maximum of the fleet file, which is what the engine and the account are known to take:
    /// a principal that may write the table may not always change the file.
    pub(crate) fn of(count: &ReplicaCount, rows: &Rows<'_>) -> Self {
        let (min, max) = (count.min.max(1), count.max.max(count.min).max(1));
        let mut it = Self {
            min,
            max,
            pin: None,
            holds_out: false,
            holds_in: false,
            is_emergency: false,
            reasons: Vec::new(),
        };
        let mut shaping: Vec<(OverrideKind, &Override)> = Vec::new();
        for &row in &rows.in_force {
            let kind = clamped(row.kind, max);
            it.apply(kind);
            shaping.retain(|(earlier, _)| !kind.outranks(*earlier));
            shaping.push((kind, row));
        }
        if it.holds_out && it.holds_in {
            // A pin before a hold of everything is in force again once the hold is over.
            it.pin = None;
        }
        for (kind, row) in shaping {
            let (until, who, why) = (row.until, row.who.clone(), row.why.clone());
            it.reasons.push(ReplicaReason::Overridden { kind, until, who, why });
            if kind != row.kind {
                it.reasons.push(ReplicaReason::OverrideClamped { kind: row.kind, max });
            }
        }
        let undated = rows.undated.map(|row| (row.kind, row.until));
        it.reasons.extend(undated.map(|(kind, until)| ReplicaReason::OverrideUndated { kind, until }));
        it
    }

    fn apply(&mut self, kind: OverrideKind) {
        match kind {
            OverrideKind::Min(least) => self.at_least(least),
            OverrideKind::Max(most) => {
                (self.min, self.max) = (self.min.min(most), most);
                self.pin = self.pin.map(|pin| pin.min(most));
            }
            OverrideKind::Pin(exactly) => {
                self.pin = Some(exactly);
                (self.holds_out, self.holds_in) = (false, false);
            }
            OverrideKind::Hold(Held::ScaleIn) => self.holds_in = true,
            OverrideKind::Hold(Held::Both) => (self.holds_out, self.holds_in) = (true, true),
            OverrideKind::Raise(least) => {
                self.at_least(least);
                // An emergency outranks a hold of everything: its replicas are added.
                (self.holds_out, self.holds_in, self.is_emergency) = (false, true, true);
            }
            OverrideKind::Release => {}
        }
    }

    fn at_least(&mut self, least: u32) {
        (self.min, self.max) = (self.min.max(least), self.max.max(least));
        self.pin = self.pin.map(|pin| pin.max(least));
    }

    /// The fewest that must answer reads after a removal.
    pub(crate) fn least(&self) -> u32 {
        self.pin.unwrap_or(self.min).max(1)
    }

    /// The most there may be, whatever the load.
    pub(crate) fn most(&self) -> u32 {
        self.pin.unwrap_or(self.max)
    }
}

/// No fewer than one, and no more than that.
fn clamped(kind: OverrideKind, max: u32) -> OverrideKind {
    let within = |replicas: u32| replicas.clamp(1, max);
    match kind {
        OverrideKind::Min(replicas) => OverrideKind::Min(within(replicas)),
        OverrideKind::Max(replicas) => OverrideKind::Max(within(replicas)),
        OverrideKind::Pin(replicas) => OverrideKind::Pin(within(replicas)),
        OverrideKind::Raise(replicas) => OverrideKind::Raise(within(replicas)),
        OverrideKind::Hold(_) | OverrideKind::Release => kind,
    }
}
