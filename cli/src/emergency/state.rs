//! What came of an emergency so far, for operators.

use tidegate_policy::rule::thousands;

use super::plan::change;
use super::table::{TableRow, listed, table};
use crate::function::{Answer, Entry};

/// One line of the whole, a row for each target, the overrides, and the fleet file's own runbook.
pub(super) fn state(answer: &Answer) -> String {
    let head = TableRow::head(&["from → asked", "running", "state"], "blocked by");
    let line = answer.emergency().map_or_else(|| "no emergency".to_owned(), |(entry, _)| entry.line());
    let parts = [
        format!("{line}\n"),
        table(head, answer.targets().map(row).collect()),
        listed("overrides in force:", answer.overrides().map(Entry::line)),
        listed("runbook:", runbook(answer).iter().cloned()),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn runbook(answer: &Answer) -> &[String] {
    answer.emergency().and_then(|(_, whole)| whole.runbook.as_deref()).unwrap_or_default()
}

fn row(entry: &Entry) -> TableRow {
    let running = entry.running.map_or_else(|| "?".to_owned(), thousands);
    let state = entry.state.clone().unwrap_or_default();
    let texts = entry.blocked_by.iter().chain(&entry.note).cloned().collect();
    TableRow { name: entry.target.clone(), cells: vec![change(entry), running, state], texts }
}
