//! One target of an emergency in a report.

use serde_json::{Value, json};
use tidegate_aws::report::Section;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::targets::{self, TargetState, Tasks};
use tidegate_fleet::TargetName;
use tidegate_policy::emergency::decision::{Skip, Work};
use tidegate_policy::emergency::delivery::Delivered;
use tidegate_policy::emergency::engage::{self, Limit, Size};
use tidegate_policy::emergency::incident::{Progress, Targeted};
use tidegate_policy::emergency::target::Change;
use tidegate_policy::{Absence, Severity};

use crate::afterwards::{self, Afterwards};
use crate::arguments::SavedSnapshot;
use crate::asked::Cut;
use crate::seen::sight;
use crate::subject::foreseen::{Foreseen, Told};
use crate::words;

/// One target of an emergency: what was seen, what is asked of it, and what came of it.
#[derive(Debug)]
pub struct One {
    pub(crate) name: String,
    /// What it is in AWS; `None` where the fleet file has it no more.
    pub(crate) resource: Option<TargetName>,
    pub(crate) targeted: Targeted,
    pub(crate) seen: Option<Result<TargetState, Absence>>,
    pub(crate) work: Option<Work>,
    pub(crate) skip: Option<Skip>,
    /// A budget cuts its size.
    pub(crate) cut: Option<Cut>,
    /// It is put back.
    pub(crate) is_restore: bool,
    /// What sets its size once the emergency is over; `None` where the fleet file has it no more.
    pub(crate) afterwards: Option<Afterwards>,
    pub(crate) outcome: Option<Outcome>,
    /// What a later evaluation changes of it; when it is raised, and not seen.
    pub(crate) foreseen: Option<Foreseen>,
    /// What AWS gives of it, and when; in a plan, and when it is raised.
    pub(crate) told: Option<Told>,
}

impl One {
    /// How its tasks are run, where it has any.
    pub(crate) fn tasks(&self) -> Option<&Tasks> {
        let foreseen = || self.foreseen.as_ref()?.state.as_ref().ok();
        self.state().or_else(foreseen)?.tasks.as_ref()
    }

    /// What is changed of it, now or by a later evaluation.
    pub(crate) fn planned(&self) -> Option<&Work> {
        self.work.as_ref().or_else(|| self.foreseen.as_ref()?.work.as_ref())
    }

