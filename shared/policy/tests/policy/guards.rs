//! What keeps capacity during a scale-in, and what limits a scale-out.

use tidegate_policy::InFlight;
use tidegate_policy::Verdict::{Hold, ScaleIn};
use tidegate_policy::memory::ScaleOut;

use crate::stage::{Stage, codes, refused, seconds, size};

fn shrinking() -> Stage {
    Stage::new(1, 50, &["waiting < 50: -5"]).tasks(10)
}

#[test]
fn one_task_goes_per_decision_unless_jobs_may_be_interrupted() {
    let decision = shrinking().peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 });
    assert_eq!(codes(&decision), ["rule-matched", "one-task-at-a-time"]);
    let decision = shrinking().with(|stage| stage.policy.interruptible = true).peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 5 });
    assert_eq!(codes(&decision), ["rule-matched"]);
}

#[test]
fn the_largest_step_in_limits_what_may_be_interrupted() {
    let stage = shrinking().with(|stage| {
        stage.policy.interruptible = true;
        stage.policy.largest_step.scale_in = 2.try_into().unwrap();
    });
    assert_eq!(size(&stage.peek()), 8);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "largest-step"]);
}

/// Ten tasks of four jobs each, five to go: how many stay for so many jobs in flight.
#[track_caller]
fn floor(in_flight: u64, expected: u32) {
    let stage = shrinking().in_flight(in_flight).with(|stage| stage.policy.interruptible = true);
    assert_eq!(size(&stage.peek()), expected, "{in_flight} in flight");
}

#[test]
fn work_in_flight_keeps_the_tasks_that_it_needs() {
    floor(0, 5);
    floor(20, 5);
    floor(21, 6);
    floor(36, 9);
    floor(37, 10);
    floor(40, 10);
    floor(4_000, 10); // the excess is held by workers
}

/// Tasks die, and ECS has no capacity for others: their jobs come back once the queue gives them up.
#[test]
fn what_dead_tasks_held_keeps_the_tasks_that_it_will_need() {
    for running in [0, 1, 4, 10] {
        let mut stage = shrinking().in_flight(37).tasks(10);
        stage.service().running_count = running;
        stage.policy.interruptible = true;
        let decision = stage.peek();
        assert_eq!(size(&decision), 10, "{running} of 10 run: {decision}");
        assert!(decision.to_string().contains("37 jobs in flight"), "{decision}");
        assert!(!decision.to_string().contains("prefetched"), "{decision}");
    }
    // Six of the ten were ordered just now, and the four that run hold more than they can run: none of the six is kept for that.
    let mut stage = shrinking().in_flight(37).tasks(10);
    stage.service().running_count = 4;
    stage.policy.interruptible = true;
    stage.memory.scale_out = Some(ScaleOut { at: stage.now, base: 4, others: 0 });
    assert_eq!(size(&stage.peek()), 5, "{}", stage.peek());
}

#[test]
fn jobs_held_by_workers_are_reported_and_keep_no_task_that_could_not_run_them() {
    let decision = shrinking().in_flight(49).tasks(10).peek();
    assert_eq!(codes(&decision), ["rule-matched", "work-in-flight", "held-by-workers"]);
    let text = decision.to_string();
    assert!(text.contains("9 jobs are prefetched beyond the workers' 40 slots"), "{text}");
}

#[test]
fn nothing_scales_in_during_a_rollout() {
    let mut stage = shrinking();
    stage.service().rollout = true;
    assert_eq!(codes(&stage.peek()), ["rule-matched", "rollout"]);
    stage.queue().waiting = 50;
    assert_eq!(codes(&stage.peek()), ["nothing-matches"]);
}

#[test]
fn at_the_minimum_only_the_minimum_is_named() {
    let mut stage = shrinking().tasks(1);
    stage.service().rollout = true;
    stage.memory.changed_at = Some(stage.now);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "at-min"]);
}

#[test]
fn scale_in_goes_no_lower_than_the_largest_recommendation_of_the_window() {
    let mut stage = shrinking().with(|stage| {
        stage.policy.stabilization = seconds(120);
        stage.policy.interruptible = true;
    });
    let first = stage.at(0).evaluate();
    assert_eq!(codes(&first), ["rule-matched", "stabilizing"], "the first evaluation never scales in");
    assert_eq!(size(&stage.at(119).evaluate()), 10);
    assert_eq!(size(&stage.at(120).evaluate()), 5);
}

#[test]
fn one_disagreeing_evaluation_begins_the_window_anew() {
    let mut stage = shrinking().with(|stage| stage.policy.stabilization = seconds(120));
    stage.at(0).evaluate();
    stage.queue().waiting = 50;
    stage.at(60).evaluate();
    stage.queue().waiting = 0;
    stage.at(90).evaluate();
    assert_eq!(size(&stage.at(209).evaluate()), 10);
    assert_eq!(size(&stage.at(210).evaluate()), 9);
}

