//! What a profile would set, and what AWS can deliver of it, for operators.

use jiff::SignedDuration;
use textwrap::{Options, WordSplitter};
use tidegate_policy::rule::{Span, thousands};

use super::table::{TableRow, WIDTH, listed, table};
use crate::function::{Answer, Entry};

/// What cannot be read stops nothing, and is said.
const UNKNOWN: &str = "unknown";

/// One line of the whole, a row for each target, and when full capacity runs.
pub(super) fn plan(answer: &Answer) -> String {
    let head = TableRow::head(&["now → asked", "can run", "after"], "limited by");
    let rows = answer.targets().map(row).collect();
    let whole = answer.emergency();
    let line = whole.map(|(entry, _)| entry.line() + "\n\n").unwrap_or_default();
    let full = whole.and_then(|(_, whole)| whole.full_capacity.as_deref()).unwrap_or(UNKNOWN);
    let notes = whole.and_then(|(_, whole)| whole.notes.as_deref()).unwrap_or_default();
    let notes: String = notes.iter().map(|note| note_lines(note)).collect();
    let overrides = listed("overrides in force:", answer.overrides().map(Entry::line));
    let overrides = if overrides.is_empty() { overrides } else { format!("\n{overrides}") };
    format!("{line}{}\nfull capacity: {full}\n{notes}{overrides}", table(head, rows))
}

/// What the forecast goes by, or what is unknown.
fn note_lines(note: &str) -> String {
    let options = Options::new(WIDTH).initial_indent("  ").subsequent_indent("    ");
    textwrap::fill(note, options.word_splitter(WordSplitter::NoHyphenation)) + "\n"
}

fn row(entry: &Entry) -> TableRow {
    let can_run = entry.deliverable.map_or_else(|| UNKNOWN.to_owned(), thousands);
    let limits = entry.limits.clone().unwrap_or_else(|| entry.blocked_by.iter().cloned().collect());
    let texts = limits.into_iter().chain(entry.note.clone()).collect();
    TableRow { name: entry.target.clone(), cells: vec![change(entry), can_run, after(entry)], texts }
}

/// `4 → 10`; what stays stands there once.
pub(super) fn change(entry: &Entry) -> String {
    let size = |size: Option<u32>| size.map_or_else(|| "?".to_owned(), thousands);
    match (entry.from, entry.asked) {
        (Some(from), Some(asked)) if from == asked => thousands(from),
        (from, asked) => format!("{} → {}", size(from), size(asked)),
    }
}

/// When the target runs what it is asked to, from now on.
fn after(entry: &Entry) -> String {
    match entry.at_seconds {
        Some(seconds) if seconds < 1.0 => "now".to_owned(),
        Some(seconds) => SignedDuration::try_from_secs_f64(seconds.ceil())
            .map_or_else(|_| UNKNOWN.to_owned(), |time| Span(time).to_string()),
        None => UNKNOWN.to_owned(),
    }
}
