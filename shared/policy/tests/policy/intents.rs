//! Two evaluations at once, lost answers, killed processes, failures.

use tidegate_policy::Capacity;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::memory::{FailedChanges, Settled};

use crate::stage::{Stage, codes, noon, seconds, size};

fn growing() -> Stage {
    Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).waiting(501)
}

#[test]
fn of_two_evaluations_with_one_memory_only_the_one_that_wrote_it_may_act() {
    let mut stage = growing();
    let (first, second) = (stage.peek_as("first"), stage.peek_as("second"));
    assert_eq!(first.verdict, second.verdict, "both want the same absolute size");
    stage.memory = first.memory;
    let again = stage.peek_as("second");
    assert_eq!(again.verdict, Hold { at: Some(5) });
    assert_eq!(codes(&again), ["rule-matched", "intent-pending"]);
    assert_eq!(again.memory.intent.unwrap().evaluation, "first");
}

#[test]
fn an_intent_is_left_to_its_evaluation_for_the_lease() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    assert_eq!(stage.at(89).evaluate_and_crash().verdict, Hold { at: Some(5) });
    let taken_over = stage.at(90).evaluate_and_crash();
    assert_eq!(taken_over.verdict, ScaleOut { from: 5, to: 10 });
    assert!(codes(&taken_over).contains(&"intent-found-lost"));
}

#[test]
fn an_intent_that_was_made_is_found_made_and_nothing_is_added_twice() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.service().desired_count = 10;
    let left = stage.at(29).evaluate();
    assert_eq!(left.verdict, Hold { at: Some(10) });
    assert_eq!(
        codes(&left),
        ["rule-matched", "credit", "intent-pending"],
        "its evaluation is about to report it"
    );
    let found = stage.at(30).evaluate();
    assert_eq!(found.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&found), ["rule-matched", "credit", "intent-found-applied"]);
    assert_eq!(stage.memory.intent, None);
}

#[test]
fn an_intent_that_was_made_ends_the_failures_before_it() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.service().desired_count = 10;
    stage.memory.failure = Some(FailedChanges { at: noon(), count: 3, to: None });
    stage.at(30).evaluate();
    assert_eq!(stage.memory.failure, None);
}

#[test]
fn a_scale_in_that_was_made_before_the_kill_is_not_made_twice() {
    let mut stage = growing().waiting(0).tasks(10);
    stage.at(0).evaluate_and_crash();
    stage.service().desired_count = 9;
    let found = stage.arrive().at(45).evaluate();
    assert_eq!(found.verdict, Hold { at: Some(9) });
    assert_eq!(codes(&found), ["rule-matched", "cooldown-in", "intent-found-applied"]);
    assert_eq!(size(&stage.at(300).evaluate()), 8);
}

#[test]
fn an_evaluation_settles_only_its_own_intent() {
    let mut stage = growing();
    stage.evaluate_and_crash();
    let before = stage.memory.clone();
    stage.memory.settle("another", Settled::Failed, stage.now);
    assert_eq!(stage.memory, before);
}

#[test]
fn a_change_that_fails_is_tried_again_after_1_2_4_8_and_then_every_15_minutes() {
    let mut stage = growing();
    let mut at = 0;
    for minutes in [1, 2, 4, 8, 15, 15, 15] {
        stage.at(at).evaluate_and_crash();
        assert!(stage.memory.intent.is_some(), "an attempt at {at} s");
        stage.settle(Settled::Failed);
        at += minutes * 60;
        let early = stage.at(at - 1).evaluate_and_crash();
        assert_eq!(early.verdict, Hold { at: Some(5) }, "not before {at} s");
        assert!(codes(&early).contains(&"backing-off"));
    }
    assert_eq!(stage.at(at).evaluate_and_crash().verdict, ScaleOut { from: 5, to: 10 });
    stage.settle(Settled::Applied);
    assert_eq!(stage.memory.failure, None);
}

#[test]
fn a_failed_change_does_not_forget_its_cooldown() {
    let mut stage = growing().waiting(0);
    stage.at(0).evaluate_and_crash();
    stage.settle(Settled::Failed);
    assert_eq!(stage.memory.changed_at, Some(noon()));
    assert_eq!(codes(&stage.at(120).evaluate_and_crash()), ["rule-matched", "cooldown-in"]);
    assert_eq!(stage.at(300).evaluate_and_crash().verdict, ScaleIn { from: 5, to: 4 });
}

#[test]
fn a_failure_whose_answer_was_lost_but_whose_change_was_made_is_forgotten() {
    let mut stage = growing();
    stage.evaluate_and_crash();
    stage.settle(Settled::Failed);
    stage.service().desired_count = 10;
    let found = stage.wait(15).evaluate_and_crash();
    assert!(codes(&found).contains(&"intent-found-applied"), "{found}");
    assert_eq!(stage.memory.failure, None);
}

#[test]
fn a_failed_scale_out_is_asked_for_again_in_full() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.settle(Settled::Failed);
    assert_eq!(stage.at(60).evaluate_and_crash().verdict, ScaleOut { from: 5, to: 10 });
}

