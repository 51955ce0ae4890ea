//! The snapshot that an operator asks for before a change, from event to report.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_tests::fake_upgrades::{FakeUpgrades, SharedUpgrades, look};

use super::{LARGE, SMALL, THROUGH_THE_WINDOW, evaluations, reported, send, shop, story, told};

const AFTER_SNAPSHOT: &str = "tidegate-shop-prod-";

type Done = Vec<(String, Timestamp)>;

/// The snapshots that were taken and the changes that were made, one look after the other: a look holds the world.
fn done(world: &SharedUpgrades) -> (Done, Done) {
    let snapshots = look(world).snapshots.clone();
    let changes = look(world).changes.clone();
    (snapshots, changes)
}

/// Operators ask for the class with a snapshot, in the window of the next day.
async fn asked_with_a_snapshot(world: &SharedUpgrades, fleet: &str) -> Value {
    look(world).cpu = 20.0;
    let event =
        json!({"database": "main", "to": LARGE, "snapshot": true, "who": "ana", "reason": "a launch"});
    let answer = send(fleet, world, event).await.expect("nothing kills it").expect("it answers");
    let target = answer["targets"][0].clone();
    assert_eq!((&target["request"]["at"], &target["request"]["snapshot"]), (&answer["at"], &json!(true)));
    let sentence = target["sentence"].as_str().expect("a sentence").to_owned();
    assert!(sentence.contains("after a snapshot (on Single-AZ I/O stops while it begins)"), "{sentence}");
    target
}

#[test]
fn a_snapshot_that_is_asked_for_comes_before_the_change_and_is_told_by_its_name() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        let target = asked_with_a_snapshot(&world, &fleet).await;
        assert_eq!(
            (&target["state"], &target["wanted"]["snapshot_first"]),
            (&json!("waiting-for-window"), &json!(true))
        );
        tokio::time::sleep(Duration::from_hours(24)).await;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        let (snapshots, changes) = done(&world);
        let ([(name, taken)], [(class, begun)]) = (snapshots.as_slice(), changes.as_slice()) else {
            unreachable!("{snapshots:?} {changes:?}")
        };
        assert!(name.starts_with(AFTER_SNAPSHOT) && class == LARGE, "{name} {class}");
        assert!(begun.duration_since(*taken) >= SignedDuration::from_mins(7), "{taken} {begun}");
        assert!(reported(&world, &format!("{name}: on Single-AZ")) >= 1);
        assert!(reported(&world, &format!("the snapshot {name} stays%2C and costs")) >= 1);
        assert_eq!(told(&world).1, 1);
    });
}

#[test]
fn killed_at_any_write_there_is_one_snapshot_and_one_change_after_it() {
    let whole = story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        asked_with_a_snapshot(&world, &fleet).await;
        tokio::time::sleep(Duration::from_hours(24)).await;
        let before = look(&world).writes;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        (before, look(&world).writes)
    });
    for (write, applied) in (whole.0 + 1..=whole.1).flat_map(|write| [(write, false), (write, true)]) {
        story(async {
            let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
            asked_with_a_snapshot(&world, &fleet).await;
            tokio::time::sleep(Duration::from_hours(24)).await;
            look(&world).kill = Some((write, applied));
            let killed = evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
            let place = format!("killed at write {write}, applied: {applied}");
            assert_eq!(killed, 1, "{place}");
            let (snapshots, changes) = done(&world);
            assert_eq!((snapshots.len(), changes.len()), (1, 1), "{place}: {snapshots:?} {changes:?}");
            assert!(changes[0].1.duration_since(snapshots[0].1) >= SignedDuration::from_mins(7), "{place}");
            let memory = look(&world).memory();
            assert!(memory["enforce"]["main"]["snapshot"].is_null(), "{place}: {memory}");
        });
    }
}

#[test]
fn a_snapshot_that_fails_is_told_and_the_class_stays() {
    story(async {
        let (world, fleet) = (FakeUpgrades::new(SMALL), shop("enforce"));
        asked_with_a_snapshot(&world, &fleet).await;
        look(&world).snapshot_fails = true;
        tokio::time::sleep(Duration::from_hours(24)).await;
        evaluations(&fleet, &world, THROUGH_THE_WINDOW).await;
        let (snapshots, changes) = done(&world);
        assert_eq!((snapshots.len(), changes.len()), (1, 0));
        assert_eq!(reported(&world, "did not begin%2C its snapshot failed"), 1);
    });
}
