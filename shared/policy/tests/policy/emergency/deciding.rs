//! How an emergency begins and goes on.

use tidegate_policy::emergency::decision::{Event, Skip};
use tidegate_policy::emergency::incident::{FAILURES_AT_ONCE, Phase, Progress};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::emergency::restore::{Kept, Owner};
use tidegate_policy::emergency::target::Change::{Register, SetCapacity};
use tidegate_policy::emergency::target::Suspended;
use tidegate_policy::{Absence, AbsenceKind, OtherAutoscaler};

use crate::emergency::{World, exactly, flags, raise, restore, scalable, scaled, seen};

const MAX: [(&str, tidegate_policy::emergency::engage::Size); 2] =
    [("api", raise_to(10)), ("worker", raise_to(20))];

const fn raise_to(asked: u32) -> tidegate_policy::emergency::engage::Size {
    tidegate_policy::emergency::engage::Size { asked, raise: true }
}

/// An emergency in force.
fn engaged() -> World {
    let mut world = World::shop();
    let request = world.engage("max", &MAX, "alice");
    world.evaluate(&request);
    world
}

fn not_found() -> Absence {
    Absence::new(AbsenceKind::NotFound, "DescribeServices: MISSING")
}

#[test]
fn every_target_is_raised_and_what_was_found_is_remembered_before() {
    let mut world = World::shop();
    let request = world.engage("max", &MAX, "alice");
    let decision = world.intend(&request);
    assert_eq!(decision.events, [Event::Engaged, Event::AllSet]);
    let work: Vec<_> = decision.work.iter().map(|it| (it.target.as_str(), it.changes.clone())).collect();
    assert_eq!(work, [("api", vec![SetCapacity(10)]), ("worker", vec![SetCapacity(20)])]);
    assert_eq!(world.targeted("worker").snapshot.as_ref().map(|it| it.desired), Some(2));
    assert_eq!((world.incident().id.as_str(), world.incident().who.as_str()), ("e1", "alice"));
    assert_eq!(world.progress("api"), Progress::Pending, "it was not made yet");
}

#[test]
fn the_most_important_come_first_in_the_order_of_the_file() {
    let mut world = World::new(&[("worker", seen(2)), ("api", seen(2))]);
    let request = world.engage("max", &MAX, "alice");
    let decision = world.evaluate(&request);
    assert_eq!(decision.work.iter().map(|it| it.target.as_str()).collect::<Vec<_>>(), ["worker", "api"]);
}

#[test]
fn what_was_just_set_is_looked_at_in_the_next_minute_and_not_a_moment_later() {
    let mut world = engaged();
    assert_eq!(world.progress("api"), Progress::Set);
    world.sight_mut("api").service.desired_count = 2;
    assert_eq!(world.peek(&Request::Resume).work, [], "AWS may show it only after a while");
    assert_eq!(world.peek(&Request::Tick).work.len(), 1);
}

#[test]
fn everything_that_runs_is_reported_once() {
    let mut world = engaged();
    world.sight_mut("worker").service.running_count = 12;
    assert_eq!(world.minutes(2), []);
    assert_eq!((world.progress("api"), world.progress("worker")), (Progress::Seen, Progress::Starting));
    world.sight_mut("worker").service.running_count = 20;
    assert_eq!(world.minutes(3), [Event::Complete]);
}

#[test]
fn a_second_emergency_of_the_same_profile_sets_nothing_twice_and_lasts_longer() {
    let mut world = engaged();
    let first = world.incident().clone();
    world.wait(3600);
    let again = world.engage("max", &MAX, "bob");
    let decision = world.evaluate(&again);
    assert_eq!(decision.work, []);
    let second = world.incident();
    assert_eq!((second.since, second.id.as_str()), (first.since, first.id.as_str()));
    assert!(second.until > first.until && second.who == "bob");
    assert_eq!(world.targeted("api").snapshot, first.targets["api"].snapshot);
}

#[test]
fn a_shorter_second_emergency_does_not_end_the_first_one_earlier() {
    let mut world = engaged();
    let until = world.incident().until;
    let Request::Engage(mut again) = world.engage("max", &MAX, "bob") else { unreachable!() };
    again.until = world.now + crate::stage::seconds(60);
    world.evaluate(&Request::Engage(again));
    assert_eq!(world.incident().until, until);
}

