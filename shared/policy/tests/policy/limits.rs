//! What limits a change, and is named only when it does.

use tidegate_policy::InFlight;

use crate::stage::{Stage, codes, size};

/// Five tasks of at most ten, and a rule that adds so many.
fn adds(rule: &str) -> Stage {
    Stage::new(1, 10, &[rule]).waiting(501)
}

#[test]
fn a_scale_out_that_just_reaches_the_maximum_is_not_limited_by_it() {
    for (rule, expected, why) in [
        ("waiting > 500: +4", 9, vec!["rule-matched"]),
        ("waiting > 500: +5", 10, vec!["rule-matched"]),
        ("waiting > 500: +6", 10, vec!["rule-matched", "at-max"]),
    ] {
        let decision = adds(rule).peek();
        assert_eq!((size(&decision), codes(&decision)), (expected, why), "{decision}");
        assert!(decision.notices.is_empty(), "more is wanted only once the maximum is reached: {decision}");
    }
}

#[test]
fn a_scale_out_of_just_the_largest_step_is_not_limited_by_it() {
    for (rule, expected, why) in [
        ("waiting > 500: +2", 7, vec!["rule-matched"]),
        ("waiting > 500: +3", 8, vec!["rule-matched"]),
        ("waiting > 500: +4", 8, vec!["rule-matched", "largest-step"]),
    ] {
        let stage = adds(rule).with(|stage| stage.policy.largest_step.scale_out = 3.try_into().unwrap());
        let decision = stage.peek();
        assert_eq!((size(&decision), codes(&decision)), (expected, why), "{decision}");
    }
}

/// At the maximum no rule can scale out again, however high its signal is there.
#[test]
fn a_service_above_its_maximum_comes_down_to_it_under_load() {
    let mut stage =
        Stage::new(1, 8, &["cpu > 70%: +2"]).tasks(10).with(|stage| stage.policy.interruptible = true);
    let decision = stage.points("cpu", &[(0, 95.0)]).peek();
    assert_eq!((size(&decision), codes(&decision)), (8, vec!["above-max"]), "{decision}");
}

#[test]
fn that_a_queue_hides_running_jobs_is_named_only_beside_a_scale_in() {
    let mut stage = Stage::new(1, 50, &["waiting < 50: -1"]).tasks(10);
    stage.queue().in_flight = InFlight::Reserved(0);
    let goes = stage.evaluate();
    assert_eq!((size(&goes), codes(&goes)), (9, vec!["rule-matched", "work-in-flight-hidden"]));
    let stays = stage.arrive().wait(60).evaluate();
    assert_eq!((size(&stays), codes(&stays)), (9, vec!["rule-matched", "cooldown-in"]));
}
