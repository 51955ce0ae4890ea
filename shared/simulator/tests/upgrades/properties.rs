//! What holds in every story about a class, whatever goes wrong in it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use tidegate_simulator::rds::{ClassDemand, ManualChange};

use crate::act::ClassAct;
use crate::arbitrary::{acts, beginning, demand, ladder, policy};
use crate::cases::stories;
use crate::ground::ground;
use crate::interleaved::Interleaved as _;
use crate::story::{ClassBeginning, ClassStory};

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

/// No drawn story is sure to delete the one replica that changes just then.
fn a_replica_that_is_deleted_while_it_changes() -> BTreeMap<String, usize> {
    let mut settings = ground(7);
    settings.classes.demand = ClassDemand { work: 90.0, ..settings.classes.demand };
    let replicas = vec!["reader".to_owned()];
    let policy = policy(ladder(SignedDuration::from_mins(10), false));
    let mut story = ClassStory::begin(&ClassBeginning { settings, policy, replicas, observe: false });
    story.act(&ClassAct::Outage(24 * 60));
    story.act(&ClassAct::ToWindow);
    // Right after the call, while RDS still takes a deletion.
    while story.ledger.memory().change.is_none() {
        story.minute();
        story.evaluate();
    }
    story.world.change_by_hand(&ManualChange::DeleteReplica { nth: 0 });
    story.act(&ClassAct::Ticks(24));
    assert_eq!(story.checker.tale.faults, Vec::<String>::new());
    story.checker.seen
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
    for (what, count) in a_replica_that_is_deleted_while_it_changes() {
        *seen.entry(what).or_default() += count;
    }
    let expected = [
        "Started",
        "Done",
        "Failed",
        "Refused",
        "WindowPassed",
        "Withdrawn",
        "ChangedByOthers",
        "Vanished",
        "Observed",
        "StorageRaised",
        "NothingToWithdraw",
        "GoesOn",
        "SnapshotBegan",
        "SnapshotFailed",
        "SnapshotKept",
        "changed after a snapshot",
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
