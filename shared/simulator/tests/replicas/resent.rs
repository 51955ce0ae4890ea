//! A creation that is sent again is still wanted.

use tidegate_policy::replicas::decision::InstanceCall;
use tidegate_simulator::rds::{Actor, Deed, ManualChange, RdsTroubles};

use crate::arbitrary::policy;
use crate::interleaved::Interleaved as _;
use crate::stage::{LOAD, settings};
use crate::story::{Act, Story, StoryBeginning};

#[test]
fn a_creation_without_an_answer_is_not_sent_again_once_somebody_else_has_filled_the_maximum() {
    let beginning = StoryBeginning {
        settings: settings(1),
        load: LOAD,
        policy: policy(1, 1, true),
        replicas: Vec::new(),
        observe: false,
    };
    let mut story = Story::begin(&beginning);
    story.act(&Act::Troubles(RdsTroubles { calls_failed: 1.0, ..RdsTroubles::NONE }));
    story.evaluate();
    story.act(&Act::ByHand(ManualChange::CreateReplica { id: "by-hand".to_owned() }));
    // The pause before the next call grows, so that this one is shown for minutes before it.
    story.minutes(8);
    story.act(&Act::Troubles(RdsTroubles::NONE));
    story.minutes(120);
    let ours = |it: &&tidegate_simulator::rds::Happening| {
        it.by == Actor::Tidegate && matches!(it.what, Deed::Took(InstanceCall::Create(_)))
    };
    let taken: Vec<_> = story.world.happenings().iter().filter(ours).collect();
    assert!(taken.is_empty(), "{taken:?}\n{}", story.checker.tale.faults.join("\n"));
}