#[test]
fn a_second_profile_becomes_a_part_of_the_emergency_and_keeps_what_was_found_first() {
    let mut world = engaged();
    let shed = world.engage("shed", &[("worker", exactly(1))], "bob");
    let decision = world.evaluate(&shed);
    assert_eq!(decision.work.len(), 1);
    assert_eq!((world.desired("api"), world.desired("worker")), (10, 1));
    assert_eq!(world.targeted("worker").snapshot.as_ref().map(|it| it.desired), Some(2));
    world.evaluate(&restore());
    world.minutes(2);
    assert_eq!((world.desired("api"), world.desired("worker"), world.memory.incident), (2, 2, None));
}

#[test]
fn what_an_evaluation_set_for_an_earlier_profile_does_not_count_for_the_later_one() {
    let mut world = World::shop();
    let max = world.engage("max", &MAX, "alice");
    let work = world.intend(&max).work;
    world.invocation = "second";
    let shed = world.engage("shed", &[("worker", exactly(1))], "bob");
    assert_eq!(world.intend(&shed).work, [], "the first one makes changes now");
    world.invocation = "first";
    for work in &work {
        world.apply(work);
        world.settle(work, true);
    }
    world.release();
    assert_eq!((world.progress("api"), world.progress("worker")), (Progress::Set, Progress::Pending));
    world.evaluate(&Request::Resume);
    assert_eq!((world.desired("api"), world.desired("worker")), (10, 1));
}

#[test]
fn while_another_invocation_makes_changes_none_is_made_until_its_time_is_over() {
    let mut world = World::shop();
    let request = world.engage("max", &MAX, "alice");
    world.intend(&request);
    world.invocation = "second";
    assert_eq!(world.wait(21).peek(&Request::Tick).work, []);
    assert_eq!(world.wait(1).peek(&Request::Tick).work.len(), 2);
    world.invocation = "first";
    world.wait(-22);
    assert_eq!(world.peek(&Request::Resume).work.len(), 2, "the same invocation goes on");
}

#[test]
fn an_invocation_that_goes_on_at_once_lets_no_other_one_in_between() {
    let mut world = World::shop();
    world.seen.remove("worker");
    let request = world.engage("max", &MAX, "alice");
    world.evaluate(&request);
    assert!(world.incident().is_leased("second", world.now), "`worker` is still to be set");
    world.seen.insert("worker".to_owned(), Ok(seen(2)));
    world.evaluate(&Request::Resume);
    assert!(!world.incident().is_leased("second", world.now));
}

#[test]
fn what_was_not_seen_yet_is_still_to_be_set() {
    let mut world = World::shop();
    world.seen.remove("worker");
    let request = world.engage("max", &MAX, "alice");
    assert_eq!(world.evaluate(&request).events, [Event::Engaged], "not all is set");
    assert_eq!((world.incident().phase, world.progress("worker")), (Phase::Engaging, Progress::Pending));
    world.seen.insert("worker".to_owned(), Ok(seen(2)));
    assert_eq!(world.evaluate(&Request::Resume).events, [Event::AllSet]);
    assert!(!world.incident().is_unfinished());
}

#[test]
fn a_change_that_fails_again_and_again_waits_for_the_next_minute() {
    let mut world = World::shop();
    let request = world.engage("max", &MAX, "alice");
    let work = world.intend(&request).work;
    world.apply(&work[1]);
    world.settle(&work[1], true);
    for _ in 0..FAILURES_AT_ONCE {
        assert!(world.incident().is_unfinished());
        world.settle(&work[0], false);
    }
    assert!(!world.incident().is_unfinished());
    assert_eq!(world.intend(&Request::Resume).work, []);
    assert_eq!(world.intend(&Request::Tick).work[0].target, "api");
}

#[test]
fn what_cannot_be_read_stops_nothing_else() {
    let mut world = World::shop();
    world.seen.insert("api".to_owned(), Err(crate::stage::refused()));
    let request = world.engage("max", &MAX, "alice");
    world.evaluate(&request);
    assert_eq!(world.desired("worker"), 20);
    assert_eq!((world.progress("api"), world.targeted("api").failures), (Progress::Pending, 1));
    world.seen.insert("api".to_owned(), Ok(seen(2)));
    world.minutes(1);
    assert_eq!(world.desired("api"), 10);
}

