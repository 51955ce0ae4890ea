//! What holds in every story, whatever goes wrong in it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::arbitrary::{acts, beginning, load};
use crate::story::Story;

/// A story takes a tenth of a second on an idle machine. `PROPTEST_CASES` asks for more of them.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

/// Every run tells the same stories, unless `PROPTEST_RNG_SEED` asks for others.
fn seed() -> u64 {
    std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_128)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        rng_seed: RngSeed::Fixed(seed()),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    })]

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
        "created",
        "deleted",
        "lost",
        "DBInstanceAlreadyExists",
        "InvalidDBInstanceState",
        "InsufficientDBInstanceCapacity",
        "InstanceQuotaExceeded",
    ];
    let missing: Vec<_> = expected.iter().filter(|it| !seen.contains_key(**it)).collect();
    assert!(missing.is_empty(), "{missing:?} never happened: {seen:?}");
    assert!(seen["created"] > 100 && seen["deleted"] > 20, "{seen:?}");
}
