//! Rows that begin and end, and what an emergency means for the functions that scale its targets.

use tidegate_policy::emergency::decision::Event;
use tidegate_policy::emergency::incident::Progress;
use tidegate_policy::emergency::request::Request;
use tidegate_policy::overrides::OverrideKind::{Hold, Pin, Raise, Release};
use tidegate_policy::overrides::{Held, Override, OverrideKind};

use crate::emergency::{World, asker, exactly, raise, restore};
use crate::stage::seconds;

fn row(world: &World, target: &str, kind: OverrideKind, lasting: i64) -> Override {
    let asker = asker("alice");
    Override {
        target: target.to_owned(),
        kind,
        since: Some(world.now),
        until: world.now + seconds(lasting),
        who: asker.who,
        why: asker.why,
        request: asker.request,
    }
}

fn kinds(world: &World, target: &str) -> Vec<OverrideKind> {
    world.memory.of(target).iter().map(|row| row.kind).collect()
}

#[test]
fn a_row_begins_is_in_force_and_ends_and_both_are_told_once() {
    let mut world = World::shop();
    let pin = row(&world, "api", Pin(7), 600);
    let begun = world.evaluate(&Request::Row(pin.clone()));
    assert_eq!(begun.events, [Event::Row(pin.clone())]);
    assert_eq!((begun.work, kinds(&world, "api")), (vec![], vec![Pin(7)]));
    assert_eq!(world.minutes(9), []);
    assert_eq!(world.minutes(3), [Event::RowEnded(pin)]);
    assert_eq!(world.memory.rows, []);
}

#[test]
fn a_release_ends_the_rows_before_it_and_is_not_kept() {
    let mut world = World::shop();
    let hold = row(&world, "*", Hold(Held::Both), 600);
    let release = row(&world, "*", Release, 600);
    world.evaluate(&Request::Row(hold));
    assert_eq!(world.evaluate(&Request::Row(release.clone())).events, [Event::Row(release)]);
    assert_eq!(world.memory.rows, []);
    assert_eq!(world.minutes(11), [], "and nothing ends later");
}

#[test]
fn what_is_still_to_be_set_is_left_alone_by_the_other_functions() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.intend(&request);
    assert_eq!((kinds(&world, "api"), kinds(&world, "worker")), (vec![Hold(Held::Both)], vec![]));
}

#[test]
fn what_is_set_is_held_there_and_a_stated_size_exactly() {
    let mut world = World::shop();
    let request = world.engage("shed", &[("api", raise(10)), ("worker", exactly(1))], "alice");
    world.evaluate(&request);
    assert_eq!((kinds(&world, "api"), kinds(&world, "worker")), (vec![Raise(10)], vec![Pin(1)]));
    world.minutes(1);
    assert_eq!(world.progress("api"), Progress::Seen);
    assert_eq!((kinds(&world, "api"), kinds(&world, "worker")), (vec![Raise(10)], vec![Pin(1)]));
    let row = &world.memory.of("api")[0];
    assert_eq!((row.until, row.who.as_str()), (world.incident().until, "alice"));
    assert_eq!(row.why, "emergency shed: launch day");
    assert!(row.request.is_some(), "it was asked of the function, and is reported by that");
}

#[test]
fn an_emergency_is_newer_than_every_row() {
    let mut world = World::shop();
    let pin = row(&world, "api", Pin(7), 600);
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    world.evaluate(&Request::Row(pin));
    assert_eq!(kinds(&world, "api"), [Pin(7), Raise(10)]);
}

#[test]
fn what_is_being_put_back_or_left_alone_is_free() {
    let mut world = World::shop();
    world.observed = Some("worker");
    let request = world.engage("max", &[("api", raise(10)), ("worker", raise(10))], "alice");
    world.evaluate(&request);
    assert_eq!(kinds(&world, "worker"), [], "it is only observed");
    world.intend(&restore());
    assert!(world.memory.incident.is_some());
    assert_eq!(kinds(&world, "api"), []);
}

#[test]
fn a_row_that_asks_for_less_than_the_emergency_is_outranked_until_it_is_over() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10)), ("worker", exactly(5))], "alice");
    world.evaluate(&request);
    let of = |target: &str, kind: OverrideKind| world.memory.outranking(target, kind).map(|size| size.asked);
    assert_eq!((of("api", Pin(3)), of("api", Pin(10)), of("api", Pin(12))), (Some(10), None, None));
    assert_eq!((of("api", Hold(Held::ScaleIn)), of("api", Hold(Held::Both))), (None, Some(10)));
    assert_eq!((of("worker", Pin(3)), of("worker", Pin(7)), of("worker", Pin(5))), (Some(5), Some(5), None));
    assert_eq!(of("worker", Hold(Held::ScaleIn)), Some(5), "it may be lowered all the same");
    assert_eq!(of("batch", Hold(Held::Both)), None, "it is no part of it");
    world.evaluate(&restore());
    assert_eq!(world.memory.outranking("api", Pin(3)), None);
}
