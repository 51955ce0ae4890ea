//! What is remembered of all databases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_aws::metrics::READ_EVERY;
use tidegate_aws::report::Header;
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeMemory};

use crate::database::UpgradeReport;

/// The memory of all databases. One that is only observed has its memory apart; switching starts clean but for what is true in both
/// modes: a change, a snapshot or a storage limit that goes on in RDS, when changes began, the class that was seen and since when, and
/// what operators were not notified of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpgradesMemory {
    /// By database, in enforce mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enforce: BTreeMap<String, UpgradeMemory>,
    /// By database, in observe mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observe: BTreeMap<String, UpgradeMemory>,
    /// When AWS was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
}

/// So many databases at most are believed of a memory: a fleet file holds far fewer.
const DATABASES_MAX: usize = 1_000;

impl UpgradesMemory {
    /// AWS is read at most once a minute, whatever the trigger: events of RDS come in groups.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|last| now.duration_since(last).abs() >= READ_EVERY)
    }

    /// Believes what was read only as far as it can be true.
    pub(crate) fn believe(&mut self, now: Timestamp) {
        let Self { enforce, observe, read_at: _ } = self;
        for memories in [enforce, observe] {
            while memories.len() > DATABASES_MAX {
                memories.pop_last();
            }
            for memory in memories.values_mut() {
                memory.believe(now);
            }
        }
    }

    /// What is remembered of a database in the mode it is in, or taken over from the other one.
    pub(crate) fn of(&self, database: &str, observe: bool) -> UpgradeMemory {
        let Self { enforce, observe: observed, read_at: _ } = self;
        let (here, there) = if observe { (observed, enforce) } else { (enforce, observed) };
        here.get(database).cloned().unwrap_or_else(|| there.get(database).map(taken_over).unwrap_or_default())
    }

    /// Puts the next memories in. A database has one memory, of the mode it is in; one that left the fleet has none.
    pub(crate) fn remember(&mut self, reports: &[UpgradeReport], known: impl Fn(&str) -> bool) {
        let Self { enforce, observe, read_at: _ } = self;
        enforce.retain(|name, _| known(name));
        observe.retain(|name, _| known(name));
        for report in reports {
            let (here, there) =
                if report.observe { (&mut *observe, &mut *enforce) } else { (&mut *enforce, &mut *observe) };
            here.insert(report.name.clone(), report.decision.memory.clone());
            there.remove(&report.name);
        }
    }

    /// Puts outcomes and what operators were notified of in, whichever evaluation wrote it last.
    pub(crate) fn settle(&mut self, reports: &[UpgradeReport], header: &Header, notified: bool) {
        for report in reports {
            let databases = if report.observe { &mut self.observe } else { &mut self.enforce };
            let Some(mine) = databases.get_mut(&report.name) else { continue };
            mine.settle_notices(&report.decision, notified);
            if let Some(called) = &report.called {
                mine.settle_call(&called.outcome, &header.evaluation, header.at);
            }
            // This report said that the change begins; otherwise the next one does.
            if notified && report.is_begun() {
                mine.outcomes.retain(|it| it.end != UpgradeEnd::Started || it.at != header.at);
            }
        }
    }
}

/// What goes on whatever the mode is: what is under way, the changes that began, and what came of them until operators are notified.
/// Observe mode never begins a change, so that one in its memory was made too; what it only says would begin is no such thing.
fn taken_over(memory: &UpgradeMemory) -> UpgradeMemory {
    let UpgradeMemory { snapshot, change, first, outcomes, began, class, changed_at, storage, .. } =
        memory.clone();
    let outcomes = outcomes.into_iter().filter(|outcome| outcome.end != UpgradeEnd::Observed).collect();
    let began = began.into_iter().filter(|began| !began.observed).collect();
    let new = UpgradeMemory::default();
    UpgradeMemory { snapshot, change, first, outcomes, began, class, changed_at, storage, ..new }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_policy::database::call::DatabaseCall;
    use tidegate_policy::upgrades::memory::{
        ClassChangeBegan, ClassRequest, ClassSnapshot, StorageChange, UpgradeOutcome,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn outcome(end: UpgradeEnd) -> UpgradeOutcome {
        let [instance, from, to] = ["shop-prod", "db.m6g.large", "db.m6g.xlarge"].map(str::to_owned);
        UpgradeOutcome {
            instance,
            from,
            to,
            snapshot: false,
            end,
            at: at(9),
            began: at(5),
            detail: String::new(),
        }
    }

    #[test]
    fn only_what_is_true_in_both_modes_is_taken_over() {
        let request = ClassRequest {
            from: String::new(),
            to: "db.m6g.xlarge".to_owned(),
            now: false,
            snapshot: false,
            at: at(1),
            who: "ana".to_owned(),
            why: "launch".to_owned(),
            request: None,
        };
        let call = DatabaseCall { evaluation: "e1".to_owned(), at: at(5), taken: true, failures: 0 };
        let storage =
            StorageChange { to_gib: 1_000, from_gib: Some(500), call: call.clone(), refused: String::new() };
        let snapshot = ClassSnapshot {
            id: "tidegate-shop-prod-202611210815".to_owned(),
            instance: "shop-prod".to_owned(),
            from: "db.m6g.large".to_owned(),
            to: "db.m6g.xlarge".to_owned(),
            began: at(5),
            call,
            refused: String::new(),
            is_started: true,
            is_ready: false,
        };
        let began = |second: i64, observed: bool| ClassChangeBegan { at: at(second), window: None, observed };
        let before = UpgradeMemory {
            request: Some(request),
            began: vec![began(5, false), began(6, true)],
            snapshot: Some(snapshot.clone()),
            storage: Some(storage.clone()),
            class: "db.m6g.xlarge".to_owned(),
            changed_at: Some(at(9)),
            outcomes: vec![outcome(UpgradeEnd::Observed), outcome(UpgradeEnd::Done)],
            ..UpgradeMemory::default()
        };
        let expected = UpgradeMemory {
            began: vec![began(5, false)],
            snapshot: Some(snapshot),
            storage: Some(storage),
            class: "db.m6g.xlarge".to_owned(),
            changed_at: Some(at(9)),
            outcomes: vec![outcome(UpgradeEnd::Done)],
            ..UpgradeMemory::default()
        };
        let of = |name: &str| [(name.to_owned(), before.clone())].into();
        let enforced = UpgradesMemory { enforce: of("main"), ..UpgradesMemory::default() };
        let observed = UpgradesMemory { observe: of("main"), ..UpgradesMemory::default() };
        assert_eq!((enforced.of("main", true), observed.of("main", false)), (expected.clone(), expected));
        assert_eq!((enforced.of("main", false), observed.of("main", true)), (before.clone(), before.clone()));
        assert_eq!(enforced.of("stage", true), UpgradeMemory::default());
    }
}
