//! The report: one value, rendered as text for operators and as JSON for machines.

pub mod section;
mod subject;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_policy::Severity;

pub use crate::place::AccountAndRegion;
pub use crate::report::section::{AlertState, Section, headline};
pub use crate::report::subject::SUBJECT_CHARACTERS_MAX;
use crate::report::subject::SubjectLine;
use crate::trigger::Trigger;

/// The format of answers, log lines, activities and messages. It changes when a key or an attribute of today gets another
/// meaning, or goes.
pub const FORMAT: u64 = 1;

/// Which evaluation it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The fleet's name.
    pub fleet: String,
    /// The function's concern.
    pub concern: &'static str,
    /// The function's name in AWS, under which its alarms find its metrics.
    pub function: String,
    /// The account and Region that it evaluates, as far as known.
    pub place: Option<AccountAndRegion>,
    /// The evaluation's id.
    pub evaluation: String,
    /// When it evaluated.
    pub at: Timestamp,
    /// What triggered.
    pub trigger: Trigger,
    /// The request id of the invocation, by which CloudTrail names its principal.
    pub request: Option<String>,
}

/// What one evaluation did, target by target.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationReport {
    /// Which evaluation it was.
    pub header: Header,
    /// Every target evaluated, in the order of the fleet file.
    pub sections: Vec<Section>,
    /// What earlier evaluations could not report.
    pub unreported: Vec<Unreported>,
    /// A report about the whole evaluation: scaling is paused, or resumed.
    pub alert: Option<Alert>,
    /// A metric that only this concern has, in its log line.
    pub metric: Option<(&'static str, u32)>,
}

/// A report about the whole evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How much it matters.
    pub severity: Severity,
    /// What, in a few words.
    pub text: String,
    /// The one cause of it.
    pub cause: String,
    /// Why, in full.
    pub because: Option<String>,
    /// The services it is about: all of the fleet.
    pub targets: Vec<String>,
}

impl Alert {
    /// What, and the one cause, in one line.
    fn headline(&self) -> String {
        format!("{}: {}", self.text, self.cause)
    }
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

impl EvaluationReport {
    /// An evaluation of which there is nothing to say yet.
    #[must_use]
    pub fn empty(header: Header) -> Self {
        Self { header, sections: Vec::new(), unreported: Vec::new(), alert: None, metric: None }
    }

    /// The targets worth a report.
    pub fn worth_reporting(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.is_worth_reporting)
    }

    /// Whether there is anything to report.
    #[must_use]
    pub fn is_worth_reporting(&self) -> bool {
        self.worth_reporting().next().is_some() || !self.unreported.is_empty() || self.alert.is_some()
    }

