//! What an event asks for, checked against the fleet file: no class is asked for that the file does not allow.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_aws::trigger::{EVALUATE, PLAN, Trigger, TriggerError};
use tidegate_evaluation::{InvocationError, Selection};
use tidegate_fleet::{Database, Fleet, Mode};
use tidegate_policy::one_line;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::ClassRequest;

use crate::databases::of;

/// The action that asks for a class.
pub const UPGRADE: &str = "upgrade";
/// The action that takes back what was asked for.
pub const WITHDRAW: &str = "withdraw";
/// The class above the one that the database has.
pub const NEXT: &str = "next";

/// Who asks and why are shown in reports: one line each.
const WHO_CHARACTERS: usize = 64;
const WHY_CHARACTERS: usize = 300;

/// What an event asks for, of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedClass {
    /// The database.
    pub database: String,
    /// What is asked for.
    pub asked: ClassAsked,
}

/// `upgrade`, and `plan` of one class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpgradeArguments {
    database: String,
    to: String,
    #[serde(default)]
    now: bool,
    #[serde(default)]
    snapshot: bool,
    reason: Option<String>,
    who: Option<String>,
}

/// `withdraw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawArguments {
    database: String,
    reason: Option<String>,
    who: Option<String>,
}

/// The databases that an event is about, in the order of the fleet file.
///
/// # Errors
/// As [`asked`]; and the name of a database that has neither `classes` nor `storage`.
pub fn select<'a>(fleet: &'a Fleet, trigger: &Trigger) -> Result<Vec<&'a Database>, InvocationError> {
    if let Some(asked) = asked(fleet, trigger, None, Timestamp::UNIX_EPOCH)? {
        return Ok(of(fleet).filter(|database| database.name() == asked.database).collect());
    }
    let kind = "with `classes` or `storage`";
    let selection = Selection { key: "databases", one: "database", kind, fleet: fleet.name() };
    selection.of(trigger, of(fleet), Database::name)
}

/// What may be asked for by name.
pub(crate) const ACTIONS: [&str; 4] = [UPGRADE, WITHDRAW, PLAN, EVALUATE];

/// The class that an event asks for, or takes back; none where it only triggers. `request` is the request id of the invocation.
///
/// # Errors
/// An unknown action or argument, a database that has no `classes`, or a class that is not one of them: what was found, and what is
/// allowed.
pub fn asked(
    fleet: &Fleet,
    trigger: &Trigger,
    request: Option<&str>,
    now: Timestamp,
) -> Result<Option<AskedClass>, InvocationError> {
    let Trigger::Manual { action, arguments } = trigger else { return Ok(None) };
    let names_one = arguments.contains_key("database") || arguments.contains_key("to");
    match action.as_str() {
        UPGRADE => class(fleet, UPGRADE, arguments, request, now).map(Some),
        // As the shortest event says it: `{"database": "main", "to": "next"}`.
        EVALUATE if names_one => class(fleet, UPGRADE, arguments, request, now).map(Some),
        PLAN if names_one => class(fleet, PLAN, arguments, request, now).map(Some),
        EVALUATE | PLAN => Ok(None),
        WITHDRAW => {
            let WithdrawArguments { database, reason, who } = read(WITHDRAW, arguments)?;
            enforced(with_classes(fleet, &database)?)?;
            let (who, why) = (who_asks(who), why_asked(reason));
            Ok(Some(AskedClass { database, asked: ClassAsked::Withdraw { who, why } }))
        }
        other => {
            let known = ACTIONS.join("`, `");
            Err(TriggerError::manual(&format!("unknown action `{other}`; known are `{known}`")).into())
        }
    }
}

/// A class of the ladder. A plan of one is answered in observe mode too.
fn class(
    fleet: &Fleet,
    action: &str,
    arguments: &Map<String, Value>,
    request: Option<&str>,
    at: Timestamp,
) -> Result<AskedClass, InvocationError> {
    let UpgradeArguments { database, to, now, snapshot, reason, who } = read(action, arguments)?;
    let known = with_classes(fleet, &database)?;
    if action != PLAN {
        enforced(known)?;
    }
    let classes = classes(known).unwrap_or_default();
    if to != NEXT && !classes.contains(&to) {
        let allowed = classes.join("`, `");
        let problem = format!("`to` is `{to}`; allowed for `{database}`: `{NEXT}`, `{allowed}`");
        return Err(TriggerError::manual(&problem).into());
    }
    let is_next = to == NEXT;
    let asked = ClassRequest {
        // The decision knows the class that the instance has.
        from: String::new(),
        to: if is_next { String::new() } else { to },
        now,
        snapshot,
        at,
        who: who_asks(who),
        why: why_asked(reason),
        request: request.map(str::to_owned),
    };
    let asked = if is_next { ClassAsked::Next(asked) } else { ClassAsked::To(asked) };
    Ok(AskedClass { database, asked })
}

/// A database that has a ladder.
fn with_classes<'a>(fleet: &'a Fleet, name: &str) -> Result<&'a Database, InvocationError> {
    let have: Vec<&Database> =
        fleet.databases().iter().filter(|database| classes(database).is_some()).collect();
    have.iter().find(|database| database.name() == name).copied().ok_or_else(|| {
        let known: Vec<&str> = have.iter().map(|database| database.name()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) };
        let fleet = fleet.name();
        InvocationError::UnknownSubject(format!(
            "no database `{name}` with `classes` in fleet `{fleet}`; known: {known}"
        ))
    })
}

fn classes(database: &Database) -> Option<&[String]> {
    Some(&database.upgrade_policy()?.ladder.as_ref()?.classes)
}

fn enforced(database: &Database) -> Result<(), InvocationError> {
    if database.mode() == Mode::Enforce {
        return Ok(());
    }
    let name = database.name();
    let problem = format!(
        "`{name}` is in observe mode: nothing of it is changed; {{\"action\": \"{PLAN}\", \"database\": \"{name}\", \
         \"to\": \"{NEXT}\"}} says what would be done"
    );
    Err(TriggerError::manual(&problem).into())
}

/// The arguments of an action.
fn read<'a, T: Deserialize<'a>>(
    action: &str,
    arguments: &'a Map<String, Value>,
) -> Result<T, InvocationError> {
    T::deserialize(arguments).map_err(|error| TriggerError::manual(&format!("`{action}`: {error}")).into())
}

fn who_asks(who: Option<String>) -> String {
    line(who, "operator", WHO_CHARACTERS)
}

fn why_asked(reason: Option<String>) -> String {
    line(reason, "no reason given", WHY_CHARACTERS)
}

/// A text on one line, or what stands for none.
fn line(text: Option<String>, none: &str, characters_max: usize) -> String {
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = text.map(words).filter(|text| !text.is_empty()).unwrap_or_else(|| none.to_owned());
    one_line(&mut text, characters_max);
    text
}
