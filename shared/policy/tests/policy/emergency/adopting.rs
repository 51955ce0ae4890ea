//! What was done while the ledger could not be reached, taken in once it answers.

use tidegate_policy::emergency::incident::Phase;
use tidegate_policy::emergency::request::{Engage, Request};

use crate::emergency::{World, asker, engaged, exactly, restore, seen, sizes};

/// What one evaluation of these does that cannot reach the ledger, taken in by what the ledger holds.
fn without_the_ledger(world: &mut World, request: &Request) {
    world.wait(600);
    let known = world.memory.incident.take();
    world.evaluate(request);
    let carried = world.memory.incident.take();
    world.memory.incident = known;
    world.memory.incident.as_mut().unwrap().adopt(carried.expect("it is not over"));
    world.wait(60).evaluate(&Request::Resume);
}

#[test]
fn a_restore_that_was_begun_without_the_ledger_goes_on_with_what_the_ledger_knows() {
    let mut world = engaged();
    // The answer of engage that was saved has one of the two; the other one is read as gone, so that the restore is not over.
    let saved = world.incident().targets.clone();
    let api = world.seen.remove("api");
    let from = saved.into_iter().filter(|(name, _)| name == "worker" || name == "api").collect();
    world.wait(600);
    let known = world.memory.incident.take();
    world.evaluate(&Request::Restore { asker: asker("bob"), from });
    let carried = world.memory.incident.take().expect("`api` was not seen: it is not over");
    world.memory.incident = known;
    world.seen.extend(api.map(|api| ("api".to_owned(), api)));
    world.memory.incident.as_mut().unwrap().adopt(carried);
    let incident = world.incident();
    assert_eq!((incident.phase, incident.who.as_str()), (Phase::Restoring, "bob"));
    assert_eq!(incident.profile, "max", "saved snapshots name no profile");
    world.wait(60).evaluate(&Request::Resume);
    assert_eq!(sizes(&world), (2, 2), "nothing is raised again");
    world.evaluate(&Request::Resume);
    assert!(world.memory.incident.is_none());
}

#[test]
fn what_was_engaged_without_the_ledger_has_its_profile_and_ends_no_restore_of_the_ledger() {
    let mut world = engaged();
    let shed = world.engage("shed", &[("worker", exactly(5))], "bob");
    without_the_ledger(&mut world, &shed);
    let incident = world.incident();
    assert_eq!((incident.profile.as_str(), incident.who.as_str()), ("shed", "bob"));
    assert_eq!(sizes(&world), (10, 5), "the first profile holds beside it");

    // The ledger holds a restore that is not over: `api` could not be changed yet.
    let mut world = engaged();
    world.wait(600).seen.insert("api".to_owned(), Err(crate::stage::refused()));
    world.evaluate(&restore());
    assert_eq!((world.incident().phase, world.desired("worker")), (Phase::Restoring, 2));
    world.seen.insert("api".to_owned(), Ok(seen(10)));
    let shed = world.engage("shed", &[("worker", exactly(5))], "carol");
    let Request::Engage(Engage { until, .. }) = shed.clone() else { unreachable!("it is asked for") };
    without_the_ledger(&mut world, &shed);
    assert_eq!(sizes(&world), (2, 5), "`api` is put back, `worker` is what was asked for last");
    assert_eq!((world.incident().profile.as_str(), world.incident().until), ("shed", until));
}
