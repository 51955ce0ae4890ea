//! What is remembered of all databases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_aws::metrics::READ_EVERY;
use tidegate_aws::report::Header;
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeMemory};

use crate::database::UpgradeReport;

/// The memory of all databases. One that is only observed has its memory apart; switching starts clean.
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

    /// What is remembered of a database in the mode it is in.
    pub(crate) fn of(&self, database: &str, observe: bool) -> UpgradeMemory {
        let databases = if observe { &self.observe } else { &self.enforce };
        databases.get(database).cloned().unwrap_or_default()
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
            mine.settle_notices(&report.decision.notices, notified);
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
