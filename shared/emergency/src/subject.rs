//! What one evaluation is about: a row, one target of an emergency, the emergency as a whole.

mod database;
mod fleet;
mod forecast;
mod one;
mod row;

use std::collections::BTreeMap;

use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{Header, Section};
use tidegate_aws::targets::fargate::FargateReadings;
use tidegate_aws::targets::{TargetState, Tasks};
use tidegate_aws::trigger::PLAN;
use tidegate_aws::update::TargetChanges;
use tidegate_fleet::{Fleet, Service};
use tidegate_policy::Absence;
use tidegate_policy::emergency::decision::{Correction, EmergencyDecision, Event, Skip, Work};
use tidegate_policy::emergency::incident::{Phase, Progress, Targeted};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::overrides::Override;

use crate::asked::Asked;
use crate::standing;
use crate::subject::database::RaisedDatabase;
use crate::subject::fleet::{Counted, CountedTarget, Summary};
use crate::subject::forecast::Forecast;
pub use crate::subject::one::One;
use crate::subject::row::{Row, RowState};

/// What a report has a section about.
#[derive(Debug)]
pub enum Subject {
    /// A hold, a pin or a release.
    Row(Row),
    /// What the table held of a target, beyond what anyone may ask for.
    Corrected(String, Correction),
    /// One target of an emergency.
    One(Box<One>),
    /// One database of an emergency.
    Database(Box<RaisedDatabase>),
    /// The emergency as a whole.
    Fleet(Box<Summary>),
}

/// The subjects of an evaluation: what begins or ends, what is changed; and all that is in force where that is asked.
pub(crate) fn of(
    fleet: &Fleet,
    Asked { request, cuts }: &Asked,
    decision: &EmergencyDecision,
    (mut states, replicas): (BTreeMap<String, Result<TargetState, Absence>>, Option<&str>),
    header: &Header,
) -> Vec<Subject> {
    let is_question = header.trigger.is_question();
    let mut subjects = Vec::new();
    let row = |row: &Override, is: RowState| Subject::Row(Row { asked: row.clone(), is });
    subjects.extend(decision.events.iter().filter_map(|event| match event {
        Event::Row(asked) => Some(row(asked, RowState::Begins)),
        Event::RowEnded(ended) => Some(row(ended, RowState::Ended)),
        Event::Engaged
        | Event::AllSet
        | Event::Complete
        | Event::EndsSoon
        | Event::Restoring { .. }
        | Event::Restored(_)
        | Event::TakenIn { .. }
        | Event::Skipped { .. } => None,
        Event::Corrected { target, what } => Some(Subject::Corrected(target.clone(), *what)),
    }));
    if is_question {
        subjects.extend(decision.overrides.rows.iter().map(|asked| row(asked, RowState::InForce)));
    }
    let over = decision.events.iter().find_map(Event::as_restored);
    let is_about_it =
        is_question || !decision.work.is_empty() || decision.events.iter().any(Event::is_of_emergency);
    let Some(incident) = decision.overrides.incident.as_ref().or(over) else {
        if is_question || matches!(request, Request::Restore { .. }) {
            subjects.push(Subject::Fleet(Box::new(Summary::none(request))));
        }
        return subjects;
    };
    if !is_about_it {
        return subjects;
    }
    let mut summary = Summary::of(fleet, incident, decision, over.is_some());
    summary.is_plan = header.trigger.action() == PLAN;
    let mut one = |name: &str, targeted: &Targeted| {
        let work = decision.work.iter().find(|work| work.target == name).cloned();
        let skip: Option<&Skip> = decision.events.iter().find_map(|event| event.as_skipped(name));
        let resource = fleet.service(name).map(|service| service.target().clone());
        let (seen, cut) = (states.remove(name), cuts.get(name).cloned());
        let is_restore = incident.phase == Phase::Restoring || targeted.progress == Progress::Ending;
        Subject::One(Box::new(One {
            name: name.to_owned(),
            resource,
            targeted: targeted.clone(),
            seen,
            work,
            skip: skip.cloned(),
            cut,
            is_restore,
            outcome: None,
            delivered: None,
        }))
    };
    let is_listed = |name: &str| fleet.service(name).is_some();
    let of_file = fleet.services().iter().map(Service::name);
    let no_more = incident.targets.keys().map(String::as_str).filter(|name| !is_listed(name));
    let targets = of_file.chain(no_more).filter_map(|name| Some((name, incident.targets.get(name)?)));
    let listed: Vec<Subject> = targets.map(|(name, targeted)| one(name, targeted)).collect();
    let ends = over.is_some() || incident.phase == Phase::Restoring;
    let databases = incident.replicas.iter().map(|(name, asked)| {
        let known = standing::of(replicas, name, header.at);
        Subject::Database(Box::new(RaisedDatabase::of(name, *asked, fleet.database(name), known, ends)))
    });
    subjects.push(Subject::Fleet(Box::new(summary)));
    subjects.extend(listed.into_iter().chain(databases));
    count(&mut subjects);
    subjects
}

