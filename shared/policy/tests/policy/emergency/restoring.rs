//! How an emergency ends.

use std::collections::BTreeMap;

use tidegate_policy::emergency::decision::{Event, Skip};
use tidegate_policy::emergency::engage::Limit;
use tidegate_policy::emergency::incident::{Phase, Progress};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::emergency::restore::{Kept, Owner};
use tidegate_policy::emergency::target::Suspended;
use tidegate_policy::{Absence, AbsenceKind, OtherAutoscaler};

use crate::emergency::{
    World, asker, engaged, exactly, flags, raise, restore, scalable, scaled, seen, sizes,
};

fn is_restored(event: &Event) -> bool {
    event.as_restored().is_some()
}

#[test]
fn what_was_found_is_put_back_and_the_emergency_is_over() {
    let mut world = engaged();
    assert_eq!(world.evaluate(&restore()).events, [Event::Restoring { expired: false }]);
    assert_eq!(sizes(&world), (2, 2));
    assert!(world.incident().is_unfinished(), "that it is over is still to be said");
    let last = world.evaluate(&Request::Resume).events;
    assert!(last.iter().any(is_restored) && world.memory.incident.is_none());
}

#[test]
fn it_ends_by_itself_at_its_time_and_no_earlier() {
    let mut world = engaged();
    world.wait(7199);
    assert!(!world.evaluate(&Request::Tick).events.contains(&Event::Restoring { expired: true }));
    world.wait(1);
    assert!(world.evaluate(&Request::Tick).events.contains(&Event::Restoring { expired: true }));
    assert_eq!(sizes(&world), (2, 2));
}

#[test]
fn ending_it_twice_puts_back_once() {
    let mut world = engaged();
    world.evaluate(&restore());
    let again = world.evaluate(&restore());
    assert_eq!(again.work, []);
    assert!(!again.events.iter().any(|event| matches!(event, Event::Restoring { .. })));
    let none = world.evaluate(&restore());
    assert_eq!((none.work, none.events, none.overrides.incident), (vec![], vec![], None));
}

#[test]
fn an_emergency_during_the_restore_raises_what_is_put_back_and_keeps_what_was_found() {
    let mut world = engaged();
    world.seen.remove("worker");
    world.evaluate(&restore());
    assert_eq!((world.progress("api"), world.progress("worker")), (Progress::Restored, Progress::Set));
    world.seen.insert("worker".to_owned(), Ok(seen(20)));
    let again = world.engage("max", &[("api", raise(10)), ("worker", raise(20))], "alice");
    world.evaluate(&again);
    world.minutes(1);
    assert_eq!(sizes(&world), (10, 20));
    let found = |name| world.targeted(name).snapshot.as_ref().map(|it| it.desired);
    assert_eq!((found("api"), found("worker")), (Some(2), Some(2)));
    world.evaluate(&restore());
    world.minutes(1);
    assert_eq!((sizes(&world), &world.memory.incident), ((2, 2), &None));
}

#[test]
fn what_was_raised_while_the_end_was_asked_for_is_put_back() {
    let mut world = World::shop();
    let max = world.engage("max", &[("api", raise(10))], "alice");
    let work = world.intend(&max).work;
    world.invocation = "second";
    world.intend(&restore());
    world.invocation = "first";
    world.apply(&work[0]);
    world.settle(&work[0], true);
    assert_eq!(world.incident().phase, Phase::Restoring);
    assert_ne!(world.progress("api"), Progress::Restored, "it was raised, not put back");
    world.release();
    world.minutes(2);
    assert_eq!((world.desired("api"), &world.memory.incident), (2, &None));
}

#[test]
fn what_was_put_back_while_another_emergency_was_asked_for_is_raised_again() {
    let mut world = engaged();
    let work = world.intend(&restore()).work;
    world.invocation = "second";
    let again = world.engage("max", &[("api", raise(10)), ("worker", raise(20))], "carol");
    world.intend(&again);
    world.invocation = "first";
    for work in &work {
        world.apply(work);
        world.settle(work, true);
    }
    assert_eq!(world.progress("api"), Progress::Pending);
    world.release();
    world.evaluate(&Request::Resume);
    assert_eq!(sizes(&world), (10, 20));
}

