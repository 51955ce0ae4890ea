//! What happens once to a queue or its tasks must not be believed for hours: a restart, a purge, a part, a gap.

use tidegate_policy::{InFlight, Verdict};

use crate::stage::{codes, seconds, size};
use crate::wait_world::{EVALUATION, WaitWorld};

/// 38 tasks work off a hidden queue of 15 jobs a second, which needs 30. In one evaluation a single task runs.
#[test]
fn one_evaluation_of_a_restart_takes_nothing_from_what_a_hidden_queue_is_believed_to_need() {
    let mut world = WaitWorld::new(1, 400, 40).with(|world| {
        (world.counts, world.shows) = (false, false);
        world.stage.policy.stabilization = seconds(300);
    });
    world.evaluate_for(600, |_| 15.0);
    world.show();
    let running = std::mem::replace(&mut world.stage.service().running_count, 1);
    world.stage.evaluate();
    world.stage.wait(EVALUATION).service().running_count = running;
    let sizes: Vec<u32> = world.evaluate_for(900, |_| 15.0).iter().map(size).collect();
    assert!(sizes.iter().all(|size| (28..=40).contains(size)), "{sizes:?}");
}

/// 5,000 jobs are purged between two evaluations. Later 10 a second arrive, which is work for 100 tasks.
#[test]
fn a_purge_is_not_taken_for_fast_work() {
    let mut world = WaitWorld::new(1, 400, 5).with(|world| (world.counts, world.per_second) = (false, 0.1));
    world.evaluate_for(1_800, |_| 0.4);
    world.arrive(5_000.0);
    world.evaluate(0.4);
    world.purge();
    world.evaluate_for(900, |_| 0.4);
    world.longest_wait = 0.0;
    for _ in 0..240 {
        let waiting = world.stage.queue().waiting;
        let decision = world.evaluate(10.0);
        let leaves = matches!(decision.verdict, Verdict::ScaleIn { .. });
        // Those that stay do six jobs each within the acceptable wait.
        let most = 6 * u64::from(size(&decision));
        assert!(!(leaves && waiting > most), "{waiting} jobs wait, {decision}");
    }
    assert!(world.longest_wait <= 165.0, "{} s, as without a purge", world.longest_wait);
}

/// What is read of `unacked` stays a part for an hour; three jobs wait at each evaluation, for a moment.
#[test]
fn a_part_of_what_workers_hold_neither_grows_a_service_that_keeps_up_nor_shrinks_it() {
    let mut world = WaitWorld::new(1, 400, 25).with(|world| world.counts = false);
    world.evaluate_for(1_800, |_| 10.0);
    let before = world.desired();
    let learned = world.stage.memory.wait.clone().map(|wait| (wait.pace, wait.load));
    for step in 0..240 {
        let queue = world.stage.queue();
        (queue.waiting, queue.in_flight) = (3, InFlight::Partly { jobs: 3, read: 100, held: 3_000 });
        let decision = world.stage.evaluate();
        assert_eq!(size(&decision), before, "evaluation {step}: {decision}");
        world.stage.wait(EVALUATION);
    }
    assert_eq!(world.stage.memory.wait.clone().map(|wait| (wait.pace, wait.load)), learned);
}

/// What waits is counted all the same: a part holds no task back.
#[test]
fn behind_a_part_of_what_workers_hold_a_backlog_orders() {
    let mut world = WaitWorld::new(1, 400, 20).with(|world| world.counts = false);
    world.evaluate_for(1_800, |_| 10.0);
    let before = world.desired();
    let queue = world.stage.queue();
    (queue.waiting, queue.in_flight) = (5_000, InFlight::Partly { jobs: 3, read: 100, held: 3_000 });
    let decision = world.stage.evaluate();
    assert!(size(&decision) > before, "{decision}");
    assert!(!codes(&decision).contains(&"watching"), "{decision}");
}

/// No evaluation runs for a while in which others do the work; both ends are idle. Then 10 jobs a second arrive, for
/// 100 tasks.
#[test]
fn counted_jobs_of_a_time_without_evaluations_teach_no_pace() {
    for (gap, done) in [(600, 180.0), (3_600, 1_080.0), (28_800, 8_640.0)] {
        let mut world = WaitWorld::new(1, 400, 10).with(|world| world.per_second = 0.1);
        world.evaluate_for(1_800, |_| 0.3);
        world.evaluate_for(300, |_| 0.0);
        world.stage.wait(gap);
        world.others_do(done);
        world.evaluate_for(60, |_| 0.0);
        world.longest_wait = 0.0;
        world.evaluate_for(3_000, |_| 10.0);
        assert!(world.longest_wait <= 120.0, "{} s after {gap} s", world.longest_wait);
    }
}
