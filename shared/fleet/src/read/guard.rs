//! A service's `guard`: the connections of a database.

use std::num::NonZeroU32;

use tidegate_policy::{ConnectionGuard, MetricName};

use crate::model::built_in::DATABASE_CONNECTIONS;
use crate::problem::{Code, Problem, Problems, words};
use crate::read::percent;
use crate::settings::guard::ON_MISSING;
use crate::yaml::object::Object;

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
    let percent = guard.parsed("connections", problems, |text| {
        percent::parse(text, "write a share as `85%`; a number belongs to the database, as `max_connections`")
    });
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