#[test]
fn a_time_without_evaluations_begins_the_window_anew() {
    let mut stage = shrinking().with(|stage| stage.policy.stabilization = seconds(60));
    stage.at(0).evaluate();
    // Evaluations may be two minutes and a half apart.
    assert_eq!(size(&stage.clone().at(210).evaluate()), 9);
    let late = stage.at(211).evaluate();
    assert_eq!(codes(&late), ["rule-matched", "stabilizing"]);
    assert_eq!(size(&stage.at(271).evaluate()), 9);
}

#[test]
fn scale_in_does_not_go_where_a_shared_signal_would_scale_out_again() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -5", "cpu > 70%: +2"]).tasks(10);
    stage.policy.interruptible = true;
    stage.points("cpu", &[(0, 49.0)]);
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 7 }, "49% of ten is 70% of seven");
    assert_eq!(codes(&decision), ["rule-matched", "anticipated-flapping"]);
    stage.points("cpu", &[(0, 69.0)]);
    assert_eq!(stage.peek().verdict, Hold { at: Some(10) });
    stage.points("cpu", &[(0, 35.0)]);
    assert_eq!(size(&stage.peek()), 5);
}

#[test]
fn one_task_that_stays_below_the_threshold_is_not_held_by_what_five_would_do() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -5", "cpu > 70%: +2"]).tasks(10);
    stage.points("cpu", &[(0, 60.0)]);
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 });
    assert_eq!(codes(&decision), ["rule-matched", "one-task-at-a-time"]);
}

#[test]
fn above_the_maximum_no_rule_can_scale_out_so_nothing_flaps() {
    let mut stage = Stage::new(1, 8, &["cpu > 70%: +2"]).tasks(10);
    stage.points("cpu", &[(0, 95.0)]);
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 });
    assert_eq!(codes(&decision), ["above-max", "one-task-at-a-time"]);
}

#[test]
fn below_the_minimum_the_minimum_is_reached_at_once() {
    let decision = Stage::new(8, 50, &["waiting < 50: -5"]).tasks(2).peek();
    assert_eq!(size(&decision), 8);
    assert_eq!(codes(&decision), ["below-min"]);
    let decision = Stage::new(8, 50, &["waiting > 50: +9"]).tasks(2).waiting(51).peek();
    assert_eq!(size(&decision), 11);
    assert_eq!(codes(&decision), ["rule-matched"]);
}

#[test]
fn below_the_minimum_an_unreadable_queue_does_not_keep_the_service_small() {
    let mut stage = Stage::new(8, 50, &["waiting < 50: -5"]).tasks(2);
    stage.seen.queue = Some(Err(refused()));
    assert_eq!(size(&stage.peek()), 8);
}

#[test]
fn above_the_maximum_the_service_comes_down_under_the_same_guards() {
    let mut stage = Stage::new(1, 8, &["waiting > 500: +5"]).tasks(10).waiting(501);
    assert_eq!(size(&stage.at(0).evaluate()), 9);
    assert_eq!(codes(&stage.arrive().at(299).evaluate()), ["above-max", "cooldown-in"]);
    assert_eq!(size(&stage.at(300).evaluate()), 8);
    assert_eq!(codes(&stage.arrive().at(600).evaluate()), ["rule-matched", "at-max"]);
}

#[test]
fn the_maximum_limits_a_scale_out() {
    let stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(48).waiting(501);
    assert_eq!(size(&stage.peek()), 50);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "at-max"]);
}

#[test]
fn a_service_that_cannot_be_scaled_is_left_alone() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).waiting(501);
    stage.service().active = false;
    assert_eq!(codes(&stage.peek()), ["service-inactive"]);
    stage.service().active = true;
    stage.service().daemon = true;
    assert_eq!(codes(&stage.peek()), ["service-is-daemon"]);
    stage.seen.service = Err(refused());
    assert_eq!(codes(&stage.peek()), ["service-unreadable"]);
    assert_eq!(stage.peek().verdict, Hold { at: None });
}

/// What one evaluation read of a large `unacked`.
fn partly(jobs: u64) -> InFlight {
    InFlight::Partly { jobs, read: 100, held: 3_002 }
}

#[test]
fn nothing_is_taken_away_while_only_a_part_of_the_work_in_flight_was_read() {
    for jobs in [0, 1, 40] {
        let mut stage = shrinking().with(|stage| stage.policy.interruptible = true);
        stage.queue().in_flight = partly(jobs);
        let decision = stage.peek();
        assert_eq!(decision.verdict, Hold { at: Some(10) }, "{decision}");
        assert!(codes(&decision).contains(&"work-in-flight-partly-read"), "{decision}");
    }
    let mut above_max = shrinking().tasks(60);
    above_max.queue().in_flight = partly(0);
    assert_eq!(size(&above_max.peek()), 60);
}

