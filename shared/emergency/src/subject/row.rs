//! A hold, a pin or a release in a report.

use serde_json::json;
use tidegate_aws::report::{Section, headline};
use tidegate_policy::Severity;
use tidegate_policy::emergency::decision::Correction;
use tidegate_policy::overrides::{Override, OverrideKind};

use crate::words;

/// A row that comes into force, ends, or is in force.
#[derive(Debug)]
pub struct Row {
    pub(crate) asked: Override,
    pub(crate) is: RowState,
    /// Its size with its unit, if it has one.
    pub(crate) size: String,
    /// After a release: what is in force for its target all the same, and the command that ends it.
    pub(crate) left: Vec<(String, String)>,
}

/// What there is to say of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowState {
    /// It comes into force.
    Begins,
    /// Its time is over.
    Ended,
    /// It is in force, as it was before.
    InForce,
}

impl Row {
    pub(crate) fn section(&self) -> Section {
        let Override { target, kind, since: _, until: _, who, why, request } = &self.asked;
        let name = if target == Override::ALL { "all targets" } else { target };
        let verdict = if self.is == RowState::Ended {
            format!("override ended: {kind}")
        } else {
            words::of_row(&self.asked, &self.size, &self.left)
        };
        let cause = format!("{why} ({who})");
        let first = headline(name, &verdict, Some(&cause));
        let request = request.as_ref().map(|id| format!("\n  who   {who}, request id {id} in CloudTrail"));
        let can_be_undone = *kind != OverrideKind::Release && self.is != RowState::Ended;
        let undo = can_be_undone.then(|| ("undo", release(target)));
        let ends = self.left.iter().map(|(_, command)| ("end", command.clone()));
        let commands: Vec<(&'static str, String)> = undo.into_iter().chain(ends).collect();
        let mut paragraph = format!("{first}{}", request.unwrap_or_default());
        for (word, line) in &commands {
            paragraph = format!("{paragraph}\n  {word:<4}  {line}");
        }
        Section {
            target: target.clone(),
            resource: String::new(),
            severity: Severity::Info,
            is_worth_reporting: self.is != RowState::InForce,
            is_reported_again: false,
            state: None,
            verdict,
            cause: Some(cause),
            paragraph,
            commands,
            json: json!({
                "target": target,
                "action": words::action(*kind),
                "override": self.asked,
                "ended": self.is == RowState::Ended,
                "outcome": if self.is == RowState::Begins { "applied" } else { "none" },
                "sentence": first,
            }),
            outcome: None,
            is_unread: false,
        }
    }
}

/// The command that ends the rows of a target.
pub(crate) fn release(target: &str) -> String {
    let word = if target == Override::ALL { "'*'" } else { target };
    format!("tidegate release {word}")
}

/// What someone wrote into the table by hand, beyond what anyone may ask for.
pub(crate) fn corrected(target: &str, what: Correction) -> Section {
    let name = if target == Override::ALL { "all targets" } else { target };
    let (verdict, cause) = ("override corrected".to_owned(), words::of_correction(what));
    let first = headline(name, &verdict, Some(&cause));
    Section {
        target: target.to_owned(),
        resource: String::new(),
        severity: Severity::Warning,
        is_worth_reporting: true,
        is_reported_again: false,
        state: None,
        verdict,
        cause: Some(cause),
        paragraph: first.clone(),
        commands: Vec::new(),
        json: json!({"target": target, "outcome": "none", "sentence": first}),
        outcome: None,
        is_unread: false,
    }
}
