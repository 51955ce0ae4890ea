//! A service's `guard`: the connections of a database.

use std::num::NonZeroU32;

use tidegate_policy::{ConnectionGuard, MetricName};

use crate::model::built_in::DATABASE_CONNECTIONS;
use crate::problem::{Code, Problem, Problems, words};
use crate::settings::guard::ON_MISSING;
use crate::yaml::object::Object;
use crate::yaml::scalar::Fault;

/// Reads a service's guard; `databases` are the names of the fleet's. How many connections there are, and who shares them, is
/// completed by [`guarded`](crate::read::guarded). `None` when there is none, or after reporting why.
pub(crate) fn read(
    service: &Object<'_>,
    databases: &[&str],
    problems: &mut Problems,
) -> Option<ConnectionGuard> {
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
    let on_missing = guard.choice("on_missing", &ON_MISSING, problems);
    Some(ConnectionGuard {
        database: database?,
        metric: MetricName::new(DATABASE_CONNECTIONS)?,
        percent: percent?,
        max_connections: None,
        per_task: per_task.and_then(NonZeroU32::new),
        sharers: NonZeroU32::MIN,
        on_missing: on_missing?,
    })
}

/// `85%`: digits without a sign, a point or a leading zero.
fn percent(text: &str) -> Result<u32, Fault> {
    const RANGE: &str = "allowed: 1% to 100%";
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let shown = words::shortened(text);
    let Some(digits) = text.strip_suffix('%').filter(|digits| is_number(digits)) else {
        let help = if is_number(text) {
            format!("write a share as `85%`; a number belongs to the database, as `max_connections`; {RANGE}")
        } else {
            format!("write it like `85%`; {RANGE}")
        };
        return Err(Fault::new(Code::BadText, format!("is `{shown}`, not a percentage"), help));
    };
    let number = digits.parse().ok().filter(|number| (1..=100).contains(number));
    match number {
        Some(_) if digits.starts_with('0') => {
            let help = format!("leave the leading zero out; {RANGE}");
            Err(Fault::new(Code::BadText, format!("is `{shown}`, not a percentage"), help))
        }
        Some(number) => Ok(number),
        None => Err(Fault::new(Code::OutOfRange, format!("is {shown}"), RANGE)),
    }
}
