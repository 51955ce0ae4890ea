//! AWS step scaling, example by example.
//!
//! Sources: Application Auto Scaling User Guide, "How step scaling for Application Auto Scaling works" (adjustment
//! types, rounding, `MinAdjustmentMagnitude`, cooldown); Amazon EC2 Auto Scaling User Guide, "Step and simple scaling
//! policies" (steps, the worked percentages); API reference, `StepAdjustment` (which end of a step belongs to it); Amazon
//! ECS Developer Guide, "Automatically scale your service" (the starting point is the running count; the largest capacity
//! wins).

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};

use crate::stage::{Stage, codes, size};

/// One rule that matches, at a size with all tasks running.
#[track_caller]
fn check(adjust: &str, tasks: u32, expected: u32) {
    let rule = format!("waiting > 500: {adjust}");
    let stage = Stage::new(0, 100, &[&rule]).tasks(tasks).waiting(501).with(|stage| {
        stage.policy.interruptible = true;
    });
    assert_eq!(size(&stage.peek()), expected, "{adjust} of {tasks}");
}

#[test]
fn a_change_in_capacity_adds_and_removes_tasks() {
    check("+5", 10, 15); // guide: 10 and 5 make 15
    check("-2", 10, 8);
    check("-20", 10, 1); // to zero only from an idle queue
}

#[test]
fn an_exact_capacity_is_set() {
    check("=5", 10, 5); // guide: 10 becomes 5
    check("=20", 10, 20);
    check("=10", 10, 10);
    check("=50%", 10, 50); // ours: of the maximum
    check("=1%", 10, 1);
}

#[test]
fn a_percentage_is_rounded_as_aws_rounds_it() {
    check("+10%", 10, 11); // guide: 10 and 10% make 11
    check("+10%", 11, 12); // 1.1 to 1
    check("+30%", 11, 14); // 3.3 to 3
    check("+1%", 1, 2); // between 0 and 1 is 1
    check("+100%", 1, 2); // exactly 1
    check("+199%", 1, 2); // 1.99 to 1
    check("+10%", 29, 31); // 2.9 to 2
    check("-1%", 60, 59); // -.6 to -1
    check("-15%", 10, 9); // -1.5 to -1
    check("-20%", 10, 8); // exactly -2
    check("+127%", 10, 22); // guide: 12.7 to 12
    check("+67%", 1, 2); // guide: .67 to 1
    check("-30%", 13, 10); // -3.9 to -3
    check("-58%", 1, 1); // guide: -.58 to -1; the last task stays for an idle queue
    check("-67%", 10, 4); // guide: -6.67 to -6, here -6.7
    check("-667%", 1, 1); // more than all is all
}

#[test]
fn a_percentage_changes_at_least_the_minimum_adjustment_magnitude() {
    check("+25%/2", 4, 6); // guide: 25% of 4 is 1, at least 2
    check("+25%/2", 40, 50);
    check("+25%/2", 8, 10); // exactly the minimum
    check("+25%/2", 9, 11); // 2.25 to 2
    check("+50%/2", 0, 2); // ours: nothing of nothing, and still at least 2
    check("-25%/2", 4, 2);
    check("-25%/2", 40, 30);
}

/// The size for a CPU that is so high, from so many tasks.
#[track_caller]
fn step(rules: &[&str], tasks: u32, cpu: f64, expected: u32) {
    let mut stage = Stage::new(0, 200, rules).no_queue().tasks(tasks);
    stage.policy.interruptible = true;
    let decision = stage.points("cpu", &[(0, cpu)]).peek();
    assert_eq!(size(&decision), expected, "{tasks} tasks at {cpu}%: {decision}");
}

/// EC2 guide: "Scale out by 10 instances if the alarm metric reaches 60 percent, by 30 if it reaches 75 percent, by 40 if
/// it reaches 85 percent". Each step is a rule; above the threshold the lower end belongs to a step, the upper one not.
#[test]
fn steps_of_one_alarm_upward_are_rules_that_begin_at_their_lower_bound() {
    let rules = ["cpu >= 60%: +10", "cpu >= 75%: +30", "cpu >= 85%: +40"];
    step(&rules, 10, 59.9, 10);
    step(&rules, 10, 60.0, 20);
    step(&rules, 10, 74.9, 20);
    step(&rules, 10, 75.0, 40);
    step(&rules, 10, 84.9, 40);
    step(&rules, 10, 85.0, 50);
    step(&rules, 10, 100.0, 50);
}