/// The tasks on AWS Fargate that an emergency raises which begins here, if all of its targets are seen: when all of them run
/// is not known from a part.
pub(crate) fn raised(subjects: &[Subject]) -> Option<Vec<Tasks>> {
    let begins = subjects.iter().any(|subject| matches!(subject, Subject::Fleet(it) if it.begins()));
    let targets: Vec<&One> = subjects.iter().filter_map(Subject::as_one).collect();
    let mut raised = targets.iter().filter(|one| one.adds()).peekable();
    let is_all = targets.iter().all(|one| one.seen.is_some() || one.resource.is_none());
    (begins && is_all && raised.peek().is_some())
        .then(|| raised.filter_map(|one| one.tasks().cloned()).collect())
}

/// Adds what AWS gives of it, and when.
pub(crate) fn deliver(subjects: &mut [Subject], readings: &FargateReadings) {
    let targets: Vec<&One> = subjects.iter().filter_map(Subject::as_one).collect();
    let (forecast, delivered) = Forecast::of(&targets, readings);
    let mut delivered = delivered.into_iter();
    for subject in subjects {
        match subject {
            Subject::One(one) => one.delivered = delivered.next(),
            Subject::Fleet(summary) => summary.forecast = Some(forecast.clone()),
            Subject::Row(_) | Subject::Corrected(..) | Subject::Database(_) => {}
        }
    }
}

/// Counts the targets again: the report comes after the changes.
pub(crate) fn count(subjects: &mut [Subject]) {
    let counted = Counted::of(subjects.iter().filter_map(Subject::as_counted));
    for subject in subjects {
        if let Subject::Fleet(summary) = subject {
            summary.counted = counted.clone();
        }
    }
}

impl Subject {
    fn as_one(&self) -> Option<&One> {
        match self {
            Self::One(one) => Some(one),
            Self::Row(_) | Self::Corrected(..) | Self::Database(_) | Self::Fleet(_) => None,
        }
    }

    /// How far a target is.
    fn as_counted(&self) -> Option<CountedTarget> {
        match self {
            Self::One(one) => {
                Some(CountedTarget { line: one.line(), progress: one.progress(), has_notes: one.has_notes() })
            }
            Self::Database(it) => {
                Some(CountedTarget { line: it.line(), progress: it.progress(), has_notes: false })
            }
            Self::Row(_) | Self::Corrected(..) | Self::Fleet(_) => None,
        }
    }

    /// What is asked of databases reaches `replica-lag` through the ledger, which cannot be written.
    pub(crate) fn lose(&mut self) {
        match self {
            Self::Database(database) => database.is_lost = true,
            Self::Row(_) | Self::Corrected(..) | Self::One(_) | Self::Fleet(_) => {}
        }
    }

    /// What is to be changed of it.
    pub(crate) fn as_change(&mut self) -> Option<(&mut One, TargetChanges)> {
        match self {
            Self::One(one) => {
                let changes = one.work.as_ref()?.changes.clone();
                let target = one.resource.clone()?;
                (!changes.is_empty()).then_some((&mut **one, TargetChanges { target, changes }))
            }
            Self::Row(_) | Self::Corrected(..) | Self::Database(_) | Self::Fleet(_) => None,
        }
    }

    /// What came of its changes.
    pub(crate) fn outcome(&self) -> Option<(&Work, &Outcome)> {
        match self {
            Self::One(one) => Some((one.work.as_ref()?, one.outcome.as_ref()?)),
            Self::Row(_) | Self::Corrected(..) | Self::Database(_) | Self::Fleet(_) => None,
        }
    }

    /// Its part of the report.
    pub(crate) fn section(&self) -> Section {
        match self {
            Self::Row(row) => row.section(),
            Self::Corrected(target, what) => row::corrected(target, *what),
            Self::One(one) => one.section(),
            Self::Database(database) => database.section(),
            Self::Fleet(summary) => summary.section(),
        }
    }
}
