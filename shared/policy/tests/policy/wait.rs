//! The `wait` method, told as stories.

use tidegate_policy::memory::size::most_bytes;
use tidegate_policy::{Decision, InFlight, MetricReading, Reason, Verdict};

use crate::stage::{codes, rule, seconds, size};
use crate::wait_world::WaitWorld;

fn ins(decisions: &[Decision]) -> usize {
    decisions.iter().filter(|it| matches!(it.verdict, Verdict::ScaleIn { .. })).count()
}

#[test]
fn a_steady_load_is_served_by_what_it_takes() {
    let mut world = WaitWorld::new(1, 50, 30);
    world.evaluate_for(3_600, |_| 10.0);
    world.longest_wait = 0.0;
    world.evaluate_for(7_200, |_| 10.0);
    let tasks = world.desired();
    assert!((20..=21).contains(&tasks), "{tasks} tasks for the work of 20");
    assert!(world.longest_wait < 60.0, "{}", world.longest_wait);
}

#[test]
fn the_first_evaluation_only_watches() {
    let mut world = WaitWorld::new(1, 50, 10).with(|world| world.arrive(5_000.0));
    let first = world.evaluate(10.0);
    assert_eq!((size(&first), codes(&first)), (10, vec!["watching"]));
    assert!(matches!(world.evaluate(10.0).verdict, Verdict::ScaleOut { .. }));
}

#[test]
fn what_is_already_on_its_way_is_not_ordered_again() {
    let mut world = WaitWorld::new(1, 200, 20);
    world.evaluate_for(1_800, |_| 8.0);
    world.evaluate_for(300, |_| 14.0);
    let tasks = world.desired();
    assert!((28..=45).contains(&tasks), "{tasks} tasks for the work of 28 and a backlog");
    assert!(world.longest_wait <= 60.0, "{}", world.longest_wait);
}

#[test]
fn no_scale_in_while_a_job_waits_long() {
    let mut world = WaitWorld::new(1, 50, 20).with(|world| world.stage.policy.stabilization = seconds(0));
    world.evaluate_for(600, |_| 9.5);
    world.arrive(900.0);
    let decisions = world.evaluate_for(120, |_| 0.0);
    let late = |it: &&Decision| codes(it).contains(&"jobs-wait");
    assert!(decisions.iter().any(|it| late(&it)), "{decisions:#?}");
    assert!(decisions.iter().filter(late).all(|it| it.verdict.as_change().is_none()));
}

#[test]
fn a_reading_that_is_missing_holds_and_is_not_zero() {
    let mut world = WaitWorld::new(1, 50, 25);
    world.evaluate_for(1_800, |_| 10.0);
    let before = world.desired();
    for _ in 0..3 {
        let decision = world.evaluation_without_readings(10.0);
        assert_eq!((decision.verdict.as_change(), codes(&decision)), (None, vec!["reading-missing"]));
    }
    world.evaluate_for(300, |_| 10.0);
    assert_eq!(world.desired(), before);
}

#[test]
fn after_a_long_pause_it_watches_again() {
    let mut world = WaitWorld::new(1, 50, 25);
    world.evaluate_for(1_800, |_| 10.0);
    world.stage.wait(600);
    assert_eq!(codes(&world.evaluate(10.0)), ["watching"]);
}

/// Bursts of three minutes for 30 tasks, every half hour.
fn bursts(elapsed: i64) -> f64 {
    if elapsed % 1_800 < 180 { 15.0 } else { 0.0 }
}

#[test]
fn after_two_bursts_tasks_stand_by_for_the_next_and_a_silence_ends_it() {
    let mut world = WaitWorld::new(2, 50, 2);
    world.evaluate_for(4 * 1_800 - 60, bursts);
    let standing = world.desired();
    assert!((12..=20).contains(&standing), "{standing} tasks stand by a minute before the fifth burst");
    let decision = world.evaluate(0.0);
    assert!(codes(&decision).contains(&"stands-by"), "{decision}");
    world.longest_wait = 0.0;
    world.evaluate_for(600, bursts);
    assert!(world.longest_wait <= 60.0, "{}", world.longest_wait);
    world.evaluate_for(3 * 3_600, |_| 0.0);
    assert_eq!(world.desired(), 2);
}

#[test]
fn a_single_burst_keeps_no_task_ready() {
    let mut world = WaitWorld::new(2, 50, 2);
    world.evaluate_for(3_600, |elapsed| if elapsed < 180 { 15.0 } else { 0.0 });
    assert_eq!(world.desired(), 2);
}

