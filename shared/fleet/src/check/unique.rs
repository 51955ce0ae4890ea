//! Names and targets that may be there once only.

use std::collections::BTreeMap;

use tidegate_policy::replicas::policy::ReadRecord;

use crate::model::database::Database;
use crate::model::fleet::Service;
use crate::problem::{Code, Place, Problem, Problems};
use crate::yaml::tree::Node;

/// Names of services and databases, or of budgets, are unique.
pub(crate) fn names<'a>(nodes: impl Iterator<Item = &'a Node>, problems: &mut Problems) {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for node in nodes {
        let Some((name, place)) = node.entry("name").and_then(|name| Some((name.text()?, name.place))) else {
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
    node.entry("name")?.text()
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

/// No two databases are the same, and no two of them keep the records of one name.
pub(crate) fn databases(nodes: &[Node], databases: &[Option<Database>], problems: &mut Problems) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (node, database) in nodes.iter().zip(databases) {
        let Some(database) = database else {
            continue;
        };
        let record = database.policy().dns.as_ref().map(|ReadRecord { zone, name, ttl: _ }| {
            (format!("the record {name} in the zone {zone}"), "keeps", "give each database a name of its own")
        });
        let instance = (database.instance().to_string(), "is the entry of", "put all of it in one entry");
        for (what, does, help) in [Some(instance), record].into_iter().flatten() {
            if let Some(other) = first.get(&what) {
                let message = format!("`{other}` {does} {what} already");
                problems.push(Problem::new(Code::DuplicateTarget, node.place, message).help(help));
            } else {
                first.insert(what, database.name());
            }
        }
    }
}
