//! What AWS itself sets around what is scaled, and who else scales it.
//!
//! Sources: Amazon EC2 Auto Scaling User Guide, "Set scaling limits" (a desired capacity outside `MinSize` and `MaxSize` is
//! refused), "Suspend and resume processes", "Use instance scale-in protection", "Set the default instance warmup";
//! Application Auto Scaling User Guide, "Suspend and resume scaling".

use jiff::SignedDuration;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::overrides::OverrideKind::{Min, Pin};
use tidegate_policy::{Capacity, CapacityUnit, Constraints, Decision, NoticeKind, OtherAutoscaler};

use crate::stage::{Stage, codes, refused, rule, seconds, service, size};
use crate::track::track;

/// A group of 2 to 10 instances at 5, whose instances may go several at a time.
fn group(cpu: f64) -> Stage {
    let mut stage = Stage::new(2, 10, &["cpu > 70%: +4", "cpu < 30%: -4"]).no_queue();
    stage.policy.capacity_unit = CapacityUnit::Instances;
    stage.policy.interruptible = true;
    stage.points("cpu", &[(0, cpu)]);
    stage
}

fn with(cpu: f64, constraints: Constraints) -> Stage {
    group(cpu).with(|stage| stage.service().constraints = constraints)
}

/// What is reported: `+` begins, `-` ends.
fn notified(decision: &Decision) -> Vec<String> {
    let sign = |begins| if begins { '+' } else { '-' };
    decision.notices.iter().map(|notice| format!("{}{}", sign(notice.begins), notice.kind)).collect()
}

/// The bounds in force for the file's 2 to 10 within AWS's own.
#[track_caller]
fn bounds(min: Option<u32>, max: Option<u32>, expected: (u32, u32), outside: bool) {
    let decision = with(50.0, Constraints { min, max, ..Constraints::default() }).peek();
    let bounds = (decision.bounds.min(), decision.bounds.max());
    assert_eq!(bounds, expected, "{min:?} to {max:?}: {decision}");
    assert_eq!(codes(&decision).contains(&"outside-bounds"), outside, "{decision}");
    assert_eq!(notified(&decision).contains(&"+limited by the group's own min or max".to_owned()), outside);
}

#[test]
fn aws_own_bounds_narrow_what_is_asked_for_and_that_is_reported() {
    bounds(None, None, (2, 10), false);
    bounds(Some(0), Some(20), (2, 10), false);
    bounds(Some(2), Some(10), (2, 10), false);
    bounds(Some(4), Some(8), (4, 8), true);
    bounds(Some(3), None, (3, 10), true);
    bounds(None, Some(9), (2, 9), true);
    bounds(Some(12), Some(20), (12, 12), true); // the group wants more than the file allows
    bounds(Some(0), Some(1), (1, 1), true);
    bounds(Some(0), Some(0), (0, 0), true);
}

#[test]
fn narrower_bounds_limit_both_directions() {
    let narrow = Constraints { min: Some(4), max: Some(8), ..Constraints::default() };
    let out = with(90.0, narrow.clone()).peek();
    assert_eq!((out.verdict, codes(&out)[1]), (ScaleOut { from: 5, to: 8 }, "at-max"));
    assert_eq!(with(10.0, narrow).peek().verdict, ScaleIn { from: 5, to: 4 });
}

/// AWS refuses a size outside the bounds, from every caller.
#[test]
fn overrides_stay_within_aws_own_bounds_too() {
    let narrow = || with(50.0, Constraints { min: Some(4), max: Some(8), ..Constraints::default() });
    assert_eq!(size(&narrow().overridden(Pin(20), 600).peek()), 8);
    assert_eq!(size(&narrow().overridden(Pin(0), 600).peek()), 4);
    assert_eq!(size(&narrow().overridden(Min(20), 600).peek()), 8);
    let decision = narrow().with(|stage| stage.policy.override_max = 20).overridden(Pin(20), 600).peek();
    assert!(
        decision
            .to_string()
            .ends_with("own minimum and maximum apply: 4 to 8, not the requested 20 (pin of alice)")
    );
}

#[test]
fn narrower_bounds_are_reported_once_and_their_end_too() {
    let mut stage = with(50.0, Constraints { max: Some(8), ..Constraints::default() });
    assert_eq!(notified(&stage.evaluate()), ["+limited by the group's own min or max"]);
    assert_eq!(notified(&stage.wait(60).evaluate()), [""; 0]);
    stage.service().constraints.max = Some(10);
    assert_eq!(notified(&stage.wait(60).evaluate()), ["-limited by the group's own min or max"]);
}

#[test]
fn what_aws_does_not_add_is_not_asked_for_and_that_is_reported() {
    let suspended = Constraints {
        no_scale_out: Some("the Launch process is suspended".to_owned()),
        ..Constraints::default()
    };
    let mut stage = with(90.0, suspended.clone());
    let held = stage.evaluate();
    assert_eq!((held.verdict, codes(&held)), (Hold { at: Some(5) }, vec!["rule-matched", "no-scale-out"]));
    assert_eq!(notified(&held), ["+unable to scale out"]);
    assert_eq!(notified(&stage.points("cpu", &[(60, 50.0)]).wait(60).evaluate()), ["-unable to scale out"]);
    assert_eq!(with(10.0, suspended).peek().verdict, ScaleIn { from: 5, to: 2 });
}

