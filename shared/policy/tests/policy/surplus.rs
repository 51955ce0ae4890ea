//! Few tasks that `wait` does not need leave together, or after four minutes; many leave soon.

use proptest::prelude::*;
use tidegate_policy::{Capacity, Decision, Reason};

use crate::stage::{codes, refused, rule, size};
use crate::wait_world::{EVALUATION, WaitWorld};

/// Twenty tasks after half an hour of work for so many.
fn settled() -> WaitWorld {
    let mut world = WaitWorld::new(1, 50, 20);
    world.evaluate_for(1_800, |_| 10.0);
    assert_eq!(world.desired(), 20);
    world
}

/// The seconds until the first task leaves.
fn leaves_after(decisions: &[Decision]) -> Option<i64> {
    let at = decisions.iter().position(|it| size(it) < 20)?;
    Some(i64::try_from(at).unwrap() * EVALUATION)
}

#[test]
fn few_surplus_tasks_leave_together_after_four_minutes() {
    let mut world = settled();
    let decisions = world.evaluate_for(600, |_| 9.0);
    let held: Vec<&Decision> = decisions.iter().filter(|it| codes(it).contains(&"few-surplus")).collect();
    assert!((14..=17).contains(&held.len()), "{} evaluations hold them", held.len());
    let after = leaves_after(&decisions).unwrap();
    assert!((240..=390).contains(&after), "after {after} s");
    let left = decisions.iter().map(size).find(|size| *size < 20);
    assert_eq!(left, Some(18), "both at once: {decisions:#?}");
}

#[test]
fn many_surplus_tasks_leave_after_the_stabilization_window() {
    let decisions = settled().evaluate_for(600, |_| 5.0);
    let after = leaves_after(&decisions).unwrap();
    assert!((30..=120).contains(&after), "after {after} s");
}

/// Tasks that are needed again within the time were no surplus, and the time begins anew.
#[test]
fn tasks_that_are_needed_again_do_not_leave() {
    let mut world = settled();
    let decisions = world.evaluate_for(3_600, |elapsed| if elapsed % 360 < 240 { 9.2 } else { 10.4 });
    assert!(decisions.iter().all(|it| size(it) >= 20), "{decisions:#?}");
    assert!(decisions.iter().any(|it| codes(it).contains(&"few-surplus")));
}

/// A missing reading is no need, and no surplus.
#[test]
fn missing_readings_neither_end_a_surplus_nor_remove_a_task() {
    let mut world = settled();
    let mut decisions = vec![];
    for at in 0..40 {
        decisions.push(if at % 5 == 4 {
            world.evaluation_without_readings(9.2)
        } else {
            world.evaluate(9.2)
        });
    }
    let after = leaves_after(&decisions).unwrap();
    assert!((240..=420).contains(&after), "after {after} s");
    assert!(decisions.iter().skip(4).step_by(5).all(|it| codes(it).contains(&"reading-missing")));
    let left = decisions.iter().position(|it| size(it) < 20).unwrap();
    assert_ne!(left % 5, 4, "an evaluation without a reading removes nothing");
}

/// Every third minute ECS cannot be read.
#[test]
fn a_service_that_cannot_be_read_for_a_moment_ends_no_surplus() {
    let mut world = settled();
    let mut decisions = vec![];
    for at in 0..40 {
        let service = world.stage.seen.service.clone();
        if at % 8 == 7 {
            world.stage.seen.service = Err(refused());
            decisions.push(world.stage.evaluate());
            world.stage.wait(EVALUATION);
            world.stage.seen.service = service;
        } else {
            decisions.push(world.evaluate(9.0));
        }
    }
    assert!(world.desired() < 20, "{decisions:#?}");
}

/// After a pause nothing is known of the time between.
#[test]
fn a_time_without_evaluations_is_no_surplus() {
    let mut world = settled();
    world.evaluate_for(210, |_| 9.2);
    world.stage.wait(3_600);
    let decisions = world.evaluate_for(210, |_| 9.2);
    assert!(decisions.iter().all(|it| size(it) == 20), "{decisions:#?}");
}

/// What is above the maximum leaves whether or not it is needed.
#[test]
fn a_maximum_that_became_smaller_is_no_surplus_to_wait_for() {
    let mut world = settled();
    world.stage.policy.capacity = Capacity::new(1, 19).unwrap();
    world.evaluate_for(30, |_| 9.2);
    let decisions = world.evaluate_for(60, |_| 9.2);
    assert!(leaves_after(&decisions).unwrap() <= 45, "{decisions:#?}");
}

/// Twenty tasks of at most twenty are not above the maximum.
#[test]
fn a_small_surplus_of_just_the_maximum_stays_for_four_minutes() {
    let mut world = settled();
    world.stage.policy.capacity = Capacity::new(1, 20).unwrap();
    world.evaluate_for(30, |_| 9.2);
    let decisions = world.evaluate_for(120, |_| 9.2);
    assert_eq!(leaves_after(&decisions), None, "{decisions:#?}");
}

/// What counts is the whole surplus, and not the one task that leaves in an evaluation.
#[test]
fn many_that_leave_one_at_a_time_do_not_wait_once_they_are_few() {
    let mut world = settled().with(|world| world.stage.policy.interruptible = false);
    let decisions = world.evaluate_for(900, |_| 5.0);
    let sizes: Vec<u32> = decisions.iter().map(size).collect();
    let reached = sizes.iter().position(|size| *size <= 11).expect("the load of ten tasks");
    assert!(i64::try_from(reached).unwrap() * EVALUATION <= 600, "{sizes:?}");
}

/// Rules do what they say: only `wait` makes hundreds of small changes a day.
#[test]
fn a_service_without_wait_lets_one_task_go_at_once() {
    let mut world = settled();
    world.stage.policy.wait = None;
    world.stage.policy.rules = vec![rule("in_flight < 25: -1")];
    let decisions = world.evaluate_for(120, |_| 9.2);
    assert!(leaves_after(&decisions).is_some_and(|after| after <= 60), "{decisions:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the load does: only few tasks are kept, and none longer than four minutes.
    #[test]
    fn only_few_are_kept_and_none_for_longer_than_four_minutes(
        loads in prop::collection::vec((60..600_i64, 1.0..20.0_f64), 1..9),
    ) {
        let mut world = WaitWorld::new(1, 50, 20);
        let mut kept_for = 0;
        for (lasting, load) in loads {
            for _ in 0..lasting / EVALUATION {
                let before = world.desired();
                let decision = world.evaluate(load);
                let few = decision.reasons.iter().find_map(|it| {
                    if let Reason::FewSurplus { surplus, .. } = it { Some(*surplus) } else { None }
                });
                kept_for = if few.is_some() { kept_for + EVALUATION } else { 0 };
                prop_assert!(kept_for <= 240, "{decision}");
                if let Some(surplus) = few {
                    prop_assert!(surplus > 0 && 100 * surplus < 15 * before, "{surplus} of {before}");
                    prop_assert_eq!(size(&decision), before);
                }
            }
        }
    }
}
