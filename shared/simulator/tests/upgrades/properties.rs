//! What holds in every story about a class, whatever goes wrong in it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::arbitrary::{acts, beginning, demand};
use crate::cases::stories;
use crate::story::ClassStory;

proptest! {
    #![proptest_config(stories(20_261_129))]

    #[test]
    fn whatever_happens_a_class_changes_in_its_window_one_rung_at_a_time_and_every_change_is_told(
        beginning in beginning(),
        acts in acts(),
        at_last in demand(),
    ) {
        let mut story = ClassStory::begin(&beginning);
        for act in &acts {
            story.act(act);
        }
        story.ends_well(at_last);
        let faults = &story.checker.tale.faults;
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// A property over stories in which nothing happens would hold.
#[test]
fn the_stories_are_about_every_end_of_a_class_change_and_every_refusal() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..120 {
        let one = (beginning(), acts()).new_tree(&mut runner).expect("a story").current();
        let mut story = ClassStory::begin(&one.0);
        for act in &one.1 {
            story.act(act);
        }
        for (what, count) in std::mem::take(&mut story.checker.seen) {
            *seen.entry(what).or_default() += count;
        }
    }
    let expected = [
        "Started",
        "Done",
        "Failed",
        "Refused",
        "WindowPassed",
        "Withdrawn",
        "ChangedByOthers",
        "took",
        "lost",
        "given up",
        "applied DBInstanceClass",
        "applied what nobody could see",
        "raised the largest storage",
        "InvalidDBInstanceState",
        "InsufficientDBInstanceCapacity",
    ];
    let missing: Vec<_> = expected.iter().filter(|it| !seen.contains_key(**it)).collect();
    assert!(missing.is_empty(), "{missing:?} never happened: {seen:?}");
    assert!(seen["took"] > 60, "{seen:?}");
}