#[test]
fn a_change_that_was_not_sent_is_no_failure_and_is_decided_again() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.settle(Settled::NotSent);
    assert_eq!(stage.memory.failure, None);
    assert_eq!(stage.at(15).evaluate_and_crash().verdict, ScaleOut { from: 5, to: 10 });
}

#[test]
fn a_pin_waits_for_a_pending_intent_too() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    let mut stage = stage.overridden(tidegate_policy::overrides::OverrideKind::Pin(3), 600);
    assert_eq!(stage.at(15).evaluate_and_crash().verdict, Hold { at: Some(5) });
    assert_eq!(stage.at(90).evaluate_and_crash().verdict, ScaleIn { from: 5, to: 3 });
}

#[test]
fn an_unreadable_service_keeps_the_intent_for_an_evaluation_that_can_see() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.seen.service = Err(crate::stage::refused());
    stage.at(300).evaluate_and_crash();
    assert!(stage.memory.intent.is_some());
}

#[test]
fn a_switched_off_service_does_not_keep_an_intent_forever() {
    let mut stage = growing();
    stage.at(0).evaluate_and_crash();
    stage.service().desired_count = 0;
    let off = stage.at(90).evaluate_and_crash();
    assert_eq!(codes(&off), ["switched-off", "intent-found-lost"]);
    assert_eq!(stage.memory.intent, None);
}

#[test]
fn a_clock_that_runs_behind_the_memory_holds() {
    let mut stage = growing().waiting(0).tasks(10);
    stage.at(0).evaluate();
    assert_eq!(stage.arrive().at(-30).evaluate().verdict, Hold { at: Some(9) });
    assert_eq!(stage.now, noon() - seconds(30));
}

/// Otherwise an observed scale-in would begin a cooldown, and be reported again whenever that ends.
#[test]
fn an_evaluation_that_only_observes_says_the_same_every_time() {
    let mut stage = growing().waiting(0).tasks(10);
    for minute in 0..20 {
        let before = stage.memory.clone();
        let decision = stage.at(minute * 60).evaluate_and_crash();
        stage.memory.withdraw(&before);
        assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 }, "{minute}");
        assert_eq!((stage.memory.intent.as_ref(), stage.memory.changed_at), (None, None));
    }
}

/// Observing changes nothing, so what was known of a count of zero stays known: who set it to sleep, or that it was an
/// operator.
#[test]
fn an_evaluation_that_only_observes_keeps_apart_a_service_that_sleeps_and_one_that_was_switched_off() {
    for (zeroed, verdict, why) in
        [(true, ScaleOut { from: 0, to: 1 }, "below-min"), (false, Hold { at: Some(0) }, "switched-off")]
    {
        let mut stage = growing().waiting(100).tasks(0);
        stage.memory.zeroed = zeroed;
        for minute in 0..3 {
            let before = stage.memory.clone();
            let decision = stage.at(minute * 60).evaluate_and_crash();
            stage.memory.withdraw(&before);
            assert_eq!((decision.verdict, codes(&decision)), (verdict, vec![why]), "{minute}");
        }
    }
}

/// ECS shows for a moment what was before a change: a step that starts from there would take back a part of it.
#[test]
fn a_desired_count_that_aws_does_not_show_yet_is_not_lowered() {
    let rules = ["waiting > 5000: +30", "waiting > 500: +10", "waiting > 50: +3", "waiting < 10: -1"];
    let mut stage = Stage::new(1, 50, &rules).waiting(501);
    assert_eq!(stage.at(0).evaluate().verdict, ScaleOut { from: 5, to: 15 });
    stage.service().desired_count = 5;
    for (waiting, expected) in [(51, Hold { at: Some(5) }), (5_001, ScaleOut { from: 5, to: 35 })] {
        stage.queue().waiting = waiting;
        let decision = stage.at(15).peek();
        assert_eq!(decision.verdict, expected, "{decision}");
        assert!(!codes(&decision).contains(&"manual-change"), "{decision}");
    }
    stage.queue().waiting = 51;
    let held = stage.at(15).evaluate();
    assert!(codes(&held).contains(&"change-not-shown"), "{held}");
    assert_eq!(stage.at(30).evaluate().verdict, Hold { at: Some(5) }, "what was set is not forgotten");
    // Whoever lowers it by hand is believed half a minute later.
    let believed = stage.at(31).evaluate();
    assert_eq!(believed.verdict, ScaleOut { from: 5, to: 8 });
    assert!(codes(&believed).contains(&"manual-change"), "{believed}");
}

#[test]
fn a_scale_in_that_aws_does_not_show_yet_is_neither_undone_nor_made_twice() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).tasks(20);
    assert_eq!(stage.at(0).evaluate().verdict, ScaleIn { from: 20, to: 19 });
    stage.policy.cooldown.scale_in = seconds(0);
    stage.service().desired_count = 20;
    stage.policy.capacity = Capacity::new(1, 18).unwrap();
    let held = stage.at(15).evaluate();
    assert_eq!(held.verdict, Hold { at: Some(20) }, "one decision takes one task: {held}");
    assert_eq!(stage.memory.desired_count, Some(19));
    assert_eq!(stage.memory.overwritten, None, "nobody else changed it");
}