#[test]
fn application_auto_scaling_that_could_not_be_read_at_first_is_remembered_and_held_later() {
    let found = scalable(1, 4, flags(false, false, false));
    let mut world = World::new(&[("api", seen(2))]);
    let unknown = OtherAutoscaler::Unknown(crate::stage::refused());
    world.sight_mut("api").service.constraints.other_autoscaler = unknown;
    let request = world.engage("max", &MAX[..1], "alice");
    world.evaluate(&request);
    assert_eq!(world.desired("api"), 10, "the raise does not wait for it");
    assert_eq!(world.minutes(1), [], "and is not complete without it");
    world.seen.insert("api".to_owned(), Ok(scaled(10, found)));
    world.minutes(2);
    assert_eq!(world.sight("api").scalable, Some(scalable(10, 10, flags(true, false, true))));
    let snapshot = world.targeted("api").snapshot.clone().unwrap();
    assert_eq!((snapshot.desired, snapshot.scalable), (2, Some(found)));
    world.evaluate(&restore());
    world.minutes(1);
    assert_eq!((world.sight("api").scalable, &world.memory.incident), (Some(found), &None));
}

#[test]
fn what_cannot_be_changed_is_left_alone_and_told_once() {
    let mut world = World::new(&[("api", seen(2)), ("worker", seen(2)), ("batch", seen(1))]);
    world.observed = Some("api");
    world.seen.insert("worker".to_owned(), Err(not_found()));
    world.sight_mut("batch").service.daemon = true;
    let sizes = [("api", raise(10)), ("worker", raise(20)), ("batch", raise(3)), ("gone", raise(4))];
    let request = world.engage("max", &sizes, "alice");
    let events = world.evaluate(&request).events;
    let why = |name| events.iter().find_map(|event| event.as_skipped(name));
    assert_eq!(why("api"), Some(&Skip::Observed));
    assert_eq!(why("worker"), Some(&Skip::NotFound(not_found())));
    assert!(matches!(why("batch"), Some(Skip::Refused(_))));
    assert_eq!(why("gone"), Some(&Skip::NotInFleet));
    assert_eq!((world.minutes(3), world.desired("api")), (vec![], 2));
}

#[test]
fn a_target_deleted_during_an_emergency_is_left_alone() {
    let mut world = engaged();
    world.seen.insert("api".to_owned(), Err(not_found()));
    let why = Skip::NotFound(not_found());
    assert_eq!(world.minutes(2), [Event::Skipped { target: "api".to_owned(), why }, Event::Complete]);
    assert_eq!(world.progress("worker"), Progress::Seen);
}

#[test]
fn operators_are_reminded_once_ten_minutes_before_the_end() {
    let mut world = engaged();
    world.minutes(2);
    world.wait(7200 - 120 - 600 - 61);
    assert_eq!(world.minutes(1), []);
    assert_eq!(world.minutes(3), [Event::EndsSoon]);
    let longer = world.engage("max", &MAX, "bob");
    world.evaluate(&longer);
    world.wait(7200 - 600 - 60);
    assert!(world.minutes(1).contains(&Event::EndsSoon), "and once more before the later end");
}

#[test]
fn a_short_emergency_has_no_reminder() {
    let mut world = World::shop();
    let Request::Engage(mut short) = world.engage("max", &MAX, "bob") else { unreachable!() };
    short.until = world.now + crate::stage::seconds(900);
    world.evaluate(&Request::Engage(short));
    assert!(!world.minutes(14).contains(&Event::EndsSoon));
    assert!(world.minutes(1).contains(&Event::Restoring { expired: true }));
}

#[test]
fn scaling_out_beyond_the_size_registers_nothing_again() {
    let mut world = World::new(&[("api", scaled(2, scalable(1, 40, flags(false, false, false))))]);
    let request = world.engage("max", &MAX[..1], "alice");
    let first = &world.evaluate(&request).work[0];
    assert_eq!(first.changes[0], Register(scalable(10, 40, flags(true, false, true))));
    world.minutes(1);
    let again = world.engage("max", &MAX[..1], "alice");
    for desired in [11, 25, 40] {
        world.sight_mut("api").service.desired_count = desired;
        assert_eq!(world.evaluate(&again).work, [], "{desired}");
    }
    assert_ne!(world.sight("api").scalable.unwrap().suspended, Suspended::ALL);
}