#[test]
fn a_part_of_the_work_in_flight_scales_out_like_the_whole() {
    let mut stage = Stage::new(1, 50, &["depth > 50: +5", "depth < 10: -1"]).waiting(60);
    stage.queue().in_flight = partly(0);
    assert_eq!(size(&stage.peek()), 10);
    let mut stage = Stage::new(1, 50, &["in_flight > 15: +5"]);
    stage.queue().in_flight = partly(16);
    assert_eq!(size(&stage.peek()), 10);
}

#[test]
fn a_part_begins_no_run_of_low_values_and_ends_none_of_high_ones() {
    let mut low = Stage::new(1, 50, &["in_flight < 5 for 4m: -1"]);
    low.queue().in_flight = partly(0);
    low.evaluate_for(600);
    low.queue().in_flight = InFlight::Exactly(0);
    assert_eq!(size(&low.wait(60).evaluate()), 5, "the low values of a part prove nothing");

    let mut high = Stage::new(1, 50, &["in_flight > 15 for 4m: +5"]).in_flight(20);
    high.evaluate_for(180);
    high.queue().in_flight = partly(3);
    high.wait(60).evaluate();
    high.queue().in_flight = InFlight::Exactly(20);
    assert_eq!(size(&high.wait(60).evaluate()), 10, "a part did not show that there were fewer");
}

#[test]
fn few_jobs_in_flight_take_nothing_away_where_more_may_run_and_that_is_said() {
    let kinds =
        [(InFlight::AtLeast(1), "work-in-flight-shared"), (InFlight::Reserved(1), "work-in-flight-hidden")];
    for (rule, (in_flight, why)) in
        ["depth < 5: -1", "in_flight < 5: -1"].into_iter().flat_map(|rule| kinds.map(|kind| (rule, kind)))
    {
        let mut stage = Stage::new(1, 50, &[rule, "depth > 50: +5"]);
        stage.queue().in_flight = in_flight;
        assert_eq!(stage.peek().verdict, Hold { at: Some(5) }, "{rule}");
        assert!(codes(&stage.peek()).contains(&why), "{}", stage.peek());
        assert_eq!(size(&stage.waiting(51).peek()), 10, "what is seen asks for more all the same");
    }
    let mut stage = shrinking();
    stage.queue().in_flight = InFlight::AtLeast(3);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "one-task-at-a-time", "work-in-flight-shared"]);
}

#[test]
fn a_queue_that_hides_running_jobs_says_so_beside_every_scale_in() {
    let mut stage = shrinking();
    stage.queue().in_flight = InFlight::Reserved(3);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "one-task-at-a-time", "work-in-flight-hidden"]);
}

/// CPU of so much in all, in tasks at 100%, over the tasks that run: how many are wanted?
#[track_caller]
fn set_by(rules: &[&str], load: f64, tasks: u32, expected: u32) {
    let mut stage = Stage::new(1, 50, rules).no_queue().tasks(tasks).with(|stage| {
        stage.policy.interruptible = true;
        stage.policy.largest_step.scale_in = std::num::NonZeroU32::new(100).unwrap();
    });
    let percent = (load * 100.0 / f64::from(tasks)).min(100.0);
    let points: Vec<(i64, f64)> = (0..=10).map(|minute| (minute * 60, percent)).collect();
    stage.points("cpu", &points).at(0).evaluate_and_crash();
    (stage.memory.intent, stage.memory.scale_out) = (None, None);
    let decision = stage.at(600).peek();
    assert_eq!(size(&decision), expected, "{percent}% over {tasks}: {decision}");
}

#[test]
fn a_size_that_a_rule_sets_trips_like_a_step_that_it_adds() {
    let two = ["cpu > 75%: =20", "cpu < 40% for 5m: =5"];
    set_by(&two, 4.5, 5, 20);
    set_by(&two, 4.5, 20, 6);
    // What it sets at that size is that size.
    set_by(&["cpu > 75%: =5", "cpu < 40% for 5m: =5"], 4.5, 20, 5);
    let three = ["cpu > 60%: =10", "cpu > 80%: =15", "cpu < 30%: =5"];
    set_by(&three, 9.5, 10, 15);
    set_by(&three, 9.5, 15, 12);
    set_by(&three, 9.5, 12, 12);
}

/// At least so many are in flight: enough for twelve tasks, whatever another rule takes away.
#[test]
fn no_rule_goes_below_what_another_one_sets_by_a_lower_bound() {
    let mut stage = Stage::new(1, 50, &["waiting > 100: =10", "depth >= 40: =12"]).tasks(23).with(|stage| {
        stage.policy.interruptible = true;
        stage.policy.largest_step.scale_in = std::num::NonZeroU32::new(100).unwrap();
    });
    stage.queue().waiting = 101;
    for in_flight in [InFlight::Exactly(1), InFlight::Reserved(1), InFlight::AtLeast(1)] {
        stage.queue().in_flight = in_flight;
        assert_eq!(size(&stage.peek()), 12, "{in_flight:?}: {}", stage.peek());
    }
}
