//! The table of settings for people, made from the settings: `tidegate check --explain` and the documentation.

use std::fmt::Write;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_policy::rule::Span;

use crate::settings::FLEET;
use crate::shape::{Kind, Presence, Setting, Shape};
use crate::words;

/// One setting as the documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands: `services[].cooldown.out`.
    pub path: String,
    /// What its value can be.
    pub value: String,
    /// What holds without it.
    pub default: String,
    /// What it sets.
    pub about: &'static str,
    /// Why that default; empty without one.
    pub reason: &'static str,
}

/// Every setting, in the order of the documentation.
#[must_use]
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    add_rows("", &FLEET, &mut rows);
    rows
}

/// The table in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut table = "| setting | value | default | what it sets |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { path, value, default, about, reason } in rows() {
        let why = if reason.is_empty() { String::new() } else { format!(" Default: {reason}.") };
        // Writing to a `String` cannot fail.
        let _ = writeln!(table, "| `{path}` | {value} | {default} | {about}{why} |");
    }
    table
}

/// The table for machines: a list of `setting`, `value`, `default`, `about`, `reason`.
#[must_use]
pub fn to_json() -> Value {
    let row = |Row { path, value, default, about, reason }| {
        json!({
            "setting": path,
            "value": value,
            "default": default,
            "about": about,
            "reason": reason,
        })
    };
    rows().into_iter().map(row).collect()
}

fn add_rows(prefix: &str, shape: &Shape, rows: &mut Vec<Row>) {
    for setting in shape.settings {
        let Setting { key, kind, presence, about } = setting;
        let (default, reason) = match presence {
            Presence::Required => ("required".to_owned(), ""),
            Presence::Optional => ("none".to_owned(), ""),
            Presence::Default { value, reason } => (shown(value), *reason),
            Presence::Later => continue,
        };
        let path = format!("{prefix}{key}");
        let default = if shape.exactly_one.iter().any(|group| group.contains(key)) {
            format!("exactly one of {}", words::list(shape.exactly_one.concat()))
        } else {
            default
        };
        rows.push(Row { path: path.clone(), value: value(kind), default, about, reason });
        match kind {
            Kind::Map(inner) => add_rows(&format!("{path}."), inner, rows),
            Kind::List { of: Kind::Map(inner), .. } => add_rows(&format!("{path}[]."), inner, rows),
            Kind::Table { value: Kind::Map(inner), .. } => {
                add_rows(&format!("{path}.NAME."), inner, rows);
            }
            Kind::Text(_)
            | Kind::Count { .. }
            | Kind::Duration { .. }
            | Kind::Boolean
            | Kind::Choice(_)
            | Kind::Amount { .. }
            | Kind::Table { .. }
            | Kind::List { .. } => {}
        }
    }
}

/// A default as it would be written; control characters as YAML escapes them.
fn shown(value: &str) -> String {
    if value.is_empty() {
        return "empty".to_owned();
    }
    let escaped: String = value
        .chars()
        .map(|c| if c.is_control() { format!("\\x{:02x}", u32::from(c)) } else { c.to_string() })
        .collect();
    format!("`{escaped}`")
}

fn value(kind: &Kind) -> String {
    match kind {
        Kind::Text(rule) => rule.allowed.to_owned(),
        Kind::Count { min, max, .. } if min == max => format!("{min}"),
        Kind::Count { min, max, unit: "" } => format!("{min} to {max}"),
        Kind::Count { min, max, unit } => format!("{min} to {max} {unit}"),
        Kind::Duration { min_seconds, max_seconds } => {
            let span = |seconds: &u32| Span(SignedDuration::from_secs(i64::from(*seconds)));
            format!("{} to {}", span(min_seconds), span(max_seconds))
        }
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Choice(allowed) => words::list(*allowed),
        Kind::Amount { max_percent, .. } => {
            format!("tasks as `5`, or percent as `10%` (up to {max_percent}%)")
        }
        Kind::Map(_) => "a mapping".to_owned(),
        Kind::Table { max, .. } => format!("a mapping from names, at most {max}"),
        Kind::List { min: 0, max, .. } => format!("a list, at most {max}"),
        Kind::List { min, max, .. } => format!("a list of {min} to {max}"),
    }
}
