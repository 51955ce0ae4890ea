//! The report: one value, rendered as text for people and as JSON for machines.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_policy::notice::Severity;
use tidegate_policy::{Decision, Notice, Observation, Verdict};

use crate::ring::Ring;
use crate::services::ServiceName;
use crate::update::Outcome;

/// SNS takes subjects below 100 characters without line breaks (Amazon SNS API reference, `Publish`).
pub const SUBJECT_CHARACTERS_MAX: usize = 99;

/// What one look did, service by service.
#[derive(Debug, Clone, PartialEq)]
pub struct LookReport {
    /// The fleet's name.
    pub fleet: String,
    /// The function's concern.
    pub concern: &'static str,
    /// The look's id.
    pub look: String,
    /// When it looked.
    pub at: Timestamp,
    /// What rang.
    pub rung_by: Ring,
    /// Every service looked at, in the order of the fleet file.
    pub targets: Vec<TargetReport>,
    /// Sentences that an earlier look could not report.
    pub unreported: Vec<String>,
    /// Why the whole look failed; then there are no services in it.
    pub alert: Option<String>,
}

/// What one look saw of one service, decided and did.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetReport {
    /// Its name in the fleet file.
    pub target: String,
    /// The ECS service.
    pub name: ServiceName,
    /// It is only observed: nothing was done.
    pub observe: bool,
    /// What was seen.
    pub seen: Observation,
    /// What was decided.
    pub decision: Decision,
    /// What came of it.
    pub done: Done,
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// There was nothing to do.
    Nothing,
    /// Only observed: this is what would have been done. `news` when it differs from what was last reported.
    Observed {
        /// It was not reported before.
        news: bool,
    },
    /// Left to the next look, since this one has made as many changes as one look may.
    CarriedOver,
    /// It was tried.
    Tried(Outcome),
}

impl Done {
    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Observed { .. } => "observed",
            Self::CarriedOver => "carried-over",
            Self::Tried(outcome) => outcome.code(),
        }
    }
}

