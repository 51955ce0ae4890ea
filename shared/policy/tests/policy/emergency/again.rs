//! What is asked for once more, and what is remembered of who asked for what.

use tidegate_policy::emergency::decision::Event;
use tidegate_policy::emergency::engage::Size;
use tidegate_policy::emergency::incident::{FAILURES_AT_ONCE, Overrides, Progress, Targeted};
use tidegate_policy::emergency::request::{Engage, Request};
use tidegate_policy::overrides::Override;

use crate::emergency::{World, asker, exactly, raise, restore, seen};
use crate::stage::seconds;

/// `api` raised from 2 to 10 by alice, at work for the invocation `first`.
fn engaged() -> World {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    world
}

fn lasting(world: &World, passing: i64) -> Request {
    let sizes = vec![("api".to_owned(), raise(10))];
    let until = world.now + seconds(passing);
    Request::Engage(Engage {
        profile: "max".to_owned(),
        named: vec![],
        ignore_budgets: false,
        sizes,
        replicas: vec![],
        until,
        asker: asker("alice"),
    })
}

#[test]
fn only_another_size_is_to_be_set_again_while_the_target_is_not_seen() {
    let cases: [(Size, Progress); 3] =
        [(raise(10), Progress::Set), (raise(11), Progress::Pending), (exactly(10), Progress::Pending)];
    for (size, expected) in cases {
        let mut world = engaged();
        world.seen.clear();
        let again = world.engage("max", &[("api", size)], "bob");
        world.evaluate(&again);
        assert_eq!(world.progress("api"), expected, "{size:?}");
    }
}

#[test]
fn who_asks_again_and_who_ends_it_are_remembered_with_their_requests() {
    let mut world = engaged();
    let again = world.engage("max", &[("api", raise(12))], "carol");
    world.evaluate(&again);
    let incident = world.incident();
    assert_eq!((incident.who.as_str(), incident.request.as_deref()), ("carol", Some("request of carol")));
    let mut ending = asker("bob");
    ending.why = "launch day is over".to_owned();
    world.evaluate(&Request::Restore { asker: ending, from: [].into() });
    let incident = world.incident();
    assert_eq!((incident.who.as_str(), incident.why.as_str()), ("bob", "launch day is over"));
    assert_eq!(incident.request.as_deref(), Some("request of bob"));
}

#[test]
fn an_emergency_that_is_ended_by_hand_ended_at_that_moment() {
    let mut world = engaged();
    world.wait(600).evaluate(&restore());
    assert_eq!(world.incident().until, world.now);
}

#[test]
fn one_that_is_asked_for_after_the_end_of_the_one_before_lasts_from_then_on() {
    let mut world = engaged();
    let begun = world.incident().since;
    world.wait(600);
    let longer = world.engage("max", &[("api", raise(10))], "bob");
    world.evaluate(&longer);
    assert_eq!(world.incident().since, begun);
    world.intend(&restore());
    world.release();
    world.wait(600);
    let again = lasting(&world, 60);
    world.evaluate(&again);
    assert_eq!((world.incident().since, world.incident().until), (world.now, world.now + seconds(60)));
}

#[test]
fn all_running_is_said_again_of_an_emergency_that_grew() {
    let mut world = engaged();
    assert_eq!(world.minutes(2), [Event::Complete]);
    let larger = world.engage("max", &[("worker", raise(20))], "bob");
    world.evaluate(&larger);
    assert_eq!(world.minutes(2), [Event::Complete]);
}

#[test]
fn what_failed_is_tried_at_once_when_it_is_asked_for_again_while_another_invocation_works() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    let work = world.intend(&request).work;
    for _ in 0..FAILURES_AT_ONCE {
        world.settle(&work[0], false);
    }
    world.invocation = "second";
    let again = world.engage("max", &[("api", raise(10))], "bob");
    assert_eq!(world.intend(&again).work, [], "the first one makes changes now");
    assert_eq!(world.targeted("api").failures, 0);
}

#[test]
fn how_often_a_change_failed_is_written() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    let work = world.intend(&request).work;
    world.settle(&work[0], false);
    let written = serde_json::to_string(&world.memory).expect("it can be written");
    let read: Overrides = serde_json::from_str(&written).expect("it can be read");
    assert_eq!(read.incident.expect("it was written").targets["api"].failures, 1);
}

#[test]
fn only_an_emergency_of_more_than_20_minutes_has_a_reminder() {
    for (length, is_reminded) in [(1200, false), (1260, true)] {
        let mut world = World::shop();
        let request = lasting(&world, length);
        world.evaluate(&request);
        assert_eq!(world.minutes(19).contains(&Event::EndsSoon), is_reminded, "{length} s");
    }
}

#[test]
fn the_longest_emergency_of_the_largest_size_is_never_corrected() {
    let mut world = World::shop();
    let until = world.now + Override::LONGEST;
    let sizes = vec![("api".to_owned(), raise(50))];
    let request = Request::Engage(Engage {
        profile: "max".to_owned(),
        named: vec![],
        ignore_budgets: false,
        sizes,
        replicas: vec![],
        until,
        asker: asker("alice"),
    });
    world.evaluate(&request);
    assert_eq!((world.minutes(2), world.incident().until), (vec![Event::Complete], until));
}

/// `worker` was put back, an emergency of `api` alone goes on, and someone sets `worker` to what the first one set.
fn put_back_and_set_by_hand() -> World {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10)), ("worker", raise(20))], "alice");
    world.evaluate(&request);
    world.intend(&restore());
    world.release();
    let again = world.engage("max", &[("api", raise(12))], "carol");
    world.evaluate(&again);
    assert_eq!((world.desired("worker"), world.progress("worker")), (2, Progress::Restored));
    world.seen.insert("worker".to_owned(), Ok(seen(20)));
    world
}

#[test]
fn what_was_put_back_is_not_put_back_again_at_the_end() {
    let mut world = put_back_and_set_by_hand();
    world.evaluate(&restore());
    world.minutes(1);
    assert_eq!((world.desired("worker"), world.desired("api")), (20, 2));
}

#[test]
fn what_was_put_back_is_not_put_back_again_by_the_same_saved_snapshot() {
    let mut world = put_back_and_set_by_hand();
    let from = [("worker".to_owned(), world.targeted("worker").clone())].into();
    world.evaluate(&Request::Restore { asker: asker("bob"), from });
    assert_eq!((world.desired("worker"), world.desired("api")), (20, 2));
}

/// What a restore puts `api` back to that found 10 at `known` seconds, with a saved snapshot of 2 found at `said` seconds.
fn put_back_to(known: i64, said: i64) -> u32 {
    let snapshot = |desired: u32, passing: i64| {
        let mut world = World::new(&[("api", seen(desired))]);
        world.wait(passing);
        let request = world.engage("max", &[("api", raise(15))], "bob");
        world.evaluate(&request);
        world
    };
    let saved: Targeted = snapshot(2, said).targeted("api").clone();
    let mut world = snapshot(10, known);
    let from = [("api".to_owned(), saved)].into();
    world.evaluate(&Request::Restore { asker: asker("bob"), from });
    world.desired("api")
}

#[test]
fn of_two_snapshots_the_earlier_one_is_put_back_and_of_the_same_moment_that_of_the_ledger() {
    assert_eq!(put_back_to(60, 0), 2);
    assert_eq!(put_back_to(60, 120), 10);
    assert_eq!(put_back_to(60, 60), 10);
}
