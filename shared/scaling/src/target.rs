//! One service in a report: what was seen, decided and done, in words and in JSON.

mod seen;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{self, AlertState, Header, Section};
use tidegate_aws::{CallError, targets};
use tidegate_fleet::TargetName;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::rule::{Span, thousands};
use tidegate_policy::{Decision, Notice, NoticeKind, Observation, Reason, Severity, Verdict};

use crate::asked::AskingOverride;
use crate::moment::ReportTime;

/// What one evaluation saw of one service, decided and did.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetReport {
    /// Its name in the fleet file.
    pub target: String,
    /// Its names in AWS.
    pub name: TargetName,
    /// It is only observed: nothing was done.
    pub observe: bool,
    /// The most that a pin may set.
    pub most: u32,
    /// What was seen.
    pub seen: Observation,
    /// What was decided.
    pub decision: Decision,
    /// The overrides that asked for it.
    pub asked: Vec<AskingOverride>,
    /// What came of it.
    pub action: ActionTaken,
    /// The change before this one failed, and operators know.
    pub failed_before: bool,
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionTaken {
    /// There was nothing to do.
    Nothing,
    /// Only observed: this is what would have been done. `worth_reporting` when it differs from what was last reported.
    Observed {
        /// It was not reported before.
        worth_reporting: bool,
    },
    /// Left to the next evaluation, since this one has made as many changes as one evaluation may.
    Deferred,
    /// It was tried.
    Tried(Outcome),
}

impl ActionTaken {
    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Observed { .. } => "observed",
            Self::Deferred => "deferred",
            Self::Tried(outcome) => outcome.code(),
        }
    }
}

impl TargetReport {
    /// Its part of the report.
    #[must_use]
    pub fn section(&self, evaluation: &Header) -> Section {
        Section {
            target: self.target.clone(),
            resource: targets::resource(&self.name),
            severity: self.severity(),
            is_worth_reporting: self.is_worth_reporting(),
            is_reported_again: self.observe
                || (self.outcome().is_none() && !self.decision.notices.is_empty()),
            state: self.state(),
            verdict: self.verdict(evaluation.at),
            cause: self.cause(),
            paragraph: if self.is_worth_reporting() { self.paragraph(evaluation) } else { String::new() },
            commands: self.commands(evaluation),
            json: self.to_json(),
            outcome: self.outcome().cloned(),
            is_unread: self.seen.queue_unread().is_some() || self.seen.service.is_err(),
        }
    }

    /// The size that is still to be set: decided in enforce mode and neither tried nor carried over.
    pub(crate) fn to_set(&self) -> Option<u32> {
        let (_, capacity) = self.decision.verdict.as_change()?;
        (self.action == ActionTaken::Nothing && !self.observe).then_some(capacity)
    }

