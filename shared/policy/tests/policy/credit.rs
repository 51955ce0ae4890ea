//! What counts toward the next step: what rules and methods added within the cooldown, and nothing else. AWS: "Scheduled
//! actions ignore cooldowns" (Application Auto Scaling, "How step scaling works", "Scheduled scaling").

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::overrides::OverrideKind::{Min, Pin};
use tidegate_policy::{Days, Hours};

use crate::hours::window;
use crate::stage::{Stage, codes, size};
use crate::track::track;

/// Five tasks; 501 jobs ask for five more, 5,001 for eight.
fn service() -> Stage {
    Stage::new(1, 100, &["waiting > 500: +5", "waiting > 5000: +8", "waiting < 50: -1"]).waiting(100)
}

/// The next evaluation, 15 seconds later, with so many jobs waiting and all tasks running.
fn next(stage: &mut Stage, waiting: u64) -> u32 {
    stage.queue().waiting = waiting;
    size(&stage.arrive().wait(15).evaluate())
}

#[test]
fn a_minimum_a_pin_and_a_hand_begin_no_cooldown() {
    let mut minimum = service().overridden(Min(12), 600);
    assert_eq!(size(&minimum.evaluate()), 12);
    assert_eq!(next(&mut minimum, 501), 17);

    let mut pin = service().overridden(Pin(12), 15);
    assert_eq!(size(&pin.evaluate()), 12);
    assert_eq!(next(&mut pin, 501), 17);

    let mut hand = service();
    hand.evaluate();
    hand.service().desired_count = 12;
    assert_eq!(next(&mut hand, 501), 17);
}

#[test]
fn hours_begin_no_cooldown() {
    let mut stage = service();
    let noon = window(Days::EVERY, "12:00", "13:00", "UTC", &[]);
    stage.policy.hours = vec![Hours { window: noon, outside: false, min: Some(12), max: None }];
    assert_eq!(size(&stage.evaluate()), 12);
    assert_eq!(next(&mut stage, 501), 17);
    assert_eq!(next(&mut stage, 501), 17, "its own step begins one");
}

/// Five were added by the rule; a minimum adds ten more. The rule's five count for as long as they would have.
#[test]
fn what_others_add_meanwhile_uses_up_no_credit_and_renews_none() {
    let by_a_minimum = |stage: &mut Stage| {
        *stage = stage.clone().overridden(Min(20), 600);
        assert_eq!(size(&stage.arrive().at(60).evaluate()), 20);
    };
    let by_a_pin = |stage: &mut Stage| {
        *stage = stage.clone().overridden(Pin(20), 61);
        assert_eq!(size(&stage.arrive().at(60).evaluate()), 20);
    };
    let by_hand = |stage: &mut Stage| {
        stage.arrive().service().desired_count = 20;
        assert_eq!(size(&stage.arrive().at(60).evaluate()), 20);
    };
    let ways: [&dyn Fn(&mut Stage); 3] = [&by_a_minimum, &by_a_pin, &by_hand];
    for raise in ways {
        let mut stage = service().waiting(501);
        assert_eq!(stage.at(0).evaluate().verdict, ScaleOut { from: 5, to: 10 });
        raise(&mut stage);
        assert_eq!(stage.arrive().at(75).evaluate().verdict, Hold { at: Some(20) });
        let mut larger = stage.clone();
        assert_eq!(next(&mut larger, 5_001), 23, "five of the eight are there");
        assert_eq!(stage.at(299).evaluate().verdict, Hold { at: Some(20) });
        assert_eq!(stage.at(300).evaluate().verdict, ScaleOut { from: 20, to: 25 });
    }
}

