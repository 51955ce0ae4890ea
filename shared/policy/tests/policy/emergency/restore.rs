//! What puts one target back.

use tidegate_policy::emergency::incident::{Progress, Snapshot, Targeted};
use tidegate_policy::emergency::missed::MissedActions;
use tidegate_policy::emergency::restore::Kept::{self, Capacity, Registration};
use tidegate_policy::emergency::restore::{self, Owner, Restored};
use tidegate_policy::emergency::target::Change::{Register, Resume, SetCapacity};
use tidegate_policy::emergency::target::{Change, Process, ScalableTarget, Seen, Suspended};

use crate::emergency::{flags, scalable, scaled, seen};
use crate::stage::noon;

const RULES: Owner = Owner::Rules { min: 3 };

/// A target that was found at a size and set to another.
fn set(before: u32, asked: u32) -> Targeted {
    Targeted {
        asked,
        raise: false,
        progress: Progress::Set,
        snapshot: Some(Snapshot { desired: before, scalable: None, at: None }),
        sizes: vec![asked],
        registered: vec![],
        suspended: vec![],
        failures: 0,
    }
}

/// The same with Application Auto Scaling.
fn registered(before: u32, found: ScalableTarget, asked: u32) -> Targeted {
    let snapshot = Some(Snapshot { desired: before, scalable: Some(found), at: None });
    let registered = vec![scalable(asked, asked, Suspended::ALL)];
    Targeted { snapshot, registered, ..set(before, asked) }
}

fn only(change: Change) -> Restored {
    both(vec![change])
}

fn both(changes: Vec<Change>) -> Restored {
    Restored { changes, kept: vec![], missed: MissedActions::default(), is_to_be_read: false }
}

fn kept(what: Kept) -> Restored {
    Restored { kept: vec![what], ..both(vec![]) }
}

fn changes(target: &Targeted, owner: Owner, seen: &Seen) -> Restored {
    restore::changes(target, owner, seen, noon())
}

fn nothing() -> Restored {
    Restored::default()
}

#[test]
fn a_target_that_was_never_changed_is_left_alone() {
    let unseen = Targeted { snapshot: None, sizes: vec![], ..set(2, 10) };
    assert_eq!(changes(&unseen, Owner::Unmanaged, &seen(2)), nothing());
    let found_there = Targeted { sizes: vec![], ..set(10, 10) };
    assert_eq!(changes(&found_there, Owner::Unmanaged, &seen(10)), nothing());
    assert_eq!(changes(&found_there, Owner::Unmanaged, &seen(7)), nothing(), "even if it was changed since");
}

#[test]
fn a_service_without_rules_gets_the_desired_count_that_it_had() {
    assert_eq!(changes(&set(2, 10), Owner::Unmanaged, &seen(10)), only(SetCapacity(2)));
    assert_eq!(changes(&set(38, 5), Owner::Unmanaged, &seen(5)), only(SetCapacity(38)));
    assert_eq!(changes(&set(38, 0), Owner::Unmanaged, &seen(0)), only(SetCapacity(38)));
    assert_eq!(changes(&set(2, 10), Owner::Unmanaged, &seen(2)), nothing(), "it is there already");
}

#[test]
fn a_desired_count_that_was_set_by_hand_meanwhile_stays_and_is_reported() {
    let kept = kept(Capacity { desired: 7 });
    assert_eq!(changes(&set(2, 10), Owner::Unmanaged, &seen(7)), kept);
}

#[test]
fn every_size_that_the_emergency_set_counts_as_its_own() {
    let twice = Targeted { sizes: vec![10, 5], ..set(2, 5) };
    assert_eq!(
        changes(&twice, Owner::Unmanaged, &seen(10)),
        only(SetCapacity(2)),
        "the second was never set"
    );
    let limited = Targeted { sizes: vec![6], ..set(2, 10) };
    assert_eq!(
        changes(&limited, Owner::Unmanaged, &seen(6)),
        only(SetCapacity(2)),
        "the group's MaxSize is 6"
    );
}

