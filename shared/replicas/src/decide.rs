//! From what was seen to what is to be done, for all databases.

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::report::Header;
use tidegate_fleet::{Database, Mode};
use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::replicas::decide::{ReplicaTurn, decide};
use tidegate_policy::replicas::observation::DatabaseObservation;

use crate::database::DatabaseReport;
use crate::databases::Replicas;
use crate::known::Said;
use crate::memory::ReplicasMemory;
use crate::observe::DatabasesSeen;

/// What would be done in observe mode is said again when it was not so for this long. Less, and a load that swings around its
/// threshold would be reported at each swing.
const SAID_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

impl Replicas {
    /// Decides about every database that was seen, and puts the next memories in.
    pub(crate) fn decide_all(
        &self,
        seen: DatabasesSeen,
        memory: &mut ReplicasMemory,
        overrides: &Overrides,
        header: &Header,
    ) -> Vec<DatabaseReport> {
        let DatabasesSeen { mut databases, described, whole } = seen;
        let mut reports = Vec::with_capacity(databases.len());
        for database in self.databases() {
            let Some(seen) = databases.remove(database.name()) else { continue };
            let report = decide_one(database, seen, memory, overrides, header);
            let described = described.clone().filter(|_| report.decision.call.is_some());
            reports.push(DatabaseReport { described, ..report });
        }
        if whole {
            memory.read_at = Some(header.at);
        }
        memory.stand(&reports, |name| self.fleet.emergency().names_database(name));
        memory.remember(&reports, |name| self.databases().any(|mine| mine.name() == name));
        reports
    }
}

/// Decides about one database.
fn decide_one(
    database: &Database,
    seen: DatabaseObservation,
    memory: &ReplicasMemory,
    overrides: &Overrides,
    header: &Header,
) -> DatabaseReport {
    let (name, observe) = (database.name(), database.mode() == Mode::Observe);
    let before = memory.of(name, observe);
    let turn = ReplicaTurn {
        database: name,
        evaluation: &header.evaluation,
        overrides: &overrides.of(name),
        observe,
        now: header.at,
    };
    let decision = decide(&seen, database.policy(), &before, turn);
    let mut report = DatabaseReport {
        name: name.to_owned(),
        resource: database.instance().clone(),
        dns: database.policy().dns.clone(),
        observe,
        seen,
        decision,
        bounds: database.policy().count.as_ref().map(|count| (count.min.max(1), count.max)),
        described: None,
        is_enforced: false,
        called: None,
        records: None,
        failing_records: memory.records.get(name).copied(),
        would: None,
        said_before: false,
    };
    if observe {
        let said = memory.said.get(name);
        (report.would, report.said_before) = said_now(report.would_in_words(), said, header.at);
    }
    report
}

/// What is said of observe mode now, and whether it was said before.
fn said_now(would: Option<String>, said: Option<&Said>, now: Timestamp) -> (Option<Said>, bool) {
    let lasting = said.filter(|said| now.duration_since(said.at) <= SAID_AGAIN_AFTER);
    match would {
        Some(what) => {
            let before = lasting.is_some_and(|said| said.what == what);
            (Some(Said { what, at: now }), before)
        }
        None => (lasting.cloned(), true),
    }
}
