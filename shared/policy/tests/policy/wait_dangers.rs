//! What must not go wrong with `wait`, however strange the evaluations.

use tidegate_policy::{Capacity, InFlight};

use crate::stage::{codes, refused, size};
use crate::wait_world::WaitWorld;

/// Evaluations that cannot see the queue see the same tasks again and again; they began to run once.
#[test]
fn a_start_is_learned_once_however_many_evaluations_are_blind() {
    let mut stage = WaitWorld::new(20, 100, 10).stage;
    for at in (0..=180).step_by(15) {
        if at == 45 {
            stage.policy.capacity = Capacity::new(30, 100).unwrap();
        }
        if at >= 90 {
            stage.service().running_count = 20;
            stage.seen.queue = Some(Err(refused()));
        }
        stage.at(at).evaluate();
    }
    let wait = stage.memory.wait.unwrap();
    assert_eq!((wait.starts, wait.orders.len()), (vec![90], 1));
}

/// Two writers' clocks differ by a second: that is no reason to forget the load.
#[test]
fn a_clock_that_is_a_second_behind_forgets_nothing() {
    let mut world = WaitWorld::new(1, 50, 25);
    world.evaluate_for(1_800, |_| 10.0);
    let load = world.stage.memory.wait.clone().unwrap().load;
    world.stage.wait(-16);
    let decision = world.stage.evaluate();
    assert!(!codes(&decision).contains(&"watching"), "{decision}");
    assert_eq!(world.stage.memory.wait.unwrap().load, load);
}

/// An hour at the maximum is one long overload; tasks that stand by for its return would cost and catch nothing.
#[test]
fn more_than_the_maximum_could_serve_is_no_series_of_bursts() {
    let mut world = WaitWorld::new(1, 20, 20);
    world.evaluate_for(1_800, |_| 8.0);
    world.evaluate_for(3_600, |_| 40.0);
    assert_eq!(world.stage.memory.wait.unwrap().bursts, None);
}

/// What is lost by keeping four digits must not hold a task for ever: 97.01 tasks are 97.
#[test]
fn a_hidden_queue_that_stays_empty_goes_on_shrinking() {
    let mut world = WaitWorld::new(1, 200, 120).with(|world| (world.counts, world.shows) = (false, false));
    world.evaluate_for(3_600, |_| 10.0);
    assert!((58..=62).contains(&world.desired()), "{} tasks, half after an hour", world.desired());
    world.evaluate_for(3 * 3_600, |_| 10.0);
    let sizes: Vec<u32> = world.evaluate_for(6 * 3_600, |_| 10.0).iter().map(size).collect();
    assert!(sizes.iter().all(|size| (18..=23).contains(size)), "for the work of 20: {sizes:?}");
}

/// Less work than for half a task is none: no task stays for a belief that only halves.
#[test]
fn behind_a_hidden_queue_the_last_task_goes_too() {
    let mut world = WaitWorld::new(0, 50, 8).with(|world| (world.counts, world.shows) = (false, false));
    world.evaluate_for(4 * 3_600 + 600, |_| 0.0);
    assert_eq!(world.desired(), 0);
}

/// Messages that no worker takes are no work for those that are idle.
#[test]
fn messages_that_no_worker_takes_keep_no_task() {
    for counts in [true, false] {
        let mut world = WaitWorld::new(1, 50, 10).with(|world| world.counts = counts);
        world.evaluate_for(3_600, |_| 5.0);
        world.show();
        for _ in 0..240 {
            let queue = world.stage.queue();
            (queue.waiting, queue.in_flight) = (3, InFlight::Exactly(0));
            world.stage.wait(15).evaluate();
            world.stage.arrive();
        }
        // Where the pace is only guessed, three messages may be too much for three tasks.
        assert!(world.desired() <= 4, "{} tasks, counted: {counts}", world.desired());
    }
}

/// One message stays (its group is blocked, or it is of a kind that no worker takes) while the rest is served.
#[test]
fn a_message_that_no_worker_takes_does_not_hide_that_workers_are_idle() {
    for counts in [true, false] {
        let mut world = WaitWorld::new(1, 50, 30).with(|world| (world.counts, world.blocked) = (counts, 1.0));
        world.evaluate_for(3_600, |_| 15.0);
        world.evaluate_for(3_600, |_| 5.0);
        assert!(world.desired() <= 15, "{} tasks, ten work, counted: {counts}", world.desired());
    }
}

