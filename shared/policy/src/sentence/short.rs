//! The clause of a reason in a headline.

use crate::capacity_unit::InUnit;
use crate::reason::Reason;
use crate::rule::{Quantity, Span, thousands};
use crate::sentence::words::{Breach, Over, jobs};
use crate::signal::Unit;

/// What follows a headline: the clause, or its short form where that has one.
impl InUnit<&Reason> {
    /// `waiting 612 > 500` of "waiting is 612 (rule: waiting > 500): 15 tasks needed".
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other clause is short by itself")]
    pub fn in_short(&self) -> String {
        use Reason as R;
        let many = self.capacity_unit.many();
        match self.what {
            R::RuleMatched { condition, value, .. } | R::ConditionHolds { condition, value, .. } => {
                Breach { condition, value: *value }.to_string()
            }
            R::ConditionOver { condition, value, .. } => Over { condition, value: *value }.to_string(),
            R::ConditionGone { condition } => format!("{condition} (no longer in the fleet file)"),
            R::ConditionQuiet { condition, .. } => format!("{condition} (no longer measured)"),
            R::Tracked { signal, value, target, unit, .. } => {
                let value = Quantity { value: *value, unit: *unit };
                format!("{signal} {value}, target {target}{}", unit.suffix())
            }
            R::WouldWait { jobs: n, within, .. } | R::PaceUnknown { jobs: n, within, .. } => {
                format!("{} expected in {}", jobs(*n), Span(*within))
            }
            R::StillLate { acceptable, lasting, .. } => {
                format!("jobs have waited over {} for {}", Span(*acceptable), Span(*lasting))
            }
            R::QueueStays { .. } => format!("the queue does not shrink while its {many} are busy"),
            R::LoadKeeps { load, .. } => {
                format!("current load keeps {} {many} busy", Quantity { value: *load, unit: Unit::Count })
            }
            R::Overridden { kind, who, .. } => format!("{who} set {kind}"),
            R::ReadingMissing { signal, absence } if signal.is_of_queue() => absence.to_string(),
            R::ReadingMissing { signal, absence } => format!("{signal} ({absence})"),
            R::Wake { waiting_jobs } => format!("{} waiting at 0 {many}", jobs(*waiting_jobs)),
            R::StartsFailing { desired, running, lasting } => {
                let (running, desired) = (thousands(running), thousands(desired));
                format!("{running} of {desired} running for {}", Span(*lasting))
            }
            R::AtMax { max, recommendation } => {
                let max = self.capacity_unit.so_many(*max);
                format!("at max ({max}), {} needed", thousands(recommendation))
            }
            R::ConnectionsLimit { most, recommendation, because } => {
                let (most, database) = (self.capacity_unit.so_many(*most), &because.database);
                let recommendation = thousands(recommendation);
                format!("at the connection limit of database {database} ({most}), {recommendation} needed")
            }
            clause => self.capacity_unit.describe(clause).to_string(),
        }
    }
}