/// `worker` was seen at 20 while some of its tasks still start, and is then set to 7 by hand.
fn changed_by_hand(owner: Owner) -> World {
    let mut world = World::shop();
    world.owner = owner;
    let request = world.engage("max", &MAX, "alice");
    world.evaluate(&request);
    world.sight_mut("worker").service.running_count = 12;
    world.minutes(1);
    assert_eq!(world.progress("worker"), Progress::Starting);
    world.sight_mut("worker").service.desired_count = 7;
    world
}

#[test]
fn what_was_changed_by_hand_after_it_was_seen_at_its_size_stays_and_is_reported_once() {
    let mut world = changed_by_hand(Owner::Unmanaged);
    let why = Skip::ByHand(Kept::Capacity { desired: 7 });
    assert_eq!(world.minutes(3), [Event::Skipped { target: "worker".to_owned(), why }, Event::Complete]);
    assert_eq!((world.desired("worker"), world.progress("worker")), (7, Progress::Skipped));
    assert_eq!(world.memory.of("worker").len(), 0, "no function keeps it at 20 any more");

    let again = world.engage("max", &MAX, "bob");
    world.evaluate(&again);
    assert_eq!(world.desired("worker"), 20, "it is asked for again");
    world.evaluate(&restore());
    assert_eq!(world.desired("worker"), 2);
}

#[test]
fn what_was_changed_by_hand_and_stays_is_left_so_by_restore_and_reported_again() {
    let mut world = changed_by_hand(Owner::Unmanaged);
    world.minutes(1);
    let decision = world.evaluate(&restore());
    let kept: Vec<_> = decision.work.iter().flat_map(|work| work.kept.clone()).collect();
    assert_eq!((kept, world.desired("worker")), (vec![Kept::Capacity { desired: 7 }], 7));
}

/// All tasks of `worker` ran at 20, and it is then set to 7 by hand.
fn changed_by_hand_once_it_ran(owner: Owner) -> World {
    let mut world = World::shop();
    world.owner = owner;
    let request = world.engage("max", &MAX, "alice");
    world.evaluate(&request);
    world.minutes(1);
    assert_eq!(world.progress("worker"), Progress::Seen);
    world.sight_mut("worker").service.desired_count = 7;
    world
}

#[test]
fn what_was_changed_by_hand_once_it_ran_is_not_said_to_be_set_again_until_it_is_asked_for_again() {
    let mut world = changed_by_hand_once_it_ran(Owner::Unmanaged);
    let why = Skip::ByHand(Kept::Capacity { desired: 7 });
    let status = world.peek(&Request::Tick);
    assert_eq!(status.events, [Event::Skipped { target: "worker".to_owned(), why }]);
    assert_eq!(status.work, []);
    let again = world.engage("max", &MAX, "bob");
    world.evaluate(&again);
    assert_eq!(world.desired("worker"), 20, "it is asked for again");
}

#[test]
fn a_service_with_rules_is_set_again_as_its_own_function_would() {
    for mut world in
        [changed_by_hand, changed_by_hand_once_it_ran].map(|world| world(Owner::Rules { min: 2 }))
    {
        assert_eq!(world.minutes(1), []);
        assert_eq!(world.desired("worker"), 20);
    }
}

#[test]
fn bounds_that_were_changed_by_hand_after_they_were_seen_stay() {
    let mut world = World::new(&[("api", scaled(2, scalable(1, 40, flags(false, false, false))))]);
    let request = world.engage("shed", &[("api", exactly(8))], "alice");
    world.evaluate(&request);
    world.sight_mut("api").service.running_count = 3;
    world.minutes(1);
    world.sight_mut("api").scalable = Some(scalable(1, 9, flags(false, false, false)));
    let why = Skip::ByHand(Kept::Registration);
    assert_eq!(world.minutes(2), [Event::Skipped { target: "api".to_owned(), why }]);
}

#[test]
fn a_size_that_was_never_seen_is_set_again() {
    let mut world = engaged();
    world.sight_mut("api").service.desired_count = 7;
    world.minutes(1);
    assert_eq!(world.desired("api"), 10, "nothing shows that AWS ever set it");
}
