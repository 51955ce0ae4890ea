//! What operators ask for, and what they do by hand.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::overrides::OverrideKind::{Max, Min, Pin};

use crate::stage::{Stage, codes, refused, size};

fn quiet() -> Stage {
    Stage::new(2, 20, &["waiting > 500: +5", "waiting < 50: -1"]).waiting(100)
}

#[test]
fn a_minimum_raises_at_once_and_ends_by_comparing_with_now() {
    let mut stage = quiet().overridden(Min(12), 600);
    let raised = stage.at(0).peek();
    assert_eq!(raised.verdict, ScaleOut { from: 5, to: 12 });
    assert_eq!(codes(&raised), ["overridden", "below-min"]);
    assert_eq!(size(&stage.at(599).peek()), 12);
    assert_eq!(size(&stage.at(600).peek()), 5);
}

#[test]
fn a_minimum_above_the_maximum_raises_that_too() {
    let stage = quiet().with(|stage| stage.policy.override_max = 30).overridden(Min(30), 600);
    assert_eq!(size(&stage.peek()), 30);
    assert_eq!((stage.peek().bounds.min(), stage.peek().bounds.max()), (30, 30));
}

#[test]
fn a_maximum_lowers_under_the_guards() {
    let stage = quiet().tasks(10).overridden(Max(4), 600);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 10, to: 9 });
    let stage = quiet().tasks(1).overridden(Max(1), 600);
    assert_eq!(stage.peek().verdict, Hold { at: Some(1) }, "a maximum below the minimum lowers that too");
}

#[test]
fn a_pin_outranks_every_signal_guard_and_cooldown() {
    let mut stage = quiet().tasks(10).in_flight(40).waiting(10_000).overridden(Pin(3), 600);
    stage.service().rollout = true;
    stage.memory.changed_at = Some(stage.now);
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 3 });
    assert_eq!(codes(&decision), ["overridden"]);
    stage.seen.queue = Some(Err(refused()));
    assert_eq!(size(&stage.peek()), 3);
}

#[test]
fn a_pin_holds_at_its_size_and_says_so() {
    let stage = quiet().tasks(3).waiting(10_000).overridden(Pin(3), 600);
    assert_eq!(stage.peek().verdict, Hold { at: Some(3) });
    assert_eq!(codes(&stage.peek()), ["overridden"]);
}

#[test]
fn of_several_rows_the_later_one_wins() {
    assert_eq!(size(&quiet().overridden(Pin(3), 600).overridden(Pin(4), 600).peek()), 4);
    assert_eq!(size(&quiet().overridden(Min(12), 600).overridden(Min(8), 600).peek()), 8);
    assert_eq!(size(&quiet().overridden(Pin(3), 600).overridden(Min(12), 600).peek()), 12);
    assert_eq!(size(&quiet().overridden(Min(12), 600).overridden(Pin(3), 600).peek()), 3);
    assert_eq!(
        size(&quiet().overridden(Pin(9), 600).overridden(Pin(4), 0).peek()),
        9,
        "an expired row is no row"
    );
}

#[test]
fn a_row_for_all_speaks_of_this_service_and_a_row_for_another_does_not() {
    let mut stage = quiet().overridden(Pin(7), 600);
    stage.overrides[0].target = "*".to_owned();
    assert_eq!(size(&stage.peek()), 7);
    stage.overrides[0].target = "api".to_owned();
    assert_eq!(size(&stage.peek()), 5);
}

#[test]
fn a_maximum_of_zero_is_no_override() {
    assert_eq!(codes(&quiet().overridden(Max(0), 600).peek()), ["nothing-matches"]);
}

#[test]
fn after_a_pin_the_service_does_not_fall_at_once() {
    let mut stage = quiet().waiting(0).overridden(Pin(15), 60);
    stage.policy.stabilization = crate::stage::seconds(60);
    stage.at(0).evaluate();
    stage.arrive();
    for at in [61, 120, 240, 299] {
        assert_eq!(size(&stage.at(at).evaluate()), 15, "{at}");
    }
    assert_eq!(size(&stage.at(300).evaluate()), 14);
}

#[test]
fn a_pin_counts_as_recommended_for_as_long_as_it_lasts() {
    let mut stage = quiet().with(|stage| {
        stage.policy.stabilization = crate::stage::seconds(300);
        stage.policy.cooldown.scale_in = crate::stage::seconds(0);
    });
    stage.at(-60).evaluate();
    let mut stage = stage.waiting(0).overridden(Pin(15), 250);
    assert_eq!(size(&stage.at(0).evaluate()), 15);
    for at in [240, 300, 599] {
        assert_eq!(size(&stage.arrive().at(at).evaluate()), 15, "{at}");
    }
    assert_eq!(size(&stage.at(600).evaluate()), 14);
}

#[test]
fn a_count_of_zero_set_by_hand_is_switched_off_until_raised_by_hand() {
    let mut stage = quiet().waiting(10_000).tasks(0);
    let off = stage.evaluate();
    assert_eq!(off.verdict, Hold { at: Some(0) });
    assert_eq!(codes(&off), ["switched-off"]);
    stage.service().desired_count = 1;
    assert_eq!(stage.wait(60).evaluate().verdict, ScaleOut { from: 1, to: 5 });
}

#[test]
fn a_minimum_switches_on_again_and_a_maximum_does_not() {
    assert_eq!(size(&quiet().tasks(0).overridden(Max(10), 600).peek()), 0);
    assert_eq!(size(&quiet().tasks(0).waiting(0).overridden(Min(0), 600).peek()), 0);
    assert_eq!(size(&quiet().tasks(0).overridden(Min(4), 600).peek()), 4);
}

#[test]
fn a_zero_that_was_pinned_is_not_switched_off_afterward() {
    let mut stage = quiet().waiting(0).overridden(Pin(0), 600);
    assert_eq!(size(&stage.at(0).evaluate()), 0);
    stage.arrive().at(300).evaluate();
    let released = stage.at(600).evaluate();
    assert_eq!(released.verdict, ScaleOut { from: 0, to: 2 });
    assert_eq!(codes(&released), ["below-min"]);
}

#[test]
fn a_zero_that_another_evaluation_is_still_setting_is_not_switched_off_afterward() {
    let mut stage = quiet().waiting(0).overridden(Pin(0), 600);
    stage.at(0).evaluate_and_crash();
    stage.at(15).evaluate_and_crash();
    stage.service().desired_count = 0;
    stage.arrive().at(30).evaluate();
    assert_eq!(size(&stage.at(600).evaluate()), 2);
}

#[test]
fn a_change_made_outside_tidegate_is_noticed_once_and_worked_with() {
    let mut stage = quiet();
    stage.evaluate();
    stage.service().desired_count = 9;
    assert_eq!(codes(&stage.arrive().wait(60).evaluate()), ["nothing-matches", "manual-change"]);
    assert_eq!(codes(&stage.wait(60).evaluate()), ["nothing-matches"]);
}
