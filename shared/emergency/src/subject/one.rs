//! One target of an emergency in a report.

use serde_json::{Value, json};
use tidegate_aws::report::Section;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::targets::{self, TargetState, Tasks};
use tidegate_fleet::{Service, TargetName};
use tidegate_policy::emergency::decide::{Skip, Work};
use tidegate_policy::emergency::delivery::Delivered;
use tidegate_policy::emergency::incident::{Progress, Targeted};
use tidegate_policy::{Absence, Severity};

use crate::arguments::SavedSnapshot;
use crate::words;

/// One target of an emergency: what was seen, what is asked of it, and what came of it.
#[derive(Debug)]
pub struct One {
    pub(crate) name: String,
    pub(crate) resource: TargetName,
    pub(crate) targeted: Targeted,
    pub(crate) seen: Option<Result<TargetState, Absence>>,
    pub(crate) work: Option<Work>,
    pub(crate) skip: Option<Skip>,
    pub(crate) outcome: Option<Outcome>,
    /// What AWS gives of it, and when; in a plan only.
    pub(crate) delivered: Option<Delivered>,
}

impl One {
    pub(crate) fn of(
        service: &Service,
        targeted: &Targeted,
        seen: Option<Result<TargetState, Absence>>,
        work: Option<Work>,
        skip: Option<Skip>,
    ) -> Self {
        let (name, resource) = (service.name().to_owned(), service.target().clone());
        Self { name, resource, targeted: targeted.clone(), seen, work, skip, outcome: None, delivered: None }
    }

    /// How its tasks are run, where it has any.
    pub(crate) fn tasks(&self) -> Option<&Tasks> {
        self.state()?.tasks.as_ref()
    }

    fn state(&self) -> Option<&TargetState> {
        self.seen.as_ref()?.as_ref().ok()
    }

    /// The desired count before this evaluation's change, or what it was before the emergency.
    pub(crate) fn from(&self) -> Option<u32> {
        let seen = self.state().map(|state| state.service.desired_count);
        seen.or_else(|| self.targeted.snapshot.as_ref().map(|snapshot| snapshot.desired))
    }

    /// How far it is, as the answer says it.
    pub(crate) fn progress(&self) -> &'static str {
        match (&self.outcome, self.targeted.progress) {
            (Some(Outcome::Failed(_)), _) => "failed",
            (Some(Outcome::Applied), _) | (None, Progress::Set) => "asked",
            (_, Progress::Pending) if self.targeted.failures > 0 => "failed",
            (_, Progress::Pending) | (Some(Outcome::TooLate), Progress::Set) => "pending",
            (_, Progress::Seen | Progress::Restored) => "done",
            (_, Progress::Skipped) => "skipped",
        }
    }

    /// What keeps it from the size that was asked for.
    pub(crate) fn blocked_by(&self) -> Option<String> {
        if let Some(Outcome::Failed(error)) = &self.outcome {
            return Some(error.to_string());
        }
        if let Some(skip) = &self.skip {
            return Some(words::of_skip(skip));
        }
        if let Some(Err(absence)) = &self.seen {
            return Some(format!("it cannot be read ({absence})"));
        }
        let work = self.work.as_ref();
        if let Some(limit) = work.and_then(|work| work.limit) {
            return Some(words::of_limit(limit));
        }
        if let Some(kept) = work.and_then(|work| work.kept.first()) {
            return Some(words::of_kept(*kept));
        }
        let state = self.state()?;
        let waits = state.service.running_count < state.service.desired_count;
        state.trouble.clone().filter(|_| waits)
    }

    /// `api: 2 to 10`.
    pub(crate) fn line(&self) -> String {
        let Self { name, targeted, .. } = self;
        let (from, asked) = match &self.work {
            Some(work) => (Some(work.from), work.to),
            None => (self.from(), targeted.asked),
        };
        let from = from.map_or_else(|| "?".to_owned(), |from| from.to_string());
        let blocked = self.blocked_by().map(|why| format!(" ({why})")).unwrap_or_default();
        let word = match self.progress() {
            "failed" => "failed: ",
            "skipped" => "left alone: ",
            _ => "",
        };
        format!("{name}: {word}{from} to {asked}{blocked}")
    }

    pub(crate) fn section(&self) -> Section {
        let severity = if matches!(self.outcome, Some(Outcome::Failed(_))) {
            Severity::Critical
        } else {
            Severity::Info
        };
        Section {
            target: self.name.clone(),
            resource: targets::resource(&self.resource),
            severity,
            is_worth_reporting: false,
            is_reported_again: false,
            state: None,
            verdict: self.line(),
            cause: None,
            paragraph: String::new(),
            commands: Vec::new(),
            json: self.to_json(),
            outcome: self.outcome.clone(),
            is_unread: matches!(self.seen, Some(Err(_))),
        }
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "target": self.name,
            "sentence": self.line(),
            "outcome": self.outcome.as_ref().map_or("none", Outcome::code),
            "from": self.from(),
            "asked": self.targeted.asked,
            "running": self.state().map(|state| state.service.running_count),
            "state": self.progress(),
            "blocked_by": self.blocked_by(),
            "snapshot": SavedSnapshot::of(&self.name, &self.targeted),
            "changes": self.work.iter().flat_map(|work| &work.changes).map(ToString::to_string).collect::<Vec<_>>(),
        });
        if let Some(delivered) = self.delivered {
            // The quota of virtual CPUs is not read: how many tasks AWS Fargate runs is not known.
            let is_fargate = self.tasks().is_some_and(|tasks| tasks.fargate);
            let to = self.work.as_ref().map(|work| work.to).or_else(|| self.from());
            json["deliverable"] = json!(to.filter(|_| !is_fargate));
            json["at_seconds"] = json!(delivered.after.as_secs_f64());
            json["limits"] = json!(self.blocked_by().into_iter().collect::<Vec<_>>());
        }
        for (key, name) in targets::names_in_json(&self.resource) {
            json[key] = name;
        }
        json
    }
}