#[test]
fn what_was_set_by_hand_meanwhile_stays_and_is_reported() {
    let mut world = engaged();
    world.sight_mut("api").service.desired_count = 7;
    let decision = world.evaluate(&restore());
    assert_eq!(decision.work[0].kept, [Kept::Capacity { desired: 7 }]);
    world.minutes(1);
    assert_eq!((sizes(&world), &world.memory.incident), ((7, 2), &None));
}

#[test]
fn where_nothing_is_to_be_changed_the_emergency_is_over_at_once() {
    let mut world = engaged();
    world.sight_mut("api").service.desired_count = 7;
    world.sight_mut("worker").service.desired_count = 7;
    let decision = world.evaluate(&restore());
    assert_eq!(decision.work.len(), 2);
    assert!(decision.events.iter().any(is_restored) && world.memory.incident.is_none());
}

#[test]
fn services_with_rules_are_left_to_them() {
    let mut world = engaged();
    world.owner = Owner::Rules { min: 2 };
    let decision = world.evaluate(&restore());
    assert_eq!((decision.work, sizes(&world)), (vec![], (10, 20)));
    assert_eq!(world.memory.incident, None);
}

#[test]
fn a_target_that_is_deleted_or_left_the_file_is_skipped_and_reported() {
    let mut world = World::new(&[("api", seen(2)), ("worker", seen(2)), ("batch", seen(2))]);
    let sizes = [("api", raise(10)), ("worker", raise(20)), ("batch", raise(3))];
    let request = world.engage("max", &sizes, "alice");
    world.evaluate(&request);
    world.sight_mut("api").service.active = false;
    let absence = Absence::new(AbsenceKind::NotFound, "DescribeServices: MISSING");
    world.seen.insert("worker".to_owned(), Err(absence.clone()));
    world.names.pop();
    world.seen.remove("batch");
    let decision = world.evaluate(&restore());
    let why = |name| decision.events.iter().find_map(|event| event.as_skipped(name)).cloned();
    assert!(matches!(why("api"), Some(Skip::Refused(_))), "ECS shows a deleted service for a while");
    assert_eq!(why("worker"), Some(Skip::NotFound(absence)));
    assert_eq!(why("batch"), Some(Skip::NotInFleet));
    assert_eq!((decision.work, &world.memory.incident), (vec![], &None));
}

#[test]
fn what_was_changed_before_it_came_to_be_left_alone_is_put_back_all_the_same() {
    let mut world = engaged();
    world.observed = Some("api");
    world.minutes(1);
    assert_eq!(world.progress("api"), Progress::Skipped);
    world.evaluate(&restore());
    world.minutes(1);
    assert_eq!(sizes(&world), (2, 2));
}

#[test]
fn bounds_are_not_forgotten_where_application_auto_scaling_cannot_be_read() {
    let found = scalable(2, 50, flags(false, false, false));
    let mut world = World::new(&[("worker", scaled(38, found))]);
    let request = world.engage("shed", &[("worker", exactly(5))], "alice");
    world.evaluate(&request);
    let shown = world.sight("worker").clone();
    let hidden = world.sight_mut("worker");
    hidden.scalable = None;
    hidden.service.constraints.other_autoscaler = OtherAutoscaler::Unknown(crate::stage::refused());
    assert_eq!(world.evaluate(&restore()).work, []);
    world.minutes(3);
    assert_eq!(world.incident().phase, Phase::Restoring);
    world.seen.insert("worker".to_owned(), Ok(shown));
    world.minutes(2);
    assert_eq!((world.sight("worker").scalable, &world.memory.incident), (Some(found), &None));
}