#[test]
fn what_aws_does_not_take_away_stays() {
    let suspended = Constraints {
        no_scale_in: Some("the Terminate process is suspended".to_owned()),
        ..Constraints::default()
    };
    let held = with(10.0, suspended.clone()).peek();
    assert_eq!((held.verdict, codes(&held)), (Hold { at: Some(5) }, vec!["rule-matched", "no-scale-in"]));
    assert!(held.notices.is_empty(), "it costs money, but notifies no operator");
    assert_eq!(with(90.0, suspended).peek().verdict, ScaleOut { from: 5, to: 9 });
}

/// A pin outranks every guard: AWS keeps the number until the process goes on.
#[test]
fn a_pin_is_kept_by_a_group_whose_processes_are_suspended() {
    let why = || Some("the processes Launch and Terminate are suspended".to_owned());
    let suspended = Constraints { no_scale_out: why(), no_scale_in: why(), ..Constraints::default() };
    assert_eq!(size(&with(50.0, suspended.clone()).overridden(Pin(7), 600).peek()), 7);
    assert_eq!(size(&with(50.0, suspended).overridden(Pin(3), 600).peek()), 3);
}

#[test]
fn protected_instances_are_a_floor() {
    let check = |protected: u32, expected: u32, why: &[&str]| {
        let decision = with(10.0, Constraints { protected, ..Constraints::default() }).peek();
        assert_eq!((size(&decision), codes(&decision)), (expected, why.to_vec()), "{decision}");
    };
    check(0, 2, &["rule-matched", "at-min"]);
    check(2, 2, &["rule-matched", "at-min"]);
    check(3, 3, &["rule-matched", "protected"]);
    check(5, 5, &["rule-matched", "protected"]);
    check(9, 5, &["rule-matched", "protected"]);
}

const WARMUP: SignedDuration = SignedDuration::from_mins(5);

/// Five instances become nine at noon, and run a minute later; a warm-up of five minutes.
fn warming(trackers: bool) -> Stage {
    let mut stage = group(90.0).with(|stage| {
        stage.policy.cooldown.scale_out = seconds(60);
        stage.policy.cooldown.scale_in = seconds(60);
        if trackers {
            stage.policy.rules.clear();
            stage.policy.track = vec![track("cpu", 50.0)];
        }
    });
    stage.policy.capacity = Capacity::new(2, 50).unwrap();
    stage.service().constraints.warmup = WARMUP;
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 5, to: 9 });
    stage.arrive().wait(60);
    stage
}

#[test]
fn nothing_leaves_while_what_was_added_warms_up() {
    let mut stage = warming(false);
    stage.points("cpu", &[(60, 10.0)]);
    assert_eq!(codes(&stage.evaluate()), ["rule-matched", "warming-up"]);
    stage.points("cpu", &[(300, 10.0)]);
    let before = stage.at(359).evaluate();
    assert_eq!(codes(&before), ["rule-matched", "warming-up"]);
    assert!(before.to_string().ends_with("new instances are warming up until 12:06:00 UTC"), "{before}");
    assert_eq!(stage.at(360).evaluate().verdict, ScaleIn { from: 9, to: 5 });
    // What leaves warms nothing up.
    stage.points("cpu", &[(420, 10.0)]);
    assert_eq!(stage.arrive().at(420).evaluate().verdict, ScaleIn { from: 5, to: 2 });
}

/// A value of the five that are measured says nothing of the nine: 90% of five is 9 x 50%, and asks for no more.
#[test]
fn a_tracker_counts_what_warms_up_as_starting() {
    let mut stage = warming(true);
    for at in [60, 120, 180, 240, 300, 360] {
        let decision = stage.answer("cpu", &[(at, 90.0)]).at(at).evaluate();
        assert_eq!(size(&decision), 9, "{at}: {decision}");
        let why = if at < 360 { vec!["tracked", "warming-up"] } else { vec!["tracked", "still-starting"] };
        assert_eq!(codes(&decision), why, "{at}: {decision}");
    }
    // Measured wholly after all nine had run for five minutes: 17 are needed.
    let decision = stage.answer("cpu", &[(420, 90.0)]).at(420).evaluate();
    assert_eq!(decision.verdict, ScaleOut { from: 9, to: 17 });
}

#[test]
fn without_a_warmup_a_datapoint_of_after_they_ran_counts_at_once() {
    let mut stage = warming(true);
    stage.service().constraints.warmup = SignedDuration::ZERO;
    stage.answer("cpu", &[(60, 90.0)]).evaluate();
    assert_eq!(stage.answer("cpu", &[(120, 90.0)]).at(120).evaluate().verdict, ScaleOut { from: 9, to: 17 });
}

