//! One database in a report, in words and in JSON.

mod evaluated;
mod commands;
mod json;
mod seen;
mod words;

use tidegate_aws::report::{Header, Section, headline};

pub use crate::database::evaluated::UpgradeReport;

impl UpgradeReport {
    /// Its part of the report.
    #[must_use]
    pub fn section(&self, header: &Header) -> Section {
        let is_worth_reporting = self.is_worth_reporting();
        Section {
            target: self.name.clone(),
            resource: self.resource.id().to_owned(),
            severity: self.severity(),
            is_worth_reporting,
            // The memory keeps what happened until operators know it.
            is_reported_again: true,
            state: self.state(),
            verdict: self.verdict(),
            cause: self.cause(),
            paragraph: if is_worth_reporting { self.paragraph(header) } else { String::new() },
            commands: self.commands(header),
            json: self.to_json(header.at),
            outcome: self.outcome(),
            is_unread: self.seen.instances.is_err(),
        }
    }

    /// The whole paragraph: decision, seen, why, notes, done, and the commands that undo it or try it again.
    fn paragraph(&self, header: &Header) -> String {
        let commands = self.commands(header);
        let mut lines = vec![headline(&self.name, &self.verdict(), self.cause().as_deref())];
        for (index, line) in seen::in_words(&self.seen, header.at).into_iter().enumerate() {
            lines.push(format!("  {:<4}  {line}", if index == 0 { "seen" } else { "" }));
        }
        for (index, reason) in self.decision.reasons.iter().enumerate() {
            lines.push(format!("  {:<4}  {reason}", if index == 0 { "why" } else { "" }));
        }
        lines.extend(self.plan().map(|plan| format!("  plan  {plan}")));
        lines.extend(self.decision.notices.iter().map(|notice| format!("  note  {notice}")));
        lines.push(format!("  done  {}", self.done()));
        lines.extend(self.next(&commands).map(|next| format!("  next  {next}")));
        lines.extend(commands.iter().map(|(word, command)| format!("  {word:<4}  {command}")));
        lines.join("\n")
    }
}
