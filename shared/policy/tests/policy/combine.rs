//! Several methods at once: what a decision names when they agree, when they differ, and when one asks for what there is.

use tidegate_policy::MetricReading;

use crate::stage::{Stage, codes, refused, size};
use crate::track::track;

/// Three tasks that follow CPU and memory at 50%, and these rules.
fn three(rules: &[&str], cpu: f64, memory: f64) -> Stage {
    let mut stage = Stage::new(1, 50, rules).tasks(3).with(|stage| {
        stage.policy.track = vec![track("cpu", 50.0), track("memory", 50.0)];
        stage.policy.interruptible = true;
    });
    for (name, value) in [("cpu", cpu), ("memory", memory)] {
        let points: Vec<(i64, f64)> = (1..=5).map(|minute| (minute * 60, value)).collect();
        stage.points(name, &points);
    }
    stage.at(300);
    stage
}

/// So low that a smaller service is asked for, and yet no task can go: 3 x 33.5 / 50 is 2.01.
const ASKS_FOR_THREE: f64 = 33.5;
const ASKS_FOR_TWO: f64 = 30.0;
const ASKS_FOR_SIX: f64 = 100.0;

#[track_caller]
fn check(stage: &Stage, expected: u32, expected_codes: &[&str]) {
    let decision = stage.peek();
    assert_eq!((size(&decision), codes(&decision)), (expected, expected_codes.to_vec()), "{decision}");
}

#[test]
fn what_asks_for_no_more_than_there_is_has_no_place_beside_a_scale_out() {
    check(&three(&[], ASKS_FOR_SIX, ASKS_FOR_TWO), 6, &["tracked"]);
    check(&three(&[], ASKS_FOR_SIX, ASKS_FOR_THREE), 6, &["tracked"]);
    check(&three(&[], ASKS_FOR_SIX, ASKS_FOR_SIX), 6, &["tracked", "tracked"]);
    check(&three(&["waiting > 50: +1"], ASKS_FOR_SIX, ASKS_FOR_TWO), 6, &["tracked"]);
    check(&three(&["waiting < 50: -1"], ASKS_FOR_SIX, ASKS_FOR_TWO), 6, &["tracked"]);
}

#[test]
fn a_rule_and_a_tracker_that_ask_for_the_same_scale_out_are_both_named() {
    check(&three(&["waiting < 50: +2"], ASKS_FOR_SIX, ASKS_FOR_TWO), 6, &["tracked", "rule-matched"]);
    check(&three(&["waiting < 50: +3"], ASKS_FOR_SIX, ASKS_FOR_TWO), 6, &["tracked", "rule-matched"]);
    check(&three(&["waiting < 50: +4"], ASKS_FOR_SIX, ASKS_FOR_TWO), 7, &["rule-matched"]);
}

#[test]
fn a_tracker_that_asks_for_what_there_is_hides_neither_a_missing_reading_nor_a_rule() {
    let mut blind = three(&[], ASKS_FOR_THREE, 0.0);
    blind.metric("memory", MetricReading::Failed(refused()));
    check(&blind, 3, &["tracked", "reading-missing"]);
    check(
        &three(&["waiting < 50: -1"], ASKS_FOR_THREE, ASKS_FOR_TWO),
        3,
        &["tracked", "tracked", "rule-matched"],
    );
}

#[test]
fn a_rule_that_does_not_match_stands_against_a_scale_in_and_not_against_what_there_is() {
    let rules = ["waiting < 50: -1"];
    check(&three(&rules, ASKS_FOR_TWO, ASKS_FOR_TWO).waiting(100), 3, &["tracked", "tracked", "not-agreed"]);
    check(&three(&rules, ASKS_FOR_THREE, ASKS_FOR_TWO).waiting(100), 3, &["tracked", "tracked"]);
}
