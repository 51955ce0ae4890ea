//! To zero and back, without stranding work.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{InFlight, OnAbsence};

use crate::stage::{Stage, codes, size};

/// One idle task of a service that may sleep.
fn sleepy() -> Stage {
    Stage::new(0, 50, &["waiting < 50: -2", "waiting > 500: +5"]).tasks(1)
}

#[test]
fn zero_is_reached_only_from_a_queue_seen_empty_for_the_idle_time() {
    let mut stage = sleepy();
    for at in [0, 60, 120, 180, 240, 299] {
        let decision = stage.at(at).evaluate();
        assert_eq!(codes(&decision), ["rule-matched", "not-idle-long-enough"], "{at}: {decision}");
    }
    assert_eq!(stage.at(300).evaluate().verdict, ScaleIn { from: 1, to: 0 });
}

#[test]
fn one_job_begins_the_idle_time_anew() {
    let mut stage = sleepy();
    stage.at(0).evaluate();
    stage.at(120).evaluate();
    stage.queue().waiting = 1;
    assert_eq!(codes(&stage.at(240).evaluate()), ["rule-matched", "not-idle"]);
    stage.queue().waiting = 0;
    assert_eq!(codes(&stage.at(300).evaluate()), ["rule-matched", "not-idle-long-enough"]);
    stage.at(400).evaluate();
    stage.at(500).evaluate();
    assert_eq!(size(&stage.at(600).evaluate()), 0);
}

#[test]
fn an_evaluation_that_could_not_see_and_a_time_without_evaluations_begin_it_anew() {
    let mut stage = sleepy();
    let empty = stage.seen.queue.clone();
    stage.at(0).evaluate();
    stage.seen.queue = Some(Err(crate::stage::refused()));
    stage.at(60).evaluate();
    stage.seen.queue = empty;
    stage.at(120).evaluate();
    stage.at(240).evaluate();
    assert_eq!(size(&stage.at(360).evaluate()), 1);
    assert_eq!(size(&stage.at(1_000).evaluate()), 1, "no evaluation for ten minutes");
}

#[test]
fn jobs_that_workers_hold_keep_the_last_task_and_those_the_server_keeps_do_not() {
    let mut stage = sleepy();
    stage.queue().delayed = 3;
    stage.queue().delayed_held = true;
    stage.evaluate_for(600);
    let held = stage.peek();
    assert_eq!(held.verdict, Hold { at: Some(1) });
    assert_eq!(codes(&held), ["rule-matched", "not-idle"]);
    stage.queue().delayed_held = false;
    stage.evaluate_for(300);
    assert_eq!(stage.service().desired_count, 0);
}

#[test]
fn work_in_flight_keeps_the_last_task() {
    let mut stage = sleepy().in_flight(1);
    stage.evaluate_for(600);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "work-in-flight", "not-idle"]);
}

#[test]
fn a_queue_of_which_a_part_was_read_is_never_seen_empty() {
    let mut stage = sleepy();
    stage.queue().in_flight = InFlight::Partly { jobs: 0, read: 100, held: 3_002 };
    stage.evaluate_for(3_600);
    assert_eq!(stage.service().desired_count, 1);
    stage.queue().in_flight = InFlight::Exactly(0);
    stage.evaluate_for(240);
    assert_eq!(
        stage.service().desired_count,
        1,
        "the idle time begins with the first evaluation that sees all"
    );
    stage.evaluate_for(120);
    assert_eq!(stage.service().desired_count, 0);
}

/// A second worker may run a copy of which nothing is left to be seen.
#[test]
fn a_queue_whose_messages_may_be_in_others_too_is_never_seen_empty() {
    let mut stage = sleepy();
    stage.queue().in_flight = InFlight::AtLeast(0);
    stage.evaluate_for(3_600);
    assert_eq!(stage.service().desired_count, 1);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "work-in-flight-shared"]);
}

#[test]
fn the_first_job_wakes_one_task_and_many_wake_many() {
    let stage = sleepy().tasks(0).waiting(1);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 0, to: 1 });
    assert_eq!(codes(&stage.peek()), ["wake"]);
    let stage = sleepy().tasks(0).waiting(501);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 0, to: 5 });
    assert_eq!(codes(&stage.peek()), ["rule-matched"]);
}

