//! What limits a scale-out, and is named only when it does.

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
