//! The emergency as a whole in a report: the one section that operators read.

use jiff::SignedDuration;
use serde_json::json;
use tidegate_aws::report::section::AlertState;
use tidegate_aws::report::{Section, headline};
use tidegate_fleet::{Fleet, Profile};
use tidegate_policy::Severity;
use tidegate_policy::emergency::decision::{EmergencyDecision, Event};
use tidegate_policy::emergency::incident::{Incident, Phase};
use tidegate_policy::emergency::request::Request;

use crate::subject::one::One;
use crate::words::moment;

/// A report names so many targets; the answer and the log have them all.
const LINES_MAX: usize = 30;

/// The emergency as a whole.
#[derive(Debug, Default)]
pub struct Summary {
    incident: Option<Incident>,
    events: Vec<Event>,
    over: bool,
    runbook: Vec<String>,
    pub(crate) counted: Counted,
    /// When AWS has launched everything; in a plan only.
    pub(crate) launched_after: Option<SignedDuration>,
    is_restore: bool,
    /// Something stays as someone set it meanwhile.
    has_kept: bool,
}

/// How far the targets are.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counted {
    /// A line for each.
    lines: Vec<String>,
    pending: usize,
    asked: usize,
    done: usize,
    failed: usize,
    skipped: usize,
}

impl Counted {
    pub(crate) fn of(targets: &[&One]) -> Self {
        let count = |state: &str| targets.iter().filter(|one| one.progress() == state).count();
        Self {
            lines: targets.iter().map(|one| one.line()).collect(),
            pending: count("pending"),
            asked: count("asked"),
            done: count("done"),
            failed: count("failed"),
            skipped: count("skipped"),
        }
    }
}

impl Summary {
    /// There is none.
    pub(crate) fn none(request: &Request) -> Self {
        Self { is_restore: matches!(request, Request::Restore { .. }), ..Self::default() }
    }

    pub(crate) fn of(fleet: &Fleet, incident: &Incident, decision: &EmergencyDecision, over: bool) -> Self {
        Self {
            incident: Some(incident.clone()),
            events: decision.events.clone(),
            over,
            runbook: fleet.emergency().runbook.clone(),
            has_kept: decision.work.iter().any(|work| !work.kept.is_empty()),
            ..Self::default()
        }
    }

    fn has(&self, event: &Event) -> bool {
        self.events.contains(event)
    }

