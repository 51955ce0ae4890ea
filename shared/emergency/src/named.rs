//! What a hold, a pin or a release names: a service or a database of the fleet file. Profiles and an emergency are of services.

use serde_json::{Map, Value};
use tidegate_aws::trigger::TriggerError;
use tidegate_evaluation::InvocationError;
use tidegate_fleet::{Database, Fleet, Mode, Service};
use tidegate_policy::overrides::Override;

use crate::arguments::wrong;

/// What an override speaks of.
pub(crate) enum NamedTarget<'a> {
    Service(&'a Service),
    Database(&'a Database),
}

/// The service or database of a name.
pub(crate) fn known<'a>(fleet: &'a Fleet, target: &str) -> Result<NamedTarget<'a>, InvocationError> {
    let service = fleet.service(target).map(NamedTarget::Service);
    service.or_else(|| fleet.database(target).map(NamedTarget::Database)).ok_or_else(|| {
        let services = fleet.services().iter().map(Service::name);
        let names: Vec<&str> = services.chain(fleet.databases().iter().map(Database::name)).collect();
        let what = if fleet.databases().is_empty() { "service" } else { "service or database" };
        unknown(what, target, fleet.name(), &names)
    })
}

pub(crate) fn known_or_all(fleet: &Fleet, target: &str) -> Result<(), InvocationError> {
    if target == Override::ALL { Ok(()) } else { known(fleet, target).map(|_| ()) }
}

/// Something of it is changed, and so can be held or pinned.
pub(crate) fn enforced(fleet: &Fleet, target: &str) -> Result<(), InvocationError> {
    let service = fleet.service(target).map(Service::mode);
    let database = fleet.database(target);
    let observed = service.or_else(|| database.map(Database::mode)) == Some(Mode::Observe);
    let problem = if observed {
        format!("`{target}` is in observe mode: nothing of it is changed")
    } else if database.is_some_and(|it| {
        it.policy().count.is_none() && it.policy().dns.is_none() && it.upgrade_policy().is_none()
    }) {
        format!("the replicas of `{target}` are only watched: nothing of it is changed")
    } else {
        return Ok(());
    };
    Err(TriggerError::manual(&problem).into())
}

/// A size that the fleet file allows: of a database a number of replicas, and never none.
pub(crate) fn allowed(named: &NamedTarget<'_>, size: u32) -> Result<(), InvocationError> {
    let name = match named {
        NamedTarget::Service(service) => service.name(),
        NamedTarget::Database(database) => database.name(),
    };
    let (least, most) = sizes(named)?;
    let problem = if size > most {
        format!("`size` is {size}, above {most}, the most that the fleet file allows for `{name}`")
    } else if size < least {
        format!("`size` is {size}, below {least}: the last replica of `{name}` is never removed")
    } else {
        return Ok(());
    };
    Err(TriggerError::manual(&problem).into())
}

/// What is asked for is a size at all: a whole number, of those that the fleet file allows.
pub(crate) fn whole_size(
    fleet: &Fleet,
    action: &str,
    arguments: &Map<String, Value>,
) -> Result<(), InvocationError> {
    let target = arguments.get("target").and_then(Value::as_str);
    match arguments.get("size") {
        Some(found) if found.as_u64().is_none() => {
            let sizes = target.and_then(|target| sizes(&known(fleet, target).ok()?).ok());
            let range = sizes.map(|(least, most)| format!(", {least} to {most}")).unwrap_or_default();
            Err(wrong(action, "size", found, &format!("a whole number without quotes{range}")).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The least and the most that the fleet file allows.
fn sizes(named: &NamedTarget<'_>) -> Result<(u32, u32), InvocationError> {
    match named {
        NamedTarget::Service(service) => Ok((0, service.policy().most())),
        NamedTarget::Database(database) => Ok((1, most_replicas(database)?)),
    }
}

fn most_replicas(database: &Database) -> Result<u32, InvocationError> {
    let count = database.policy().count.as_ref();
    count.map(|count| count.max).ok_or_else(|| {
        let name = database.name();
        let problem = format!(
            "`{name}` has no number of replicas to pin: the fleet file has neither `min` nor `max` of its `replicas`"
        );
        TriggerError::manual(&problem).into()
    })
}

pub(crate) fn unknown(what: &str, found: &str, fleet: &str, known: &[&str]) -> InvocationError {
    let known = known.join("`, `");
    InvocationError::UnknownSubject(format!("no {what} `{found}` in fleet `{fleet}`; known: `{known}`"))
}