#[test]
fn a_tracked_backlog_wakes_as_many_as_it_needs_and_an_empty_one_asks_for_nothing() {
    let mut stage = Stage::new(0, 50, &[]).tasks(0).with(|stage| {
        stage.policy.track = vec![crate::track::track("waiting_per_task", 10.0)];
    });
    assert_eq!((size(&stage.peek()), codes(&stage.peek())), (0, vec!["nothing-matches"]));
    stage.queue().waiting = 30;
    assert_eq!((size(&stage.peek()), codes(&stage.peek())), (3, vec!["tracked"]));
}

#[test]
fn a_recommendation_of_one_percent_wakes_one_task_too() {
    let stage = Stage::new(0, 50, &["waiting > 5: +50%"]).tasks(0).waiting(6);
    assert_eq!(size(&stage.peek()), 1);
}

#[test]
fn delayed_jobs_wake_when_they_are_due_and_not_before() {
    let mut stage = sleepy().tasks(0);
    stage.queue().delayed = 7;
    assert_eq!(size(&stage.peek()), 0);
    stage.queue().waiting = 2;
    stage.queue().due = 2;
    assert_eq!(codes(&stage.peek()), ["wake"]);
}

#[test]
fn work_that_a_stopped_task_took_along_wakes_a_task_that_gives_it_back() {
    let mut stage = sleepy().tasks(0);
    stage.queue().in_flight = InFlight::Reserved(2);
    assert_eq!(size(&stage.peek()), 1);
    assert!(codes(&stage.peek()).contains(&"not-idle"));
}

#[test]
fn a_paused_queue_does_not_wake() {
    let mut stage = sleepy().tasks(0).waiting(100);
    stage.queue().paused = true;
    assert_eq!(stage.peek().verdict, Hold { at: Some(0) });
    assert!(codes(&stage.peek()).contains(&"queue-paused"));
}

#[test]
fn a_day_of_sleep_and_work_ends_where_it_began() {
    let mut stage = sleepy().waiting(0);
    stage.policy.stabilization = crate::stage::seconds(60);
    stage.evaluate_for(600);
    assert_eq!(stage.service().desired_count, 0);
    stage.queue().waiting = 800;
    stage.wait(60).evaluate_for(600);
    assert!(stage.service().desired_count >= 10);
    stage.queue().waiting = 0;
    stage.wait(60).evaluate_for(6_000);
    assert_eq!(stage.service().desired_count, 0);
}

#[test]
fn a_cpu_rule_neither_keeps_a_service_awake_nor_misses_its_datapoints_asleep() {
    let mut stage = Stage::new(0, 50, &["waiting < 50: -2", "cpu > 70%: +2"]).tasks(1);
    for minute in 0..6 {
        stage.points("cpu", &[(minute * 60, 3.0)]).at(minute * 60).evaluate();
    }
    assert_eq!(stage.service().desired_count, 0, "3% on one task is nothing on none");
    stage.arrive();
    for minute in 6..20 {
        stage.points("cpu", &[]).at(minute * 60);
        let decision = stage.evaluate();
        assert!(decision.notices.is_empty(), "{minute}: {:?}", decision.notices);
        assert!(!codes(&decision).contains(&"reading-missing"), "{decision}");
    }
    stage.queue().waiting = 10;
    for minute in 20..23 {
        let decision = stage.at(minute * 60).evaluate();
        assert!(decision.notices.is_empty(), "its first task has no datapoint yet");
        stage.arrive();
    }
}

#[test]
fn a_declared_metric_is_missed_asleep_unless_absence_is_declared() {
    let rules = ["waiting < 50: -2", "requests > 70: +2"];
    let mut stage = Stage::new(0, 50, &rules).tasks(0).on_absence("requests", OnAbsence::Zero);
    stage.points("requests", &[]);
    assert!(!codes(&stage.peek()).contains(&"reading-missing"));
    stage.policy.metrics.clear();
    assert!(codes(&stage.peek()).contains(&"reading-missing"));
}
