//! What the function answers: the value as it came, and what the command reads of it.

use serde::Deserialize;
use serde_json::Value;

/// An answer, for machines and as it was understood.
#[derive(Debug)]
pub(crate) struct Answer {
    /// As it came.
    pub(crate) value: Value,
    read: AnswerRead,
}

#[derive(Debug, Deserialize)]
struct AnswerRead {
    fleet: String,
    dropped: Option<bool>,
    errors: Option<Vec<String>>,
    targets: Vec<Entry>,
}

/// What was answered of one target, or of the whole fleet (`*`).
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) target: String,
    pub(crate) sentence: Option<String>,
    outcome: Option<String>,
    /// Of an override: `hold`, `pin`, `release`, `min`, `max`.
    action: Option<String>,
    pub(crate) from: Option<u32>,
    pub(crate) asked: Option<u32>,
    pub(crate) running: Option<u32>,
    pub(crate) state: Option<String>,
    pub(crate) blocked_by: Option<String>,
    /// What it takes, or what becomes of it.
    pub(crate) note: Option<String>,
    pub(crate) deliverable: Option<u32>,
    pub(crate) limits: Option<Vec<String>>,
    pub(crate) at_seconds: Option<f64>,
    /// Of an override: the commands that end what keeps it from having its way.
    end: Option<Vec<String>>,
    emergency: Option<Emergency>,
}

/// What was answered of the emergency as a whole.
#[derive(Debug, Deserialize)]
pub(crate) struct Emergency {
    pub(crate) targets: Option<u32>,
    pub(crate) pending: Option<u32>,
    pub(crate) done: Option<u32>,
    pub(crate) failed: Option<u32>,
    pub(crate) full_capacity: Option<String>,
    pub(crate) notes: Option<Vec<String>>,
    pub(crate) runbook: Option<Vec<String>>,
    /// What is to be known before it is ended.
    pub(crate) undo_note: Option<String>,
}

impl Answer {
    pub(crate) fn read(value: Value) -> Result<Self, serde_json::Error> {
        Ok(Self { read: AnswerRead::deserialize(plainly(value.clone()))?, value })
    }

    pub(crate) fn fleet(&self) -> &str {
        &self.read.fleet
    }

    /// Another invocation wrote first, and this one did nothing.
    pub(crate) fn is_dropped(&self) -> bool {
        self.read.dropped == Some(true)
    }

    /// What failed beside the targets: a report that could not be sent, for example.
    pub(crate) fn errors(&self) -> &[String] {
        self.read.errors.as_deref().unwrap_or_default()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.read.targets
    }

    /// The entry of the whole fleet, and what it says of the emergency.
    pub(crate) fn emergency(&self) -> Option<(&Entry, &Emergency)> {
        self.entries().iter().find_map(|entry| Some((entry, entry.emergency.as_ref()?)))
    }

    /// The targets that the emergency is about.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Entry> {
        self.entries().iter().filter(|entry| entry.emergency.is_none() && entry.action.is_none())
    }

    /// The overrides.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = &Entry> {
        self.entries().iter().filter(|entry| entry.action.is_some())
    }

    /// Whether a target was not brought to where it was asked to be.
    pub(crate) fn has_failed(&self) -> bool {
        self.entries().iter().any(Entry::has_failed)
            || self.emergency().is_some_and(|(_, whole)| whole.failed.unwrap_or(0) > 0)
    }

    /// How many targets are still to be asked.
    pub(crate) fn pending(&self) -> usize {
        let said = self.emergency().and_then(|(_, whole)| whole.pending);
        let counted = self.targets().filter(|entry| entry.is("pending")).count();
        said.and_then(|said| usize::try_from(said).ok()).unwrap_or(counted)
    }

    /// Whether nothing will change by waiting: nothing is pending, and what does not run yet is blocked.
    pub(crate) fn is_settled(&self) -> bool {
        let moves = |entry: &Entry| entry.is("asked") && entry.blocked_by.is_none();
        self.pending() == 0 && !self.targets().any(moves)
    }
}

/// Without characters that would move a terminal's cursor: the reason of an override is any text.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The same of everything in a value.
fn plainly(value: Value) -> Value {
    match value {
        Value::String(text) => plain(&text).into(),
        Value::Array(values) => values.into_iter().map(plainly).collect(),
        Value::Object(keys) => keys.into_iter().map(|(key, value)| (key, plainly(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

impl Entry {
    pub(crate) fn has_failed(&self) -> bool {
        let failed = ["failed", "unknown", "too-late"];
        self.is("failed") || self.outcome.as_deref().is_some_and(|outcome| failed.contains(&outcome))
    }

    /// The commands that end what keeps an override from having its way, without the command's name.
    pub(crate) fn ends(&self) -> impl Iterator<Item = &str> {
        self.end.iter().flatten().filter_map(|command| command.strip_prefix("tidegate "))
    }

    fn is(&self, state: &str) -> bool {
        self.state.as_deref() == Some(state)
    }

    /// The line to show of it.
    pub(crate) fn line(&self) -> String {
        match (&self.sentence, &self.outcome) {
            (Some(sentence), _) => sentence.clone(),
            (None, Some(outcome)) => format!("{}: {outcome}", self.target),
            (None, None) => self.target.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(targets: &Value) -> Answer {
        Answer::read(json!({ "fleet": "shop", "targets": targets })).expect("it is an answer")
    }

    #[test]
    fn it_is_settled_when_waiting_would_change_nothing() {
        let of = |state: &str, blocked: Value| {
            answer(&json!([{ "target": "api", "state": state, "blocked_by": blocked }])).is_settled()
        };
        assert!(!of("pending", Value::Null) && !of("pending", json!("quota")));
        assert!(!of("asked", Value::Null) && of("asked", json!("quota")));
        assert!(of("done", Value::Null) && of("skipped", Value::Null) && of("failed", Value::Null));
        assert!(answer(&json!([])).is_settled());
    }

    #[test]
    fn what_the_whole_says_counts_beside_its_targets() {
        let whole = |failed: u32, pending: u32| {
            answer(&json!([{ "target": "*", "emergency": { "failed": failed, "pending": pending } }]))
        };
        assert!(whole(1, 0).has_failed() && !whole(0, 0).has_failed());
        assert_eq!((whole(0, 3).pending(), whole(0, 0).pending()), (3, 0));
        for outcome in ["failed", "unknown", "too-late"] {
            assert!(answer(&json!([{ "target": "api", "outcome": outcome }])).has_failed(), "{outcome}");
        }
        assert!(!answer(&json!([{ "target": "api", "outcome": "applied" }])).has_failed());
    }

    #[test]
    fn what_is_shown_moves_no_cursor_and_what_is_for_machines_is_as_it_came() {
        let answer = answer(&json!([{ "target": "api", "sentence": "api: held (\u{1b}[2J\nfree)" }]));
        assert_eq!(answer.entries()[0].line(), "api: held ( [2J free)");
        assert_eq!(answer.value["targets"][0]["sentence"], "api: held (\u{1b}[2J\nfree)");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for value in
            [Value::Null, json!({}), json!({ "fleet": "shop" }), json!({ "fleet": "shop", "targets": [{}] })]
        {
            assert!(Answer::read(value.clone()).is_err(), "{value}");
        }
    }
}