    /// The most severe of what it reports.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let worth_reporting = self.worth_reporting().map(|section| section.severity);
        let late = self.unreported.iter().map(|late| late.severity);
        let alert = self.alert.iter().map(|alert| alert.severity);
        worth_reporting.chain(late).chain(alert).max().unwrap_or(Severity::Info)
    }

    /// The names of the targets that the report is about, each once.
    #[must_use]
    pub fn about(&self) -> Vec<&str> {
        let worth_reporting = self.worth_reporting().map(|target| target.target.as_str());
        let late = self.unreported.iter().map(|late| late.target.as_str());
        let alert = self.alert.iter().flat_map(|alert| alert.targets.iter().map(String::as_str));
        let mut names: Vec<&str> = worth_reporting.chain(late).chain(alert).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The subject: fewer than 100 characters, one line.
    #[must_use]
    pub fn subject(&self) -> String {
        let alert = self.alert.iter().map(|alert| SubjectLine {
            target: None,
            what: alert.text.clone(),
            cause: Some(alert.cause.clone()),
        });
        let worth_reporting = self.by_severity().into_iter().map(|section| SubjectLine {
            target: Some(section.target.clone()),
            what: section.verdict.clone(),
            cause: section.cause.clone(),
        });
        let late = self.unreported.iter().map(|late| {
            let name = format!("{}: ", late.target);
            let what = format!("reported late: {}", late.text.strip_prefix(&name).unwrap_or(&late.text));
            SubjectLine { target: Some(late.target.clone()), what, cause: None }
        });
        let lines: Vec<SubjectLine> = alert.chain(worth_reporting).chain(late).collect();
        let nothing = SubjectLine { target: None, what: "nothing to report".to_owned(), cause: None };
        let more = lines.len().saturating_sub(1);
        subject::subject(&self.header.fleet, lines.first().unwrap_or(&nothing), more)
    }

    /// What the message is to an alerting system; `None` where nothing begins or ends.
    #[must_use]
    pub fn state(&self) -> Option<AlertState> {
        let alert = self.alert.iter().map(|alert| match alert.severity {
            Severity::Info => AlertState::Resolved,
            Severity::Warning | Severity::Critical => AlertState::Firing,
        });
        let mut states = self.worth_reporting().filter_map(|section| section.state).chain(alert);
        let first = states.next()?;
        Some(if states.all(|other| other == first) { first } else { AlertState::Firing })
    }

    /// The text, as paragraphs: one per target, the most severe first.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        let why = |because: &String| format!("\n  why   {because}");
        let alert = self.alert.iter();
        let mut parts: Vec<String> = alert
            .map(|alert| alert.headline() + &alert.because.as_ref().map(why).unwrap_or_default())
            .collect();
        parts.extend(self.by_severity().into_iter().map(|section| section.paragraph.clone()));
        if !self.unreported.is_empty() {
            let lines = self.unreported.iter().map(|Unreported { severity: _, target: _, at, text }| {
                format!("\n  {}  {text}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
            });
            parts.push(format!("reported late, because SNS failed earlier:{}", lines.collect::<String>()));
        }
        parts
    }

    /// The last line of every text: which evaluation this was.
    #[must_use]
    pub fn signature(&self) -> String {
        let Header { fleet, concern, place, evaluation, at, trigger, .. } = &self.header;
        let at = at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let place = place
            .as_ref()
            .map(|AccountAndRegion { account, region }| format!("account {account}, {region}, "));
        let place = place.unwrap_or_default();
        format!("fleet {fleet}, {concern}, evaluation {evaluation}, {place}{at}, trigger: {trigger}")
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = self.paragraphs();
        parts.push(self.signature());
        parts.join("\n\n")
    }

    fn by_severity(&self) -> Vec<&Section> {
        let mut worth_reporting: Vec<&Section> = self.worth_reporting().collect();
        worth_reporting.sort_by_key(|section| std::cmp::Reverse(section.severity));
        worth_reporting
    }

    /// The answer of the function, and the body of its log line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = self.header_json();
        json["targets"] = self.sections.iter().map(|section| section.json.clone()).collect();
        json
    }

    /// The same with only the targets worth a report, for subscribers.
    #[must_use]
    pub fn reported_json(&self) -> Value {
        let mut json = self.header_json();
        json["targets"] = self.worth_reporting().map(|section| section.json.clone()).collect();
        json
    }

    /// The answer to `{"action": "plan"}`: what would be done, with a table to read.
    #[must_use]
    pub fn plan(&self) -> Value {
        let mut answer = self.to_json();
        answer["zone_rules"] = tidegate_fleet::zone_rules().into();
        answer["plan"] = self.sections.iter().map(|section| section.json["sentence"].clone()).collect();
        answer
    }

    fn header_json(&self) -> Value {
        let Self { header, sections: _, unreported, alert, metric: _ } = self;
        let Header { fleet, concern, function: _, place: _, evaluation, at, trigger, request: _ } = header;
        let mut json = json!({
            "format": FORMAT,
            "fleet": fleet,
            "concern": concern,
            "evaluation": evaluation,
            "at": at,
            "trigger": trigger.code(),
        });
        if let Trigger::Alarm { name } = trigger {
            json["alarm"] = name.clone().into();
        }
        if let Some(state) = self.state() {
            json["state"] = state.code().into();
        }
        if let Some(alert) = alert {
            let because = alert.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
            json["alert"] = format!("{}{because}", alert.headline()).into();
        }
        if !unreported.is_empty() {
            json["unreported"] = json!(unreported);
        }
        json
    }
}