    fn restoring(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Restoring { .. }))
    }

    /// What began or ended, in a few words.
    fn verdict(&self) -> String {
        let Some(Incident { profile, until, .. }) = &self.incident else {
            return if self.is_restore { "nothing to restore" } else { "no emergency in force" }.to_owned();
        };
        if self.over {
            return format!("emergency {profile} ended, everything put back");
        }
        if self.events.contains(&Event::Restoring { expired: true }) {
            return format!("emergency {profile} is over: its time has ended");
        }
        if self.restoring() {
            return format!("emergency {profile} is being ended");
        }
        if self.has(&Event::Engaged) {
            return format!("EMERGENCY {profile} in force until {}", moment(*until));
        }
        if self.has(&Event::EndsSoon) {
            return format!("emergency {profile} ends at {}", moment(*until));
        }
        if self.has(&Event::Complete) {
            return format!(
                "emergency {profile} in force until {}, everything asked for runs",
                moment(*until)
            );
        }
        format!("emergency {profile} in force until {}", moment(*until))
    }

    fn is_worth_reporting(&self) -> bool {
        self.has_kept || self.events.iter().any(Event::is_of_emergency)
    }

    fn severity(&self) -> Severity {
        if self.counted.failed > 0 || self.has(&Event::Engaged) {
            Severity::Critical
        } else if self.has(&Event::EndsSoon) || self.counted.skipped > 0 {
            Severity::Warning
        } else {
            Severity::Info
        }
    }

    fn state(&self) -> Option<AlertState> {
        if self.over {
            Some(AlertState::Resolved)
        } else {
            self.has(&Event::Engaged).then_some(AlertState::Firing)
        }
    }

    /// `3 set, 9 to be set, 1 failed`.
    fn counts(&self) -> String {
        let Counted { ref lines, pending, asked, done, failed, skipped } = self.counted;
        let targets = lines.len();
        let of = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let running = if self.over { "put back" } else { "running" };
        let parts = [
            of(done, running),
            of(asked, "set"),
            of(pending, "to be set"),
            of(failed, "failed"),
            of(skipped, "left alone"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let plural = if targets == 1 { "" } else { "s" };
        format!("{targets} target{plural}: {}", parts.join(", "))
    }

    fn commands(&self) -> Vec<(&'static str, String)> {
        let Some(Incident { profile, .. }) = self.incident.as_ref().filter(|_| !self.over) else {
            return Vec::new();
        };
        if self.restoring() {
            return Vec::new();
        }
        let profile = if profile == Profile::MAX { String::new() } else { format!(" --profile {profile}") };
        vec![
            ("keep", format!("tidegate emergency engage{profile} --hold 2h")),
            ("undo", "tidegate emergency restore".to_owned()),
        ]
    }

    pub(crate) fn section(&self) -> Section {
        let (verdict, name) = (self.verdict(), "emergency".to_owned());
        let cause = self.incident.as_ref().map(|it| format!("{} ({})", it.why, it.who));
        let first = headline("fleet", &verdict, cause.as_deref());
        let mut lines = vec![first.clone()];
        if let Some(Incident { who, request: Some(request), .. }) = &self.incident {
            lines.push(format!("  who   {who}, request id {request} in CloudTrail"));
        }
        if self.incident.is_some() {
            lines.push(format!("  seen  {}", self.counts()));
        }
        let shown = self.counted.lines.iter().take(LINES_MAX).map(|line| format!("        {line}"));
        lines.extend(shown);
        let more = self.counted.lines.len().saturating_sub(LINES_MAX);
        lines.extend((more > 0).then(|| format!("        and {more} more: tidegate emergency status")));
        if self.has(&Event::Engaged) {
            lines.extend(self.runbook.iter().map(|line| format!("  also  {line}")));
        }
        let commands = self.commands();
        lines.extend(commands.iter().map(|(word, command)| format!("  {word:<4}  {command}")));
        Section {
            target: name,
            resource: String::new(),
            severity: self.severity(),
            is_worth_reporting: self.is_worth_reporting(),
            is_reported_again: false,
            state: self.state(),
            verdict,
            cause,
            paragraph: lines.join("\n"),
            commands,
            json: json!({"target": "*", "sentence": first, "outcome": "none", "emergency": self.to_json()}),
            outcome: None,
            is_unread: false,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let Counted { ref lines, pending, asked, done, failed, skipped } = self.counted;
        let targets = lines.len();
        let Some(incident) = &self.incident else { return json!({"phase": "none", "runbook": self.runbook}) };
        let Incident { profile, phase, since, until, who, why, request, .. } = incident;
        let full_capacity = self.launched_after.map(launched);
        let phase = match phase {
            _ if self.over => "restored",
            Phase::Engaging => "engaging",
            Phase::Engaged => "engaged",
            Phase::Restoring => "restoring",
        };
        json!({
            "profile": profile, "phase": phase, "since": since, "until": until, "who": who, "why": why,
            "request": request, "targets": targets, "pending": pending, "asked": asked, "done": done,
            "failed": failed, "skipped": skipped, "runbook": self.runbook, "full_capacity": full_capacity,
        })
    }
}

/// `about 3 min 20 s until every task is launched`: what comes after it, pulling the image and passing health checks, is the
/// service's own.
fn launched(after: SignedDuration) -> String {
    let seconds = after.as_secs();
    let time = match (seconds.div_euclid(60), seconds.rem_euclid(60)) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    };
    format!("about {time} until every task is launched, then their own start-up; the vCPU quota was not read")
}
