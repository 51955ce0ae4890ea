//! What an operator asks for in this evaluation.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::reading::Absence;
use crate::upgrades::ends::outcome;
use crate::upgrades::memory::{ClassRequest, UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::turn::ClassAsked;

/// What is asked for at once and has not begun after this is asked for again by who still wants it.
const BEGINS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Takes what is asked for into the memory, or tells why not.
pub(crate) fn ask(scene: &UpgradeScene<'_>, asked: Option<&ClassAsked>, memory: &mut UpgradeMemory) {
    let class = &scene.main().class;
    if memory.change.is_none() {
        drop_outdated(scene, memory);
    }
    let Some(asked) = asked else { return };
    if let Some(change) = &memory.change {
        let outcome = UpgradeOutcome {
            instance: change.instance.clone(),
            from: change.from.clone(),
            to: change.to.clone(),
            snapshot: !change.snapshot.is_empty(),
            end: UpgradeEnd::GoesOn,
            at: scene.now,
            began: change.began,
            detail:
                "it is under way: it cannot be withdrawn, and another class can be asked for once it is over"
                    .to_owned(),
        };
        return memory.tell(outcome);
    }
    let wanted = match asked {
        ClassAsked::To(request) => Some(request.clone()),
        ClassAsked::Next(request) => {
            next(scene).map(|to| ClassRequest { to: to.to_owned(), ..request.clone() })
        }
        ClassAsked::Withdraw { who, why } => return withdraw(scene, memory, by(who, why)),
    };
    let Some(request) = wanted else {
        let why = format!("{class} is the largest of `classes`, or not one of them");
        return memory.tell(outcome(scene, "the next class", UpgradeEnd::Refused, why));
    };
    if request.to == *class {
        let why = "it has that class".to_owned();
        memory.tell(outcome(scene, &request.to, UpgradeEnd::Refused, why));
    } else if is_allowed(scene, &request.to) {
        memory.request = Some(ClassRequest { from: class.clone(), ..request });
    } else {
        memory.tell(outcome(scene, &request.to, UpgradeEnd::Refused, NOT_ALLOWED.to_owned()));
    }
}

const NOT_ALLOWED: &str = "it is not one of `classes` in the fleet file";

/// What was asked for and is true no more: it is done, or was asked of another class, or is not allowed any more, or has waited for too
/// long. Whoever still wants it asks again.
fn drop_outdated(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory) {
    let Some(ClassRequest { to, from, now, snapshot, at, .. }) = &memory.request else { return };
    let class = &scene.main().class;
    let (to, snapshot, mut told) = (to.clone(), *snapshot, None);
    if !is_allowed(scene, &to) {
        told = Some((UpgradeEnd::Refused, NOT_ALLOWED.to_owned()));
    } else if *class != to && !from.is_empty() && class != from {
        told = Some((UpgradeEnd::ChangedByOthers, format!("it was asked for while the class was {from}")));
    } else if *class != to && *now && since(*at, scene.now) >= BEGINS_WITHIN {
        let went_first =
            memory.first.as_ref().filter(|first| first.to == to).map(|it| it.replicas.join(", "));
        let why = match went_first {
            Some(replicas) => {
                format!("{replicas} went first, and it has not begun within an hour after that")
            }
            None => "it was asked for at once, and has not begun within an hour".to_owned(),
        };
        told = Some((UpgradeEnd::Refused, why));
    } else if *class != to {
        return;
    }
    (memory.request, memory.planned) = (None, None);
    memory.forget_the_plan_told();
    if let Some((end, why)) = told {
        memory.tell(UpgradeOutcome { snapshot, ..outcome(scene, &to, end, why) });
    }
}

/// Who took it back, and why.
fn by(who: &str, why: &str) -> String {
    format!("{who} took it back ({why})")
}

fn withdraw(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory, by: String) {
    if let Some(request) = memory.request.take() {
        memory.planned = None;
        memory.forget_the_plan_told();
        return memory.tell(outcome(scene, &request.to, UpgradeEnd::Withdrawn, by));
    }
    let why =
        "no class was asked for; what the fleet file plans is prevented by a hold of the database".to_owned();
    memory.tell(outcome(scene, "", UpgradeEnd::NothingToWithdraw, why));
}

fn is_allowed(scene: &UpgradeScene<'_>, class: &str) -> bool {
    scene.policy.ladder.as_ref().is_some_and(|ladder| ladder.place(class).is_some())
}

/// RDS could not be read: a class is not asked for, and the withdrawal of one needs no reading.
pub(crate) fn unread(
    database: &str,
    asked: &ClassAsked,
    absence: &Absence,
    memory: &mut UpgradeMemory,
    now: Timestamp,
) {
    let tell = |to: &str, snapshot: bool, end: UpgradeEnd, detail: String| UpgradeOutcome {
        instance: database.to_owned(),
        from: "its class".to_owned(),
        to: to.to_owned(),
        snapshot,
        end,
        at: now,
        began: now,
        detail,
    };
    let why = || format!("RDS could not be read ({absence})");
    let refused = |to: &str, snapshot: bool| tell(to, snapshot, UpgradeEnd::Refused, why());
    match asked {
        ClassAsked::To(request) => memory.tell(refused(&request.to, request.snapshot)),
        ClassAsked::Next(request) => memory.tell(refused("the next class", request.snapshot)),
        ClassAsked::Withdraw { who, why } => {
            if let Some(request) = memory.request.take_if(|_| memory.change.is_none()) {
                memory.planned = None;
                memory.tell(tell(&request.to, request.snapshot, UpgradeEnd::Withdrawn, by(who, why)));
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
