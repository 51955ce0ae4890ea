//! One database in a report, in words and in JSON.

mod asked;
mod evaluated;
mod json;
mod seen;
mod words;

use tidegate_aws::report::{Header, Section, headline};

pub use crate::database::evaluated::DatabaseReport;

impl DatabaseReport {
    /// Its part of the report.
    #[must_use]
    pub fn section(&self, header: &Header) -> Section {
        let is_worth_reporting = self.is_worth_reporting(header.at);
        Section {
            target: self.name.clone(),
            resource: self.resource.id().to_owned(),
            severity: self.severity(),
            is_worth_reporting,
            is_reported_again: self.observe || self.begins(header.at).is_none(),
            state: self.state(),
            verdict: self.verdict(header.at),
            cause: self.cause(header.at),
            paragraph: if is_worth_reporting { self.paragraph(header) } else { String::new() },
            commands: self.commands(header),
            json: self.to_json(header.at),
            outcome: self.outcome(),
            is_unread: self.seen.instances.is_err(),
        }
    }

    /// The whole paragraph: decision, seen, why, notes, done, and the commands that keep or undo it.
    fn paragraph(&self, header: &Header) -> String {
        let now = header.at;
        let verdict = self.verdict(now);
        let mut lines = vec![headline(&self.name, &verdict, self.cause(now).as_deref())];
        for (index, line) in seen::in_words(&self.seen, now).into_iter().enumerate() {
            lines.push(format!("  {:<4}  {line}", if index == 0 { "seen" } else { "" }));
        }
        for (index, reason) in self.decision.reasons.iter().enumerate() {
            lines.push(format!("  {:<4}  {reason}", if index == 0 { "why" } else { "" }));
        }
        lines.extend(self.decision.notices.iter().map(|notice| format!("  note  {notice}")));
        lines.extend(self.done(now).into_iter().map(|done| format!("  done  {done}")));
        lines.extend(self.without_pin(now).map(|note| format!("  note  {note}")));
        lines.extend(self.commands(header).iter().map(|(word, command)| format!("  {word:<4}  {command}")));
        lines.join("\n")
    }
}