/// Nobody says that a job takes 2 s, and the queue does not count them: it is found out.
#[test]
fn how_long_a_job_takes_is_learned_from_the_queue_alone() {
    let load = |elapsed: i64| if (elapsed / 3_600) % 2 == 0 { 8.0 } else { 15.0 };
    let mut notified = WaitWorld::new(1, 50, 10);
    let mut uncounted = WaitWorld::new(1, 50, 10).with(|world| world.counts = false);
    for world in [&mut notified, &mut uncounted] {
        world.evaluate_for(4 * 3_600, load);
        (world.longest_wait, world.task_seconds) = (0.0, 0);
        world.evaluate_for(8 * 3_600, load);
        assert!(world.longest_wait <= 60.0, "{}", world.longest_wait);
    }
    let more = uncounted.task_seconds * 100 / notified.task_seconds;
    assert!((95..=115).contains(&more), "{more}% of the tasks");
}

/// Only while jobs wait it shows how many arrive; otherwise the load last measured is believed, and fades. Here the work
/// of ten tasks, so twice as many are let go to half within an hour, and not one that is needed.
#[test]
fn where_running_jobs_are_hidden_tasks_leave_as_the_believed_load_fades() {
    let mut world = WaitWorld::new(1, 50, 20).with(|world| (world.counts, world.shows) = (false, false));
    let decisions = world.evaluate_for(3_600, |_| 5.0);
    let changes: Vec<_> = decisions.iter().filter_map(|it| it.verdict.as_change()).collect();
    assert!(changes.iter().all(|(from, to)| to + 1 == *from), "{changes:?}");
    assert!((10..=11).contains(&world.desired()), "{} tasks after an hour", world.desired());
    // The first jobs that wait show how fast they are done; from then on it settles.
    world.evaluate_for(4 * 3_600, |_| 5.0);
    world.longest_wait = 0.0;
    let sizes: Vec<u32> = world.evaluate_for(6 * 3_600, |_| 5.0).iter().map(size).collect();
    assert!(sizes.iter().all(|size| (8..=12).contains(size)), "{sizes:?}");
    assert!(world.longest_wait <= 60.0, "{}", world.longest_wait);
}

/// What is believed to run behind an empty queue must not add tasks.
#[test]
fn an_empty_queue_that_shows_nothing_order_no_task() {
    for tasks in [1, 4, 40] {
        let mut world =
            WaitWorld::new(1, 50, tasks).with(|world| (world.counts, world.shows) = (false, false));
        let decisions = world.evaluate_for(4_000, |_| 0.0);
        assert!(decisions.iter().all(|it| !matches!(it.verdict, Verdict::ScaleOut { .. })), "{decisions:#?}");
        assert!(world.desired() <= tasks.div_ceil(2), "{} of {tasks}", world.desired());
    }
}

#[test]
fn a_task_of_many_jobs_counts_as_many() {
    let mut world =
        WaitWorld::new(1, 50, 10).with(|world| world.stage.policy.concurrency = 4.try_into().unwrap());
    world.evaluate_for(3_600, |_| 10.0);
    assert!((5..=6).contains(&world.desired()), "{} tasks of 4 for the work of 20", world.desired());
}

#[test]
fn an_empty_queue_leads_to_zero_and_the_first_job_back() {
    let mut world = WaitWorld::new(0, 50, 5);
    world.evaluate_for(1_200, |_| 0.0);
    assert_eq!(world.desired(), 0);
    let decisions = world.evaluate_for(30, |_| 0.1);
    assert!(decisions.iter().any(|it| matches!(it.verdict, Verdict::ScaleOut { from: 0, .. })));
}

#[test]
fn a_paused_queue_asks_for_nothing_and_what_waited_is_worked_off_after_it() {
    let mut world = WaitWorld::new(2, 50, 20);
    world.evaluate_for(900, |_| 8.0);
    world.stage.queue().paused = true;
    world.arrive(2_000.0);
    world.evaluate(0.0);
    let decisions = world.evaluate_for(120, |_| 0.0);
    assert!(ins(&decisions) > 0);
    world.stage.queue().paused = false;
    world.arrive(9_000.0);
    world.evaluate_for(60, |_| 8.0);
    assert_eq!(world.desired(), 50);
}

#[test]
fn tasks_that_do_not_start_are_not_ordered_again() {
    let mut world = WaitWorld::new(1, 50, 10).with(|world| world.arrive(900.0));
    world.evaluate(5.0);
    world.evaluate(5.0);
    let ordered = world.desired();
    for _ in 0..20 {
        world.stage.queue().waiting += 300;
        world.stage.wait(15).evaluate();
    }
    let decision = world.stage.wait(15).peek();
    assert!(codes(&decision).contains(&"starts-failing"), "{decision}");
    assert!(ordered > 10 && decision.verdict.as_change().is_none());
}

#[test]
fn beside_rules_the_largest_wins_and_all_must_agree_to_scale_in() {
    let mut world = WaitWorld::new(1, 50, 25);
    world.stage.policy.rules = vec![rule("waiting > 4000: =40"), rule("cpu < 30%: -1")];
    world.stage.points("cpu", &[(0, 60.0)]);
    world.evaluate_for(300, |_| 5.0);
    assert_eq!(world.desired(), 25, "the CPU rule does not agree");
    world.stage.policy.rules.truncate(1);
    world.stage.metric("cpu", MetricReading::NotRead);
    world.evaluate_for(300, |_| 5.0);
    assert!(world.desired() < 15);
    world.arrive(4_100.0);
    let decision = world.evaluate(5.0);
    assert!(size(&decision) >= 40, "{decision}");
}

