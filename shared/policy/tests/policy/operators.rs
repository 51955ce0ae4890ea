//! What operators ask for, and what they do by hand.

use tidegate_policy::NoticeKind;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::overrides::OverrideKind::{self, Max, Min, Pin, Raise, Release};
use tidegate_policy::overrides::{self, Held};

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

/// What was there before is 3 and not 0: an operator has switched it off.
#[test]
fn a_zero_that_is_set_by_hand_right_after_a_change_is_switched_off() {
    let mut stage = quiet().tasks(3).waiting(501);
    assert_eq!(size(&stage.at(0).evaluate()), 8);
    stage.service().desired_count = 0;
    let decision = stage.at(15).evaluate();
    assert_eq!((size(&decision), codes(&decision)), (0, vec!["switched-off"]), "{decision}");
}

#[test]
fn where_the_file_allows_zero_it_is_not_switched_off_while_hours_or_a_floor_ask_for_more() {
    let mut stage = quiet().tasks(0).waiting(0).with(|stage| {
        stage.policy.capacity = tidegate_policy::Capacity::new(0, 20).unwrap();
    });
    assert_eq!(size(&stage.peek()), 0, "nothing asks for a task");
    stage.policy.floor = Some(crate::floor::monitors());
    stage.points("monitors", &[(0, 1_500.0)]);
    let decision = stage.at(0).peek();
    assert_eq!(size(&decision), 5, "{decision}");
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
fn a_zero_that_is_not_shown_yet_or_whose_answer_was_lost_is_not_switched_off_afterward() {
    let mut stage = quiet().tasks(2).waiting(0).overridden(Pin(0), 600);
    assert_eq!(size(&stage.at(0).evaluate()), 0);
    stage.service().desired_count = 2;
    assert!(codes(&stage.at(15).evaluate()).contains(&"change-not-shown"));
    stage.service().desired_count = 0;
    stage.arrive().at(30).evaluate();
    let released = stage.at(600).evaluate();
    assert_eq!(size(&released), 2, "{released}");
    stage.service().desired_count = 0;
    let before = stage.at(615).evaluate();
    assert!(
        codes(&before).contains(&"change-not-shown") && !codes(&before).contains(&"switched-off"),
        "{before}"
    );

    let mut lost = quiet().tasks(2).waiting(0).overridden(Pin(0), 600);
    lost.at(0).evaluate_and_crash();
    lost.settle(tidegate_policy::memory::Settled::Failed);
    lost.at(15).evaluate();
    lost.service().desired_count = 0;
    lost.arrive().at(30).evaluate();
    assert_eq!(size(&lost.at(600).evaluate()), 2);
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

const NO_SCALE_IN: OverrideKind = OverrideKind::Hold(Held::ScaleIn);
const NO_CHANGE: OverrideKind = OverrideKind::Hold(Held::Both);

#[test]
fn a_hold_takes_nothing_away_whatever_asks_for_it_and_lets_scale_out() {
    let mut stage = quiet().tasks(10).waiting(10).overridden(NO_SCALE_IN, 600);
    assert_eq!(stage.peek().verdict, Hold { at: Some(10) });
    assert_eq!(codes(&stage.peek()), ["overridden", "rule-matched", "at-min"]);
    let above = quiet().tasks(30).overridden(NO_SCALE_IN, 600);
    assert_eq!(size(&above.peek()), 30, "not even what lies above the maximum");
    assert_eq!(size(&stage.at(600).peek()), 9, "and ends");
    assert_eq!(size(&quiet().tasks(10).waiting(900).overridden(NO_SCALE_IN, 600).peek()), 15);
}

#[test]
fn a_hold_of_both_directions_changes_nothing() {
    for (tasks, waiting) in [(1, 100), (10, 10), (10, 10_000), (30, 100)] {
        let stage = quiet().tasks(tasks).waiting(waiting).overridden(NO_CHANGE, 600);
        assert_eq!(stage.peek().verdict, Hold { at: Some(tasks) });
    }
}

/// No command writes such rows; who may write the table may.
#[test]
fn bounds_that_are_asked_for_while_a_hold_is_in_force_wait_for_its_end() {
    for bounds in [Min(3), Max(5), Max(10)] {
        let mut stage = quiet().tasks(10).waiting(10).overridden(NO_SCALE_IN, 600).overridden(bounds, 900);
        assert_eq!(stage.peek().verdict, Hold { at: Some(10) }, "{bounds:?}");
        assert_ne!(stage.at(600).peek().verdict, Hold { at: Some(10) }, "{bounds:?} after the hold");
    }
    for bounds in [Min(12), Max(5)] {
        let mut stage = quiet().tasks(10).waiting(900).overridden(NO_CHANGE, 600).overridden(bounds, 900);
        assert_eq!(stage.peek().verdict, Hold { at: Some(10) }, "{bounds:?}");
        assert_ne!(stage.at(600).peek().verdict, Hold { at: Some(10) }, "{bounds:?} after the hold");
    }
    let lower =
        quiet().tasks(10).overridden(NO_SCALE_IN, 600).overridden(Min(3), 600).overridden(Pin(2), 600);
    assert_eq!(size(&lower.peek()), 2, "a newer pin outranks the hold, and with it what it held");
}

#[test]
fn an_emergency_raises_at_once_and_never_lowers() {
    assert_eq!(size(&quiet().tasks(5).waiting(10).overridden(Raise(20), 600).peek()), 20);
    assert_eq!(size(&quiet().tasks(26).waiting(10).overridden(Raise(20), 600).peek()), 26);
    assert_eq!(size(&quiet().tasks(5).overridden(Raise(90), 600).peek()), 20, "no more than the file allows");
    assert_eq!(size(&quiet().tasks(0).overridden(Raise(20), 600).peek()), 20, "also what was switched off");
    let held = quiet().tasks(5).overridden(NO_CHANGE, 600).overridden(Raise(20), 600);
    assert_eq!(size(&held.peek()), 20, "also what a hold keeps");
}

#[test]
fn a_newer_pin_outranks_a_hold_and_a_newer_hold_a_pin() {
    assert_eq!(size(&quiet().tasks(10).overridden(NO_SCALE_IN, 600).overridden(Pin(3), 600).peek()), 3);
    assert_eq!(size(&quiet().tasks(10).overridden(NO_CHANGE, 600).overridden(Pin(3), 600).peek()), 3);
    assert_eq!(size(&quiet().tasks(10).overridden(Pin(3), 600).overridden(NO_SCALE_IN, 600).peek()), 10);
    let bounded = quiet().tasks(10).overridden(Pin(15), 600).overridden(Max(5), 600);
    assert_eq!(size(&bounded.peek()), 5, "a newer maximum lowers the pin");
}

/// What `emergency-max` says of rows is what the functions then do.
#[test]
fn the_size_that_rows_give_is_the_one_that_the_next_evaluation_sets() {
    let kinds = [Pin(3), Pin(15), NO_SCALE_IN, NO_CHANGE, Min(12), Max(5), Raise(12)];
    let mut sized = 0;
    for first in kinds {
        for second in kinds {
            for third in kinds {
                let stage = quiet().tasks(10);
                let stage = stage.overridden(first, 600).overridden(second, 600).overridden(third, 600);
                let rows = overrides::in_force(&stage.overrides, "worker", stage.now);
                assert_eq!(rows.len(), 3);
                if let Some((given, _)) = overrides::next_size(&rows, 10) {
                    sized += 1;
                    assert_eq!(size(&stage.peek()), given, "{first:?} {second:?} {third:?}");
                }
            }
        }
    }
    assert!(sized > 300, "{sized} of 343 set a size");
}

#[test]
fn a_newer_pin_is_the_only_reason_of_the_size() {
    let said = |kinds: &[OverrideKind]| {
        let stage = kinds.iter().fold(quiet().tasks(10), |stage, kind| stage.overridden(*kind, 600));
        codes(&stage.peek()).into_iter().filter(|code| *code == "overridden").count()
    };
    assert_eq!((said(&[Pin(5)]), said(&[Pin(5), Pin(8)]), said(&[NO_CHANGE, Pin(8)])), (1, 1, 1));
    assert_eq!((said(&[Pin(8), Pin(8)]), said(&[Pin(15), Raise(12)])), (2, 2), "both ask for it");
    assert_eq!((said(&[Min(3), Pin(8)]), said(&[NO_SCALE_IN, Min(3)])), (2, 2), "these shape the bounds too");
}

#[test]
fn a_release_ends_the_earlier_rows_of_its_target_and_of_all_targets_every_row() {
    let held = || quiet().tasks(10).waiting(10).overridden(Pin(3), 600);
    assert_eq!(codes(&held().overridden(Release, 600).peek()), ["rule-matched"]);
    assert_eq!(size(&held().overridden(Release, 600).overridden(Pin(4), 600).peek()), 4, "a newer row holds");
    let mut of_all = held().overridden(Release, 600);
    of_all.overrides[1].target = "*".to_owned();
    assert_eq!(codes(&of_all.peek()), ["rule-matched"]);
    let mut of_another = held().overridden(Release, 600);
    of_another.overrides[1].target = "api".to_owned();
    assert_eq!(size(&of_another.peek()), 3);
    let mut of_one = held().overridden(Release, 600);
    of_one.overrides[0].target = "*".to_owned();
    assert_eq!(size(&of_one.peek()), 3, "what holds for all is released for all");
}

#[test]
fn only_rows_that_are_in_force_or_undated_are_kept() {
    let mut stage = quiet().overridden(Pin(1), 600).overridden(Release, 600).overridden(Pin(2), 0);
    stage = stage.overridden(Pin(3), 600).overridden(Pin(4), 600);
    stage.overrides[3].since = None;
    let kept = overrides::kept(&stage.overrides, stage.now);
    assert_eq!(kept.iter().map(|row| row.kind).collect::<Vec<_>>(), [Pin(3), Pin(4)]);
    assert_eq!(overrides::kept(&kept, stage.now), kept);
}

#[test]
fn an_undated_row_is_kept_and_reported_until_its_end_and_not_at_it() {
    let mut stage = quiet().overridden(Pin(9), 600);
    stage.overrides[0].since = None;
    for (passed, there) in [(599, true), (600, false)] {
        stage.at(passed);
        assert_eq!(codes(&stage.peek()).contains(&"override-undated"), there, "{passed}");
        assert_eq!(overrides::kept(&stage.overrides, stage.now).len(), usize::from(there), "{passed}");
    }
}

#[test]
fn a_row_that_lasts_longer_than_any_may_is_kept_until_it_may_last_no_longer() {
    let longest = overrides::Override::LONGEST;
    let mut stage = quiet().overridden(Pin(9), longest.as_secs() + 600);
    for (before, kept) in [(1, 1), (0, 0)] {
        stage.at(longest.as_secs() - before);
        assert_eq!(overrides::kept(&stage.overrides, stage.now).len(), kept, "{before}");
    }
}

#[test]
fn what_was_asked_of_the_function_is_reported_by_that_and_not_once_more_for_each_service() {
    let mut stage = quiet().overridden(Pin(7), 600);
    let notified = |stage: &Stage| stage.peek().notices.iter().any(|it| it.kind == NoticeKind::Overridden);
    assert!(notified(&stage), "written by hand");
    stage.overrides[0].request = Some("0e0b6b1a".to_owned());
    assert!(!notified(&stage) && codes(&stage.peek()).contains(&"overridden"));
}

#[test]
fn a_row_is_written_as_words_that_the_table_shows() {
    let mut stage = quiet();
    for kind in [Pin(7), NO_SCALE_IN, NO_CHANGE, Raise(9), Release] {
        stage = stage.overridden(kind, 600);
    }
    let written: Vec<String> =
        stage.overrides.iter().map(|row| serde_json::to_string(row).expect("it can be written")).collect();
    for (row, word) in written.iter().zip([
        r#""pin":7"#,
        r#""hold":"scale-in""#,
        r#""hold":"both""#,
        r#""raise":9"#,
        r#""release":null"#,
    ]) {
        assert!(row.contains(word), "{row}");
    }
    let read: Vec<overrides::Override> =
        written.iter().map(|row| serde_json::from_str(row).expect("it can be read")).collect();
    assert_eq!(read, stage.overrides);
}

/// `emergency-max` sets the size, and the row that says so is in force: nobody outside Tidegate did it.
#[test]
fn a_size_that_an_operator_asked_for_is_no_change_from_outside() {
    let sized = |tasks: u32| {
        let mut stage = quiet();
        stage.evaluate();
        let mut stage = stage.clone().overridden(Raise(20), 3_600);
        stage.service().desired_count = tasks;
        codes(&stage.arrive().wait(60).peek())
    };
    assert!(!sized(20).contains(&"manual-change"), "{:?}", sized(20));
    assert!(sized(21).contains(&"manual-change"), "{:?}", sized(21));
}
