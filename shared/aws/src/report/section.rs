//! One target's part of a report, as its concern writes it.

use serde_json::Value;
use tidegate_policy::Severity;

use crate::error::{CallError, Failure};

/// One target's part of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its name in the fleet file.
    pub target: String,
    /// Its name in AWS.
    pub resource: String,
    /// How much it matters.
    pub severity: Severity,
    /// It is worth a report.
    pub is_worth_reporting: bool,
    /// A later evaluation reports the same by itself, if this report does not get out: it is about a condition and not
    /// about a change.
    pub is_reported_again: bool,
    /// It opens or closes something for an alerting system.
    pub state: Option<AlertState>,
    /// What was done, in a few words, without the name: `scaled out from 5 to 10 tasks`.
    pub verdict: String,
    /// The one cause of it: `waiting 612 > 500`.
    pub cause: Option<String>,
    /// The whole text, which begins with the headline.
    pub paragraph: String,
    /// The commands that keep or undo it, each with a word on what it does.
    pub commands: Vec<(&'static str, String)>,
    /// The same for the answer, the log line and the activity.
    pub json: Value,
    /// What came of the change, if one was tried.
    pub outcome: Option<Outcome>,
    /// Nothing was seen of it.
    pub is_unread: bool,
}

impl Section {
    /// What was done to what, and the one cause, in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        headline(&self.target, &self.verdict, self.cause.as_deref())
    }
}

/// `worker: scaled out from 5 to 10 tasks: waiting 612 > 500`.
#[must_use]
pub fn headline(target: &str, verdict: &str, cause: Option<&str>) -> String {
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    format!("{target}: {verdict}{cause}")
}

/// What a report is to an alerting system, for SNS filter policies: it opens something, or closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// A condition begins, or a change failed.
    Firing,
    /// Conditions end, and none begins.
    Resolved,
}

impl AlertState {
    /// Its name in JSON and in the attribute of the message.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// AWS took it.
    Applied,
    /// AWS refused it, its answer did not arrive, or a last look showed something against it and nothing was sent.
    Failed(CallError),
    /// Its time was over before it could be sent: the process was frozen or slow.
    TooLate,
}

impl Outcome {
    /// Whether a change failed. What a last look withheld is decided anew, and is no failure.
    #[must_use]
    pub fn counts_as_failed(&self) -> bool {
        match self {
            Self::Applied => false,
            Self::Failed(error) => !matches!(error.failure, Failure::Withheld(_)),
            Self::TooLate => true,
        }
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn as_failed(&self) -> Option<&CallError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Applied | Self::TooLate => None,
        }
    }

    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Failed(error) if error.outcome_is_unknown() => "unknown",
            Self::Failed(CallError { failure: Failure::Withheld(_), .. }) => "withheld",
            Self::Failed(_) => "failed",
            Self::TooLate => "too-late",
        }
    }
}
