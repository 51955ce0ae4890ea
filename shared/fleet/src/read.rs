//! A fleet file is read: text into a tree, the tree into the model, all problems at once.

use crate::check::{self, emergency::Known};
use crate::model::database::Database;
use crate::model::fleet::{Budget, Fleet, Service};
use crate::model::mode::Mode;
use crate::problem::{Code, Place, Problem, Problems};
use crate::read::service::Around;
use crate::settings::fleet::FLEET;
use crate::yaml::object::Object;
use crate::yaml::tree;

mod budget;
mod database;
pub mod effective;
pub(crate) mod condition;
mod emergency;
mod expression;
mod floor;
mod guard;
mod guarded;
pub(crate) mod hours;
mod instance_condition;
mod lag;
mod metrics;
mod mode;
mod percent;
mod queue;
mod rule;
mod service;
mod target;
mod track;
mod upgrade;
pub mod url;

/// A megabyte is a fleet of 1,000 services with 20 rules each; more is no fleet file.
pub const FILE_BYTES_MAX: usize = 1_048_576;

/// Reads a fleet file.
///
/// # Errors
/// Every problem of the file at once, in the order of the file.
pub fn parse(text: &str) -> Result<Fleet, Problems> {
    let mut problems = Problems::new();
    let fleet = read(text, &mut problems);
    let (errors, warnings) = problems.split();
    match fleet {
        Some(fleet) if errors.is_empty() => Ok(Fleet { warnings, ..fleet }),
        Some(_) | None => Err(errors),
    }
}

/// Reads a fleet file from its bytes; problems are said of `file`.
///
/// # Errors
/// Every problem of the file at once; a file that is not UTF-8 is one.
pub fn parse_bytes(file: &str, bytes: &[u8]) -> Result<Fleet, Problems> {
    let fleet = match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => Err(not_utf8(bytes, error.valid_up_to())),
    };
    fleet.map_err(|problems| problems.in_file(file))
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Problems {
    let valid = bytes.get(..valid_up_to).unwrap_or_default();
    let line_start = valid.iter().rposition(|b| *b == b'\n').map_or(0, |at| at.saturating_add(1));
    let last_line = String::from_utf8_lossy(valid.get(line_start..).unwrap_or_default());
    let place = Place {
        line: valid.split(|b| *b == b'\n').count(),
        column: last_line.chars().count().saturating_add(1),
        width: 1,
    };
    let mut problems = Problems::new();
    let problem = Problem::new(Code::NotUtf8, place, "a byte that is not UTF-8");
    problems.push(problem.help("save the file as UTF-8"));
    problems
}

/// Reads what can be read; `None` only after reporting why.
fn read(text: &str, problems: &mut Problems) -> Option<Fleet> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, above {FILE_BYTES_MAX}", text.len());
        let problem = Problem::new(Code::TooLarge, Place::START, message);
        problems.push(problem.help("split the fleet into several files"));
        return None;
    }
    // An editor's byte order mark is no text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = tree::read(text, problems)?;
    let fleet = Object::open(&root, &FLEET, problems)?;
    fleet.count("version", problems);
    let name = fleet.text("name", problems);
    let mode = fleet.choice("mode", Mode::TABLE, problems);
    let holidays = hours::holidays(&fleet, problems);
    let nodes = fleet.list("services", problems);
    let database_nodes = fleet.list("databases", problems);
    // Overrides name both.
    check::unique::names(nodes.iter().chain(database_nodes), problems);
    let databases: Vec<Option<Database>> =
        database_nodes.iter().map(|node| database::read(node, mode, problems)).collect();
    check::unique::databases(database_nodes, &databases, problems);
    let names = database_nodes.iter().filter_map(check::unique::name_of).collect();
    let around = Around { mode, holidays, databases: names };
    // With an unknown mode the services are still read, for their own problems.
    let services: Vec<Option<Service>> =
        nodes.iter().map(|node| service::read(node, &around, problems)).collect();
    check::unique::targets(nodes, &services, problems);
    check::ledger::room(nodes, &services, problems);
    check::database::used(database_nodes, nodes, problems);
    check::database::guards(nodes, &services, &databases, problems);
    let budgets: Vec<Option<Budget>> = fleet
        .list("budgets", problems)
        .iter()
        .map(|node| budget::read(node, nodes, &services, problems))
        .collect();
    check::unique::names(fleet.list("budgets", &mut Problems::new()).iter(), problems);
    let known = Known { services: &services, databases: &databases, budgets: &budgets };
    let emergency = emergency::read(&fleet, (nodes, database_nodes), known, problems);
    let mut services: Vec<Service> = services.into_iter().collect::<Option<_>>()?;
    let databases: Vec<Database> = databases.into_iter().collect::<Option<_>>()?;
    guarded::complete(&mut services, &databases);
    Some(Fleet {
        name: name?,
        mode: mode?,
        services,
        databases,
        budgets: budgets.into_iter().collect::<Option<_>>()?,
        emergency: emergency?,
        warnings: Vec::new(),
    })
}
