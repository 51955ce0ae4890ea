//! One change of a class, killed after each of its steps: read and decided, the intent written, called, the outcome written. Whatever
//! is lost, the next evaluation goes on, and the instance has the right class at the end, changed once.

use jiff::SignedDuration;
use tidegate_simulator::rds::{ClassDeed, ClassDemand, ModifiedValue, RdsSettings, SecondsBetween};

use crate::act::{AskedFor, ClassAct};
use crate::arbitrary::{ladder, policy};
use crate::ground::{LADDER, class_deeds, ground};
use crate::story::{ClassBeginning, ClassStory};

/// One way to get another class.
struct ChosenWay {
    name: &'static str,
    settings: RdsSettings,
    replicas: &'static [&'static str],
    has_down: bool,
    asked: Option<AskedFor>,
    /// The place in the ladder at the end.
    ends_at: usize,
}

fn ways() -> Vec<ChosenWay> {
    let busy = ClassDemand { work: 90.0, connections: 50.0, used_mib: 1_024.0, iops: 200.0, users: 1e3 };
    let idle = ClassDemand { work: 5.0, connections: 5.0, used_mib: 256.0, iops: 50.0, users: 1e3 };
    let calm = ClassDemand { work: 50.0, ..busy };
    let with = |demand| {
        let mut settings = ground(7);
        settings.classes.demand = demand;
        settings.times.snapshotting = SecondsBetween::new(300, 600);
        settings
    };
    // A snapshot and two changes, one after the other.
    let for_long = |mut settings: RdsSettings| {
        "sun:05:00-sun:07:00".clone_into(&mut settings.classes.maintenance_window);
        settings
    };
    let way = |name, settings, ends_at| ChosenWay {
        name,
        settings,
        replicas: &[],
        has_down: false,
        asked: None,
        ends_at,
    };
    vec![
        way("by the load", with(busy), 2),
        ChosenWay { has_down: true, ..way("down", with(idle), 0) },
        ChosenWay { asked: Some(AskedFor::To(2, true)), ..way("asked for at once", with(calm), 2) },
        ChosenWay { asked: Some(AskedFor::To(3, false)), ..way("asked for in the window", with(calm), 3) },
        ChosenWay {
            asked: Some(AskedFor::AfterSnapshot(2, false)),
            ..way("after a snapshot in the window", with(calm), 2)
        },
        ChosenWay {
            asked: Some(AskedFor::AfterSnapshot(2, true)),
            ..way("after a snapshot at once", with(calm), 2)
        },
        ChosenWay {
            asked: Some(AskedFor::AfterSnapshot(2, false)),
            replicas: &["reader"],
            ..way("after a snapshot and a replica", for_long(with(calm)), 2)
        },
        ChosenWay { replicas: &["reader"], ..way("a replica before its source", with(busy), 2) },
    ]
}

/// Until a quarter of an hour before the window of the second Sunday: by then a replica has come into being.
fn before(way: &ChosenWay) -> ClassStory {
    let mut story = ClassStory::begin(&ClassBeginning {
        settings: way.settings.clone(),
        policy: policy(ladder(SignedDuration::from_mins(10), way.has_down)),
        replicas: way.replicas.iter().map(|&id| id.to_owned()).collect(),
        observe: false,
    });
    story.act(&ClassAct::Outage(24 * 60));
    story.act(&ClassAct::ToWindow);
    story.steps = 0;
    story
}

/// Two and a half hours with the window in them.
fn through(way: &ChosenWay, before: &ClassStory, killed_at: Option<u32>) -> ClassStory {
    let mut story = before.clone();
    story.killed_at = killed_at;
    if let Some(asked) = way.asked {
        story.act(&ClassAct::Asked(asked));
    }
    story.act(&ClassAct::Ticks(30));
    story
}

/// Classes that were applied, by instance.
fn applied(story: &ClassStory) -> Vec<(String, String)> {
    let class = |deed: &ClassDeed| match deed {
        ClassDeed::Applied { instance, pending, .. } => match &pending.value {
            ModifiedValue::Class(class) => Some((instance.clone(), class.clone())),
            ModifiedValue::Storage(_) | ModifiedValue::EngineVersion(_) => None,
        },
        ClassDeed::Took(_)
        | ClassDeed::Refused(..)
        | ClassDeed::Lost(_)
        | ClassDeed::Restarted { .. }
        | ClassDeed::GivenUp { .. } => None,
    };
    class_deeds(&story.world).filter_map(class).collect()
}

#[test]
fn killed_after_each_step_a_change_ends_at_the_right_class_once() {
    for way in ways() {
        let before = before(&way);
        let whole = through(&way, &before, None);
        let to = LADDER[way.ends_at].to_owned();
        let replicas = way.replicas.iter().map(|&id| (id.to_owned(), to.clone()));
        let expected: Vec<_> = replicas.chain([("shop".to_owned(), to.clone())]).collect();
        assert_eq!(applied(&whole), expected, "{}: {:?}", way.name, whole.ledger.memory());
        assert!(whole.steps > 60, "{}: {} steps", way.name, whole.steps);
        for step in 1..=whole.steps {
            let story = through(&way, &before, Some(step));
            let place = format!("{}, killed after step {step} of {}", way.name, whole.steps);
            assert_eq!(applied(&story), expected, "{place}");
            let memory = story.ledger.memory();
            assert_eq!((memory.change, memory.request, memory.outcomes), (None, None, Vec::new()), "{place}");
            let is_asked_for = matches!(way.asked, Some(AskedFor::AfterSnapshot(..)));
            let taken = story.world.snapshots().len();
            assert_eq!((taken, memory.snapshot), (usize::from(is_asked_for), None), "{place}");
            assert!(story.checker.tale.faults.is_empty(), "{place}: {:?}", story.checker.tale.faults);
            let begun = memory.began.len();
            assert_eq!(begun, 1, "{place}: {:?}", memory.began);
        }
    }
}
