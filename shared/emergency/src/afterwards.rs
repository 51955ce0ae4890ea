//! What sets the size of a service once an emergency is over: what operators asked for, or its rules.

use jiff::Timestamp;
use tidegate_fleet::{Fleet, Mode, Service};
use tidegate_policy::Constraints;
use tidegate_policy::emergency::decision::EmergencyDecision;
use tidegate_policy::emergency::restore::Owner;
use tidegate_policy::overrides::{self, Override};

use crate::words;

/// Who sets the desired count of a service when no emergency does.
pub(crate) fn owner(service: &Service) -> Owner {
    let policy = service.policy();
    let has_rules = !policy.rules.is_empty() || !policy.track.is_empty() || policy.wait.is_some();
    let min = policy.capacity.min();
    if has_rules && service.mode() != Mode::Observe { Owner::Rules { min } } else { Owner::Unmanaged }
}

/// What sets the size of one service afterwards.
#[derive(Debug)]
pub(crate) struct Afterwards {
    /// The rows of operators in force, and their words.
    rows: Vec<(Override, String)>,
}

impl Afterwards {
    pub(crate) fn of(service: &Service, decision: &EmergencyDecision, now: Timestamp) -> Self {
        let is_scaled = service.mode() != Mode::Observe;
        let rows = overrides::in_force(&decision.overrides.rows, service.name(), now);
        let told = |row: &Override| {
            let unit = service.policy().capacity_unit;
            let size = row.kind.size().map(|size| unit.so_many(size)).unwrap_or_default();
            (row.clone(), words::of_other_row(row, &size))
        };
        Self { rows: rows.into_iter().filter(|_| is_scaled).map(told).collect() }
    }

    /// The size that operators give it with its next evaluation, and in whose words, if it has `at` tasks then.
    pub(crate) fn next(&self, at: u32, allowed: &Constraints) -> Option<(u32, &str)> {
        let rows: Vec<&Override> = self.rows.iter().map(|(row, _)| row).collect();
        let (size, by) = overrides::next_size(&rows, at)?;
        let size = size.min(allowed.max.unwrap_or(u32::MAX)).max(allowed.min.unwrap_or(0));
        self.rows.iter().find(|(row, _)| row == by).map(|(_, words)| (size, words.as_str()))
    }
}

/// What an operator is to know before an emergency is ended: how a size comes down at once, where rules take their time. Of the
/// first service that it raised.
pub(crate) fn undo_note(fleet: &Fleet, mut raised: impl Iterator<Item = (String, u32)>) -> Option<String> {
    let has_rules =
        |name: &str| fleet.service(name).is_some_and(|service| matches!(owner(service), Owner::Rules { .. }));
    let (name, before) = raised.find(|(name, _)| has_rules(name))?;
    Some(format!("services with rules then scale in at their own pace; at once: {}", pin(&name, before)))
}

/// The command that gives a service a size at once.
pub(crate) fn pin(name: &str, size: u32) -> String {
    format!("tidegate pin {name} {size} --for 2h")
}
