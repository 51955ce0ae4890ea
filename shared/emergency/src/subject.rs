//! What one evaluation is about: a row, one target of an emergency, the emergency as a whole.

mod database;
mod fleet;
mod forecast;
mod foreseen;
mod keep;
mod one;
mod row;
mod rows;

use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{Header, Section};
use tidegate_aws::targets::fargate::FargateReadings;
use tidegate_aws::trigger::PLAN;
use tidegate_aws::update::TargetChanges;
use tidegate_fleet::{Fleet, Service, TargetName};
use tidegate_policy::emergency::decision::{Correction, EmergencyDecision, Event, Skip, Work};
use tidegate_policy::emergency::incident::{Phase, Progress, Targeted};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::overrides::{Override, OverrideKind};

use crate::afterwards::Afterwards;
use crate::asked::Asked;
use crate::seen::{Added, Described};
use crate::standing;
use crate::subject::database::RaisedDatabase;
use crate::subject::fleet::{Counted, CountedTarget, Summary};
use crate::subject::forecast::Forecast;
use crate::subject::foreseen::{Foreseen, Told};
pub use crate::subject::one::One;
use crate::subject::row::{PinEffect, Row};
use crate::subject::rows::ReportedRows;

/// What a report has a section about.
#[derive(Debug)]
pub enum Subject {
    /// A hold, a pin or a release.
    Row(Box<Row>),
    /// What the table held of a target, beyond what anyone may ask for.
    Corrected(String, Correction),
    /// One target of an emergency.
    One(Box<One>),
    /// One database of an emergency.
    Database(Box<RaisedDatabase>),
    /// The emergency as a whole.
    Fleet(Box<Summary>),
}

/// The subjects of an evaluation: what begins or ends, what is changed; and all that is in force where that is asked. `before`
/// are the rows that there were.
pub(crate) fn of(
    fleet: &Fleet,
    Asked { request, cuts }: &Asked,
    decision: &EmergencyDecision,
    before: &[Override],
    (mut states, replicas): (Described, Option<&str>),
    header: &Header,
) -> Vec<Subject> {
    let is_question = header.trigger.is_question();
    let rows =
        ReportedRows { fleet, decision, before, effect: effect(fleet, request, &states), now: header.at };
    let mut subjects = corrections(decision);
    subjects.extend(rows.told().into_iter().map(of_row));
    if is_question {
        subjects.extend(rows.in_force().into_iter().map(of_row));
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
    let is_asked = matches!(request, Request::Engage(_) | Request::Restore { .. } | Request::Resume);
    if is_asked && !is_question {
        subjects.extend(rows.in_force().into_iter().map(of_row));
    }
    let mut summary = Summary::of(fleet, incident, decision, over.is_some());
    (summary.outranked, summary.left) = (rows.outranked(), rows.left_by(incident));
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
            afterwards: fleet.service(name).map(|service| Afterwards::of(service, decision, header.at)),
            outcome: None,
            foreseen: None,
            told: None,
        }))
    };
    let is_listed = |name: &str| fleet.service(name).is_some();
    let of_file = fleet.services_by_priority().into_iter().map(Service::name);
    let no_more = incident.targets.keys().map(String::as_str).filter(|name| !is_listed(name));
    let targets = of_file.chain(no_more).filter_map(|name| Some((name, incident.targets.get(name)?)));
    let listed: Vec<Subject> = targets.map(|(name, targeted)| one(name, targeted)).collect();
    let ends = over.is_some() || incident.phase == Phase::Restoring;
    subjects.push(Subject::Fleet(Box::new(summary)));
    subjects.extend(listed);
    subjects.extend(databases(fleet, &incident.replicas, replicas, ends, header));
    count(&mut subjects);
    subjects
}

fn of_row(row: Row) -> Subject {
    Subject::Row(Box::new(row))
}

/// What a pin that is asked for does to the size that is seen.
fn effect(fleet: &Fleet, request: &Request, states: &Described) -> Option<PinEffect> {
    let Request::Row(Override { target, kind: OverrideKind::Pin(size), .. }) = request else { return None };
    let (service, state) = (fleet.service(target)?, states.get(target)?.as_ref().ok()?);
    PinEffect::of(*size, &state.service, service.policy().capacity_unit)
}