#[test]
fn what_fails_again_and_again_waits_for_the_next_minute_and_is_then_put_back() {
    let mut world = engaged();
    let request = restore();
    world.intend(&request);
    for _ in 0..3 {
        for work in world.intend(&Request::Resume).work {
            world.settle(&work, false);
        }
    }
    assert_eq!(world.intend(&Request::Resume).work, []);
    assert!(!world.incident().is_unfinished());
    world.release();
    world.minutes(2);
    assert_eq!((sizes(&world), &world.memory.incident), ((2, 2), &None));
}

#[test]
fn what_no_ledger_remembers_is_put_back_from_what_the_answer_said() {
    let before = engaged();
    let mut world = World::shop();
    world.seen = before.seen.clone();
    let from = before.incident().targets.clone();
    world.evaluate(&Request::Restore { asker: asker("bob"), from });
    assert_eq!(sizes(&world), (2, 2));
    world.minutes(1);
    assert_eq!(world.memory.incident, None);
    let none = Request::Restore { asker: asker("bob"), from: BTreeMap::new() };
    assert_eq!(world.evaluate(&none).work, []);
}

/// A restore of both, of which only `api` was put back before an emergency of `api` alone is asked for.
fn engaged_amid_a_restore() -> World {
    let mut world = engaged();
    let work = world.intend(&restore()).work;
    world.apply(&work[0]);
    world.settle(&work[0], true);
    world.release();
    let again = world.engage("max", &[("api", raise(12))], "carol");
    world.evaluate(&again);
    world
}

#[test]
fn an_emergency_in_the_middle_of_a_restore_puts_back_what_it_does_not_ask_for() {
    let mut world = engaged_amid_a_restore();
    assert_eq!((sizes(&world), world.incident().phase), ((12, 2), Phase::Engaged));
    assert_eq!(world.progress("worker"), Progress::Restored);
    world.evaluate(&restore());
    world.minutes(2);
    assert_eq!((sizes(&world), &world.memory.incident), ((2, 2), &None));
}

#[test]
fn what_is_put_back_beside_an_emergency_is_held_by_no_function_and_tried_until_it_is_done() {
    let mut world = engaged();
    world.intend(&restore());
    world.release();
    world.seen.remove("worker");
    let again = world.engage("max", &[("api", raise(12))], "carol");
    world.evaluate(&again);
    assert_eq!(world.progress("worker"), Progress::Ending);
    assert!(world.incident().is_unfinished() && world.memory.of("worker").is_empty());
    world.seen.insert("worker".to_owned(), Ok(seen(20)));
    world.evaluate(&Request::Resume);
    assert_eq!((sizes(&world), world.progress("worker")), ((12, 2), Progress::Restored));
    assert!(!world.incident().is_unfinished());
}

#[test]
fn saved_snapshots_beside_an_emergency_add_what_the_ledger_does_not_know_and_the_first_find_counts() {
    // Engaged while the ledger was down: the answer alone has what was found.
    let saved = engaged().incident().targets.clone();
    let mut world = World::new(&[("api", seen(10)), ("worker", seen(20))]);
    world.wait(600);
    let again = world.engage("max", &[("api", raise(15))], "bob");
    world.evaluate(&again);
    assert_eq!(world.targeted("api").snapshot.as_ref().map(|it| it.desired), Some(10));
    let decision = world.evaluate(&Request::Restore { asker: asker("bob"), from: saved.clone() });
    let expected = [Event::TakenIn { added: 1, known: 1 }, Event::Restoring { expired: false }];
    assert_eq!(decision.events, expected);
    assert_eq!(sizes(&world), (2, 2), "as it was before the first of the two");
    world.minutes(1);
    assert_eq!(world.memory.incident, None);
}