impl TargetReport {
    /// Worth a report: something was tried or would have been, or a condition begins or ends.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let done = match &self.done {
            Done::Tried(_) => true,
            Done::Observed { news } => *news,
            Done::Nothing | Done::CarriedOver => false,
        };
        done || !self.decision.notices.is_empty()
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let begins =
            self.decision.notices.iter().filter(|notice| notice.begins).map(|notice| notice.kind.severity());
        let failed = match &self.done {
            Done::Tried(Outcome::Failed(_)) => Severity::Critical,
            Done::Tried(Outcome::TooLate) => Severity::Warning,
            Done::Tried(Outcome::Applied) | Done::Nothing | Done::CarriedOver | Done::Observed { .. } => {
                Severity::Info
            }
        };
        begins.max().unwrap_or(Severity::Info).max(failed)
    }

    /// The decision in a few words: `worker: scale out from 5 to 10 tasks`.
    #[must_use]
    pub fn headline(&self) -> String {
        let Self { target, decision, .. } = self;
        let what = match (&self.done, decision.verdict) {
            (Done::Tried(Outcome::Failed(_)), verdict) => format!("failed to {verdict}"),
            (Done::Tried(Outcome::TooLate), verdict) => format!("too late to {verdict}"),
            (Done::Observed { .. }, verdict) if verdict.as_change().is_some() => format!("would {verdict}"),
            (_, Verdict::Hold { .. }) => match decision.notices.first() {
                Some(Notice { kind, begins: true, .. }) => format!("{kind}"),
                Some(Notice { kind, begins: false, .. }) => format!("no longer {kind}"),
                None => decision.verdict.to_string(),
            },
            (_, verdict) => verdict.to_string(),
        };
        format!("{target}: {what}")
    }

    /// The whole paragraph: decision, seen, why, done, and the commands that keep or undo it.
    #[must_use]
    pub fn paragraph(&self, fleet: &str) -> String {
        let mut lines = vec![self.headline(), format!("  seen  {}", self.seen_in_words())];
        for (index, reason) in self.decision.reasons.iter().enumerate() {
            lines.push(format!("  {}  {reason}", if index == 0 { "why " } else { "    " }));
        }
        for notice in &self.decision.notices {
            let Notice { kind, begins, since, because } = notice;
            let since = since.strftime("%H:%M:%S UTC");
            let because = because.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let word = if *begins { "since" } else { "no longer so; it was since" };
            lines.push(format!("  note  {kind}, {word} {since}{because}"));
        }
        lines.push(format!("  done  {}", self.done_in_words()));
        if let (Done::Tried(Outcome::Applied), Some((from, to))) =
            (&self.done, self.decision.verdict.as_change())
        {
            let target = &self.target;
            lines.push(format!("  keep  tidegate pin {target} {to} --for 2h --fleet-name {fleet}"));
            lines.push(format!("  undo  tidegate pin {target} {from} --for 2h --fleet-name {fleet}"));
        }
        lines.join("\n")
    }

    fn seen_in_words(&self) -> String {
        let queue = match &self.seen.queue {
            Ok(queue) => {
                let in_flight = match queue.in_flight {
                    tidegate_policy::InFlight::Exactly(jobs) => format!("{jobs} in flight"),
                    tidegate_policy::InFlight::AtLeast(jobs) => format!("at least {jobs} in flight"),
                    tidegate_policy::InFlight::Unknown => "in flight unknown".to_owned(),
                };
                let paused = if queue.paused { ", paused" } else { "" };
                format!(
                    "{} waiting ({} due), {in_flight}, {} delayed{paused}",
                    queue.waiting, queue.due, queue.delayed
                )
            }
            Err(absence) => format!("queue not read ({absence})"),
        };
        let service = match &self.seen.service {
            Ok(service) => format!(
                "{} desired, {} running, {} pending",
                service.desired_count, service.running_count, service.pending_count
            ),
            Err(absence) => format!("service not read ({absence})"),
        };
        let bounds = self.decision.bounds;
        format!("{queue}; {service}; bounds {} to {}", bounds.min(), bounds.max())
    }

    fn done_in_words(&self) -> String {
        match (&self.done, self.decision.verdict.as_change()) {
            (Done::Tried(Outcome::Applied), Some((_, to))) => format!("desired count set to {to}"),
            (Done::Tried(Outcome::Failed(error)), _) => format!("nothing; {error}"),
            (Done::Tried(Outcome::TooLate), _) => {
                "nothing; the look was frozen for too long and left it".to_owned()
            }
            (Done::CarriedOver, _) => "left to the next look".to_owned(),
            (Done::Observed { .. }, _) => "nothing; the service is in observe mode".to_owned(),
            (Done::Nothing | Done::Tried(_), _) => "nothing".to_owned(),
        }
    }

    /// For the answer, the log line and the activity.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { target, name, observe, seen, decision, done } = self;
        let (from, to) = match decision.verdict {
            Verdict::ScaleOut { from, to } | Verdict::ScaleIn { from, to } => (Some(from), Some(to)),
            Verdict::Hold { at } => (at, at),
        };
        let mut json = json!({
            "target": target,
            "cluster": name.cluster,
            "service": name.service,
            "mode": if *observe { "observe" } else { "enforce" },
            "verdict": decision.verdict.code(),
            "from": from,
            "to": to,
            "outcome": done.code(),
            "reasons": decision.reasons.iter()
                .map(|reason| json!({"code": reason.code(), "text": reason.to_string()})).collect::<Vec<_>>(),
            "seen": seen_json(seen, decision),
            "sentence": format!("{target}: {decision}"),
        });
        if !decision.notices.is_empty() {
            let notices = decision.notices.iter().map(|notice| {
                json!({"kind": notice.kind, "begins": notice.begins, "since": notice.since,
                       "text": notice.because.as_ref().map(ToString::to_string)})
            });
            json["notices"] = notices.collect();
        }
        if let Done::Tried(Outcome::Failed(error)) = done {
            json["error"] = error.to_string().into();
        }
        json
    }
}