/// What the table held beyond what anyone may ask for.
fn corrections(decision: &EmergencyDecision) -> Vec<Subject> {
    let corrections = decision.events.iter().filter_map(Event::as_corrected);
    corrections.map(|(target, what)| Subject::Corrected(target.to_owned(), what)).collect()
}

/// The databases of an emergency.
fn databases(
    fleet: &Fleet,
    asked: &BTreeMap<String, u32>,
    written: Option<&str>,
    ends: bool,
    header: &Header,
) -> Vec<Subject> {
    let one = |(name, asked): (&String, &u32)| {
        let is_named = fleet.emergency().names_database(name);
        let known = if is_named {
            standing::of(written, name, header.at)
        } else {
            Err("no profile of the fleet file names it any more".to_owned())
        };
        Subject::Database(Box::new(RaisedDatabase::of(name, *asked, fleet.database(name), known, ends)))
    };
    asked.iter().map(one).collect()
}

/// What an emergency raises that begins here.
#[derive(Debug)]
pub(crate) struct Raised {
    /// The tasks of targets that were seen, and how many are added.
    pub(crate) added: Vec<Added>,
    /// Targets that a later evaluation sees and changes, and their sizes.
    pub(crate) unseen: Vec<(String, TargetName, u32)>,
}

/// What an emergency raises that begins here, if it raises anything.
pub(crate) fn raised(subjects: &[Subject]) -> Option<Raised> {
    let begins = subjects.iter().any(|subject| matches!(subject, Subject::Fleet(it) if it.begins()));
    let targets = || subjects.iter().filter_map(Subject::as_one);
    let is_unseen = |one: &&One| one.seen.is_none() && one.targeted.progress == Progress::Pending;
    let unseen = targets()
        .filter(is_unseen)
        .filter_map(|one| Some((one.name.clone(), one.resource.clone()?, one.targeted.asked)));
    let unseen: Vec<(String, TargetName, u32)> = unseen.collect();
    let is_raised = targets().any(One::adds) || !unseen.is_empty();
    let added = targets().filter(|one| one.adds()).filter_map(|one| {
        let work = one.work.as_ref()?;
        Some((one.tasks()?.clone(), work.to.saturating_sub(work.from)))
    });
    (begins && is_raised).then(|| Raised { added: added.collect(), unseen })
}

/// What was said of when all of an emergency runs.
#[derive(Debug)]
pub(crate) struct Foretold {
    forecast: Forecast,
    targets: BTreeMap<String, Told>,
}

impl Foretold {
    /// Says it once more, in a later evaluation.
    pub(crate) fn recall(&self, subjects: &mut [Subject], at: Timestamp) {
        for subject in subjects {
            match subject {
                Subject::One(one) => one.told = self.targets.get(&one.name).cloned(),
                Subject::Fleet(summary) => summary.forecast = Some(self.forecast.clone().counted_from(at)),
                Subject::Row(_) | Subject::Corrected(..) | Subject::Database(_) => {}
            }
        }
    }
}

/// Adds what AWS gives of it, and when; of targets that are not seen by what was described of them.
pub(crate) fn deliver(
    subjects: &mut [Subject],
    readings: &FargateReadings,
    mut described: Described,
) -> Foretold {
    for subject in &mut *subjects {
        if let Subject::One(one) = subject {
            one.foreseen = described.remove(&one.name).map(|state| Foreseen::of(&one.targeted, state));
        }
    }
    let targets: Vec<&One> = subjects.iter().filter_map(Subject::as_one).collect();
    let (forecast, delivered) = Forecast::of(&targets, readings);
    let mut delivered = delivered.into_iter();
    let mut foretold = Foretold { forecast: forecast.clone(), targets: BTreeMap::new() };
    for subject in subjects {
        match subject {
            Subject::One(one) => {
                one.told = delivered.next().map(|delivered| one.tell(delivered));
                foretold.targets.extend(one.told.clone().map(|told| (one.name.clone(), told)));
            }
            Subject::Fleet(summary) => summary.forecast = Some(forecast.clone()),
            Subject::Row(_) | Subject::Corrected(..) | Subject::Database(_) => {}
        }
    }
    foretold
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
                let (line, progress, has_notes) = (one.line(), one.progress(), one.has_notes());
                Some(CountedTarget { line, progress, has_notes, is_not_back: one.not_back().is_some() })
            }
            Self::Database(it) => {
                let (line, progress) = (it.line(), it.progress());
                Some(CountedTarget { line, progress, has_notes: false, is_not_back: false })
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