#[test]
fn a_service_that_another_autoscaler_scales_is_left_alone_pins_included_and_that_is_reported() {
    let who = "Application Auto Scaling (min 2, max 10; scheduled scaling is not suspended)".to_owned();
    let owned = Constraints { other_autoscaler: OtherAutoscaler::Active(who), ..Constraints::default() };
    for cpu in [10.0, 50.0, 90.0] {
        let mut stage = with(cpu, owned.clone()).overridden(Pin(9), 600);
        let left = stage.evaluate();
        assert_eq!(left.verdict, Hold { at: Some(5) }, "{left}");
        assert_eq!(codes(&left), ["other-autoscaler", "overridden"]);
        assert!(notified(&stage.wait(60).evaluate()).contains(&"+scaling blocked".to_owned()));
        stage.service().constraints.other_autoscaler = OtherAutoscaler::Suspended;
        let ours = stage.wait(60).evaluate();
        assert_eq!((size(&ours), notified(&ours)), (9, vec!["-scaling blocked".to_owned()]));
    }
}

/// A trial beside it shows what Tidegate would do, and asks for nothing.
#[test]
fn what_is_only_observed_is_decided_about_although_another_autoscaler_scales_it() {
    let who = "Application Auto Scaling (min 2, max 10; none of its scaling is suspended)".to_owned();
    let owned = Constraints { other_autoscaler: OtherAutoscaler::Active(who), ..Constraints::default() };
    for cpu in [10.0, 50.0, 90.0] {
        let mut stage = with(cpu, owned.clone()).with(|stage| stage.observe = true);
        let alone = with(cpu, Constraints::default()).peek();
        let beside = stage.evaluate();
        assert_eq!(beside.verdict, alone.verdict, "{beside}");
        assert_eq!(codes(&beside), [codes(&alone), vec!["other-autoscaler-meanwhile"]].concat());
        assert_eq!(notified(&stage.wait(60).evaluate()), [""; 0]);
        stage.observe = false;
        stage.wait(60).evaluate();
        assert!(notified(&stage.wait(60).evaluate()).contains(&"+scaling blocked".to_owned()));
    }
}

/// Its scalable target may be suspended or gone: the service stays one that ECS manages.
#[test]
fn a_service_that_ecs_itself_manages_is_left_alone_pins_included_and_that_is_reported() {
    for other_autoscaler in
        [OtherAutoscaler::Absent, OtherAutoscaler::Suspended, OtherAutoscaler::Unknown(refused())]
    {
        let express = Constraints { express: true, other_autoscaler, ..Constraints::default() };
        let mut stage = with(90.0, express).overridden(Pin(9), 600);
        let left = stage.evaluate();
        assert_eq!(left.verdict, Hold { at: Some(5) }, "{left}");
        assert_eq!(codes(&left)[0], "service-is-express");
        assert!(notified(&stage.wait(60).evaluate()).contains(&"+scaling blocked".to_owned()));
    }
}

#[test]
fn an_autoscaler_that_is_suspended_is_not_reported() {
    let ours = Constraints { other_autoscaler: OtherAutoscaler::Suspended, ..Constraints::default() };
    assert_eq!(with(10.0, ours).peek(), group(10.0).peek());
}

#[test]
fn not_knowing_who_else_scales_it_stops_a_scale_in_and_no_scale_out() {
    let unknown =
        Constraints { other_autoscaler: OtherAutoscaler::Unknown(refused()), ..Constraints::default() };
    let mut stage = with(10.0, unknown.clone());
    let held = stage.evaluate();
    assert_eq!(
        (held.verdict, codes(&held)),
        (Hold { at: Some(5) }, vec!["rule-matched", "other-autoscaler-unknown"])
    );
    assert_eq!(notified(&held), [""; 0]);
    assert_eq!(
        notified(&stage.points("cpu", &[(60, 10.0)]).wait(60).evaluate()),
        ["+check for another autoscaler fails"]
    );
    assert_eq!(with(90.0, unknown.clone()).peek().verdict, ScaleOut { from: 5, to: 9 });
    assert_eq!(codes(&with(50.0, unknown).peek()), ["nothing-matches"], "never a reason to act");
}

/// A refresh replaces instances like a deployment replaces tasks: nothing is surplus meanwhile.
#[test]
fn the_same_words_count_tasks_of_a_service_and_instances_of_a_group() {
    let mut stage = group(90.0);
    assert!(stage.peek().to_string().starts_with("scale out from 5 to 9 instances, because "));
    stage.policy.capacity_unit = CapacityUnit::Tasks;
    assert!(stage.peek().to_string().starts_with("scale out from 5 to 9 tasks, because "));
    stage.seen.service = Ok(service(1, 1));
    stage.policy.rules = vec![rule("cpu > 95%: +1")];
    assert_eq!(
        CapacityUnit::Instances.describe(&stage.peek().verdict).to_string(),
        "scale out from 1 to 2 instances"
    );
    let fails = CapacityUnit::Instances.describe(&NoticeKind::StartsFailing).to_string();
    assert_eq!(
        (fails.as_str(), CapacityUnit::Instances.so_many(1).as_str()),
        ("instances do not start", "1 instance")
    );
}
