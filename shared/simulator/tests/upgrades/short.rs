//! A condition that is shorter than the time between two datapoints.

use jiff::SignedDuration;
use tidegate_policy::upgrades::policy::ClassLadder;
use tidegate_policy::{Comparison, Condition};
use tidegate_simulator::rds::ClassDemand;

use crate::act::ClassAct;
use crate::arbitrary::{cpu, ladder, policy};
use crate::ground::{LADDER, ground};
use crate::story::{ClassBeginning, ClassStory};

#[test]
fn a_short_condition_that_does_not_hold_keeps_no_class_from_becoming_smaller() {
    let minutes = |count| cpu(Comparison::Above, 80.0, SignedDuration::from_mins(count));
    // The second pair is read in hourly datapoints, for its longer one.
    let all: [Vec<Condition>; 2] = [vec![minutes(5)], vec![minutes(10), minutes(24 * 60)]];
    for up in all {
        let mut settings = ground(3);
        settings.classes.demand =
            ClassDemand { work: 5.0, connections: 5.0, used_mib: 256.0, iops: 50.0, users: 1e3 };
        let mut story = ClassStory::begin(&ClassBeginning {
            settings,
            policy: policy(ClassLadder { up: up.clone(), ..ladder(SignedDuration::ZERO, true) }),
            replicas: Vec::new(),
            observe: false,
        });
        // What is first wanted within a day before a window waits for the next one.
        story.act(&ClassAct::Window);
        story.act(&ClassAct::Window);
        assert_eq!(story.world.instances()[0].class, LADDER[0], "{up:?}");
    }
}