#[test]
fn a_service_with_rules_is_left_to_them_and_from_nothing_raised_to_their_minimum() {
    assert_eq!(changes(&set(2, 10), RULES, &seen(10)), nothing());
    assert_eq!(
        changes(&set(38, 0), RULES, &seen(0)),
        only(SetCapacity(3)),
        "they would take 0 for switched off"
    );
    assert_eq!(changes(&set(2, 0), RULES, &seen(0)), only(SetCapacity(2)), "it had less than their minimum");
    let none = Owner::Rules { min: 0 };
    assert_eq!(changes(&set(38, 0), none, &seen(0)), only(SetCapacity(1)));
    assert_eq!(changes(&set(0, 0), none, &seen(0)), nothing(), "it was switched off before");
}

#[test]
fn application_auto_scaling_gets_its_bounds_and_flags_back_and_goes_on_from_where_it_is() {
    let found = scalable(2, 50, flags(false, false, false));
    let target = registered(38, found, 5);
    let now = scaled(5, scalable(5, 5, Suspended::ALL));
    assert_eq!(changes(&target, Owner::Unmanaged, &now), only(Register(found)));
}

#[test]
fn where_application_auto_scaling_does_not_scale_the_desired_count_is_put_back_before_it() {
    let one_way = scalable(2, 50, flags(true, false, false));
    let now = scaled(10, scalable(10, 10, flags(true, false, true)));
    let mut target = registered(4, one_way, 10);
    target.registered = vec![now.scalable.unwrap()];
    let out_only = both(vec![SetCapacity(4), Register(one_way)]);
    assert_eq!(changes(&target, Owner::Unmanaged, &now), out_only, "it never scales in");

    let off = scalable(2, 50, Suspended::ALL);
    let target =
        Targeted { snapshot: Some(Snapshot { desired: 4, scalable: Some(off), at: None }), ..set(4, 10) };
    let now = scaled(10, off);
    assert_eq!(changes(&target, Owner::Unmanaged, &now), only(SetCapacity(4)), "it was suspended before");

    let from_zero = scalable(0, 50, flags(false, false, false));
    let both = both(vec![SetCapacity(38), Register(from_zero)]);
    let now = scaled(0, scalable(0, 0, Suspended::ALL));
    assert_eq!(changes(&registered(38, from_zero, 0), Owner::Unmanaged, &now), both, "no task has a metric");
}

#[test]
fn bounds_or_flags_that_were_changed_by_hand_meanwhile_stay_and_are_reported() {
    let found = scalable(2, 50, flags(false, false, false));
    let target = registered(38, found, 5);
    let by_hand = scaled(5, scalable(1, 9, flags(false, false, false)));
    let kept = kept(Registration);
    assert_eq!(changes(&target, Owner::Unmanaged, &by_hand), kept);
    assert_eq!(changes(&target, Owner::Unmanaged, &scaled(5, found)), nothing(), "put back by hand");
    assert_eq!(changes(&target, Owner::Unmanaged, &seen(5)).changes, [], "deregistered by hand");
}

#[test]
fn every_registration_that_the_emergency_made_counts_as_its_own() {
    let found = scalable(2, 50, flags(false, false, false));
    let mut target = registered(38, found, 5);
    let first = scalable(50, 50, flags(true, false, true));
    target.registered.insert(0, first);
    assert_eq!(changes(&target, Owner::Unmanaged, &scaled(50, first)), only(Register(found)));
}

#[test]
fn the_processes_of_a_group_that_are_still_suspended_are_resumed() {
    let mut target = set(2, 10);
    target.suspended = Process::ALL.to_vec();
    let mut found = seen(10);
    found.suspended_processes = vec![Process::ScheduledActions];
    let both = [SetCapacity(2), Resume(vec![Process::ScheduledActions])];
    assert_eq!(changes(&target, Owner::Unmanaged, &found).changes, both);
    target.suspended = vec![Process::AlarmNotification];
    assert_eq!(
        changes(&target, Owner::Unmanaged, &found).changes,
        [SetCapacity(2)],
        "what was suspended before the emergency stays so"
    );
}