/// `StepAdjustment`: an alarm below 50, one step from -10 to 0 and one from minus infinity to -10: the metric is "greater
/// than 40 and less than or equal to 50", or at most 40. Below the threshold the upper end belongs to a step.
#[test]
fn steps_of_one_alarm_downward_are_rules_that_begin_at_their_upper_bound() {
    let rules = ["cpu <= 50%: -1", "cpu <= 40%: -3"];
    step(&rules, 10, 50.1, 10);
    step(&rules, 10, 50.0, 9);
    step(&rules, 10, 40.1, 9);
    step(&rules, 10, 40.0, 7);
    step(&rules, 10, 0.0, 7);
    // Whatever their order in the file.
    step(&["cpu <= 40%: -3", "cpu <= 50%: -1"], 10, 40.0, 7);
}

/// EC2 guide, the worked example of percentages in steps around 50%: 10, 11, 14 and back to 13 and 10.
#[test]
fn the_worked_example_of_percentages_in_steps() {
    let rules = ["cpu >= 60%: +10%", "cpu >= 70%: +30%", "cpu <= 40%: -10%", "cpu <= 30%: -30%"];
    step(&rules, 10, 59.0, 10);
    step(&rules, 10, 60.0, 11); // 1
    step(&rules, 11, 70.0, 14); // 3.3 to 3
    step(&rules, 14, 41.0, 14);
    step(&rules, 14, 40.0, 13); // -1.4 to -1
    step(&rules, 13, 30.0, 10); // -3.9 to -3
}

/// ECS guide: of several policies the one with the largest capacity wins, for scale-out and scale-in alike. Two signals
/// are two policies.
#[test]
fn steps_of_two_signals_are_two_policies_and_the_larger_capacity_wins() {
    let rules = ["cpu <= 50%: -1", "cpu <= 40%: -5", "memory <= 50%: -2", "memory <= 40%: -4"];
    let check = |cpu: f64, memory: f64, expected: u32| {
        let mut stage = Stage::new(0, 200, &rules).no_queue().tasks(10);
        stage.policy.interruptible = true;
        let decision = stage.points("cpu", &[(0, cpu)]).points("memory", &[(0, memory)]).peek();
        assert_eq!(size(&decision), expected, "{cpu} and {memory}: {decision}");
    };
    check(45.0, 45.0, 9);
    check(40.0, 45.0, 8);
    check(40.0, 40.0, 6);
    check(45.0, 40.0, 9);
    check(40.0, 55.0, 10);
}

/// Exact capacities downward are steps too.
#[test]
fn exact_capacities_downward_are_steps() {
    step(&["cpu <= 50%: =8", "cpu <= 20%: =3"], 10, 30.0, 8);
    step(&["cpu <= 50%: =8", "cpu <= 20%: =3"], 10, 20.0, 3);
}

#[test]
fn the_result_stays_within_the_bounds() {
    check("+5", 98, 100);
    check("=100%", 98, 100);
    check("+1000%", 50, 100);
}

#[test]
fn capacity_added_within_the_cooldown_counts_toward_a_larger_step() {
    let mut stage = Stage::new(0, 100, &["waiting > 100: +2", "waiting > 500: +3"]).tasks(10).waiting(101);
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 10, to: 12 });
    stage.arrive().wait(60).queue().waiting = 501;
    let second = stage.evaluate();
    assert_eq!(second.verdict, ScaleOut { from: 12, to: 13 }, "first +2, then +3 adds only 1");
    assert_eq!(codes(&second), ["rule-matched", "credit"]);
    assert_eq!(stage.arrive().wait(60).evaluate().verdict, Hold { at: Some(13) });
}

/// The other way round the larger step came first: the smaller one is within it and adds nothing.
#[test]
fn a_smaller_step_within_the_cooldown_adds_nothing() {
    let mut stage = Stage::new(0, 100, &["waiting > 100: +2", "waiting > 500: +3"]).tasks(10).waiting(501);
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 10, to: 13 });
    stage.arrive().wait(60).queue().waiting = 101;
    assert_eq!(stage.evaluate().verdict, Hold { at: Some(13) });
}

#[test]
fn a_percentage_within_the_cooldown_is_taken_of_where_the_cooldown_began() {
    let mut stage =
        Stage::new(0, 100, &["waiting > 100: +20%", "waiting > 500: +50%"]).tasks(10).waiting(101);
    assert_eq!(size(&stage.evaluate()), 12);
    stage.arrive().wait(60).queue().waiting = 501;
    assert_eq!(size(&stage.evaluate()), 15, "10 and 50%, not 12 and 50%");
}

#[test]
fn the_same_step_is_taken_again_when_the_cooldown_ends() {
    let mut stage = Stage::new(0, 100, &["waiting > 500: +5"]).tasks(10).waiting(501);
    stage.at(0).evaluate();
    let before = stage.arrive().at(299).evaluate();
    assert_eq!(before.verdict, Hold { at: Some(15) });
    assert_eq!(codes(&before), ["rule-matched", "credit"]);
    assert_eq!(stage.at(300).evaluate().verdict, ScaleOut { from: 15, to: 20 });
}

