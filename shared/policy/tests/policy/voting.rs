//! Who votes, and what absence means.
//!
//! Source of the adopted rules: Kubernetes, "Horizontal Pod Autoscaling": if any metric cannot be read and the others
//! suggest fewer replicas, nothing is removed; growth stays possible; of several metrics the largest recommendation wins.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{Decision, InFlight, MetricReading, OnAbsence};

use crate::stage::{Stage, codes, refused, size};

fn two_signals() -> Stage {
    Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -2", "cpu > 70%: +2", "cpu < 30%: -1"]).tasks(10)
}

/// The decision for so many jobs and so much CPU one minute after noon.
#[track_caller]
fn check(waiting: u64, cpu: f64, expected: u32, expected_codes: &[&str]) {
    let mut stage = two_signals().waiting(waiting);
    stage.points("cpu", &[(60, cpu)]).at(60);
    let decision = stage.peek();
    assert_eq!((size(&decision), codes(&decision)), (expected, expected_codes.to_vec()), "{decision}");
}

#[test]
fn scale_in_needs_every_signal_to_agree() {
    check(0, 10.0, 9, &["rule-matched", "rule-matched"]);
    check(0, 30.0, 10, &["rule-matched", "not-agreed"]);
    check(50, 10.0, 10, &["rule-matched", "not-agreed"]);
    check(0, 71.0, 12, &["rule-matched"]);
    check(501, 10.0, 15, &["rule-matched"]);
    check(501, 71.0, 15, &["rule-matched", "rule-matched"]);
    check(200, 50.0, 10, &["nothing-matches"]);
}

#[test]
fn a_scale_out_rule_that_does_not_hold_for_long_enough_already_vetoes_scale_in() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -2", "cpu > 70% for 5m: +2"]).tasks(10);
    stage.points("cpu", &[(60, 80.0)]).at(60);
    let decision = stage.peek();
    assert_eq!(decision.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&decision), ["rule-matched", "not-agreed"]);
}

#[test]
fn any_missing_signal_blocks_scale_in_but_not_scale_out() {
    let mut stage = two_signals();
    stage.metric("cpu", MetricReading::Failed(refused()));
    let shrink = stage.peek();
    assert_eq!(shrink.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&shrink), ["rule-matched", "reading-missing"]);
    let grow = stage.waiting(501).peek();
    assert_eq!(grow.verdict, ScaleOut { from: 10, to: 15 });
}

#[test]
fn an_unreadable_queue_blocks_scale_in_but_not_scale_out_by_another_signal() {
    let mut stage = two_signals();
    stage.seen.queue = Some(Err(refused()));
    stage.points("cpu", &[(60, 10.0)]).at(60);
    let shrink = stage.peek();
    assert_eq!(shrink.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&shrink), ["rule-matched", "reading-missing"]);
    stage.points("cpu", &[(60, 80.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 10, to: 12 });
}

#[test]
fn an_unreadable_queue_blocks_scale_in_even_if_no_rule_names_it() {
    let mut stage = Stage::new(1, 50, &["cpu < 30%: -1"]);
    stage.seen.queue = Some(Err(refused()));
    stage.points("cpu", &[(60, 10.0)]).at(60);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "reading-missing"]);
}

#[test]
fn a_datapoint_votes_for_three_minutes_and_two_periods_and_not_a_second_longer() {
    let mut stage = two_signals();
    stage.answer("cpu", &[(0, 10.0)]);
    stage.at(180).evaluate_and_crash();
    stage.memory.intent = None;
    stage.memory.changed_at = None;
    stage.metric("cpu", MetricReading::NotRead);
    assert_eq!(stage.at(300).peek().verdict, ScaleIn { from: 10, to: 9 });
    let late = stage.at(301).peek();
    assert_eq!(late.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&late), ["rule-matched", "reading-stale"]);
}

/// Tasks are wanted, and none of them runs: that there is no CPU to measure is the outage.
#[test]
fn a_cpu_without_datapoints_blocks_scale_in_while_tasks_are_wanted() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -2", "cpu > 70%: +2"]).tasks(10);
    stage.points("cpu", &[]).service().running_count = 0;
    assert_eq!(codes(&stage.peek()), ["rule-matched", "reading-missing"]);
}

#[test]
fn a_missing_signal_blocks_scale_in_even_above_the_maximum() {
    let mut stage = two_signals().tasks(60);
    stage.metric("cpu", MetricReading::Failed(refused()));
    assert_eq!(codes(&stage.peek()), ["above-max", "reading-missing"]);
}

/// `requests` has an answer without datapoints; a scale-in rule of its own, and one of `waiting`.
fn absent(on_absence: OnAbsence) -> Stage {
    let rules = ["waiting < 50: -2", "requests < 10: -1", "requests > 100: +1"];
    let mut stage = Stage::new(1, 50, &rules).tasks(10).on_absence("requests", on_absence);
    stage.points("requests", &[]);
    stage
}

#[test]
fn absence_means_what_the_file_declares() {
    let missing = absent(OnAbsence::Missing).peek();
    assert_eq!(codes(&missing), ["rule-matched", "reading-missing"]);
    let zero = absent(OnAbsence::Zero).peek();
    assert_eq!(size(&zero), 9);
    assert_eq!(codes(&zero), ["rule-matched", "rule-matched"], "{zero}");
    let no_vote = absent(OnAbsence::NoVote).peek();
    assert_eq!(size(&no_vote), 9);
    assert_eq!(codes(&no_vote), ["rule-matched", "one-task-at-a-time"]);
}

