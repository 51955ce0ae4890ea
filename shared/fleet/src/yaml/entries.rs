//! The entries of a list or of a table: how many there may be, and what a table's names can be.

use crate::problem::{Code, Place, Problem, Problems, words};
use crate::settings::shape::ValueKind;
use crate::yaml::scalar::{self, WrittenScalar};
use crate::yaml::tree::{Key, Node, Value};

/// The entries of a table from names to values, each name checked; `key` is what messages call the table.
pub(crate) fn table<'a>(
    node: &'a Node,
    key: &str,
    kind: &'static ValueKind,
    problems: &mut Problems,
) -> Vec<(&'a Key, &'a Node)> {
    let ValueKind::Table { key: names, min, max, .. } = kind else {
        return Vec::new();
    };
    let Value::Map(entries) = &node.value else {
        if !matches!(node.value, Value::Refused) {
            let message = format!("`{key}` must be a mapping, found {}", found(node));
            problems.push(Problem::new(Code::WrongShape, node.place, message));
        }
        return Vec::new();
    };
    report_length(key, node.place, entries.len(), (*min, *max), problems);
    let mut read = Vec::new();
    for (name, value) in entries {
        match scalar::text(&WrittenScalar::plain(&name.text), names) {
            Ok(_) => read.push((name, value)),
            Err(fault) => problems.push(fault.at(name.place, &format!("the name in `{key}`"))),
        }
    }
    read
}

/// Reports a list or table that has more or fewer entries than allowed.
pub(crate) fn report_length(
    key: &str,
    place: Place,
    len: usize,
    (min, max): (usize, usize),
    problems: &mut Problems,
) {
    if !(min..=max).contains(&len) {
        let message = format!("`{key}` has {}", words::count(len, "entry", "entries"));
        let problem = Problem::new(Code::WrongLength, place, message);
        problems.push(problem.help(format!("allowed: {min} to {max}")));
    }
}

/// What stands there instead, for messages.
pub(crate) fn found(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) if scalar.text.is_empty() => "nothing".to_owned(),
        Value::Scalar(scalar) => format!("`{}`", words::shortened(&scalar.text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
        Value::Refused => "something else".to_owned(),
    }
}