#[test]
fn scale_in_is_blocked_during_the_scale_in_cooldown() {
    let mut stage = Stage::new(0, 100, &["waiting < 50: -2"]).tasks(10);
    assert_eq!(stage.at(0).evaluate().verdict, ScaleIn { from: 10, to: 9 });
    let before = stage.arrive().at(299).evaluate();
    assert_eq!(before.verdict, Hold { at: Some(9) });
    assert_eq!(codes(&before), ["rule-matched", "cooldown-in"]);
    assert_eq!(stage.at(300).evaluate().verdict, ScaleIn { from: 9, to: 8 });
}

#[test]
fn scale_out_is_allowed_at_once_during_the_scale_in_cooldown_and_begins_anew() {
    let mut stage = Stage::new(0, 100, &["waiting < 50: -2", "waiting > 500: +5"]).tasks(10);
    assert_eq!(size(&stage.at(0).evaluate()), 9);
    stage.arrive().at(10).queue().waiting = 501;
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 9, to: 14 });
    stage.arrive().at(309).queue().waiting = 0;
    assert_eq!(codes(&stage.evaluate()), ["rule-matched", "cooldown-in"], "counted from the last change");
    assert_eq!(size(&stage.at(310).evaluate()), 13);
}

#[test]
fn a_scale_in_ends_the_credit_of_the_scale_out_before() {
    let mut stage = Stage::new(0, 100, &["waiting < 50: -2", "waiting > 500: +5"]).tasks(10).waiting(501);
    stage.policy.cooldown.scale_in = crate::stage::seconds(30);
    assert_eq!(size(&stage.evaluate()), 15);
    stage.arrive().wait(30).queue().waiting = 0;
    assert_eq!(size(&stage.evaluate()), 14);
    stage.arrive().wait(30).queue().waiting = 501;
    assert_eq!(size(&stage.evaluate()), 19);
}

#[test]
fn the_starting_point_is_the_running_count_but_an_addition_never_lowers() {
    let mut stage = Stage::new(0, 100, &["waiting > 500: +5"]).waiting(501).tasks(20);
    stage.service().running_count = 6;
    let held = stage.peek();
    assert_eq!(held.verdict, Hold { at: Some(20) }, "6 and 5 are 11, which would lower 20");
    assert_eq!(codes(&held), ["rule-matched", "still-starting"]);

    stage.service().running_count = 18;
    assert_eq!(size(&stage.peek()), 23);
    stage.service().pending_count = 2;
    assert_eq!(size(&stage.peek()), 25, "a pending task is on its way");

    stage.service().running_count = 6;
    stage.service().pending_count = 0;
    stage.service().rollout = true;
    assert_eq!(size(&stage.peek()), 25, "during a rollout the running count says nothing");
}

#[test]
fn tasks_that_do_not_run_yet_are_not_asked_for_twice_when_they_become_pending() {
    let mut stage = Stage::new(0, 100, &["waiting > 500: +10"]).waiting(501).tasks(20);
    stage.service().running_count = 10;
    stage.service().pending_count = 5;
    assert_eq!(size(&stage.evaluate()), 25);
    stage.wait(15).service().pending_count = 15;
    assert_eq!(stage.evaluate().verdict, Hold { at: Some(25) });
}

#[test]
fn of_several_rules_the_largest_capacity_wins_in_both_directions() {
    let rules = ["waiting > 100: +2", "waiting > 500: +5", "depth > 500: =12"];
    assert_eq!(size(&Stage::new(0, 100, &rules).tasks(10).waiting(501).peek()), 15);
    let rules = ["waiting < 100: -5", "depth < 100: -2"];
    let stage = Stage::new(0, 100, &rules).tasks(10).with(|stage| stage.policy.interruptible = true);
    assert_eq!(size(&stage.peek()), 8);
}

#[test]
fn the_largest_step_is_taken_once_per_cooldown() {
    let mut stage = Stage::new(0, 100, &["waiting > 500: +20"]).waiting(501);
    stage.policy.largest_step.scale_out = 3.try_into().unwrap();
    let first = stage.evaluate();
    assert_eq!(size(&first), 8);
    assert_eq!(codes(&first), ["rule-matched", "largest-step"]);
    let second = stage.arrive().wait(15).evaluate();
    assert_eq!(size(&second), 8, "a second event must not take a second step");
    assert_eq!(codes(&second), ["rule-matched", "largest-step", "credit"]);
    assert_eq!(size(&stage.wait(285).evaluate()), 11);
}
