//! The settings that hold for one file, and where each comes from: a line of the file, a default, or other settings.

use std::fmt;

use tidegate_policy::rule::Span;

use crate::model::database::Database;
use crate::model::fleet::{Fleet, Service};
use crate::problem::{Problems, excerpt};
use crate::settings::fleet::FLEET;
use crate::settings::shape::{Presence, Setting, Shape, ValueKind};
use crate::yaml::tree::{self, Node, Scalar, Value};

/// One setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Where it stands: `services[worker].cooldown.out`.
    pub path: String,
    /// The value, as it would be written.
    pub value: String,
    /// Where that comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It stands in this line of the file.
    Line(usize),
    /// It is the default, for this reason.
    Default(&'static str),
    /// It follows from other settings.
    Derived(&'static str),
}

/// `line 12`, `default: …`, `derived: …`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Default(reason) => write!(f, "default: {reason}"),
            Self::Derived(why) => write!(f, "derived: {why}"),
        }
    }
}

/// Every setting of a valid file, in the order of the documentation.
#[must_use]
pub fn settings(text: &str, fleet: &Fleet) -> Vec<Effective> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(root) = tree::read(text, &mut Problems::new()) else { return Vec::new() };
    let mut rows = Vec::new();
    of_map("", &FLEET, &root, &mut rows);
    for service in fleet.services() {
        derive(service, &mut rows);
    }
    for database in fleet.databases() {
        derive_of_database(database, &mut rows);
    }
    rows
}

/// The settings of a mapping: those that are written, and the defaults of those that are not.
fn of_map(prefix: &str, shape: &'static Shape, node: &Node, rows: &mut Vec<Effective>) {
    for setting in shape.settings {
        let path = format!("{prefix}{}", setting.key);
        match node.entry(setting.key) {
            Some(value) => of_value(&path, &setting.kind, value, rows),
            None => of_default(&path, setting, rows),
        }
    }
}

fn of_value(path: &str, kind: &'static ValueKind, node: &Node, rows: &mut Vec<Effective>) {
    match (&node.value, kind) {
        (Value::Scalar(Scalar { text, .. }), _) => rows.push(Effective {
            path: path.to_owned(),
            value: excerpt::sayable(text),
            origin: Origin::Line(node.place.line),
        }),
        (Value::Map(_), ValueKind::Map(shape) | ValueKind::TextOrMap(_, shape)) => {
            of_map(&format!("{path}."), shape, node, rows);
        }
        (Value::Map(_), ValueKind::Forms { usual, other, by }) => {
            let is_other = by.iter().any(|key| node.entry(key).is_some());
            of_map(&format!("{path}."), if is_other { other } else { usual }, node, rows);
        }
        (Value::Map(entries), ValueKind::Table { value, .. }) => {
            for (key, node) in entries {
                of_value(&format!("{path}.{}", excerpt::sayable(&key.text)), value, node, rows);
            }
        }
        (Value::Map(_), ValueKind::OneOrMore { of, .. }) => of_value(path, of, node, rows),
        (Value::List(items), ValueKind::List { of, .. } | ValueKind::OneOrMore { of, .. }) => {
            for (index, item) in items.iter().enumerate() {
                // A service is found by its name; what has none, by its place.
                let name = item.entry("name").and_then(Node::text).map(excerpt::sayable);
                let name = name.unwrap_or_else(|| index.to_string());
                of_value(&format!("{path}[{name}]"), of, item, rows);
            }
        }
        (Value::Map(_) | Value::List(_) | Value::Refused, _) => {}
    }
}

/// What holds without the key: its default. A mapping that is left out holds its defaults if none of its keys is needed.
fn of_default(path: &str, setting: &'static Setting, rows: &mut Vec<Effective>) {
    let is_needed = |inner: &Setting| matches!(inner.presence, Presence::Required);
    match (&setting.presence, &setting.kind) {
        (Presence::Default { value, reason }, _) => rows.push(Effective {
            path: path.to_owned(),
            value: excerpt::sayable(value),
            origin: Origin::Default(reason),
        }),
        (Presence::Optional, ValueKind::Map(shape))
            if shape.needs.is_empty() && !shape.settings.iter().any(is_needed) =>
        {
            for inner in shape.settings {
                of_default(&format!("{path}.{}", inner.key), inner, rows);
            }
        }
        (Presence::Required | Presence::Optional, _) => {}
    }
}

/// A duration in its shortest form; anything else as it is.
fn in_short(value: &str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), |duration| Span(duration).to_string())
}

/// What a service has from other settings rather than from its file or a default.
fn derive(service: &Service, rows: &mut Vec<Effective>) {
    let (policy, name) = (service.policy(), service.name());
    let one_at_a_time = "one task a decision while jobs may not be interrupted (`interruptible`)";
    let by_wait = "`wait` alone needs no cooldown: it forecasts instead";
    let words = [
        ("cooldown.out", Span(policy.cooldown.scale_out).to_string(), by_wait),
        ("cooldown.in", Span(policy.cooldown.scale_in).to_string(), by_wait),
        ("largest_step.in", policy.largest_step.scale_in.to_string(), one_at_a_time),
    ];
    for (key, value, why) in words {
        let path = format!("services[{name}].{key}");
        let of_default = |row: &&mut Effective| row.path == path && matches!(row.origin, Origin::Default(_));
        if let Some(row) = rows.iter_mut().find(of_default).filter(|row| in_short(&row.value) != value) {
            (row.value, row.origin) = (value, Origin::Derived(why));
        }
    }
    let mode = service.mode().as_str();
    let most = policy.override_max.to_string();
    let entry = format!("services[{name}]");
    insert_behind(&entry, ("name", "mode", mode, OF_THE_FLEET), rows);
    insert_behind(&entry, ("capacity.max", "capacity.override_max", &most, "`max`"), rows);
}

/// Why a service or database has its mode where it writes none.
const OF_THE_FLEET: &str = "the fleet's `mode`";

/// What a database has from other settings, or from AWS.
fn derive_of_database(database: &Database, rows: &mut Vec<Effective>) {
    let entry = format!("databases[{}]", database.name());
    insert_behind(&entry, ("name", "mode", database.mode().as_str(), OF_THE_FLEET), rows);
    if database.policy().count.is_some() {
        let of_source = "RDS shows it when a replica is created";
        insert_behind(&entry, ("replicas.max", "replicas.class", "the source's class", of_source), rows);
    }
    // Without classes there are no changes, and without `storage` nothing is said of it: their defaults hold for nothing.
    let policy = database.upgrade_policy();
    let (has_classes, has_storage) =
        policy.map_or((false, false), |policy| (policy.ladder.is_some(), policy.storage.is_some()));
    for (key, has) in [("upgrade", has_classes), ("storage", has_storage)] {
        rows.retain(|row| has || !row.path.starts_with(&format!("{entry}.{key}.")));
    }
}

/// Adds what follows from other settings behind the one (`before`) that stands there, unless it is written.
fn insert_behind(
    entry: &str,
    (before, key, value, why): (&str, &str, &str, &'static str),
    rows: &mut Vec<Effective>,
) {
    let (path, before) = (format!("{entry}.{key}"), format!("{entry}.{before}"));
    let place = rows.iter().position(|row| row.path == before);
    if let Some(place) = place.filter(|_| rows.iter().all(|row| row.path != path)) {
        let row = Effective { path, value: value.to_owned(), origin: Origin::Derived(why) };
        rows.insert(place.saturating_add(1), row);
    }
}
