//! What holds for every fleet, every state of AWS, and every sequence of requests (ARCHITECTURE.md names these tests).

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate_policy::emergency::engage::{Size, changes};
use tidegate_policy::emergency::incident::{Incident, Snapshot};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::emergency::restore::Owner;
use tidegate_policy::emergency::target::{Change, ScalableTarget, Seen};
use tidegate_policy::{Absence, AbsenceKind};

use crate::emergency::{World, apply, flags, restore, scalable, scaled, seen};

const NAMES: [&str; 3] = ["api", "worker", "batch"];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Operator {
    Engage(Vec<(usize, Size)>, &'static str),
    Restore,
    Tick,
    Resume,
    /// The process is killed after so many changes.
    Killed(usize),
    /// Someone sets a desired count.
    ByHand(usize, u32),
    Deleted(usize),
    Unread(usize),
    Wait(i64),
}

fn any_scalable() -> impl Strategy<Value = ScalableTarget> {
    (0..30_u32, 0..30_u32, any::<[bool; 3]>())
        .prop_map(|(min, more, [a, b, c])| scalable(min, min + more, flags(a, b, c)))
}

fn any_seen() -> impl Strategy<Value = Seen> {
    (0..40_u32, proptest::option::of(any_scalable())).prop_map(|(desired, found)| match found {
        // AWS keeps a service within its bounds.
        Some(found) => scaled(desired.clamp(found.min, found.max), found),
        None => seen(desired),
    })
}

fn any_size() -> impl Strategy<Value = Size> {
    (0..50_u32, any::<bool>()).prop_map(|(asked, raise)| Size { asked, raise })
}

fn an_engage() -> impl Strategy<Value = Operator> {
    let sizes = proptest::collection::vec((0..NAMES.len(), any_size()), 1..4);
    (sizes, prop_oneof![Just("max"), Just("shed")])
        .prop_map(|(sizes, profile)| Operator::Engage(sizes, profile))
}

/// What operators, AWS's own pace and crashes do; no hand but Tidegate's changes anything.
fn undisturbed() -> impl Strategy<Value = Vec<Operator>> {
    let step = prop_oneof![
        3 => an_engage(),
        1 => Just(Operator::Restore),
        3 => Just(Operator::Tick),
        2 => Just(Operator::Resume),
        3 => (0..5_usize).prop_map(Operator::Killed),
        1 => (1..9_000_i64).prop_map(Operator::Wait),
    ];
    proptest::collection::vec(step, 1..14)
}

fn anything() -> impl Strategy<Value = Vec<Operator>> {
    let step = prop_oneof![
        3 => an_engage(),
        1 => Just(Operator::Restore),
        3 => Just(Operator::Tick),
        2 => Just(Operator::Resume),
        2 => (0..5_usize).prop_map(Operator::Killed),
        2 => (0..NAMES.len(), 0..60_u32).prop_map(|(which, to)| Operator::ByHand(which, to)),
        1 => (0..NAMES.len()).prop_map(Operator::Deleted),
        1 => (0..NAMES.len()).prop_map(Operator::Unread),
        1 => (1..9_000_i64).prop_map(Operator::Wait),
    ];
    proptest::collection::vec(step, 1..20)
}

fn a_world() -> impl Strategy<Value = World> {
    let owner = prop_oneof![Just(Owner::Unmanaged), (0..5_u32).prop_map(|min| Owner::Rules { min })];
    (any_seen(), any_seen(), any_seen(), owner).prop_map(|(api, worker, batch, owner)| {
        let mut world = World::new(&[("api", api), ("worker", worker), ("batch", batch)]);
        world.owner = owner;
        world
    })
}

/// What happens, and what is checked after each decision.
fn play(world: &mut World, step: &Operator, mut check: impl FnMut(&World, &Request)) {
    let request = match step {
        Operator::Engage(sizes, profile) => {
            let sizes: Vec<(&str, Size)> = sizes.iter().map(|(which, size)| (NAMES[*which], *size)).collect();
            world.engage(profile, &sizes, "alice")
        }
        Operator::Restore => restore(),
        Operator::Tick => Request::Tick,
        Operator::Resume => Request::Resume,
        Operator::Killed(after) => {
            check(world, &Request::Tick);
            let work = world.intend(&Request::Tick).work;
            let changes =
                work.iter().flat_map(|it| it.changes.iter().map(|change| (it.target.clone(), change)));
            for (target, change) in changes.take(*after) {
                apply(world.sight_mut(&target), change);
            }
            world.wait(30);
            return;
        }
        Operator::ByHand(which, to) => {
            if let Some(Ok(seen)) = world.seen.get_mut(NAMES[*which]) {
                (seen.service.desired_count, seen.service.running_count) = (*to, *to);
            }
            return;
        }
        Operator::Deleted(which) => {
            let gone = Absence::new(AbsenceKind::NotFound, "MISSING");
            world.seen.insert(NAMES[*which].to_owned(), Err(gone));
            return;
        }
        Operator::Unread(which) => {
            world.seen.remove(NAMES[*which]);
            return;
        }
        Operator::Wait(passing) => {
            world.wait(*passing);
            return;
        }
    };
    check(world, &request);
    world.evaluate(&request);
    world.wait(1);
}

/// What was found, target by target, of the emergency in force.
fn snapshots(incident: Option<&Incident>) -> BTreeMap<String, Snapshot> {
    let targets = incident.into_iter().flat_map(|it| &it.targets);
    targets.filter_map(|(name, it)| Some((name.clone(), it.snapshot.clone()?))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_raise_never_lowers(asked in 0..60_u32, mut seen in any_seen()) {
        let desired = seen.service.desired_count;
        let size = Size { asked, raise: true };
        for change in changes(size, &seen).unwrap().changes {
            apply(&mut seen, &change);
            prop_assert!(seen.service.desired_count >= desired, "{change:?}");
        }
        prop_assert!(seen.service.desired_count >= asked);
        prop_assert_eq!(changes(size, &seen).unwrap().changes, vec![], "and is done with it");
    }

    #[test]
    fn whatever_happens_what_was_found_is_never_overwritten(mut world in a_world(), steps in anything()) {
        for step in &steps {
            let before = world.memory.incident.clone();
            play(&mut world, step, |_, _| {});
            let after = world.memory.incident.as_ref().filter(|after| before.as_ref().is_some_and(|it| it.id == after.id));
            let Some(after) = after else { continue };
            let (was, is) = (snapshots(before.as_ref()), snapshots(Some(after)));
            for (name, snapshot) in was {
                let again = before.as_ref().is_some_and(|it| {
                    it.targets[&name].progress == tidegate_policy::emergency::incident::Progress::Restored
                });
                prop_assert!(again || is.get(&name) == Some(&snapshot), "{name}: {snapshot:?}, {is:?}, after {step:?}");
            }
        }
    }

    #[test]
    fn deciding_twice_proposes_the_same(mut world in a_world(), steps in anything()) {
        for step in &steps {
            let mut same = true;
            play(&mut world, step, |world, request| {
                let first = world.peek(request);
                same &= first == world.peek(request);
                // The process was killed before it made any change; the invocation goes on.
                let mut again = World { memory: first.overrides.clone(), ..copy(world) };
                let second = again.intend(&Request::Tick);
                let both = |work: &[tidegate_policy::emergency::decision::Work]| -> Vec<(String, Vec<Change>)> {
                    work.iter().filter(|it| !it.changes.is_empty()).map(|it| (it.target.clone(), it.changes.clone())).collect()
                };
                if *request != Request::Resume {
                    same &= both(&first.work) == both(&second.work);
                }
            });
            prop_assert!(same, "{step:?}");
        }
    }

    #[test]
    fn after_the_end_application_auto_scaling_is_as_it_was(mut world in a_world(), steps in undisturbed()) {
        let before: BTreeMap<&str, Option<ScalableTarget>> =
            NAMES.iter().map(|name| (*name, world.sight(name).scalable)).collect();
        for step in &steps {
            play(&mut world, step, |_, _| {});
        }
        world.wait(60);
        world.evaluate(&restore());
        world.minutes(3);
        prop_assert_eq!(&world.memory.incident, &None);
        for name in NAMES {
            prop_assert_eq!(world.sight(name).scalable, before[name], "{}", name);
        }
    }

    #[test]
    fn after_the_end_what_nothing_else_scales_has_its_size_again(mut world in a_world(), steps in undisturbed()) {
        world.owner = Owner::Unmanaged;
        for name in NAMES {
            let found = world.sight_mut(name);
            *found = seen(found.service.desired_count);
        }
        let before: Vec<u32> = NAMES.iter().map(|name| world.desired(name)).collect();
        for step in &steps {
            play(&mut world, step, |_, _| {});
        }
        world.wait(60);
        world.evaluate(&restore());
        world.minutes(3);
        prop_assert_eq!(&world.memory.incident, &None);
        let after: Vec<u32> = NAMES.iter().map(|name| world.desired(name)).collect();
        prop_assert_eq!(after, before);
    }
}

fn copy(world: &World) -> World {
    World { names: world.names.clone(), seen: world.seen.clone(), memory: world.memory.clone(), ..*world }
}
