//! What holds in every story, whatever goes wrong in it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::arbitrary::{acts, beginning, load};
use crate::cases::stories;
use crate::story::Story;

proptest! {
    #![proptest_config(stories(20_261_128))]

    #[test]
    fn whatever_happens_no_replica_and_no_read_is_lost_and_every_change_ends(
        beginning in beginning(),
        acts in acts(),
        at_last in load(),
    ) {
        let mut story = Story::begin(&beginning);
        for act in &acts {
            story.act(act);
        }
        story.ends_well(at_last);
        prop_assert!(story.checker.tale.faults.is_empty(), "{}", story.checker.tale.faults.join("\n"));
    }
}

/// A property over stories in which nothing happens would hold.
#[test]
fn the_stories_are_about_every_end_of_a_change_and_every_refusal() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..120 {
        let one = (beginning(), acts()).new_tree(&mut runner).expect("a story").current();
        let mut story = Story::begin(&one.0);
        for act in &one.1 {
            story.act(act);
        }
        for (what, count) in std::mem::take(&mut story.checker.seen) {
            *seen.entry(what).or_default() += count;
        }
    }
    let expected = [
        "Added",
        "NotAdded",
        "Removed",
        "NotRemoved",
        "Kept",
        "Vanished",
        "Writer",
        "created of Aurora",
        "deleted of Aurora",
        "created",
        "deleted",
        "lost",
        "DBInstanceAlreadyExists",
        "InvalidDBInstanceState",
        "InsufficientDBInstanceCapacity",
        "InstanceQuotaExceeded",
        "no zone left",
    ];
    let missing: Vec<_> = expected.iter().filter(|it| !seen.contains_key(**it)).collect();
    assert!(missing.is_empty(), "{missing:?} never happened: {seen:?}");
    assert!(seen["created"] > 100 && seen["deleted"] > 20, "{seen:?}");
}
