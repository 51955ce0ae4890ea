//! What brings one target to its size.

use tidegate_policy::emergency::engage::{Changes, Limit, changes};
use tidegate_policy::emergency::target::Change::{Register, SetCapacity, Suspend};
use tidegate_policy::emergency::target::{Process, Seen, Suspended};
use tidegate_policy::{OtherAutoscaler, Reason};

use crate::emergency::{exactly, flags, raise, scalable, scaled, seen};

/// A group with its own bounds and policies.
fn group(desired: u32, min: u32, max: u32) -> Seen {
    let mut seen = seen(desired);
    (seen.service.constraints.min, seen.service.constraints.max) = (Some(min), Some(max));
    seen.service.constraints.other_autoscaler = OtherAutoscaler::Active("a policy of its own".to_owned());
    seen
}

fn done(to: u32) -> Changes {
    Changes { changes: vec![], to, limit: None }
}

#[test]
fn a_service_that_nothing_else_scales_gets_its_desired_count_and_no_more() {
    let set = |to| Ok(Changes { changes: vec![SetCapacity(to)], to, limit: None });
    assert_eq!(changes(raise(10), &seen(2)), set(10));
    assert_eq!(changes(exactly(5), &seen(38)), set(5));
    assert_eq!(changes(exactly(0), &seen(3)), set(0));
    assert_eq!(changes(raise(10), &seen(0)), set(10), "also what was switched off");
    assert_eq!(changes(raise(10), &seen(10)), Ok(done(10)));
    assert_eq!(changes(exactly(5), &seen(5)), Ok(done(5)));
}

#[test]
fn a_target_above_its_maximum_stays_where_it_is() {
    assert_eq!(changes(raise(10), &seen(14)), Ok(done(14)));
    let found = changes(raise(10), &scaled(14, scalable(2, 8, flags(false, false, false)))).unwrap();
    let held = scalable(10, 14, flags(true, false, true));
    assert_eq!(found.changes, [Register(held)], "and Application Auto Scaling takes nothing away");
}

#[test]
fn to_raise_application_auto_scaling_is_registered_with_the_size_and_scales_in_no_more() {
    for scale_in in [false, true] {
        for scale_out in [false, true] {
            for scheduled in [false, true] {
                let before = flags(scale_in, scale_out, scheduled);
                let found = changes(raise(10), &scaled(2, scalable(1, 4, before))).unwrap();
                let set = scalable(10, 10, flags(true, scale_out, true));
                if before == Suspended::ALL {
                    assert_eq!(found.changes, [SetCapacity(10)], "it undoes nothing, and is left alone");
                } else {
                    assert_eq!(found.changes, [Register(set), SetCapacity(10)], "{before:?}");
                }
            }
        }
    }
}

#[test]
fn to_a_stated_size_application_auto_scaling_is_suspended_as_a_whole() {
    for before in [flags(false, false, false), flags(true, false, true), flags(false, true, false)] {
        let found = changes(exactly(5), &scaled(38, scalable(2, 50, before))).unwrap();
        assert_eq!(found.changes, [Register(scalable(5, 5, Suspended::ALL)), SetCapacity(5)]);
    }
    let suspended = changes(exactly(5), &scaled(38, scalable(2, 50, Suspended::ALL))).unwrap();
    assert_eq!(suspended.changes, [SetCapacity(5)]);
}

#[test]
fn what_is_registered_already_is_not_registered_again() {
    let held = scalable(10, 10, flags(true, false, true));
    assert_eq!(changes(raise(10), &scaled(10, held)), Ok(done(10)));
    assert_eq!(changes(raise(10), &scaled(2, held)).unwrap().changes, [SetCapacity(10)]);
    let wide = scalable(10, 40, flags(true, false, true));
    assert_eq!(
        changes(raise(10), &scaled(25, wide)),
        Ok(done(25)),
        "the minimum does not follow what it scales out to"
    );
}

#[test]
fn a_group_keeps_its_own_bounds_and_says_which_one_limits_it() {
    let found = changes(raise(10), &group(2, 1, 6)).unwrap();
    assert_eq!(found.changes, [Suspend(Process::ALL.to_vec()), SetCapacity(6)]);
    assert_eq!((found.to, found.limit), (6, Some(Limit::MaxSize(6))));
    let found = changes(exactly(0), &group(4, 3, 6)).unwrap();
    assert_eq!((found.to, found.limit), (3, Some(Limit::MinSize(3))));
    assert_eq!(changes(raise(6), &group(2, 1, 6)).unwrap().limit, None, "exactly its maximum");
    assert_eq!(changes(exactly(3), &group(4, 3, 6)).unwrap().limit, None, "exactly its minimum");
}

#[test]
fn of_a_group_only_the_processes_that_run_are_suspended() {
    let mut found = group(2, 1, 20);
    found.suspended_processes = vec![Process::ScheduledActions];
    let some = changes(raise(10), &found).unwrap().changes;
    assert_eq!(some, [Suspend(vec![Process::AlarmNotification]), SetCapacity(10)]);
    found.suspended_processes = Process::ALL.to_vec();
    assert_eq!(changes(raise(10), &found).unwrap().changes, [SetCapacity(10)]);
    let mut alone = group(2, 1, 20);
    alone.service.constraints.other_autoscaler = OtherAutoscaler::Absent;
    assert_eq!(
        changes(raise(10), &alone).unwrap().changes,
        [SetCapacity(10)],
        "one without policies has none"
    );
}

#[test]
fn what_aws_would_refuse_is_not_asked_for() {
    let with = |change: fn(&mut Seen)| {
        let mut found = seen(2);
        change(&mut found);
        changes(raise(10), &found).unwrap_err()
    };
    assert_eq!(with(|it| it.service.active = false), Reason::ServiceInactive);
    assert_eq!(with(|it| it.service.daemon = true), Reason::ServiceIsDaemon);
    assert_eq!(with(|it| it.service.constraints.express = true), Reason::ServiceIsExpress);
}
