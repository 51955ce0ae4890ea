//! A call that is sent again and refused, and answers that are old: what became of a call shows later.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide};
use tidegate_policy::upgrades::decision::UpgradeDecision;
use tidegate_policy::upgrades::memory::{ClassRequest, UpgradeEnd, UpgradeMemory};
use tidegate_policy::upgrades::observation::UpgradeObservation;
use tidegate_simulator::rds::SimulatedRds;

use crate::arbitrary::{ladder, policy};
use crate::ground::{LADDER, ground, pass, world};
use crate::process::DATABASE;

fn seen(world: &mut SimulatedRds) -> UpgradeObservation {
    let hour = SignedDuration::from_hours(1);
    let rehearsal = Some(world.rehearse(LADDER[2]));
    UpgradeObservation { rehearsal, ..world.observe_classes(hour, hour) }
}

fn decided(
    world: &SimulatedRds,
    seen: &UpgradeObservation,
    memory: &UpgradeMemory,
    evaluation: &str,
    asked: Option<&ClassAsked>,
) -> UpgradeDecision {
    let turn = UpgradeTurn {
        database: DATABASE,
        evaluation,
        overrides: &[],
        emergency: None,
        asked,
        observe: false,
        now: world.now(),
    };
    decide(seen, &policy(ladder(SignedDuration::from_mins(10), false)), memory, turn)
}

fn at_once(world: &SimulatedRds) -> ClassAsked {
    ClassAsked::To(ClassRequest {
        to: LADDER[2].to_owned(),
        now: true,
        snapshot: false,
        from: String::new(),
        at: world.now(),
        who: "an operator".to_owned(),
        why: "a test".to_owned(),
        request: None,
    })
}

/// What came of a first call without an answer that RDS took or did not take, and of a second one that it refused.
fn ends(is_taken: bool) -> Vec<(UpgradeEnd, String)> {
    let mut world = world(ground(1));
    let asked = at_once(&world);
    let old = seen(&mut world);
    let first = decided(&world, &old, &UpgradeMemory::default(), "first", Some(&asked));
    let call = first.call.expect("it was asked for at once");
    if is_taken {
        let _ = world.call_of_class(&call);
    }
    let mut memory = first.memory;
    memory.settle_call(&CallOutcome::Unknown("no answer".to_owned()), "first", world.now());

    // The answer of RDS is two minutes old, and knows nothing of the call.
    pass(&mut world, 2);
    let second = decided(&world, &old, &memory, "second", None);
    assert!(second.call.is_some(), "{:?}", second.reasons);
    memory = second.memory;
    memory.settle_call(&CallOutcome::Refused("InvalidDBInstanceState".to_owned()), "second", world.now());
    let mut ends: Vec<(UpgradeEnd, String)> = Vec::new();
    for evaluation in 0..24 {
        let over = memory.outcomes.drain(..).filter(|it| it.end != UpgradeEnd::Started);
        ends.extend(over.map(|it| (it.end, it.detail)));
        pass(&mut world, 5);
        let shown = seen(&mut world);
        let next = decided(&world, &shown, &memory, &format!("e{evaluation}"), None);
        assert_eq!(next.call, None, "nothing is sent a third time: {:?}", next.reasons);
        memory = next.memory;
    }
    ends
}

#[test]
fn an_old_answer_after_rds_was_seen_to_work_on_it_ends_nothing() {
    let mut world = world(ground(2));
    let asked = at_once(&world);
    let old = seen(&mut world);
    let first = decided(&world, &old, &UpgradeMemory::default(), "first", Some(&asked));
    let _ = world.call_of_class(&first.call.expect("it was asked for at once"));
    let mut memory = first.memory;
    memory.settle_call(&CallOutcome::Taken, "first", world.now());
    let shown = seen(&mut world);
    let second = decided(&world, &shown, &memory, "second", None);
    pass(&mut world, 1);
    let third = decided(&world, &old, &second.memory, "third", None);
    let was_seen = |decision: &UpgradeDecision| decision.memory.change.as_ref().map(|it| it.was_seen);
    assert_eq!((was_seen(&second), was_seen(&third)), (Some(true), Some(true)), "{:?}", third.reasons);
    assert_eq!(third.call, None);
}

#[test]
fn refused_because_the_first_call_is_under_way_a_change_is_done_when_rds_shows_it() {
    let ends = ends(true);
    assert!(matches!(ends.as_slice(), [(UpgradeEnd::Done, _)]), "{ends:?}");
}

#[test]
fn refused_and_never_shown_a_change_has_failed_in_the_words_of_the_refusal() {
    assert_eq!(ends(false), [(UpgradeEnd::Failed, "InvalidDBInstanceState".to_owned())]);
}
