//! What is remembered of all databases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_aws::metrics::READ_EVERY;
use tidegate_aws::report::Header;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::replicas::memory::DatabaseMemory;
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::database::DatabaseReport;
use crate::known::{FailingRecords, Said};

/// The memory of all databases. One that is only observed has its memory apart; switching starts clean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicasMemory {
    /// By database, in enforce mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enforce: BTreeMap<String, DatabaseMemory>,
    /// By database, in observe mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observe: BTreeMap<String, DatabaseMemory>,
    /// The databases whose records could not be changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, FailingRecords>,
    /// What was last said of a database in observe mode, and when: it is said once.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, Said>,
    /// How many replicas the databases have that a profile of `emergency` names: `emergency-max` reads it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub standing: BTreeMap<String, ReplicaStanding>,
    /// When AWS was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
}

/// So many databases at most are believed of a memory: a fleet file holds far fewer.
const DATABASES_MAX: usize = 1_000;

impl ReplicasMemory {
    /// AWS is read at most once a minute, whatever the trigger.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|last| now.duration_since(last).abs() >= READ_EVERY)
    }

    /// Believes what was read only as far as it can be true.
    pub(crate) fn believe(&mut self, now: Timestamp) {
        let Self { enforce, observe, records, said, standing, read_at: _ } = self;
        while standing.len() > DATABASES_MAX {
            standing.pop_last();
        }
        standing.values_mut().for_each(ReplicaStanding::believe);
        for memories in [&mut *enforce, &mut *observe] {
            while memories.len() > DATABASES_MAX {
                memories.pop_last();
            }
            for memory in memories.values_mut() {
                memory.believe(now);
            }
        }
        for failing in records.values_mut() {
            failing.since = failing.since.min(now);
        }
        for said in said.values_mut() {
            said.at = said.at.min(now);
        }
    }

    /// What is remembered of a database in the mode it is in.
    pub(crate) fn of(&self, database: &str, observe: bool) -> DatabaseMemory {
        let databases = if observe { &self.observe } else { &self.enforce };
        databases.get(database).cloned().unwrap_or_default()
    }

    /// Puts the next memories in. A database has one memory, of the mode it is in; one that left the fleet has none.
    pub(crate) fn remember(&mut self, reports: &[DatabaseReport], known: impl Fn(&str) -> bool) {
        let Self { enforce, observe, records, said, standing: _, read_at: _ } = self;
        enforce.retain(|name, _| known(name));
        observe.retain(|name, _| known(name));
        records.retain(|name, _| known(name));
        said.retain(|name, _| known(name));
        for report in reports {
            let (here, there) =
                if report.observe { (&mut *observe, &mut *enforce) } else { (&mut *enforce, &mut *observe) };
            here.insert(report.name.clone(), report.decision.memory.clone());
            there.remove(&report.name);
            // A failure that nobody knows of is over in silence.
            if report.decision.records.is_empty() && report.has_read_records() {
                records.retain(|name, failing| *name != report.name || failing.notified);
            }
            match &report.would {
                Some(would) => drop(said.insert(report.name.clone(), would.clone())),
                None => drop(said.remove(&report.name)),
            }
        }
    }

    /// Keeps how many replicas the databases have that are named, for `emergency-max`.
    pub(crate) fn stand(&mut self, reports: &[DatabaseReport], is_named: impl Fn(&str) -> bool) {
        self.standing.retain(|name, _| is_named(name));
        for report in reports.iter().filter(|report| is_named(&report.name)) {
            self.standing.insert(report.name.clone(), ReplicaStanding::of(&report.decision));
        }
    }

    /// Puts outcomes and what operators were notified of in, whichever evaluation wrote it last.
    pub(crate) fn settle(&mut self, reports: &[DatabaseReport], header: &Header, notified: bool) {
        for report in reports {
            let databases = if report.observe { &mut self.observe } else { &mut self.enforce };
            let Some(mine) = databases.get_mut(&report.name) else { continue };
            if let Some(called) = &report.called {
                mine.settle_call(&called.outcome, &header.evaluation, header.at);
            }
            mine.settle_notices(&report.decision, notified);
            self.settle_records(report, header.at, notified);
            if !notified && report.is_new_in_observe_mode() {
                self.said.remove(&report.name);
            }
        }
    }

    /// A failure is kept until operators know that it is over.
    fn settle_records(&mut self, report: &DatabaseReport, now: Timestamp, notified: bool) {
        let failing = self.records.get(&report.name).copied();
        match &report.records {
            Some(Outcome::Failed(_)) => {
                let FailingRecords { since, failures, notified: known } =
                    failing.unwrap_or(FailingRecords { since: now, failures: 0, notified: false });
                let known = known || (notified && report.tells_failing_records());
                let failures = failures.saturating_add(1);
                self.records.insert(report.name.clone(), FailingRecords { since, failures, notified: known });
            }
            // It was not tried.
            Some(Outcome::TooLate) => {}
            Some(Outcome::Applied) | None => {
                let is_told = failing.is_none_or(|failing| !failing.notified) || notified;
                if is_told && report.has_read_records() {
                    self.records.remove(&report.name);
                }
            }
        }
    }
}