    /// The outcome of a change that was tried.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.action {
            ActionTaken::Tried(outcome) => Some(outcome),
            ActionTaken::Nothing | ActionTaken::Deferred | ActionTaken::Observed { .. } => None,
        }
    }

    /// Worth a report: something was done or would have been, an earlier evaluation's change was found, or a condition
    /// begins or ends. A change that fails again is not reported: "changes fail" was reported when it began.
    #[must_use]
    pub fn is_worth_reporting(&self) -> bool {
        let action = match &self.action {
            ActionTaken::Tried(Outcome::Failed(_)) => !self.failed_before,
            ActionTaken::Tried(Outcome::Applied | Outcome::TooLate) => true,
            ActionTaken::Observed { worth_reporting } => *worth_reporting,
            ActionTaken::Nothing | ActionTaken::Deferred => false,
        };
        action || self.found().is_some() || !self.decision.notices.is_empty()
    }

    /// An earlier evaluation's change whose outcome this evaluation found out.
    fn found(&self) -> Option<&Reason> {
        let found = |reason: &&Reason| {
            matches!(reason, Reason::IntentFoundApplied { .. } | Reason::IntentFoundLost { .. })
        };
        self.decision.reasons.iter().find(found)
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let notified = self.decision.notices.iter().map(Notice::severity);
        let failed = match &self.action {
            ActionTaken::Tried(Outcome::Failed(_)) => Severity::Critical,
            ActionTaken::Tried(Outcome::TooLate) => Severity::Warning,
            ActionTaken::Tried(Outcome::Applied)
            | ActionTaken::Nothing
            | ActionTaken::Deferred
            | ActionTaken::Observed { .. } => Severity::Info,
        };
        notified.max().unwrap_or(Severity::Info).max(failed)
    }

    /// What was done, or what begins or ends, in a few words: `scaled out from 5 to 10 tasks`.
    #[must_use]
    pub fn verdict(&self, now: Timestamp) -> String {
        let decision = &self.decision;
        let words = decision.capacity_unit;
        let verdict = words.describe(&decision.verdict);
        match (&self.action, decision.verdict.as_change()) {
            (ActionTaken::Tried(Outcome::Applied), _) => verdict.done(),
            (ActionTaken::Tried(Outcome::Failed(error)), _) if error.outcome_is_unknown() => {
                format!("{} unconfirmed", verdict.noun())
            }
            (ActionTaken::Tried(Outcome::Failed(_)), _) => format!("failed to {verdict}"),
            (ActionTaken::Tried(Outcome::TooLate), _) => format!("{} not requested", verdict.noun()),
            (ActionTaken::Observed { .. }, Some(_)) => format!("would {verdict}"),
            (ActionTaken::Deferred, _) => format!("{} deferred", verdict.noun()),
            (ActionTaken::Nothing, Some(_)) => verdict.to_string(),
            (ActionTaken::Nothing | ActionTaken::Observed { .. }, None) => {
                match (decision.notices.first(), self.found()) {
                    (Some(notice), _) if notice.begins || notice.kind == NoticeKind::Condition => {
                        words.describe(notice).to_string()
                    }
                    (Some(notice), _) => {
                        format!("{} after {}", words.describe(notice), Span(now.duration_since(notice.since)))
                    }
                    (None, Some(found @ Reason::IntentFoundApplied { .. })) => {
                        format!("confirmed: {}", words.describe(found))
                    }
                    (None, Some(found)) => words.describe(found).to_string(),
                    (None, None) => verdict.to_string(),
                }
            }
        }
    }

    /// The one cause of it, for the headline: `waiting 612 > 500`.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        let words = self.decision.capacity_unit;
        // AWS is always there; the service or group may not be.
        let failed = |error: &CallError| {
            let who = if error.is_not_found() { words.scaled() } else { words.aws_service() };
            format!("{who} {}", error.predicate())
        };
        match (&self.action, self.decision.verdict.as_change()) {
            (ActionTaken::Tried(Outcome::Failed(error)), _) if error.outcome_is_unknown() => {
                Some(format!("{}; the next evaluation checks", failed(error)))
            }
            (ActionTaken::Tried(Outcome::Failed(error)), _) => Some(failed(error)),
            (ActionTaken::Tried(Outcome::TooLate), _) => {
                Some("this evaluation ran out of time; the next one decides again".to_owned())
            }
            (_, Some(_)) => self.cause_of_change().map(|reason| words.describe(reason).in_short()),
            (_, None) => self.decision.notices.first().and_then(|notice| self.cause_of(notice)),
        }
    }

    /// The first reason of a change. An override that is in force beside it is none.
    fn cause_of_change(&self) -> Option<&Reason> {
        let is_cause = |reason: &&Reason| !matches!(reason, Reason::Overridden { .. });
        let reasons = &self.decision.reasons;
        let asked = self.asked.first().map(|asked| &asked.reason);
        asked.or_else(|| reasons.iter().find(is_cause)).or_else(|| reasons.first())
    }

    /// Why a notice begins, where its words do not say so by themselves.
    fn cause_of(&self, notice: &Notice) -> Option<String> {
        let says_so = [
            NoticeKind::Condition,
            NoticeKind::AtMax,
            NoticeKind::RolloutLasts,
            NoticeKind::DeploymentFailed,
        ];
        match &notice.because {
            Some(reason) if notice.begins && !says_so.contains(&notice.kind) => {
                Some(self.decision.capacity_unit.describe(reason).in_short())
            }
            Some(_) | None => None,
        }
    }

    /// The whole paragraph: decision, seen, why, done, and the commands that keep or undo it.
    #[must_use]
    pub fn paragraph(&self, evaluation: &Header) -> String {
        let words = self.decision.capacity_unit;
        let mut lines = vec![
            report::headline(&self.target, &self.verdict(evaluation.at), self.cause().as_deref()),
            format!("  seen  {}", seen::in_words(&self.seen, &self.decision, evaluation.at)),
        ];
        for (index, reason) in self.decision.reasons.iter().enumerate() {
            let word = if index == 0 { "why" } else { "" };
            lines.push(format!("  {word:<4}  {}", words.describe(reason)));
        }
        for notice in &self.decision.notices {
            lines.push(format!("  note  {}", self.note(notice, evaluation.at)));
        }
        lines.push(format!("  done  {}", self.action_in_words()));
        lines.extend(self.without_pin().map(|note| format!("  note  {note}")));
        for (word, command) in self.commands(evaluation) {
            lines.push(format!("  {word:<4}  {command}"));
        }
        lines.join("\n")
    }

    fn note(&self, notice: &Notice, now: Timestamp) -> String {
        let words = self.decision.capacity_unit;
        let since = ReportTime { at: notice.since, now };
        match &notice.because {
            _ if !notice.begins => format!("{}; condition began {since}", words.describe(notice)),
            Some(reason) if notice.kind == NoticeKind::Condition => words.describe(reason).to_string(),
            Some(reason) => {
                format!("{} (since {since}): {}", words.describe(&notice.kind), words.describe(reason))
            }
            None => format!("{} (since {since})", words.describe(&notice.kind)),
        }
    }

    /// The commands that keep a change and undo it, the last one for an operator who has only the AWS CLI. Which
    /// function they ask stands in the operator's environment. What an operator set is undone by releasing it. Where another
    /// autoscaler manages the service, the commands that suspend and resume that.
    #[must_use]
    pub fn commands(&self, evaluation: &Header) -> Vec<(&'static str, String)> {
        let place = evaluation.place.as_ref();
        if self.decision.reasons.iter().any(|reason| matches!(reason, Reason::OtherAutoscaler { .. })) {
            let command = |suspended| targets::suspend_by_hand(&self.name, suspended, place);
            let (stop, undo) = (command(true), command(false));
            return vec![
                ("stop", format!("{stop}  # suspends the other autoscaler")),
                ("undo", format!("{undo}  # resumes all of it")),
            ];
        }
        let Some((from, to)) = self.changed() else { return Vec::new() };
        let target = &self.target;
        if !self.asked.is_empty() {
            let is = |emergency: bool| self.asked.iter().any(|asked| asked.is_emergency == emergency);
            let release = is(false).then(|| ("undo", format!("tidegate release {target}")));
            let restore = is(true).then(|| ("undo", "tidegate emergency restore".to_owned()));
            return release.into_iter().chain(restore).collect();
        }
        // An emergency takes nothing away, whatever is pinned.
        let is_emergency =
            |reason: &Reason| matches!(reason, Reason::Overridden { kind: OverrideKind::Raise(_), .. });
        let is_kept = to > from && self.decision.reasons.iter().any(is_emergency);
        let when = if is_kept {
            "  # nothing scales in before the emergency ends".to_owned()
        } else if to > from {
            // None of the limits of scale-in holds for a pin.
            format!("  # stops {} at once", self.decision.capacity_unit.so_many(to.saturating_sub(from)))
        } else {
            String::new()
        };
        let pin = |word, size, when| {
            (size <= self.most).then(|| (word, format!("tidegate pin {target} {size} --for 2h{when}")))
        };
        let by_hand = targets::set_by_hand(&self.name, from, place);
        let or = Some(("or", format!("{by_hand}  # until Tidegate changes it again")));
        [pin("keep", to, ""), pin("undo", from, &when), or].into_iter().flatten().collect()
    }

    /// The change that was made.
    fn changed(&self) -> Option<(u32, u32)> {
        let is_made = self.action == ActionTaken::Tried(Outcome::Applied);
        self.decision.verdict.as_change().filter(|_| is_made)
    }

    /// Why there is no pin that keeps the change or undoes it: it would be refused.
    fn without_pin(&self) -> Option<String> {
        let (from, to) = self.changed().filter(|_| self.asked.is_empty())?;
        let above = |words, size| (size > self.most).then(|| format!("{words} {}", thousands(size)));
        let above: Vec<String> =
            [above("keeps", to), above("goes back to", from)].into_iter().flatten().collect();
        let (above, most) = (above.join(" or "), self.decision.capacity_unit.so_many(self.most));
        let raise = "raise `max` or `override_max` and deploy, then pin";
        (!above.is_empty())
            .then(|| format!("the fleet file allows at most {most}, so no pin {above}: {raise}"))
    }

    fn action_in_words(&self) -> String {
        match (&self.action, self.decision.verdict.as_change()) {
            (ActionTaken::Tried(Outcome::Applied), Some((_, to))) => {
                let desired = self.decision.capacity_unit.desired();
                format!("{desired} set to {}", thousands(to))
            }
            (ActionTaken::Tried(Outcome::Failed(error)), _) if error.outcome_is_unknown() => {
                format!("unknown: tried to {error}; the next evaluation checks")
            }
            (ActionTaken::Tried(Outcome::Failed(error)), _) => format!("nothing: failed to {error}"),
            (ActionTaken::Tried(Outcome::TooLate), _) => {
                "nothing: this evaluation ran out of time before the request; the next one decides again"
                    .to_owned()
            }
            (ActionTaken::Deferred, _) => {
                "nothing: this evaluation made as many changes as it may; the next one continues".to_owned()
            }
            (ActionTaken::Observed { .. }, _) => "nothing: the service is in observe mode".to_owned(),
            (ActionTaken::Nothing | ActionTaken::Tried(_), _) => "nothing".to_owned(),
        }
    }

    /// Whether something began that matters, or something ended; `None` where neither did.
    #[must_use]
    pub fn state(&self) -> Option<AlertState> {
        // One that was too late leaves no condition behind: nothing would ever close it.
        let failed = matches!(self.action, ActionTaken::Tried(Outcome::Failed(_)));
        let begins = self.decision.notices.iter().any(|notice| notice.begins);
        let ends = !self.decision.notices.is_empty();
        if failed || begins { Some(AlertState::Firing) } else { ends.then_some(AlertState::Resolved) }
    }

    /// For the answer, the log line and the activity.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { target, name, observe, most: _, seen, decision, asked: _, action, failed_before: _ } =
            self;
        let words = decision.capacity_unit;
        let (from, to) = match decision.verdict {
            Verdict::ScaleOut { from, to } | Verdict::ScaleIn { from, to } => (Some(from), Some(to)),
            Verdict::Hold { at } => (at, at),
        };
        let mut json = json!({
            "target": target,
            "mode": if *observe { "observe" } else { "enforce" },
            "verdict": decision.verdict.code(),
            "from": from,
            "to": to,
            "outcome": action.code(),
            "reasons": decision.reasons.iter()
                .map(|reason| json!({"code": reason.code(), "text": words.describe(reason).to_string()})).collect::<Vec<_>>(),
            "seen": seen::in_json(seen, decision),
            "sentence": format!("{target}: {decision}"),
        });
        for (key, name) in targets::names_in_json(name) {
            json[key] = name;
        }
        if !decision.notices.is_empty() {
            let notices = decision.notices.iter().map(|notice| {
                let because = notice.because.as_ref().map(|reason| words.describe(reason).to_string());
                json!({"kind": notice.kind, "condition": notice.condition(), "severity": notice.severity(),
                       "begins": notice.begins, "since": notice.since, "text": because})
            });
            json["notices"] = notices.collect();
        }
        if let ActionTaken::Tried(Outcome::Failed(error)) = action {
            json["error"] = error.to_string().into();
        }
        json
    }
}
