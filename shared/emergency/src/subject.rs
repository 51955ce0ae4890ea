//! What one evaluation is about: a row, one target of an emergency, the emergency as a whole.

mod fleet;
mod forecast;
mod one;
mod row;

use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{Header, Section};
use tidegate_aws::trigger::PLAN;
use tidegate_aws::update::TargetChanges;
use tidegate_fleet::{Fleet, Service};
use tidegate_policy::emergency::decision::{Correction, EmergencyDecision, Event, Skip, Work};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::overrides::Override;

use crate::seen::FleetSeen;
use crate::subject::fleet::{Counted, Summary};
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
    /// The emergency as a whole.
    Fleet(Box<Summary>),
}

/// The subjects of an evaluation: what begins or ends, what is changed; and all that is in force where that is asked.
pub(crate) fn of(
    fleet: &Fleet,
    request: &Request,
    decision: &EmergencyDecision,
    mut seen: FleetSeen,
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
    let summary = Summary::of(fleet, incident, decision, over.is_some());
    let listed = fleet.services().iter().filter_map(|service: &Service| {
        let targeted = incident.targets.get(service.name())?;
        let work = decision.work.iter().find(|work| work.target == service.name()).cloned();
        let skip: Option<&Skip> = decision.events.iter().find_map(|event| event.as_skipped(service.name()));
        let seen = seen.states.remove(service.name());
        Some(One::of(service, targeted, seen, work, skip.cloned()))
    });
    let listed: Vec<Subject> = listed.map(|one| Subject::One(Box::new(one))).collect();
    subjects.push(Subject::Fleet(Box::new(summary)));
    subjects.extend(listed);
    count(&mut subjects);
    if header.trigger.action() == PLAN {
        deliver(&mut subjects);
    }
    subjects
}

/// Adds to a plan what AWS gives of it, and when.
fn deliver(subjects: &mut [Subject]) {
    let targets: Vec<&One> = subjects.iter().filter_map(Subject::as_one).collect();
    let all = forecast::of(&targets);
    let last = all.iter().map(|delivered| delivered.after).max();
    let mut all = all.into_iter();
    for subject in subjects {
        match subject {
            Subject::One(one) => one.delivered = all.next(),
            Subject::Fleet(summary) => summary.launched_after = last,
            Subject::Row(_) | Subject::Corrected(..) => {}
        }
    }
}

/// Counts the targets again: the report comes after the changes.
pub(crate) fn count(subjects: &mut [Subject]) {
    let targets: Vec<&One> = subjects.iter().filter_map(Subject::as_one).collect();
    let counted = Counted::of(&targets);
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
            Self::Row(_) | Self::Corrected(..) | Self::Fleet(_) => None,
        }
    }

    /// What is to be changed of it.
    pub(crate) fn as_change(&mut self) -> Option<(&mut One, TargetChanges)> {
        match self {
            Self::One(one) => {
                let changes = one.work.as_ref()?.changes.clone();
                let target = one.resource.clone();
                (!changes.is_empty()).then_some((&mut **one, TargetChanges { target, changes }))
            }
            Self::Row(_) | Self::Corrected(..) | Self::Fleet(_) => None,
        }
    }

    /// What came of its changes.
    pub(crate) fn outcome(&self) -> Option<(&Work, &Outcome)> {
        match self {
            Self::One(one) => Some((one.work.as_ref()?, one.outcome.as_ref()?)),
            Self::Row(_) | Self::Corrected(..) | Self::Fleet(_) => None,
        }
    }

    /// Its part of the report.
    pub(crate) fn section(&self) -> Section {
        match self {
            Self::Row(row) => row.section(),
            Self::Corrected(target, what) => row::corrected(target, *what),
            Self::One(one) => one.section(),
            Self::Fleet(summary) => summary.section(),
        }
    }
}