/// What was seen, with `null` for what is not known.
fn seen_json(seen: &Observation, decision: &Decision) -> Value {
    let queue = seen.queue.as_ref().ok();
    let service = seen.service.as_ref().ok();
    let mut json = json!({
        "waiting": queue.map(|queue| queue.waiting),
        "due": queue.map(|queue| queue.due),
        "delayed": queue.map(|queue| queue.delayed),
        "in_flight": queue.map(|queue| queue.in_flight.known()),
        "paused": queue.map(|queue| queue.paused),
        "desired": service.map(|service| service.desired_count),
        "running": service.map(|service| service.running_count),
        "pending": service.map(|service| service.pending_count),
        "rollout": service.map(|service| service.rollout),
        "min": decision.bounds.min(),
        "max": decision.bounds.max(),
    });
    if let Err(absence) = &seen.queue {
        json["queue_error"] = absence.to_string().into();
    }
    if let Err(absence) = &seen.service {
        json["service_error"] = absence.to_string().into();
    }
    for (name, last) in &decision.memory.metrics {
        json["metrics"][name.as_str()] = json!({"value": last.value, "at": last.at});
    }
    json
}

impl LookReport {
    /// The services worth a report.
    pub fn news(&self) -> impl Iterator<Item = &TargetReport> {
        self.targets.iter().filter(|target| target.is_news())
    }

    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.news().next().is_some() || !self.unreported.is_empty() || self.alert.is_some()
    }

    /// The most severe of its news.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let trouble = if self.alert.is_some() { Severity::Critical } else { Severity::Info };
        self.news().map(TargetReport::severity).max().unwrap_or(Severity::Info).max(trouble)
    }

    /// The subject: fewer than 100 characters, one line.
    #[must_use]
    pub fn subject(&self) -> String {
        let mut news: Vec<&TargetReport> = self.news().collect();
        news.sort_by_key(|target| std::cmp::Reverse(target.severity()));
        let first = news.first().map(|target| target.headline()).or_else(|| self.alert.clone());
        let more = match news.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" (+{more} more)"),
        };
        let first = first.unwrap_or_else(|| "earlier reports".to_owned());
        let room = SUBJECT_CHARACTERS_MAX.saturating_sub(more.chars().count());
        let head: String =
            format!("[{}] {first}", self.fleet).chars().filter(|c| !c.is_control()).take(room).collect();
        format!("{head}{more}")
    }

    /// The text: a paragraph per service, the most severe first.
    #[must_use]
    pub fn text(&self) -> String {
        let mut news: Vec<&TargetReport> = self.news().collect();
        news.sort_by_key(|target| std::cmp::Reverse(target.severity()));
        let mut parts: Vec<String> = news.iter().map(|target| target.paragraph(&self.fleet)).collect();
        parts.extend(self.alert.clone());
        if !self.unreported.is_empty() {
            parts.push(format!("not reported before:\n  {}", self.unreported.join("\n  ")));
        }
        parts.push(format!(
            "fleet {}, {}, look {} at {}, rung by {}",
            self.fleet,
            self.concern,
            self.look,
            self.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            self.rung_by
        ));
        parts.join("\n\n")
    }

    /// The answer of the function, and the body of its log line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { fleet, concern, look, at, rung_by, targets, unreported: _, alert } = self;
        let mut json = json!({
            "fleet": fleet,
            "concern": concern,
            "look": look,
            "at": at,
            "rung_by": rung_by.code(),
            "targets": targets.iter().map(TargetReport::to_json).collect::<Vec<_>>(),
        });
        if let Ring::Alarm { name } = rung_by {
            json["alarm"] = name.clone().into();
        }
        if let Some(alert) = alert {
            json["alert"] = alert.clone().into();
        }
        json
    }
}