    /// Tasks or instances are added to it.
    pub(crate) fn adds(&self) -> bool {
        self.planned().is_some_and(|work| work.to > work.from)
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
            (Some(Outcome::Applied), _) if self.is_restore => "done",
            (_, Progress::Pending | Progress::Ending) if self.targeted.failures > 0 => "failed",
            (_, Progress::Set | Progress::Starting | Progress::Seen) if self.is_restore => "pending",
            (Some(Outcome::Applied), _) | (None, Progress::Set | Progress::Starting) => "asked",
            (_, Progress::Pending | Progress::Ending)
            | (Some(Outcome::TooLate), Progress::Set | Progress::Starting) => "pending",
            (_, Progress::Seen) if self.limited().is_some() => "limited",
            (_, Progress::Seen | Progress::Restored) => "done",
            (_, Progress::Skipped) => "skipped",
        }
    }

    /// AWS's own bounds keep it from what is asked for.
    pub(crate) fn is_limited(&self) -> bool {
        self.limited().is_some() || self.planned().is_some_and(|work| work.limit.is_some())
    }

    /// All of it runs that AWS's own bounds allow, and that is not what was asked for.
    fn limited(&self) -> Option<Limit> {
        let Targeted { asked, raise, progress, .. } = self.targeted;
        let state = self.state().filter(|_| progress == Progress::Seen && !self.is_restore)?;
        engage::changes(Size { asked, raise }, &sight(state, None)).ok()?.limit
    }

    /// What keeps it from the size that was asked for.
    pub(crate) fn blocked_by(&self) -> Option<String> {
        if let Some(Outcome::Failed(error)) = &self.outcome {
            return Some(error.to_string());
        }
        if let Some(skip) = &self.skip {
            return Some(words::of_skip(skip));
        }
        if self.resource.is_none() {
            return Some(words::of_skip(&Skip::NotInFleet));
        }
        if let Some(Err(absence)) = &self.seen {
            return Some(format!("cannot be read ({absence})"));
        }
        let work = self.work.as_ref();
        if let Some(limit) = work.and_then(|work| work.limit).or_else(|| self.limited()) {
            return Some(words::of_limit(limit));
        }
        if let Some(kept) = work.and_then(|work| work.kept.first()) {
            return Some(words::of_kept(*kept));
        }
        if let Some(cut) = &self.cut {
            return Some(words::of_cut(cut, self.targeted.asked));
        }
        let state = self.state()?;
        let waits = state.service.running_count < state.service.desired_count;
        state.trouble.clone().filter(|_| waits)
    }

    /// What was decided of it, once every change of it is made. What failed or was not sent is tried again, and would be said
    /// each time.
    fn made(&self) -> Option<&Work> {
        self.work.as_ref().filter(|work| match self.outcome {
            Some(Outcome::Applied) => true,
            Some(Outcome::Failed(_) | Outcome::TooLate) => false,
            None => work.changes.is_empty(),
        })
    }

    /// Scheduled actions that were missed, in the bounds that are put back.
    fn missed(&self) -> Vec<String> {
        self.made().map(|work| words::of_missed(&work.missed)).unwrap_or_default()
    }

    /// Something was changed by hand meanwhile and stays so, or a scheduled action was missed.
    pub(crate) fn has_notes(&self) -> bool {
        self.made().is_some_and(|work| !work.kept.is_empty() || !work.missed.is_empty())
    }

    /// `api: 2 to 10`, `api: 10 running`, `api: 10 to 2, as before`.
    pub(crate) fn line(&self) -> String {
        let Self { name, .. } = self;
        let notes: Vec<String> = self.blocked_by().into_iter().chain(self.missed()).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        format!("{name}: {}{notes}", if self.is_restore { self.put_back() } else { self.set() })
    }

    /// What of its size is done, or still to be.
    fn set(&self) -> String {
        let asked = self.targeted.asked;
        let from = self.from().map_or_else(|| "unknown".to_owned(), |from| from.to_string());
        let running = self.state().map(|state| state.service.running_count);
        match (self.progress(), &self.work, running) {
            ("failed", Some(work), _) => format!("failed: {} to {}", work.from, work.to),
            ("failed", None, _) => format!("failed: {from} to {asked}"),
            ("skipped", ..) => self.left_alone(),
            (_, Some(work), _) if work.limit.is_some() => {
                format!("{} to {}, {asked} asked", work.from, work.to)
            }
            (_, Some(work), _) => format!("{} to {}", work.from, work.to),
            ("limited", None, Some(running)) => format!("{running} running, {asked} asked"),
            ("pending", None, _) => format!("{from}, to be set to {asked}"),
            ("done", None, Some(running)) => format!("{running} running"),
            (_, None, Some(running)) => format!("set to {from}, {running} running"),
            (_, None, None) => format!("set to {asked}"),
        }
    }

    /// At which size, where that was seen.
    fn left_alone(&self) -> String {
        self.from().map_or_else(|| "left alone".to_owned(), |from| format!("left alone at {from}"))
    }

    /// The size that it has once all of it is put back.
    fn at(&self) -> Option<u32> {
        self.work.as_ref().map(|work| work.to).or_else(|| self.from())
    }

    /// The size that it had before, where it is put back and still has another: rules take their time, what operators asked for
    /// counts, or AWS's own autoscaling goes on.
    pub(crate) fn not_back(&self) -> Option<u32> {
        let is_by_hand = self.work.as_ref().is_some_and(|work| !work.kept.is_empty());
        let before = self.targeted.snapshot.as_ref()?.desired;
        let is_put_back = self.is_restore && self.progress() == "done" && !is_by_hand;
        (is_put_back && self.at()? != before).then_some(before)
    }

    /// The size that operators give it then, and in whose words.
    fn next(&self) -> Option<(u32, &str)> {
        let allowed = self.state().map(|state| state.service.constraints.clone()).unwrap_or_default();
        self.afterwards.as_ref()?.next(self.at()?, &allowed)
    }

    /// What of it is put back, or still to be, and what operators make of it then.
    fn put_back(&self) -> String {
        let put_back = self.put_back_alone();
        match self.next() {
            _ if !matches!(self.progress(), "done" | "pending") => put_back,
            None => put_back,
            Some((size, row)) if Some(size) == self.at() => format!("{put_back}; {row}"),
            Some((size, row)) => format!("{put_back}; {size} with the next evaluation: {row}"),
        }
    }

    fn put_back_alone(&self) -> String {
        let before = self.targeted.snapshot.as_ref().map(|snapshot| snapshot.desired);
        let from = self.from().map_or_else(|| "unknown".to_owned(), |from| from.to_string());
        let bounds = self.work.iter().flat_map(|work| &work.changes).find_map(|change| match change {
            Change::Register(bounds) => {
                Some(format!(", Application Auto Scaling {} to {}", bounds.min, bounds.max))
            }
            Change::SetCapacity(_) | Change::Suspend(_) | Change::Resume(_) => None,
        });
        let bounds = bounds.unwrap_or_default();
        match (self.progress(), &self.work, before) {
            ("failed", ..) => format!("failed: {from} not put back"),
            ("skipped", ..) => self.left_alone(),
            ("pending", ..) => format!("{from}, to be put back"),
            (_, Some(work), _) if work.from != work.to => format!("{} to {}{bounds}", work.from, work.to),
            (_, Some(_), _) if !bounds.is_empty() => format!("stays at {from}{bounds}"),
            (_, Some(work), _) if !work.kept.is_empty() => format!("stays at {from}"),
            (_, _, Some(before)) if self.from() != Some(before) && self.next().is_some() => {
                format!("{from} now, {before} before")
            }
            (_, _, Some(before)) if self.from() != Some(before) => {
                format!("stays at {from} until rules or AWS's autoscaling change it, {before} before")
            }
            _ => format!("{from}, as before"),
        }
    }

    /// How it comes to the size that it had, where it has another.
    fn note(&self) -> Option<String> {
        let before = self.not_back().filter(|_| self.next().is_none())?;
        let pin = afterwards::pin(&self.name, before);
        Some(format!(
            "{before} before: rules or AWS's autoscaling change it at their own pace; at once: {pin}"
        ))
    }

    pub(crate) fn section(&self) -> Section {
        let severity = if matches!(self.outcome, Some(Outcome::Failed(_))) {
            Severity::Critical
        } else {
            Severity::Info
        };
        Section {
            target: self.name.clone(),
            resource: self.resource.as_ref().map(targets::resource).unwrap_or_default(),
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
            "note": self.note(),
            "snapshot": SavedSnapshot::of(&self.name, &self.targeted),
            "changes": self.work.iter().flat_map(|work| &work.changes).map(ToString::to_string).collect::<Vec<_>>(),
        });
        let missed = self.missed();
        if !missed.is_empty() {
            json["missed"] = json!(missed);
        }
        if let Some(Told { delivered, deliverable, quota }) = &self.told {
            let beyond = quota.map(|code| format!("the vCPU quota is reached: {}", words::of_request(code)));
            let limits: Vec<String> = self.blocked_by().into_iter().chain(beyond).collect();
            json["deliverable"] = json!(deliverable);
            json["at_seconds"] = json!(delivered.after.as_secs_f64());
            json["limits"] = json!(limits);
        }
        for (key, name) in self.resource.iter().flat_map(targets::names_in_json) {
            json[key] = name;
        }
        json
    }

    /// What is to be said of what AWS gives it.
    pub(crate) fn tell(&self, delivered: Delivered) -> Told {
        let quota = delivered.is_beyond_quota.then(|| self.quota_code()).flatten();
        Told { delivered, deliverable: self.deliverable(delivered), quota }
    }

    /// How many tasks AWS gives it. `None` where that is not known: on container instances, and where its quota or the CPU of
    /// its tasks could not be read.
    fn deliverable(&self, Delivered { tasks, is_known, .. }: Delivered) -> Option<u32> {
        let to = self.planned().map(|work| work.to).or_else(|| self.from())?;
        let is_on_instances = self.tasks().is_some_and(|tasks| tasks.fargate.is_none());
        match self.planned() {
            Some(work) if self.adds() => {
                (is_known && !is_on_instances).then(|| work.from.saturating_add(tasks))
            }
            Some(_) | None => Some(to),
        }
    }

    fn quota_code(&self) -> Option<&'static str> {
        self.tasks()?.fargate?.quota().map(|(code, _)| code)
    }
}

#[cfg(test)]
mod tests;
