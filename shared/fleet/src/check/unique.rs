//! Names and targets that may be there once only.

use std::collections::BTreeMap;

use crate::model::fleet::Service;
use crate::problem::{Code, Place, Problem, Problems};
use crate::yaml::tree::{Node, Value};

/// Names of services, or of budgets, are unique.
pub(crate) fn names(nodes: &[Node], problems: &mut Problems) {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for node in nodes {
        let (Some(name), Some(place)) = (name_of(node), name_node(node).map(|node| node.place)) else {
            continue;
        };
        if let Some(first) = first.get(name) {
            let message = format!("the name `{name}` is already used in line {}", first.line);
            problems.push(Problem::new(Code::DuplicateName, place, message));
        } else {
            first.insert(name, place);
        }
    }
}

/// The name that an entry gives itself, right or wrong.
pub(crate) fn name_of(node: &Node) -> Option<&str> {
    match &name_node(node)?.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        Value::List(_) | Value::Map(_) | Value::Refused => None,
    }
}

fn name_node(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text == "name").map(|(_, node)| node),
        Value::Scalar(_) | Value::List(_) | Value::Refused => None,
    }
}

/// No two services scale the same.
pub(crate) fn targets(nodes: &[Node], services: &[Option<Service>], problems: &mut Problems) {
    // By the name alone: one group may be written with and without its monitoring.
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (node, service) in nodes.iter().zip(services) {
        let Some(service) = service else {
            continue;
        };
        let target = service.target().to_string();
        if let Some(other) = first.get(&target) {
            let message = format!("`{other}` already scales {target}");
            let problem = Problem::new(Code::DuplicateTarget, node.place, message);
            problems.push(problem.help("put all its rules in one entry"));
        } else {
            first.insert(target, service.name());
        }
    }
}
