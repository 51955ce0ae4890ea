//! A hold, a pin or a release in a report.

use serde_json::json;
use tidegate_aws::report::{Section, headline};
use tidegate_policy::Severity;
use tidegate_policy::overrides::{Override, OverrideKind};

use crate::words;

/// A row that comes into force, ends, or is in force.
#[derive(Debug)]
pub struct Row {
    pub(crate) row: Override,
    /// Its time is over.
    pub(crate) ended: bool,
    /// It is only shown.
    pub(crate) in_force: bool,
}

impl Row {
    pub(crate) fn section(&self) -> Section {
        let Override { target, kind, since: _, until: _, who, why, request } = &self.row;
        let name = if target == Override::ALL { "all targets" } else { target };
        let verdict = if self.ended { format!("override ended: {kind}") } else { words::of_row(&self.row) };
        let cause = format!("{why} ({who})");
        let first = headline(name, &verdict, Some(&cause));
        let request = request.as_ref().map(|id| format!("\n  who   {who}, request id {id} in CloudTrail"));
        let undo = match kind {
            OverrideKind::Release => None,
            _ if self.ended => None,
            _ => Some(format!("tidegate release {}", shell_word(target))),
        };
        let undo_line = undo.as_ref().map(|line| format!("\n  undo  {line}")).unwrap_or_default();
        Section {
            target: target.clone(),
            resource: String::new(),
            severity: Severity::Info,
            is_worth_reporting: !self.in_force,
            is_reported_again: false,
            state: None,
            verdict,
            cause: Some(cause),
            paragraph: format!("{first}{}{undo_line}", request.unwrap_or_default()),
            commands: undo.into_iter().map(|line| ("undo", line)).collect(),
            json: json!({
                "target": target,
                "action": words::action(*kind),
                "override": self.row,
                "ended": self.ended,
                "outcome": if self.in_force || self.ended { "none" } else { "applied" },
                "sentence": first,
            }),
            outcome: None,
            is_unread: false,
        }
    }
}

fn shell_word(target: &str) -> String {
    if target == Override::ALL { "'*'".to_owned() } else { target.to_owned() }
}
