//! What of the last engage is remembered, for the line that keeps an emergency.

use tidegate_policy::emergency::incident::LastEngage;
use tidegate_policy::emergency::request::{Engage, Request};

use crate::emergency::{World, exactly, raise, restore, seen};

/// The same, with names.
fn naming(request: Request, services: &[&str]) -> Request {
    let Request::Engage(engage) = request else { unreachable!("it engages") };
    let named = services.iter().map(|name| (*name).to_owned()).collect();
    Request::Engage(Engage { named, ..engage })
}

fn last(world: &World) -> (Vec<&str>, bool) {
    let LastEngage { services, is_part, .. } = world.incident().last.as_ref().expect("it was engaged");
    (services.iter().map(String::as_str).collect(), *is_part)
}

#[test]
fn the_last_engage_is_remembered_and_whether_more_than_it_is_in_force() {
    let mut world = World::shop();
    let api = naming(world.engage("max", &[("api", raise(10))], "alice"), &["api", "api"]);
    world.evaluate(&api);
    assert_eq!(last(&world), (vec!["api"], false));
    world.evaluate(&api);
    assert_eq!(last(&world), (vec!["api"], false), "the same again is the same");
    let worker = naming(world.engage("shed", &[("worker", exactly(5))], "bob"), &["worker"]);
    world.evaluate(&worker);
    assert_eq!(last(&world), (vec!["worker"], true), "`api` is in force beside it");
    let all = world.engage("max", &[("api", raise(10)), ("worker", raise(10))], "carol");
    world.evaluate(&all);
    assert_eq!(last(&world), (vec![], false));
}

#[test]
fn databases_of_an_earlier_engage_are_more_too() {
    let mut world = World::shop();
    let Request::Engage(engage) = world.engage("max", &[("api", raise(10))], "alice") else { unreachable!() };
    world.evaluate(&Request::Engage(Engage { replicas: vec![("main".to_owned(), 3)], ..engage.clone() }));
    assert_eq!(last(&world), (vec![], false));
    world.evaluate(&Request::Engage(engage));
    assert_eq!(last(&world), (vec![], true));
}

#[test]
fn what_is_put_back_is_not_in_force() {
    let mut world = World::shop();
    let api = naming(world.engage("max", &[("api", raise(10))], "alice"), &["api"]);
    world.evaluate(&api);
    world.seen.insert("api".to_owned(), Err(crate::stage::refused()));
    world.evaluate(&restore());
    world.seen.insert("api".to_owned(), Ok(seen(10)));
    let worker = naming(world.engage("shed", &[("worker", exactly(5))], "bob"), &["worker"]);
    world.evaluate(&worker);
    assert_eq!(last(&world), (vec!["worker"], false), "`api` ends");
}

#[test]
fn of_four_hundred_names_the_first_are_remembered_and_again_they_keep_all_of_it() {
    let fillers: Vec<String> = (0..400).map(|number| format!("service-{number:03}")).collect();
    let mut world = World::shop();
    let sizes = [("api", raise(10)), ("worker", raise(20))];
    let named: Vec<&str> = fillers.iter().map(String::as_str).chain(["api", "worker"]).collect();
    let request = naming(world.engage("max", &sizes, "alice"), &named);
    world.evaluate(&request);
    let (kept, is_part) = last(&world);
    assert!(is_part && kept.len() == 83 && kept.join(",").len() < 1_000, "{kept:?}");
    let until = world.incident().until;
    world.wait(600);
    let again = naming(world.engage("max", &sizes[..1], "bob"), &["api"]);
    world.evaluate(&again);
    assert!(world.incident().until > until);
    assert_eq!((world.desired("worker"), last(&world)), (20, (vec!["api"], true)));
}

#[test]
fn what_was_engaged_without_the_ledger_is_the_last_engage() {
    let mut world = World::shop();
    let api = naming(world.engage("max", &[("api", raise(10))], "alice"), &["api"]);
    world.evaluate(&api);
    let known = world.memory.incident.take();
    let worker = naming(world.engage("shed", &[("worker", exactly(5))], "bob"), &["worker"]);
    world.evaluate(&worker);
    let carried = world.memory.incident.take().expect("it is in force");
    world.memory.incident = known;
    world.memory.incident.as_mut().unwrap().adopt(carried);
    assert_eq!(last(&world), (vec!["worker"], true));
}
