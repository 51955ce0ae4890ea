//! A service's `guard`: the connections of a database.

use std::num::NonZeroU32;

use crate::model::database::Guard;
use crate::problem::{Code, Problem, Problems, words};
use crate::settings::database::ON_MISSING;
use crate::yaml::object::Object;
use crate::yaml::scalar::Fault;

/// Reads a service's guard; `databases` are the names of the fleet's. `None` when there is none, or after reporting why.
pub(crate) fn read(service: &Object<'_>, databases: &[&str], problems: &mut Problems) -> Option<Guard> {
    service.node("guard")?;
    let guard = service.map("guard", problems)?;
    let database = guard.text("database", problems);
    if let Some(database) = database.as_deref().filter(|name| !databases.contains(name)) {
        let message = format!("the guard names the unknown database `{database}`");
        let help = match databases {
            [] => "declare it under `databases`, at the top of the file".to_owned(),
            [_, ..] => words::meant(database, databases),
        };
        problems.push(Problem::new(Code::UnknownDatabase, guard.place_of("database"), message).help(help));
    }
    let percent = guard.parsed("connections", problems, percent);
    let per_task = guard.count("per_task", problems);
    if per_task.is_none() && guard.has("per_task") {
        return None;
    }
    let holds_on_missing = guard.choice("on_missing", &ON_MISSING, problems);
    Some(Guard {
        database: database?,
        percent: percent?,
        per_task: per_task.and_then(NonZeroU32::new),
        holds_on_missing: holds_on_missing?,
    })
}

/// `85%`: digits without a sign, a point or a leading zero.
fn percent(text: &str) -> Result<u32, Fault> {
    const RANGE: &str = "allowed: 1% to 100%";
    let digits = text.strip_suffix('%').unwrap_or(text);
    let is_plain =
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let shown = words::shortened(text);
    if !is_plain && digits != "0" {
        let help = format!("write it like `85%`; {RANGE}");
        return Err(Fault::new(Code::WrongUnit, format!("is `{shown}`, not a percentage"), help));
    }
    let number = digits.parse().ok().filter(|number| (1..=100).contains(number));
    match (number, digits.len() < text.len()) {
        (Some(number), true) => Ok(number),
        (Some(number), false) => {
            let help = format!(
                "write `{number}%`; a number of connections belongs to the database: `max_connections`; {RANGE}"
            );
            Err(Fault::new(Code::WrongUnit, format!("is `{shown}`, not a percentage"), help))
        }
        (None, _) => Err(Fault::new(Code::OutOfRange, format!("is {shown}"), RANGE)),
    }
}
