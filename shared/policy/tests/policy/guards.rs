//! What keeps capacity during a scale-in, and what limits a scale-out.

use tidegate_policy::Verdict::{Hold, ScaleIn};

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

#[test]
fn jobs_held_by_workers_are_told_and_keep_no_task_that_could_not_run_them() {
    let decision = shrinking().in_flight(49).tasks(10).peek();
    assert_eq!(codes(&decision), ["rule-matched", "work-in-flight", "held-by-workers"]);
    let text = decision.to_string();
    assert!(text.contains("workers hold 9 jobs more than the 40 they can run"), "{text}");
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
fn scale_in_goes_no_lower_than_the_largest_wish_of_the_window() {
    let mut stage = shrinking().with(|stage| {
        stage.policy.stabilization = seconds(120);
        stage.policy.interruptible = true;
    });
    let first = stage.at(0).look();
    assert_eq!(codes(&first), ["rule-matched", "stabilizing"], "the first look never scales in");
    assert_eq!(size(&stage.at(119).look()), 10);
    assert_eq!(size(&stage.at(120).look()), 5);
}

#[test]
fn one_disagreeing_look_begins_the_window_anew() {
    let mut stage = shrinking().with(|stage| stage.policy.stabilization = seconds(120));
    stage.at(0).look();
    stage.queue().waiting = 50;
    stage.at(60).look();
    stage.queue().waiting = 0;
    stage.at(90).look();
    assert_eq!(size(&stage.at(209).look()), 10);
    assert_eq!(size(&stage.at(210).look()), 9);
}

#[test]
fn a_time_without_looks_begins_the_window_anew() {
    let mut stage = shrinking().with(|stage| stage.policy.stabilization = seconds(60));
    stage.at(0).look();
    // Looks may be two minutes and a half apart.
    assert_eq!(size(&stage.clone().at(210).look()), 9);
    let late = stage.at(211).look();
    assert_eq!(codes(&late), ["rule-matched", "stabilizing"]);
    assert_eq!(size(&stage.at(271).look()), 9);
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
    assert_eq!(size(&stage.at(0).look()), 9);
    assert_eq!(codes(&stage.arrive().at(299).look()), ["above-max", "cooldown-in"]);
    assert_eq!(size(&stage.at(300).look()), 8);
    assert_eq!(codes(&stage.arrive().at(600).look()), ["rule-matched", "at-max"]);
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

#[test]
fn a_queue_that_hides_running_jobs_says_so_beside_every_scale_in() {
    let mut stage = shrinking();
    stage.queue().in_flight = tidegate_policy::InFlight::AtLeast(3);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "one-task-at-a-time", "work-in-flight-hidden"]);
}