#[test]
fn jobs_held_by_workers_order_no_task() {
    let mut world = WaitWorld::new(1, 50, 10);
    world.evaluate_for(600, |_| 4.0);
    let before = world.desired();
    world.show();
    world.stage.queue().in_flight = InFlight::Exactly(500);
    // They were taken before the first evaluation, so that nothing has arrived; or between two, and the order is taken back.
    let mut first = world.clone();
    first.stage.memory.wait = None;
    for _ in 0..8 {
        let decision = first.stage.wait(15).evaluate();
        assert_eq!(size(&decision), before, "{decision}");
        world.stage.wait(15).evaluate();
    }
    assert!(world.desired() <= before + 2, "{} after {before}", world.desired());
}

/// The ledger's item holds 400 KB: 426 services of 935 bytes each.
#[test]
fn the_memory_stays_small() {
    for (counts, shows) in [(true, true), (false, true), (false, false)] {
        let mut world = WaitWorld::new(2, 50, 2).with(|world| (world.counts, world.shows) = (counts, shows));
        let mut largest = String::new();
        for _ in 0..14 * 120 {
            let noise = 1.0 + 0.1 * f64::from(u8::try_from(world.elapsed % 7).unwrap());
            world.evaluate(bursts(world.elapsed) * noise);
            let text = serde_json::to_string(&world.stage.memory).unwrap();
            largest = std::cmp::max_by_key(largest, text, String::len);
        }
        let most = most_bytes(&world.stage.policy, seconds(60));
        assert!(most == 935 && largest.len() <= most, "{} bytes: {largest}", largest.len());
    }
}

#[test]
fn every_decision_says_why() {
    let mut world = WaitWorld::new(2, 50, 2);
    for decision in world.evaluate_for(6 * 3_600, |elapsed| bursts(elapsed) + 2.0) {
        let why = |it: &Reason| !matches!(it, Reason::NothingMatches);
        assert!(decision.reasons.iter().any(why), "{decision}");
    }
}

/// Celery by default shows no running job, but those that its workers have reserved.
#[test]
fn jobs_that_workers_reserved_wait_like_the_others() {
    let reasons = |waiting, reserved| {
        let mut stage = WaitWorld::new(1, 50, 10).stage.waiting(waiting);
        stage.queue().in_flight = InFlight::Reserved(reserved);
        stage.evaluate();
        stage.wait(15).evaluate().reasons
    };
    assert_eq!(reasons(290, 10), reasons(300, 0));
    assert_ne!(reasons(290, 10), reasons(290, 0));
}

/// Of what may be in other queues too neither is known, what runs or what is reserved: such a queue is like a plain list.
#[test]
fn jobs_in_flight_that_are_a_lower_bound_say_nothing() {
    let sizes = |in_flight: fn(u64) -> InFlight| {
        let mut world = WaitWorld::new(1, 50, 10).with(|world| world.counts = false);
        (0..240)
            .map(|step| {
                let queue = world.stage.queue();
                (queue.waiting, queue.in_flight) = (step % 50, in_flight(step % 7));
                let decision = world.stage.evaluate();
                world.stage.wait(15);
                size(&decision)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes(InFlight::AtLeast), sizes(|_| InFlight::Unknown));
    assert_ne!(sizes(InFlight::AtLeast), sizes(InFlight::Exactly));
}

/// What runs is seen at every other evaluation only, while no message of another queue is held.
#[test]
fn a_queue_that_shows_running_jobs_at_times_is_no_load_that_comes_and_goes() {
    let changes = |shows: fn(usize) -> bool| {
        let mut world = WaitWorld::new(1, 50, 25).with(|world| world.counts = false);
        let changes: usize = (0..1_440)
            .map(|step| {
                world.shows = shows(step);
                usize::from(world.evaluate(10.0).verdict.as_change().is_some())
            })
            .sum();
        assert!((20..=25).contains(&world.desired()), "{} tasks for the work of 20", world.desired());
        changes
    };
    let (never, at_times) = (changes(|_| false), changes(|step| step % 2 == 0));
    assert!(at_times <= never + 2, "{at_times} changes in six hours, {never} where it is never seen");
}

#[test]
fn a_service_that_cannot_be_scaled_teaches_wait_nothing() {
    let mut world = WaitWorld::new(1, 50, 10);
    world.evaluate_for(600, |_| 4.0);
    for (active, daemon) in [(false, false), (true, true)] {
        let mut stage = world.stage.clone();
        (stage.service().active, stage.service().daemon) = (active, daemon);
        let before = stage.memory.wait.clone();
        stage.wait(15).evaluate();
        assert_eq!(stage.memory.wait, before, "active: {active}, a daemon: {daemon}");
    }
}