#[test]
fn an_earlier_snapshot_that_is_given_in_the_middle_of_a_restore_is_put_back_too() {
    let saved = engaged().incident().targets.clone();
    let mut world = World::new(&[("api", seen(10)), ("worker", seen(20))]);
    world.wait(600);
    let again = world.engage("max", &[("api", raise(15)), ("worker", raise(30))], "bob");
    world.evaluate(&again);
    world.seen.remove("worker");
    world.evaluate(&restore());
    assert_eq!((world.desired("api"), world.progress("api")), (10, Progress::Restored));
    world.seen.insert("worker".to_owned(), Ok(seen(30)));
    let request = Request::Restore { asker: asker("bob"), from: saved.clone() };
    world.evaluate(&request);
    assert_eq!(sizes(&world), (2, 2), "as it was before the first of the two");
    world.evaluate(&request);
    assert_eq!(world.memory.incident, None, "what is known already is put back once");
}

#[test]
fn an_earlier_snapshot_of_what_a_restore_left_alone_is_put_back_once_it_can_be() {
    let saved = engaged().incident().targets.clone();
    let mut world = World::new(&[("api", seen(10)), ("worker", seen(20))]);
    world.wait(600);
    let again = world.engage("max", &[("api", raise(15)), ("worker", raise(30))], "bob");
    world.evaluate(&again);
    world.seen.remove("worker");
    world.sight_mut("api").service.active = false;
    world.evaluate(&restore());
    assert_eq!(world.progress("api"), Progress::Skipped);
    world.sight_mut("api").service.active = true;
    world.evaluate(&Request::Restore { asker: asker("bob"), from: saved });
    assert_eq!((world.desired("api"), world.progress("api")), (2, Progress::Restored));
}

/// `worker` is shed to 5 by an evaluation that cannot reach the ledger, which then takes that in.
fn shed_without_the_ledger(mut world: World) -> World {
    world.wait(600);
    let known = world.memory.incident.take();
    let request = world.engage("shed", &[("worker", exactly(5))], "bob");
    world.evaluate(&request);
    let carried = world.memory.incident.take().expect("it was engaged");
    world.memory.incident = known;
    world.memory.incident.as_mut().expect("the ledger has one").adopt(carried);
    world.evaluate(&Request::Resume);
    assert_eq!(world.desired("worker"), 5, "what was asked for last counts");
    world
}

#[test]
fn what_was_made_without_the_ledger_counts_and_is_put_back_to_what_was_found_first() {
    let mut world = shed_without_the_ledger(engaged());
    world.minutes(1);
    assert_eq!(sizes(&world), (10, 5));
    let decision = world.evaluate(&restore());
    assert!(decision.work.iter().all(|work| work.kept.is_empty()), "nothing was changed by hand");
    assert_eq!(sizes(&world), (2, 2));
}

#[test]
fn what_was_put_back_already_is_found_anew_without_the_ledger_too() {
    let mut world = engaged_amid_a_restore();
    world.sight_mut("worker").service.desired_count = 3;
    let mut world = shed_without_the_ledger(world);
    world.evaluate(&restore());
    assert_eq!(sizes(&world), (2, 3));
}

#[test]
fn no_snapshot_puts_back_more_than_the_fleet_file_allows() {
    const MANY: u32 = 4_000_000;
    for (desired, min, put_back) in [(MANY, MANY, (50, 50)), (MANY, 2, (50, 2)), (4, MANY, (50, 50))] {
        let mut world = World::new(&[("api", scaled(10, scalable(10, 10, Suspended::ALL)))]);
        let mut from = engaged().incident().targets.clone();
        from.remove("worker");
        let api = from.get_mut("api").unwrap();
        let snapshot = api.snapshot.as_mut().unwrap();
        (snapshot.desired, snapshot.scalable) = (desired, Some(scalable(min, MANY, Suspended::ALL)));
        api.registered = vec![scalable(10, 10, Suspended::ALL)];
        let decision = world.evaluate(&Request::Restore { asker: asker("mallory"), from });
        let bounds = world.sight("api").scalable.unwrap();
        assert_eq!((world.desired("api"), bounds.min), put_back, "{desired} {min}");
        assert_eq!(decision.work[0].limit, Some(Limit::FleetFile(50)), "{desired} {min}");
    }
}
