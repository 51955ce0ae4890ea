//! A size that `emergency-max` set: the next evaluation says who set it, and takes it neither for a change made outside Tidegate
//! nor for one of its own that AWS does not show yet.

use tidegate_policy::Verdict::{Hold, ScaleIn};
use tidegate_policy::emergency::lately::SizeSet;
use tidegate_policy::overrides::OverrideKind::{Pin, Raise};

use crate::stage::{Stage, codes, noon, seconds, size};

/// 9 tasks that an evaluation at noon has just scaled in to, and nothing waits.
fn scaled_in() -> Stage {
    let mut stage = Stage::new(2, 20, &["waiting > 500: +5", "waiting < 50: -1"]).tasks(10);
    stage.policy.cooldown.scale_in = seconds(10);
    assert_eq!(stage.at(0).evaluate().verdict, ScaleIn { from: 10, to: 9 });
    stage
}

impl Stage {
    /// `emergency-max` sets a size, and AWS shows it.
    fn set_by_emergency(&mut self, to: u32, after_noon: i64) -> &mut Self {
        self.emergency = Some(SizeSet { to, at: noon() + seconds(after_noon) });
        self.service().desired_count = to;
        self.arrive()
    }
}

#[test]
fn an_emergency_right_after_a_change_is_told_as_what_it_is_and_once() {
    let mut stage = scaled_in().overridden(Raise(12), 3_600);
    let set = stage.set_by_emergency(12, 4).at(15).evaluate();
    assert_eq!(set.verdict, Hold { at: Some(12) });
    assert!(codes(&set).contains(&"set-by-emergency") && !codes(&set).contains(&"manual-change"), "{set}");
    assert!(
        set.to_string().ends_with("emergency-max set the desired count to 12 at 12:00:04 UTC (previously 9)"),
        "{set}"
    );
    let again = stage.at(30).evaluate();
    assert!(!codes(&again).contains(&"set-by-emergency") && !codes(&again).contains(&"change-not-shown"));
    assert_eq!(stage.memory.overwritten, None, "no other process fights");
}

/// Otherwise the rules would wait for 9 tasks to be shown, which were set before the emergency.
#[test]
fn after_an_emergency_of_seconds_the_rules_scale_in_from_what_it_set() {
    let mut stage = scaled_in();
    let after = stage.set_by_emergency(12, 4).at(20).evaluate();
    assert_eq!(after.verdict, ScaleIn { from: 12, to: 11 }, "{after}");
    assert_eq!(codes(&after), ["rule-matched", "set-by-emergency"], "{after}");
}

#[test]
fn a_size_that_is_put_back_after_an_emergency_is_no_change_from_outside() {
    let mut stage = scaled_in().overridden(Pin(3), 60);
    stage.at(15).evaluate();
    stage.set_by_emergency(9, 65);
    let back = stage.at(75).peek();
    assert!(codes(&back).contains(&"set-by-emergency"), "{back}");
    stage.emergency = None;
    let by_hand = stage.at(75).peek();
    assert!(codes(&by_hand).contains(&"manual-change"), "{by_hand}");
}

#[test]
fn what_someone_else_sets_beside_an_emergency_is_still_a_change_from_outside() {
    // Another size than the emergency's.
    let mut other = scaled_in();
    other.set_by_emergency(12, 40).service().desired_count = 13;
    assert!(codes(&other.at(60).peek()).contains(&"manual-change"));
    // The size of the emergency, after one of ours that came later than it.
    let mut later = scaled_in();
    later.set_by_emergency(10, -5);
    assert!(codes(&later.at(60).peek()).contains(&"manual-change"));
    assert!(codes(&later.at(15).peek()).contains(&"change-not-shown"), "ECS shows what was before");
}

/// A step of the rules starts from what they added, and not from what the emergency did.
#[test]
fn what_an_emergency_adds_counts_toward_no_step() {
    let mut stage = Stage::new(2, 50, &["waiting > 500: +5"]).waiting(600);
    assert_eq!(size(&stage.at(0).evaluate()), 10);
    let decision = stage.set_by_emergency(30, 20).at(60).peek();
    assert!(codes(&decision).contains(&"set-by-emergency"), "{decision}");
    assert_eq!(size(&decision), 30, "{decision}");
    assert_eq!(size(&stage.at(300).peek()), 35);
}