#[test]
fn absence_in_an_answer_that_failed_is_never_zero() {
    for on_absence in [OnAbsence::Missing, OnAbsence::Zero, OnAbsence::NoVote] {
        let mut stage = absent(on_absence);
        stage.metric("requests", MetricReading::Failed(refused()));
        assert_eq!(codes(&stage.peek()), ["rule-matched", "reading-missing"], "{on_absence:?}");
    }
}

#[test]
fn a_delayed_evaluation_remembers_what_absence_meant_in_the_last_answer() {
    for on_absence in [OnAbsence::Zero, OnAbsence::NoVote] {
        let mut stage = absent(on_absence);
        stage.at(0).evaluate_and_crash();
        stage.memory.intent = None;
        stage.memory.changed_at = None;
        stage.metric("requests", MetricReading::NotRead);
        let short: Decision = stage.at(45).peek();
        assert_eq!(size(&short), 9, "{on_absence:?}: {short}");
        assert!(short.notices.is_empty());
        let late = stage.at(151).peek();
        assert_eq!(size(&late), 10, "what was said 151 s ago is not known any more");
    }
}

#[test]
fn a_delayed_evaluation_uses_the_newest_datapoint_of_the_last_answer() {
    let mut stage = Stage::new(1, 50, &["cpu > 70%: +2"]);
    stage.points("cpu", &[(0, 60.0)]).at(0).evaluate();
    stage.metric("cpu", MetricReading::NotRead).at(15);
    assert_eq!(codes(&stage.peek()), ["nothing-matches"]);
    stage.points("cpu", &[(60, 80.0)]).at(60).evaluate();
    stage.metric("cpu", MetricReading::NotRead).at(75);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "credit"]);
}

#[test]
fn a_metric_that_the_delayed_evaluation_does_not_name_is_remembered_all_the_same() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -1", "cpu < 30%: -1"]).tasks(10);
    stage.points("cpu", &[(0, 60.0)]).at(0).evaluate();
    stage.seen.metrics.clear();
    stage.at(15).evaluate();
    assert_eq!(codes(&stage.at(30).evaluate()), ["rule-matched", "not-agreed"]);
}

#[test]
fn a_set_rule_that_does_not_match_does_not_stand_against_a_scale_in() {
    let rules = ["depth > 100: =10", "waiting < 50: -1"];
    let stage = Stage::new(1, 50, &rules).tasks(12);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 12, to: 11 });
}

#[test]
fn a_set_rule_that_breaches_stands_against_a_scale_in_below_its_size() {
    let rules = ["depth > 80: =10", "waiting < 50: -1"];
    let mut stage = Stage::new(1, 50, &rules).tasks(12).in_flight(36).waiting(49);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 12, to: 11 });
    stage = stage.tasks(10);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "rule-matched", "not-agreed"]);
}

#[test]
fn a_set_rule_with_a_lower_bound_must_agree_like_a_removal() {
    let rules = ["waiting < 50: =2", "cpu < 30%: -1"];
    let mut stage = Stage::new(1, 50, &rules).tasks(10).waiting(80);
    stage.points("cpu", &[(60, 10.0)]).at(60);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "not-agreed"]);
}

#[test]
fn a_paused_queue_has_nothing_to_do() {
    let mut stage = two_signals().waiting(10_000);
    stage.points("cpu", &[(60, 10.0)]).at(60);
    stage.queue().paused = true;
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 });
    assert!(codes(&decision).contains(&"queue-paused"), "{decision}");
}

#[test]
fn a_queue_that_does_not_show_its_next_job_cannot_say_that_it_moves() {
    let mut stage = Stage::new(1, 50, &["stalled_for < 30: -1"]).waiting(5);
    assert_eq!(codes(&stage.peek()), ["reading-missing"]);
    stage.queue().head = Some(7);
    assert_eq!(codes(&stage.peek()), ["rule-matched"]);
    stage.queue().waiting = 0;
    stage.queue().head = None;
    assert_eq!(codes(&stage.peek()), ["rule-matched"], "an empty queue does not stall");
}

#[test]
fn a_head_that_does_not_move_is_stalled_for_as_long_as_it_was_seen() {
    let mut stage = Stage::new(1, 50, &["stalled_for > 60: +1"]).waiting(5);
    stage.queue().head = Some(7);
    stage.at(0).evaluate();
    stage.seen.queue = Some(Err(refused()));
    stage.at(30).evaluate();
    stage.seen.queue = Some(Ok(crate::stage::queue(5)));
    stage.queue().head = Some(7);
    assert_eq!(codes(&stage.at(60).evaluate()), ["nothing-matches"]);
    assert_eq!(codes(&stage.at(61).evaluate()), ["rule-matched"]);
    stage.queue().head = Some(8);
    assert_eq!(codes(&stage.at(400).evaluate()), ["nothing-matches"]);
}

/// The same job stands first before and after the pause: no worker was to take it.
#[test]
fn a_pause_is_no_stall() {
    let mut stage = Stage::new(1, 50, &["stalled_for > 60: +1"]).waiting(5);
    stage.queue().head = Some(7);
    stage.at(0).evaluate();
    stage.queue().paused = true;
    stage.at(60).evaluate();
    stage.queue().paused = false;
    assert_eq!(codes(&stage.at(600).evaluate()), ["nothing-matches"]);
    assert_eq!(codes(&stage.at(660).evaluate()), ["nothing-matches"]);
    assert_eq!(codes(&stage.at(661).evaluate()), ["rule-matched"]);
}

#[test]
fn a_queue_that_hides_running_jobs_cannot_be_compared_by_them() {
    let mut stage = Stage::new(1, 50, &["in_flight < 5: -1"]);
    stage.queue().in_flight = InFlight::Unknown;
    assert_eq!(codes(&stage.peek()), ["reading-missing"]);
}
