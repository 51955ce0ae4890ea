//! What an operator asks for in this evaluation.

use jiff::Timestamp;

use crate::reading::Absence;
use crate::upgrades::ends::outcome;
use crate::upgrades::memory::{ClassRequest, UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::turn::ClassAsked;

/// Takes what is asked for into the memory, or tells why not.
pub(crate) fn ask(scene: &UpgradeScene<'_>, asked: Option<&ClassAsked>, memory: &mut UpgradeMemory) {
    let class = &scene.main().class;
    // Somebody has done what was asked for.
    if memory.change.is_none() && memory.request.as_ref().is_some_and(|request| request.to == *class) {
        memory.request = None;
    }
    let Some(asked) = asked else { return };
    let wanted = match asked {
        ClassAsked::To(request) => Some(request.clone()),
        ClassAsked::Next(request) => {
            next(scene).map(|to| ClassRequest { to: to.to_owned(), ..request.clone() })
        }
        ClassAsked::Withdraw => None,
    };
    if let Some(change) = &memory.change {
        let to = wanted.map_or_else(|| change.to.clone(), |request| request.to);
        let why = format!("the change of {} to {} is under way", change.instance, change.to);
        return memory.tell(outcome(scene, &to, UpgradeEnd::Refused, why));
    }
    if *asked == ClassAsked::Withdraw {
        if let Some(request) = memory.request.take() {
            memory.planned = None;
            memory.tell(outcome(scene, &request.to, UpgradeEnd::Withdrawn, String::new()));
        }
        return;
    }
    let Some(request) = wanted else {
        let why = format!("{class} is the largest of `classes`, or not one of them");
        return memory.tell(outcome(scene, "the next class", UpgradeEnd::Refused, why));
    };
    let is_known = scene.policy.ladder.as_ref().is_some_and(|ladder| ladder.place(&request.to).is_some());
    let why = if request.to == *class {
        "it has that class"
    } else if is_known {
        memory.request = Some(request);
        return;
    } else {
        "it is not one of `classes` in the fleet file"
    };
    memory.tell(outcome(scene, &request.to, UpgradeEnd::Refused, why.to_owned()));
}

/// RDS could not be read: a class is not asked for, and the withdrawal of one needs no reading.
pub(crate) fn unread(
    database: &str,
    asked: &ClassAsked,
    absence: &Absence,
    memory: &mut UpgradeMemory,
    now: Timestamp,
) {
    let tell = |to: &str, end: UpgradeEnd, detail: String| UpgradeOutcome {
        instance: database.to_owned(),
        from: "its class".to_owned(),
        to: to.to_owned(),
        end,
        at: now,
        began: now,
        detail,
    };
    let refused = |to: &str| tell(to, UpgradeEnd::Refused, format!("RDS could not be read ({absence})"));
    match asked {
        ClassAsked::To(request) => memory.tell(refused(&request.to)),
        ClassAsked::Next(_) => memory.tell(refused("the next class")),
        ClassAsked::Withdraw => {
            if let Some(request) = memory.request.take_if(|_| memory.change.is_none()) {
                memory.planned = None;
                memory.tell(tell(&request.to, UpgradeEnd::Withdrawn, String::new()));
            }
        }
    }
}

/// The next larger class.
fn next<'a>(scene: &UpgradeScene<'a>) -> Option<&'a str> {
    let ladder = scene.policy.ladder.as_ref()?;
    let next = ladder.place(&scene.main().class)?.checked_add(1)?;
    ladder.classes.get(next).map(String::as_str)
}
