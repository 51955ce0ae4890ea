//! Kubernetes' rules around the number that a tracker asks for: how long, how far, and when not at all. The number itself
//! is in `track.rs`.
//!
//! Source: Kubernetes, "Horizontal Pod Autoscaling": "Stabilization window", "Implicit maintenance-mode deactivation",
//! and the bounds `minReplicas` and `maxReplicas`.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{Cooldown, MetricReading};

use crate::stage::{Stage, codes, refused, seconds, size};
use crate::track::track;

/// So many tasks of 2 to 20 with CPU at 50%; no cooldown, Kubernetes' window of five minutes for a scale-in.
fn deployment(tasks: u32) -> Stage {
    Stage::new(2, 20, &[]).no_queue().tasks(tasks).with(|stage| {
        stage.policy.track = vec![track("cpu", 50.0)];
        stage.policy.interruptible = true;
        stage.policy.cooldown = Cooldown { scale_out: seconds(0), scale_in: seconds(0) };
        stage.policy.stabilization = seconds(300);
    })
}

/// What an evaluation each minute does with a datapoint each minute.
fn sizes(stage: &mut Stage, values: &[f64]) -> Vec<u32> {
    let minutes = (1..).map(|minute| minute * 60);
    let evaluate = |(at, value): (i64, &f64)| size(&stage.points("cpu", &[(at, *value)]).at(at).evaluate());
    minutes.zip(values).map(evaluate).collect()
}

/// All recommendations of the window are considered, and the highest is used: here 8, 6, 5, 7 and 4 tasks, after five
/// minutes in which the value must be low at all.
#[test]
fn a_scale_in_goes_to_the_highest_recommendation_of_the_window() {
    let mut stage = deployment(10);
    let seen = sizes(&mut stage, &[40.0, 40.0, 40.0, 40.0, 40.0, 30.0, 25.0, 35.0, 20.0, 20.0]);
    assert_eq!(seen, [10, 10, 10, 10, 10, 10, 10, 10, 10, 8]);
}

#[test]
fn one_high_value_in_the_window_keeps_everything() {
    let mut stage = deployment(10);
    let seen = sizes(&mut stage, &[40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 52.0, 40.0, 40.0, 40.0, 40.0]);
    assert_eq!(seen, [10; 11]);
}

/// The window of a scale-out is zero by default: the first high value counts.
#[test]
fn a_scale_out_waits_for_no_window() {
    assert_eq!(sizes(&mut deployment(10), &[50.0, 80.0]), [10, 16]);
}

/// With zero replicas and a larger minimum the autoscaler stops adjusting until an operator raises the size.
#[test]
fn a_size_of_zero_by_hand_switches_it_off_until_it_is_raised_by_hand() {
    let mut stage = deployment(0);
    let off = stage.points("cpu", &[(0, 90.0)]).evaluate();
    assert_eq!((off.verdict, codes(&off)), (Hold { at: Some(0) }, vec!["switched-off"]));
    stage.service().desired_count = 1;
    assert_eq!(stage.arrive().wait(60).evaluate().verdict, ScaleOut { from: 1, to: 2 });
}

#[test]
fn outside_the_bounds_it_is_brought_back_at_once() {
    let check = |tasks: u32, value: f64, expected: u32| {
        let mut stage = deployment(tasks).with(|stage| stage.policy.stabilization = seconds(0));
        assert_eq!(size(&stage.points("cpu", &[(0, value)]).peek()), expected, "{tasks} at {value}");
    };
    check(1, 50.0, 2);
    check(1, 10.0, 2);
    check(1, 150.0, 3); // what the value needs is more than the minimum
    check(30, 50.0, 20);
    check(30, 90.0, 20);
    // One at a time where work may not be interrupted.
    let mut careful = deployment(30).with(|stage| stage.policy.interruptible = false);
    careful.policy.stabilization = seconds(0);
    assert_eq!(careful.points("cpu", &[(0, 50.0)]).peek().verdict, ScaleIn { from: 30, to: 29 });
}

/// Kubernetes brings the size back below the maximum whatever the metrics say; a reading that is missing never scales in
/// here, above the maximum neither. Below the minimum nothing is waited for.
#[test]
fn a_missing_value_stops_the_way_down_to_the_maximum_and_not_the_way_up_to_the_minimum() {
    let unread = |tasks: u32| {
        let mut stage = deployment(tasks).with(|stage| stage.policy.stabilization = seconds(0));
        stage.metric("cpu", MetricReading::Failed(refused())).peek()
    };
    assert_eq!(codes(&unread(30)), ["above-max", "reading-missing"]);
    assert_eq!(unread(1).verdict, ScaleOut { from: 1, to: 2 });
}
