//! The report: one value, rendered as text for people and as JSON for machines.

mod subject;
mod target;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_policy::notice::Severity;

use crate::report::subject::Line;
pub use crate::report::subject::SUBJECT_CHARACTERS_MAX;
pub use crate::report::target::{Done, State, TargetReport};
use crate::ring::Ring;

/// What one look did, service by service.
#[derive(Debug, Clone, PartialEq)]
pub struct LookReport {
    /// The fleet's name.
    pub fleet: String,
    /// The function's concern.
    pub concern: &'static str,
    /// The function's name in AWS, under which its alarms find its metrics.
    pub function: String,
    /// The ledger's table, for the commands that keep or undo a change.
    pub ledger: String,
    /// The look's id.
    pub look: String,
    /// When it looked.
    pub at: Timestamp,
    /// What rang.
    pub rung_by: Ring,
    /// Every service looked at, in the order of the fleet file.
    pub targets: Vec<TargetReport>,
    /// What earlier looks could not report.
    pub unreported: Vec<Unreported>,
    /// News about the whole look: it failed, or it works again.
    pub alert: Option<Alert>,
}

/// News about the whole look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How much it matters.
    pub severity: Severity,
    /// What, as a sentence.
    pub text: String,
    /// The services it is about: all of the fleet.
    pub targets: Vec<String>,
}

/// A change that SNS did not take the report of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreported {
    /// How much it matters.
    pub severity: Severity,
    /// The service.
    pub target: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: the headline of its report.
    pub text: String,
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
        let news = self.news().map(TargetReport::severity);
        let late = self.unreported.iter().map(|late| late.severity);
        let alert = self.alert.iter().map(|alert| alert.severity);
        news.chain(late).chain(alert).max().unwrap_or(Severity::Info)
    }

    /// The names of the services that the report is about, each once.
    #[must_use]
    pub fn about(&self) -> Vec<&str> {
        let news = self.news().map(|target| target.target.as_str());
        let late = self.unreported.iter().map(|late| late.target.as_str());
        let alert = self.alert.iter().flat_map(|alert| alert.targets.iter().map(String::as_str));
        let mut names: Vec<&str> = news.chain(late).chain(alert).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The subject: fewer than 100 characters, one line.
    #[must_use]
    pub fn subject(&self) -> String {
        let alert = self.alert.iter().map(|alert| Line { target: None, what: alert.text.clone() });
        let news = self.by_severity().into_iter();
        let news = news.map(|it| Line { target: Some(it.target.clone()), what: it.verdict() });
        let late = self.unreported.iter().map(|late| {
            let name = format!("{}: ", late.target);
            let what = format!("earlier: {}", late.text.strip_prefix(&name).unwrap_or(&late.text));
            Line { target: Some(late.target.clone()), what }
        });
        let lines: Vec<Line> = alert.chain(news).chain(late).collect();
        let nothing = Line { target: None, what: "no news".to_owned() };
        subject::subject(&self.fleet, lines.first().unwrap_or(&nothing), lines.len().saturating_sub(1))
    }

    /// What the message is to an alerting system; `None` where nothing begins or ends.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        let alert = self.alert.iter().map(|alert| match alert.severity {
            Severity::Info => State::Resolved,
            Severity::Warning | Severity::Critical => State::Firing,
        });
        let mut states = self.news().filter_map(TargetReport::state).chain(alert);
        let first = states.next()?;
        Some(if states.all(|other| other == first) { first } else { State::Firing })
    }

    /// The text, as paragraphs: one per service, the most severe first.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        let mut parts: Vec<String> = self.alert.iter().map(|alert| alert.text.clone()).collect();
        parts.extend(self.by_severity().into_iter().map(|target| target.paragraph(self)));
        if !self.unreported.is_empty() {
            let lines = self.unreported.iter().map(|Unreported { severity: _, target: _, at, text }| {
                format!("\n  {}  {text}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
            });
            parts.push(format!("not reported before:{}", lines.collect::<String>()));
        }
        parts
    }

    /// The last line of every text: which look this was.
    #[must_use]
    pub fn signature(&self) -> String {
        let Self { fleet, concern, look, rung_by, .. } = self;
        let at = self.at.strftime("%Y-%m-%d %H:%M:%S UTC");
        format!("fleet {fleet}, {concern}, look {look} at {at}, rung by {rung_by}")
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = self.paragraphs();
        parts.push(self.signature());
        parts.join("\n\n")
    }

    fn by_severity(&self) -> Vec<&TargetReport> {
        let mut news: Vec<&TargetReport> = self.news().collect();
        news.sort_by_key(|target| std::cmp::Reverse(target.severity()));
        news
    }

    /// The answer of the function, and the body of its log line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = self.header_json();
        json["targets"] = self.targets.iter().map(TargetReport::to_json).collect();
        json
    }

    /// The same with only the services worth a report, for subscribers.
    #[must_use]
    pub fn news_json(&self) -> Value {
        let mut json = self.header_json();
        json["targets"] = self.news().map(TargetReport::to_json).collect();
        json
    }

    fn header_json(&self) -> Value {
        let Self { fleet, concern, function: _, ledger: _, look, at, rung_by, targets: _, unreported, alert } =
            self;
        let mut json = json!({
            "fleet": fleet,
            "concern": concern,
            "look": look,
            "at": at,
            "rung_by": rung_by.code(),
        });
        if let Ring::Alarm { name } = rung_by {
            json["alarm"] = name.clone().into();
        }
        if let Some(state) = self.state() {
            json["state"] = state.code().into();
        }
        if let Some(alert) = alert {
            json["alert"] = alert.text.clone().into();
        }
        if !unreported.is_empty() {
            json["unreported"] = json!(unreported);
        }
        json
    }
}
