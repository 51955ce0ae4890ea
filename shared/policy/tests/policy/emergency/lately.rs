//! What `emergency-max` set a moment ago, for the functions that see the size without having set it.

use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::emergency::lately::SizeSet;
use tidegate_policy::emergency::request::Request;

use crate::emergency::{World, engaged, exactly, restore};

fn set(world: &World, target: &str) -> Option<SizeSet> {
    world.memory.set.of(target, world.now)
}

#[test]
fn what_is_set_and_what_is_put_back_is_remembered_before_it_is_done() {
    let mut world = World::shop();
    let request = world.engage("shed", &[("worker", exactly(0))], "alice");
    world.intend(&request);
    assert_eq!(set(&world, "worker"), Some(SizeSet { to: 0, at: world.now }), "also when it is killed now");
    assert_eq!(set(&world, "api"), None, "nothing was asked of it");

    let mut world = engaged();
    world.wait(30).evaluate(&restore());
    world.evaluate(&Request::Resume);
    assert_eq!(world.memory.incident, None);
    assert_eq!(set(&world, "worker"), Some(SizeSet { to: 2, at: world.now }), "it outlives the emergency");
}

#[test]
fn what_was_set_three_minutes_ago_counts_no_more_and_is_forgotten() {
    let mut world = engaged();
    let at = world.now;
    world.wait(180);
    assert_eq!(set(&world, "worker"), Some(SizeSet { to: 20, at }));
    assert_eq!(set(world.wait(1), "worker"), None);
    assert_eq!(world.memory.set.of("worker", at - crate::stage::seconds(181)), None, "nor a time to come");
    world.evaluate(&Request::Tick);
    assert_eq!(world.memory.set, Overrides::default().set);
}

#[test]
fn a_size_that_is_there_already_is_not_set() {
    let mut world = World::shop();
    let request = world.engage("max", &[("worker", exactly(2))], "alice");
    world.evaluate(&request);
    assert_eq!(set(&world, "worker"), None);
}

#[test]
fn it_is_written_beside_the_emergency_and_read_as_it_was() {
    let world = engaged();
    let written = serde_json::to_string(&world.memory).expect("it can be written");
    assert!(written.contains(r#""set":{"api":{"to":10,"at":1772366400000},"worker""#), "{written}");
    assert_eq!(serde_json::from_str::<Overrides>(&written).expect("it can be read"), world.memory);
    let without = serde_json::to_string(&Overrides::default()).expect("it can be written");
    assert_eq!(without, "{}", "an earlier version wrote nothing of it");
}