/// What is left of the load of one batch is no series of bursts.
#[test]
fn after_one_batch_a_service_that_sleeps_at_zero_stands_by_for_no_other() {
    for counts in [true, false] {
        let mut world = WaitWorld::new(0, 100, 0).with(|world| world.counts = counts);
        world.evaluate_for(1_800, |_| 0.0);
        world.arrive(300.0);
        for decision in world.evaluate_for(2 * 3_600, |_| 0.0) {
            assert!(!codes(&decision).contains(&"stands-by"), "{decision}");
        }
        assert_eq!(world.desired(), 0);
    }
}

/// One of ten tasks dies, another one runs 90 s later, and a batch comes or ends at that moment: what the batch does to the queue is
/// not what the one task does.
#[test]
fn a_batch_beside_one_task_that_starts_teaches_no_pace() {
    for (shows, runs_after) in [(true, 30), (true, 45), (true, 60), (false, 30), (false, 45), (false, 60)] {
        let mut world =
            WaitWorld::new(10, 100, 10).with(|world| (world.counts, world.shows) = (false, shows));
        // Every ten minutes something waits for a while, so that the pace is known.
        world.evaluate_for(2 * 3_600, |at| if at % 600 < 60 { 8.0 } else { 4.5 });
        world.stage.service().running_count -= 1;
        let died = world.elapsed;
        let batch = died + 90 - runs_after..died + 150 - runs_after;
        while world.elapsed < died + 600 {
            if world.elapsed == died + 90 {
                world.stage.service().running_count += 1;
            }
            let (waited, running) = (world.head_waited(), u64::from(world.stage.service().running_count));
            let decision = world.evaluate(if batch.contains(&world.elapsed) { 100.0 } else { 4.5 });
            let scales_in = decision.verdict.as_change().is_some_and(|(from, to)| to < from);
            // Half a job a second each: in a minute they do thirty each.
            let is_late = waited > 60 && world.stage.queue().waiting > running * 30;
            assert!(!(scales_in && is_late), "after {waited} s: {decision}");
        }
        world.longest_wait = 0.0;
        world.evaluate_for(1_800, |_| 4.5);
        world.longest_wait = 0.0;
        world.evaluate_for(3_600, |_| 9.0);
        assert!(world.longest_wait < 300.0, "{} s, shows: {shows}, {runs_after}", world.longest_wait);
    }
}

/// Jobs that dead tasks took along come back, and then need tasks: nothing scales in meanwhile.
#[test]
fn jobs_that_dead_tasks_took_along_keep_their_tasks() {
    let mut world = WaitWorld::new(1, 50, 20);
    world.evaluate_for(3_600, |_| 10.0);
    let before = world.desired();
    for _ in 0..20 {
        world.stage.service().running_count = 0;
        let queue = world.stage.queue();
        (queue.waiting, queue.in_flight) = (0, InFlight::Exactly(20));
        let decision = world.stage.wait(15).evaluate();
        assert!(codes(&decision).contains(&"work-in-flight"), "{decision}");
    }
    assert_eq!(world.desired(), before);
}

/// Of thousands of messages that workers hold only a sample was read: no more is known of what runs and of what arrives.
#[test]
fn an_evaluation_that_read_only_a_part_orders_for_what_waits_and_teaches_wait_nothing() {
    let mut world = WaitWorld::new(1, 200, 40).with(|world| (world.counts, world.shows) = (false, false));
    world.evaluate_for(900, |_| 10.0);
    let (before, wait) = (world.desired(), world.stage.memory.wait.clone().unwrap());
    for part in 0..240 {
        let queue = world.stage.queue();
        (queue.waiting, queue.in_flight) =
            (0, InFlight::Partly { jobs: 4_000 + part % 7, read: 5_000, held: 90_000 });
        let decision = world.stage.wait(15).evaluate();
        assert_eq!(decision.verdict.as_change(), None, "{decision}");
    }
    world.stage.queue().waiting = 9_000;
    let decision = world.stage.wait(15).evaluate();
    assert!(size(&decision) > before, "{decision}");
    let after = world.stage.memory.wait.unwrap();
    assert_eq!(
        (after.last, after.pace, after.load, after.lasting),
        (wait.last, wait.pace, wait.load, wait.lasting)
    );
}
