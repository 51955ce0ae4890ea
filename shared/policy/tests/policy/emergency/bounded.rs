//! How much is remembered of an emergency, and how far the table is believed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_policy::emergency::decide::decide;
use tidegate_policy::emergency::decision::{Correction, Event};
use tidegate_policy::emergency::incident::Snapshot;
use tidegate_policy::emergency::request::{Member, Request, Turn};
use tidegate_policy::emergency::restore::Owner;
use tidegate_policy::emergency::target::Change::{Register, SetCapacity, Suspend};
use tidegate_policy::emergency::target::{Process, Suspended};
use tidegate_policy::overrides::Override;
use tidegate_policy::overrides::OverrideKind::Pin;

use crate::emergency::{World, asker, exactly, flags, raise, restore, scalable, scaled};
use crate::stage::seconds;

fn engaged() -> World {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    world
}

fn row(target: &str, size: u32, since: Option<Timestamp>, until: Timestamp) -> Override {
    let (who, why) = ("mallory".to_owned(), "by hand".to_owned());
    Override { target: target.to_owned(), kind: Pin(size), since, until, who, why, request: None }
}

#[test]
fn what_is_set_twice_is_remembered_once_and_of_much_the_newest_16() {
    let mut api = engaged().targeted("api").clone();
    let bounds = scalable(1, 4, flags(false, false, false));
    for _ in 0..2 {
        api.intend(&SetCapacity(12));
        api.intend(&Register(bounds));
        api.intend(&Suspend(vec![Process::ScheduledActions, Process::AlarmNotification]));
    }
    assert_eq!((api.sizes.clone(), api.registered.clone()), (vec![10, 12], vec![bounds]));
    assert_eq!(api.suspended, Process::ALL);
    for size in 100..200 {
        api.intend(&SetCapacity(size));
        api.intend(&Register(scalable(size, size, Suspended::ALL)));
    }
    assert_eq!(api.sizes, (184..200).collect::<Vec<u32>>());
    assert_eq!(api.registered.iter().map(|it| it.min).collect::<Vec<_>>(), api.sizes);
}

#[test]
fn an_emergency_has_two_thousand_targets_at_most() {
    let mut world = engaged();
    let incident = world.memory.incident.as_mut().unwrap();
    let api = incident.targets["api"].clone();
    incident.targets.extend((0..5_000).map(|number| (format!("t{number}"), api.clone())));
    world.memory.believe(100, world.now);
    assert_eq!(world.incident().targets.len(), 2_000);
}

/// What a row of `size` for `target` counts as, where the file allows 5 tasks of `worker` and 50 of `api`.
fn counted(target: &str, size: u32) -> Option<Event> {
    let mut world = World::shop();
    world.memory.rows = vec![row(target, size, Some(world.now), world.now + seconds(600))];
    let member = |name, most| Member { name, observe: false, most, owner: Owner::Unmanaged };
    let (members, seen) = ([member("api", 50), member("worker", 5)], BTreeMap::new());
    let (id, invocation, lasting) = ("e1", "first", seconds(22));
    let turn = Turn { id, invocation, now: world.now, lasting, members: &members, seen: &seen };
    decide(&world.memory, &Request::Tick, turn).events.pop()
}

#[test]
fn a_row_counts_up_to_what_the_file_allows_of_its_own_target() {
    let corrected = |target: &str, found, most| {
        Some(Event::Corrected { target: target.to_owned(), what: Correction::Size { found, most } })
    };
    assert_eq!(counted("worker", 5), None);
    assert_eq!(counted("worker", 6), corrected("worker", 6, 5));
    assert_eq!(counted("api", 50), None);
    assert_eq!(counted("api", 51), corrected("api", 51, 50));
    assert_eq!(counted("*", 50), None, "as much as the largest may have");
    assert_eq!(counted("*", 51), corrected("*", 51, 50));
    assert_eq!(counted("gone", 4_000_000), None, "nothing has that name");
}

#[test]
fn the_end_of_a_row_that_was_never_in_force_is_reported_too() {
    let mut world = World::shop();
    let undated = row("api", 7, None, world.now + seconds(120));
    world.memory.rows = vec![undated.clone()];
    assert_eq!(world.minutes(1), []);
    assert_eq!(world.minutes(2), [Event::RowEnded(undated)]);
}

#[test]
fn bounds_that_were_suspended_as_a_whole_and_changed_by_hand_meanwhile_are_not_the_emergencys() {
    let off = scalable(2, 50, Suspended::ALL);
    let mut world = World::new(&[("worker", scaled(38, off))]);
    let request = world.engage("shed", &[("worker", exactly(5))], "alice");
    world.evaluate(&request);
    let by_hand = scalable(1, 9, Suspended::ALL);
    world.sight_mut("worker").scalable = Some(by_hand);
    world.minutes(1);
    let found = world.targeted("worker").snapshot.as_ref().and_then(|it| it.scalable);
    assert_eq!(found, Some(off), "what was found first is kept");
    let work = &world.evaluate(&restore()).work[0];
    assert_eq!((work.changes.as_slice(), work.kept.as_slice()), (&[SetCapacity(38)][..], &[][..]));
}

#[test]
fn a_snapshot_of_just_as_much_as_the_file_allows_is_not_limited() {
    let mut world = engaged();
    let mut from = world.incident().targets.clone();
    from.get_mut("api").unwrap().snapshot = Some(Snapshot { desired: 50, scalable: None, at: None });
    world.memory.incident = None;
    let work = &world.evaluate(&Request::Restore { asker: asker("bob"), from }).work[0];
    assert_eq!((work.to, work.limit), (50, None));
}
