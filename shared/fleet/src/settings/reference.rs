//! The table of settings for operators, made from the settings: `tidegate reference` and the documentation.

use std::fmt::Write;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_policy::rule::Span;

use crate::problem::words;
use crate::settings::fleet::FLEET;
use crate::settings::shape::{Need, Presence, Setting, Shape, ValueKind};

/// One setting as the documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
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

/// Every setting, in the order in which operators read them; mappings of one kind are written out once.
#[must_use]
pub fn rows() -> Vec<SettingRow> {
    let mut rows = Vec::new();
    add_rows("", &FLEET, &mut Vec::new(), &mut rows);
    rows
}

/// The table as lines for a terminal.
#[must_use]
pub fn plain() -> String {
    let mut table = String::new();
    for SettingRow { path, value, default, about, reason } in rows() {
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        // Writing to a `String` cannot fail.
        let _ = write!(table, "{path}\n  {about}\n  value    {value}\n  default  {default}{why}\n\n");
    }
    table
}

/// The table for machines: a list of `setting`, `value`, `default`, `about`, `reason`.
#[must_use]
pub fn to_json() -> Value {
    let row = |SettingRow { path, value, default, about, reason }| {
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

/// Adds a mapping's settings; `written` are the mappings written out already, by name, with their place.
fn add_rows(
    prefix: &str,
    shape: &Shape,
    written: &mut Vec<(&'static str, String)>,
    rows: &mut Vec<SettingRow>,
) {
    for setting in shape.settings {
        let Setting { key, kind, presence, about } = setting;
        let (default, reason) = match presence {
            Presence::Required => ("required".to_owned(), ""),
            Presence::Optional => ("none".to_owned(), ""),
            Presence::Default { value, reason } => (shown(value), *reason),
        };
        let need = shape.needs.iter().find(|need| need.keys().contains(key));
        let default = match need {
            None | Some(Need::Together { .. }) => default,
            Some(Need::ExactlyOne(keys)) => format!("one of {}", words::either(*keys)),
            Some(Need::AtLeastOne(keys)) => format!("at least one of {}", words::list(*keys)),
            Some(Need::AtMostOne(keys)) => format!("at most one of {}", words::list(*keys)),
        };
        let path = format!("{prefix}{key}");
        // What both forms of a mapping have is reported once.
        if rows.iter().any(|row| row.path == path) {
            continue;
        }
        let value = value(kind);
        let mut row = SettingRow { path: path.clone(), value, default, about, reason };
        let (below, inner) = inner_of(kind);
        let known = inner.iter().find_map(|shape| written.iter().find(|(name, _)| *name == shape.name));
        if let Some((_, place)) = known {
            row.value = format!("{}, as in `{place}`", row.value);
            rows.push(row);
            continue;
        }
        rows.push(row);
        for shape in inner {
            written.push((shape.name, path.clone()));
            add_rows(&format!("{path}{below}"), shape, written, rows);
        }
    }
}

/// The mappings within a value, and what stands between its path and their keys.
fn inner_of(kind: &'static ValueKind) -> (&'static str, Vec<&'static Shape>) {
    match kind {
        ValueKind::Map(shape) | ValueKind::TextOrMap(_, shape) => (".", vec![shape]),
        ValueKind::Forms { usual, other, by: _ } => (".", vec![usual, other]),
        ValueKind::Table { value, .. } => (".NAME.", inner_of(value).1),
        ValueKind::List { of, .. } | ValueKind::OneOrMore { of, .. } => ("[].", inner_of(of).1),
        ValueKind::Text(_)
        | ValueKind::Count { .. }
        | ValueKind::Whole
        | ValueKind::Duration { .. }
        | ValueKind::Boolean
        | ValueKind::Choice(_)
        | ValueKind::Amount { .. } => ("", Vec::new()),
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

/// What a value can be, for operators.
pub(crate) fn value(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Text(rule) => rule.allowed.to_owned(),
        ValueKind::Count { min, max, .. } if min == max => format!("{min}"),
        ValueKind::Count { min, max, unit: "" } => format!("{min} to {max}"),
        ValueKind::Count { min, max, unit } => format!("{min} to {max} {unit}"),
        ValueKind::Duration { min_seconds, max_seconds } => {
            let span = |seconds: &u32| Span(SignedDuration::from_secs(i64::from(*seconds)));
            format!("{} to {}", span(min_seconds), span(max_seconds))
        }
        ValueKind::Boolean => "`true` or `false`".to_owned(),
        ValueKind::Choice(allowed) => words::either(*allowed),
        ValueKind::Amount { max_percent, .. } => {
            format!("tasks as `5`, or percent as `10%` (up to {max_percent}%)")
        }
        ValueKind::Whole => "a whole number above zero, at most 15 digits".to_owned(),
        ValueKind::Map(_) | ValueKind::Forms { .. } => "a mapping".to_owned(),
        ValueKind::TextOrMap(rule, _) => format!("{}; or a mapping", rule.allowed),
        ValueKind::Table { min: 0, max, .. } => format!("a mapping from names, at most {max}"),
        ValueKind::Table { min, max, .. } => format!("a mapping from names, {min} to {max}"),
        ValueKind::OneOrMore { of: ValueKind::Text(rule), max } => {
            format!("{}; or a list of 1 to {max}", rule.allowed)
        }
        ValueKind::OneOrMore { max, .. } => format!("a mapping, or a list of 1 to {max}"),
        ValueKind::List { min: 0, max, .. } => format!("a list, at most {max}"),
        ValueKind::List { min, max, .. } => format!("a list of {min} to {max}"),
    }
}