/// What the rule added was taken back by hand, and ten others were added since: the next step starts from all 15.
#[test]
fn what_was_taken_back_by_hand_counts_no_more() {
    let mut stage = Stage::new(1, 100, &["waiting > 500: +100%"]).waiting(501);
    assert_eq!(stage.evaluate().verdict, ScaleOut { from: 5, to: 10 });
    for by_hand in [5, 15] {
        stage.service().desired_count = by_hand;
        stage.queue().waiting = 100;
        stage.arrive().wait(45).evaluate();
    }
    stage.queue().waiting = 501;
    assert_eq!(stage.wait(15).evaluate().verdict, ScaleOut { from: 15, to: 30 });
}

/// A minimum and a rule at once: of six tasks five are the rule's.
#[test]
fn of_a_raise_that_a_rule_and_a_minimum_make_together_the_part_of_the_rule_counts() {
    let mut stage = Stage::new(8, 100, &["waiting > 500: +5", "waiting > 5000: +8"]).tasks(2).waiting(501);
    assert_eq!(size(&stage.evaluate()), 8);
    assert_eq!(next(&mut stage, 501), 8);
    assert_eq!(next(&mut stage, 5_001), 11);
}

/// A cooldown that holds back a rule's step does not hold back an operator.
#[test]
fn a_minimum_is_reached_at_once_whatever_step_was_taken() {
    let mut stage = service().waiting(501);
    stage.policy.largest_step.scale_out = 3.try_into().unwrap();
    assert_eq!(size(&stage.evaluate()), 8);
    let mut stage = stage.overridden(Min(40), 600);
    assert_eq!(next(&mut stage, 501), 40);
    assert_eq!(next(&mut stage, 501), 40);
}

/// A tracker adds a task or two a minute. If each began the cooldown anew, no step would ever be taken beside it.
#[test]
fn a_method_that_adds_every_minute_does_not_keep_a_rule_from_its_step() {
    let mut stage = Stage::new(1, 500, &["cpu > 70%: +20"]).tasks(10);
    stage.policy.track = vec![track("waiting_per_task", 10.0)];
    let mut stepped = vec![];
    for minute in 1..=30 {
        stage.queue().waiting = u64::from(stage.service().desired_count) * 112 / 10;
        stage.points("cpu", &[(minute * 60, if minute < 10 { 50.0 } else { 80.0 })]);
        let before = stage.service().desired_count;
        let after = size(&stage.arrive().at(minute * 60 + 10).evaluate());
        assert!(after > before, "the tracker adds at every evaluation");
        if after >= before + 15 {
            stepped.push(minute);
        }
    }
    assert!(stepped[0] <= 15 && stepped.len() >= 3, "{stepped:?}");
}

/// A raise of hours, of an operator or by hand is in no metric yet: the cooldown of scale-in counts from it all the same.
#[test]
fn after_a_minimum_nothing_leaves_for_the_cooldown_of_scale_in() {
    let mut stage = service().waiting(0).overridden(Min(12), 60);
    assert_eq!(size(&stage.at(0).evaluate()), 12);
    let held = stage.arrive().at(299).evaluate();
    assert_eq!((size(&held), codes(&held)), (12, vec!["rule-matched", "cooldown-in"]));
    assert_eq!(stage.at(300).evaluate().verdict, ScaleIn { from: 12, to: 11 });
}

/// The first tasks have no CPU yet, whatever started them.
#[test]
fn the_first_tasks_of_a_minimum_need_no_datapoint_at_once() {
    let mut stage = Stage::new(1, 100, &["cpu > 70%: +2"]).tasks(0).overridden(Min(2), 6_000);
    stage.memory.zeroed = true;
    stage.points("cpu", &[]);
    assert_eq!(size(&stage.at(0).evaluate()), 2);
    for at in [60, 120, 600] {
        assert_eq!(stage.arrive().at(at).evaluate().notices.len(), 0, "{at}");
    }
    let notified = |stage: &mut Stage, at: i64| stage.at(at).evaluate().notices.len();
    assert_eq!(notified(&mut stage, 960) + notified(&mut stage, 1_020), 0);
    assert_eq!(notified(&mut stage, 1_080) + notified(&mut stage, 1_140), 1);
}
